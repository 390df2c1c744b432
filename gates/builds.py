"""Which run the marts hold: noted when a build ends, taken away when the next one begins.

And which run the history holds: the newest one, whatever is built afterwards.
"""

from collections.abc import Collection
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from extract.manifest import Manifest
from gates.suites import Suite, read_suites
from gates.verdicts import discard, passed, save
from infra.errors import CampuslakeError
from infra.object_store import Bucket
from infra.settings import Settings
from infra.spark_sql import query


class Build(BaseModel):
    """A finished build: its run, and the Iceberg snapshot in which it left each judged mart.

    `scored` are the marts that a step filled after dbt.
    """

    model_config = ConfigDict(frozen=True)

    run_id: str
    snapshots: dict[str, int]
    scored: tuple[str, ...] = ()


class History(BaseModel):
    """The newest run whose rows went into the history, and the instant that it shows."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    taken_at: datetime


def begin_build(settings: Settings) -> None:
    """Forgets the last build: from now on the marts may hold anything."""
    Bucket(settings).delete(_key(settings))


def begin_history(settings: Settings, manifest: Manifest) -> str | None:
    """Notes that a run goes into the history; returns the newer run that is in it already.

    An older run would go in as what the ERP says now. The note comes before the snapshots: a
    build may die among them, and its run is repeated.
    """
    bucket = Bucket(settings)
    stored = bucket.get(_key(settings, "history"))
    newest = History.model_validate_json(stored.body) if stored else None
    if newest and manifest.snapshot.taken_at < newest.taken_at:
        return newest.run_id
    begun = History(run_id=manifest.run_id, taken_at=manifest.snapshot.taken_at)
    bucket.put(_key(settings, "history"), begun.model_dump_json(indent=1))
    return None


def end_build(settings: Settings, run_id: str) -> None:
    """Notes that the marts hold a run, whole."""
    snapshots, _ = current_snapshots(settings, read_suites("marts"))
    build = Build(run_id=run_id, snapshots=snapshots)
    Bucket(settings).put(_key(settings), build.model_dump_json(indent=1))


def note_scored(settings: Settings, run_id: str, mart: str) -> None:
    """Notes that a mart of a finished build was filled since, and nothing else.

    Raises `CampuslakeError` when the marts hold another run.
    """
    build = finished_build(settings, run_id)
    suites = [suite for suite in read_suites("marts") if suite.table == mart]
    snapshots, _ = current_snapshots(settings, suites)
    scored = tuple({*build.scored, mart})
    filled = build.model_copy(update={"snapshots": build.snapshots | snapshots, "scored": scored})
    Bucket(settings).put(_key(settings), filled.model_dump_json(indent=1))


def finished_build(settings: Settings, run_id: str) -> Build:
    """Returns the build of a run. Raises `CampuslakeError` when the marts hold another one."""
    stored = Bucket(settings).get(_key(settings))
    build = Build.model_validate_json(stored.body) if stored else None
    if build is None or build.run_id != run_id:
        held = f"they hold run {build.run_id}" if build else "the last build did not end"
        raise CampuslakeError(
            f"the marts do not hold run {run_id}: {held}",
            f"build it: `campuslake run --from staging-gate --run {run_id}`",
        )
    return build


def forget_changed_build(settings: Settings) -> None:
    """Forgets the last build if a mart was written since: what the note says is no longer so."""
    stored = Bucket(settings).get(_key(settings))
    if stored:
        noted = Build.model_validate_json(stored.body).snapshots
        if current_snapshots(settings, read_suites("marts"))[0] != noted:
            begin_build(settings)


def renew_snapshots(settings: Settings) -> None:
    """Notes anew in which snapshots the marts stand, after people were erased from all of them.

    That is what the last build left, and what each run passed the gate with: its tags tell. A run
    that has none, and is not the last build, is no longer there to be published.
    """
    bucket = Bucket(settings)
    stored = bucket.get(_key(settings))
    build = Build.model_validate_json(stored.body) if stored else None
    built = {suite.table: suite.built(settings) for suite in read_suites("marts")}
    refs: dict[str, dict[str, int]] = {}

    def standing(marts: Collection[str], ref: str) -> dict[str, int] | None:
        if not built.keys() >= set(marts):
            return None  # of an older release: nothing says any more where they were built
        for mart in set(marts) - set(refs):
            refs[mart] = _refs(settings, built[mart])
        # What is judged but not published has no tag of any run.
        published = [mart for mart in marts if ref == "main" or len(refs[mart]) != 1]
        found = {mart: refs[mart].get(ref, 0) for mart in published}
        return found if found and all(found.values()) else None

    if build and (snapshots := standing(build.snapshots, "main")):
        renewed = build.model_copy(update={"snapshots": snapshots})
        bucket.put(_key(settings), renewed.model_dump_json(indent=1))
    for verdict in passed(settings, "marts"):
        is_last = build is not None and build.run_id == verdict.run_id
        ref = "main" if is_last else f"run_{verdict.run_id}"
        snapshots = standing(verdict.snapshots, ref)
        if snapshots is None:
            discard(settings, verdict)
        else:
            save(settings, verdict.model_copy(update={"snapshots": snapshots}))


def _refs(settings: Settings, table: str) -> dict[str, int]:
    """Returns the snapshot of each branch and tag of a table; none when it is gone."""
    try:
        return dict(query(f"select name, snapshot_id from {table}.refs", settings))  # noqa: S608
    except CampuslakeError as error:
        if "refused" not in error.message:
            raise
        return {}


def current_snapshots(
    settings: Settings, suites: list[Suite]
) -> tuple[dict[str, int], dict[str, str]]:
    """Returns the current Iceberg snapshot of each suite's table, or the reason for none."""
    if not suites:
        return {}, {}
    try:
        # One question for all of them takes a tenth of the time of one for each.
        every = " union all ".join(_current(settings, suite) for suite in suites)
        found, missing = dict(query(every, settings)), {}
    except CampuslakeError as error:
        if "refused" not in error.message:
            raise
        found, missing = _current_of_each(settings, suites)
    unwritten = {suite.table for suite in suites} - found.keys() - missing.keys()
    return found, missing | dict.fromkeys(unwritten, "nothing was ever written to it")


def _current(settings: Settings, suite: Suite) -> str:
    refs = f"{suite.built(settings)}.refs"
    return f"select '{suite.table}', snapshot_id from {refs} where name = 'main'"  # noqa: S608


def _current_of_each(
    settings: Settings, suites: list[Suite]
) -> tuple[dict[str, int], dict[str, str]]:
    found, missing = {}, {}
    for suite in suites:
        try:
            found |= dict(query(_current(settings, suite), settings))
        except CampuslakeError as error:
            if "refused" not in error.message:
                raise
            missing[suite.table] = error.message
    return found, missing


def _key(settings: Settings, note: str = "current") -> str:
    return f"runs/{settings.schema_prefix}/build/{note}.json"
