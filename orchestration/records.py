"""What every run of the pipeline says of itself, kept in the bucket beside the data."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, Field

from extract.zone import ABSENT, storage_error
from infra.object_store import s3_client
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
        self._bucket = settings.bucket
        self._client = s3_client(settings)
        self._prefix = f"runs/{settings.schema_prefix}/"

    def save(self, record: RunRecord) -> None:
        """Writes a run's record."""
        self._put(f"{record.run_id}.json", record)

    def get(self, run_id: str) -> RunRecord | None:
        """Returns a run's record, or None."""
        text = self._get(f"{run_id}.json")
        return RunRecord.model_validate_json(text) if text else None

    def all(self) -> list[RunRecord]:
        """Returns every record, newest first."""
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix
            )
            keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        except (ClientError, BotoCoreError) as error:
            raise storage_error(error, self._bucket) from error
        run_ids = [key.removeprefix(self._prefix).removesuffix(".json") for key in keys]
        records = [
            self.get(run_id) for run_id in sorted(run_ids, reverse=True) if "/" not in run_id
        ]
        return [record for record in records if record is not None]

    def publication(self) -> Publication | None:
        """Returns what is published, or None before the first publication."""
        text = self._get("publication/current.json")
        return Publication.model_validate_json(text) if text else None

    def publish(self, publication: Publication) -> None:
        """Records what is published."""
        self._put("publication/current.json", publication)

    def _put(self, name: str, content: BaseModel) -> None:
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + name,
                Body=content.model_dump_json(indent=1).encode(),
                ContentType="application/json",
            )
        except (ClientError, BotoCoreError) as error:
            raise storage_error(error, self._bucket) from error

    def _get(self, name: str) -> Any:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)[
                "Body"
            ].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT:
                return None
            raise storage_error(error, self._bucket) from error
        except BotoCoreError as error:
            raise storage_error(error, self._bucket) from error
