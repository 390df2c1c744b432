"""Which run the marts hold: noted when a build ends, taken away when the next one begins."""

from pydantic import BaseModel, ConfigDict

from gates.suites import read_suites
from infra.errors import CampuslakeError
from infra.object_store import Bucket
from infra.settings import Settings
from infra.spark_sql import query


class Build(BaseModel):
    """A finished build: its run, and the Iceberg snapshot in which it left each judged mart."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    snapshots: dict[str, int]


def begin_build(settings: Settings) -> None:
    """Forgets the last build: from now on the marts may hold anything."""
    Bucket(settings).delete(_key(settings))


def end_build(settings: Settings, run_id: str) -> None:
    """Notes that the marts hold a run, whole."""
    marts = [suite.table for suite in read_suites("marts")]
    build = Build(run_id=run_id, snapshots=current_snapshots(settings, marts)[0])
    Bucket(settings).put(_key(settings), build.model_dump_json(indent=1))


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


def current_snapshots(
    settings: Settings, tables: list[str]
) -> tuple[dict[str, int], dict[str, str]]:
    """Returns each table's current Iceberg snapshot, and for what has none the reason."""
    found, missing = {}, {}
    for table in tables:
        refs = f"{settings.build_database}.{table}.refs"
        try:
            rows = query(f"select snapshot_id from {refs} where name = 'main'", settings)  # noqa: S608
            found[table] = rows[0][0]
        except IndexError:
            missing[table] = "nothing was ever written to it"
        except CampuslakeError as error:
            if "refused" not in error.message:
                raise
            missing[table] = error.message
    return found, missing


def _key(settings: Settings) -> str:
    return f"runs/{settings.schema_prefix}/build/current.json"
