"""Makes a run of the staging zone obey the registry of the erased before it is loaded.

An extract leaves the erased out by itself. A run may still hold somebody: it was committed while he
or she was erased, or it came back from a backup.
"""

from collections.abc import Iterator

from extract.erased import Registered, Registry
from extract.left_out import KINDS, PEOPLE, day_of
from extract.manifest import Manifest
from extract.verify import faults_of
from extract.zone import StagingZone
from infra.errors import CampuslakeError
from infra.settings import Settings
from privacy.person import Person
from privacy.records import whole_number
from privacy.staged_erasure import Erased, erase_from_run, finish
from privacy.staged_parts import rows_of


def obey_registry(settings: Settings, run_id: str, gate_follows: bool = False) -> int:
    """Takes everybody who was erased out of a run and those that it builds on.

    Returns how many rows that were. A run whose files were changed after the extract is left as it
    is, lest it look sound: the gate refuses it, or, unless that follows, this raises
    `CampuslakeError`. So it does when one that it builds on was changed and holds somebody who was
    erased, or when the object store does not answer.
    """
    registry = Registry(settings)
    if not registry.people:
        return 0
    zone, erased = StagingZone(settings), Erased()
    manifest = zone.manifest(run_id)
    below = {layer for table in manifest.tables for layer in table.layers} - {run_id}
    for layer in [*sorted(below), run_id]:
        finish(zone, layer)  # of an erasure that died
    if faults_of(zone, zone.manifest(run_id)):
        if gate_follows:
            return 0
        raise _changed(run_id)
    for layer in [*sorted(below), run_id]:
        held = zone.manifest(layer)
        left_out = registry.left_out(_registered(zone, held))
        if left_out:
            if layer != run_id and faults_of(zone, held):
                raise _changed(layer)
            person = Person(left_out.students, left_out.contacts, left_out.professors)
            erase_from_run(zone, layer, person, erased)
    return sum(erased.rows.values())


def _changed(run_id: str) -> CampuslakeError:
    return CampuslakeError(
        f"files of run {run_id} were changed after its extract",
        "extract a whole one, `python -m extract --full`,"
        " then `campuslake run --from staging-gate`",
    )


def _registered(zone: StagingZone, manifest: Manifest) -> Iterator[Registered]:
    for name, addresses, since in PEOPLE:
        for table in (table for table in manifest.tables if table.name == name):
            names = [column.name for column in table.columns]
            identifier, day = names.index("id"), names.index(since)
            held = [names.index(address) for address in addresses]
            for part in table.with_rows:
                for row in rows_of(zone, part.key):
                    known_by = whole_number(row[identifier]) if len(row) == len(names) else None
                    if known_by is not None:  # the gate tells of the others
                        addresses_of = tuple(row[position] for position in held)
                        yield Registered(KINDS[name], known_by, addresses_of, day_of(row[day]))
