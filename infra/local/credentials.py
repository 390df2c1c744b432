"""Passwords and keys of the local servers: random, made at first use, readable by the owner."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class LocalCredentials:
    """What the local servers ask of their clients."""

    postgres_password: str
    s3_access_key: str
    s3_secret_key: str


def local_credentials(home: Path) -> LocalCredentials:
    """Returns the credentials kept in `home`, making them on first use.

    Of several who make them at once, one wins and all return the same.
    """
    path = home / "credentials.json"
    if not path.exists():
        made = LocalCredentials(
            postgres_password=secrets.token_urlsafe(24),
            s3_access_key=f"local{secrets.token_hex(8)}",
            s3_secret_key=secrets.token_urlsafe(32),
        )
        draft = _private_draft(path, json.dumps(asdict(made)))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # somebody was faster
        finally:
            draft.unlink()
    return LocalCredentials(**json.loads(path.read_text()))


def write_private(path: Path, text: str) -> None:
    """Writes `text` to `path` atomically, readable by the owner only from its first byte."""
    _private_draft(path, text).replace(path)


def _private_draft(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
    return draft
