"""The audit log: who did what to personal data, when and why, without saying of whom in clear."""

import getpass
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from infra.object_store import Bucket
from infra.settings import Settings


class Entry(BaseModel):
    """One act. `subject` is a keyed hash of the person, or empty; `counts` say how much."""

    model_config = ConfigDict(frozen=True)

    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    who: str = Field(default_factory=getpass.getuser)
    what: str
    why: str
    subject: str = ""
    counts: dict[str, int] = Field(default_factory=dict)


def record(
    settings: Settings, what: str, why: str, subject: str, counts: Mapping[str, int]
) -> Entry:
    """Appends an act to the log of the bucket: one object each, never written a second time."""
    entry = Entry(what=what, why=why, subject=subject, counts=dict(counts))
    name = f"{entry.at:%Y%m%dT%H%M%S%fZ}_{secrets.token_hex(2)}.json"
    Bucket(settings).put(_prefix(settings) + name, entry.model_dump_json(), IfNoneMatch="*")
    return entry


def entries(settings: Settings) -> list[Entry]:
    """Returns the log, the newest first."""
    bucket = Bucket(settings)
    found = (bucket.get(key) for key in reversed(bucket.keys(_prefix(settings))))
    return [Entry.model_validate_json(stored.body) for stored in found if stored]


def _prefix(settings: Settings) -> str:
    return f"audit/{settings.schema_prefix}/"
