"""Hashes that stand for people: only who has the school's own key can tell of whom one is."""

import hmac
import secrets
from collections.abc import Callable
from pathlib import Path

from infra.errors import CampuslakeError
from infra.local.credentials import make_private
from infra.settings import Settings


def keyed_hash(settings: Settings) -> Callable[[str | int], str]:
    """Returns what makes of a value its HMAC-SHA-256 (hex, RFC 2104), with the school's own key.

    Whoever lacks the key cannot try all student numbers until one matches. Raises
    `CampuslakeError` when the setting that holds it is missing.
    """
    key = _key(settings)
    return lambda value: hmac.digest(key, str(value).encode(), "sha256").hex()


def _key(settings: Settings) -> bytes:
    if settings.privacy_key is not None:
        return settings.privacy_key.get_secret_value().encode()
    if not settings.local_stack:
        raise CampuslakeError(
            "the key of the hashes that stand for people is missing",
            "set CAMPUSLAKE_PRIVACY_KEY to a long secret, the same one for good",
        )
    path = Path(settings.home) / "privacy.key"
    if not path.exists():
        make_private(path, secrets.token_urlsafe(32))
    return path.read_text().encode()
