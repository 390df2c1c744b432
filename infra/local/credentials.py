"""Passwords and keys of the local servers: random, made at first use, readable by the owner."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from infra.lock import file_lock


@dataclass(frozen=True)
class S3Keys:
    """What one client of the local object store signs with."""

    access_key: str
    secret_key: str


@dataclass(frozen=True)
class LocalCredentials:
    """What the local servers ask of their clients. The keys outside `s3_roles` may do all."""

    postgres_password: str
    s3_access_key: str
    s3_secret_key: str
    s3_roles: dict[str, S3Keys] = field(default_factory=dict)


def local_credentials(home: Path) -> LocalCredentials:
    """Returns the credentials kept in `home`, making them on first use.

    Of several who make them at once, one wins and all return the same.
    """
    path = _path(home)
    if not path.exists():
        keys = _new_keys("local")
        made = LocalCredentials(
            postgres_password=secrets.token_urlsafe(24),
            s3_access_key=keys.access_key,
            s3_secret_key=keys.secret_key,
        )
        make_private(path, json.dumps(asdict(made)))
    kept = json.loads(path.read_text())
    roles = {role: S3Keys(**keys) for role, keys in kept.pop("s3_roles", {}).items()}
    return LocalCredentials(**kept, s3_roles=roles)


def role_keys(home: Path, role: str) -> S3Keys:
    """Returns the object store's keys of a role, added on first use to what is kept in `home`."""
    if role not in local_credentials(home).s3_roles:
        with file_lock(home / "run" / "credentials.lock", wait=True):
            known = local_credentials(home)
            if role not in known.s3_roles:
                roles = known.s3_roles | {role: _new_keys(role)}
                write_private(_path(home), json.dumps(asdict(replace(known, s3_roles=roles))))
    return local_credentials(home).s3_roles[role]


def make_private(path: Path, text: str) -> None:
    """Writes `text` to `path`, readable by the owner only, unless somebody was faster."""
    draft = _private_draft(path, text)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def write_private(path: Path, text: str) -> None:
    """Writes `text` to `path` atomically, readable by the owner only from its first byte."""
    _private_draft(path, text).replace(path)


def _path(home: Path) -> Path:
    return home / "credentials.json"


def _new_keys(name: str) -> S3Keys:
    return S3Keys(f"{name}{secrets.token_hex(8)}", secrets.token_urlsafe(32))


def _private_draft(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
    return draft
