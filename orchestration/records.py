"""What every run of the pipeline says of itself, kept in the bucket beside the data."""

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from infra.object_store import Bucket
from infra.settings import Settings


class State(StrEnum):
    """How a run or a step stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class StepRecord(BaseModel):
    """One step of a run: `seconds` of wall clock, `detail` what it did in a few words."""

    name: str
    state: State
    seconds: float = 0.0
    detail: str = ""


class RunRecord(BaseModel):
    """One run: its steps so far, and what the extract held."""

    run_id: str
    state: State = State.RUNNING
    started_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None
    rows: int = 0
    bytes: int = 0
    error: str = ""
    steps: list[StepRecord] = Field(default_factory=list)

    def step(self, name: str) -> StepRecord:
        """Returns the record of a step, made anew: a repeated step replaces its record."""
        self.steps = [step for step in self.steps if step.name != name]
        self.steps.append(StepRecord(name=name, state=State.RUNNING))
        return self.steps[-1]

    @property
    def seconds(self) -> float:
        """Seconds of all steps together."""
        return sum(step.seconds for step in self.steps)


class Publication(BaseModel):
    """Which run the presentation layer shows, and the rows of each of its views."""

    run_id: str
    published_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    rows: dict[str, int] = Field(default_factory=dict)


class RunRegister:
    """The records of one target (one schema prefix), as JSON objects under `runs/PREFIX/`.

    Every method raises `CampuslakeError` when the object store does not answer.
    """

    def __init__(self, settings: Settings) -> None:
        self._bucket = Bucket(settings)
        self._prefix = f"runs/{settings.schema_prefix}/"

    def save(self, record: RunRecord) -> None:
        """Writes a run's record."""
        self._put(f"{record.run_id}.json", record)

    def get(self, run_id: str) -> RunRecord | None:
        """Returns a run's record, or None."""
        stored = self._bucket.get(f"{self._prefix}{run_id}.json")
        return RunRecord.model_validate_json(stored.body) if stored else None

    def all(self) -> list[RunRecord]:
        """Returns every record, newest first."""
        names = [key.removeprefix(self._prefix) for key in self._bucket.keys(self._prefix)]
        run_ids = sorted((n.removesuffix(".json") for n in names if "/" not in n), reverse=True)
        return [record for record in map(self.get, run_ids) if record is not None]

    def publication(self) -> Publication | None:
        """Returns what is published, or None before the first publication."""
        stored = self._bucket.get(f"{self._prefix}publication/current.json")
        return Publication.model_validate_json(stored.body) if stored else None

    def publish(self, publication: Publication) -> None:
        """Records what is published."""
        self._put("publication/current.json", publication)

    def _put(self, name: str, content: BaseModel) -> None:
        self._bucket.put(self._prefix + name, content.model_dump_json(indent=1))
