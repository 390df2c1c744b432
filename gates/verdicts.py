"""What a gate found, kept in the bucket so that publication can ask for it."""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from rich.table import Table
from rich.text import Text

from infra.errors import CampuslakeError
from infra.object_store import Bucket
from infra.settings import Settings

FEWER_ROWS = "expect_table_row_count_to_be_between"
ROW_DRIFT = "expect_row_count_near_the_published"
MEAN_DRIFT = "expect_mean_near_the_published"
MOST_TOLD = 3  # failures in the one-line message; the table shows all


class Check(BaseModel):
    """One expectation about one table, and what was observed."""

    model_config = ConfigDict(frozen=True)

    table: str
    expectation: str
    column: str = ""
    observed: str = ""
    unexpected: int | None = None
    passed: bool

    def __str__(self) -> str:
        subject = f"{self.table}.{self.column}" if self.column else self.table
        return f"{subject} {self.expectation}: {self.observed}"


class Verdict(BaseModel):
    """A gate's judgement of one run.

    `snapshots` names the Iceberg snapshot of each mart that was judged (marts gate only). No
    check at all is a failure: nothing was shown.
    """

    model_config = ConfigDict(frozen=True)

    layer: str
    run_id: str
    judged_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    seconds: float
    checks: list[Check]
    data_docs: Path
    snapshots: dict[str, int] = Field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether there are checks and every one passed."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def failures(self) -> list[Check]:
        """The checks that failed, in the order in which they were made."""
        return [check for check in self.checks if not check.passed]

    def raise_if_failed(self) -> None:
        """Raises `GateFailed` unless the run passed."""
        if not self.passed:
            raise GateFailed(self)


class GateFailed(CampuslakeError):
    """A run did not pass; its verdict is in `verdict`."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        failures = verdict.failures
        told = "; ".join(str(check) for check in failures[:MOST_TOLD]) or "nothing was checked"
        more = len(failures) - MOST_TOLD
        super().__init__(
            f"run {verdict.run_id} failed {len(failures)} of {len(verdict.checks)} checks: {told}"
            + (f"; and {more} more" if more > 0 else ""),
            f"what is published stays as it was; read {verdict.data_docs}{_way_out(verdict)}",
        )


def _way_out(verdict: Verdict) -> str:
    failed = {check.expectation for check in verdict.failures}
    if verdict.layer == "staging" and failed == {FEWER_ROWS}:
        return (
            "; if the ERP is meant to hold so much less than in the run before:"
            " `campuslake run --from staging-gate --accept-fewer-rows`"
        )
    if failed and failed <= {ROW_DRIFT, MEAN_DRIFT}:
        return (
            "; if the school did change so much: `campuslake run --from marts-gate --accept-drift`"
        )
    return ""


def failure_table(verdict: Verdict) -> Table:
    """Returns the failed checks: table, column, expectation, observed value and count."""
    table = Table(
        "table",
        "column",
        "expectation",
        "observed",
        title=f"{verdict.layer} gate, run {verdict.run_id}",
        title_justify="left",
    )
    table.add_column("rows", justify="right")
    for check in verdict.failures:
        table.add_row(
            Text(check.table),
            Text(check.column),
            Text(check.expectation, overflow="fold"),
            Text(check.observed, overflow="fold"),
            "" if check.unexpected is None else f"{check.unexpected:,}",
        )
    return table


def save(settings: Settings, verdict: Verdict) -> None:
    """Keeps a verdict in the bucket, in the place of an earlier one on the same run."""
    key = _key(settings, verdict.layer, verdict.run_id)
    Bucket(settings).put(key, verdict.model_dump_json(indent=1))


def passed(settings: Settings, layer: str) -> list[Verdict]:
    """Returns the verdicts on all runs that passed a gate."""
    bucket = Bucket(settings)
    stored = [
        bucket.get(key)
        for key in bucket.keys(f"runs/{settings.schema_prefix}/verdicts/")
        if key.endswith(f"/{layer}.json")
    ]
    found = [Verdict.model_validate_json(verdict.body) for verdict in stored if verdict]
    return [verdict for verdict in found if verdict.passed]


def newest(settings: Settings, layer: str) -> Verdict | None:
    """Returns a gate's verdict on the newest run that it judged, or None."""
    keys = Bucket(settings).keys(f"runs/{settings.schema_prefix}/verdicts/")
    run_ids = [key.split("/")[-2] for key in keys if key.endswith(f"/{layer}.json")]
    return verdict_on(settings, layer, max(run_ids)) if run_ids else None


def discard(settings: Settings, verdict: Verdict) -> None:
    """Forgets a verdict: what it judged is no longer there."""
    Bucket(settings).delete(_key(settings, verdict.layer, verdict.run_id))


def verdict_on(settings: Settings, layer: str, run_id: str) -> Verdict | None:
    """Returns the verdict of a layer's gate on a run, or None."""
    stored = Bucket(settings).get(_key(settings, layer, run_id))
    return Verdict.model_validate_json(stored.body) if stored else None


def audited_snapshots(settings: Settings, run_id: str) -> dict[str, int] | None:
    """Returns the Iceberg snapshot of each mart that a run passed the marts gate with, or None."""
    verdict = verdict_on(settings, "marts", run_id)
    return verdict.snapshots if verdict and verdict.passed else None


def _key(settings: Settings, layer: str, run_id: str) -> str:
    return f"runs/{settings.schema_prefix}/verdicts/{run_id}/{layer}.json"
