"""Who may read what of the bucket (infra/roles.yml), and the policy that lets them."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from infra.errors import CampuslakeError
from infra.settings import Settings

DECLARED = Path(__file__).with_name("roles.yml")


class Role(BaseModel):
    """Some people, and the prefixes below which they read objects. Few `write`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    who: str
    reads: tuple[str, ...]
    writes: bool = False


def roles(settings: Settings) -> dict[str, Role]:
    """Returns every role by its name, its prefixes those of the settings' databases."""
    declared = DECLARED.read_text().replace("{schema}", settings.schema_prefix)
    return {name: Role.model_validate(role) for name, role in yaml.safe_load(declared).items()}


def role_named(settings: Settings, name: str) -> Role:
    """Returns a role. Raises `CampuslakeError` when there is none of that name."""
    known = roles(settings)
    if name not in known:
        raise CampuslakeError(f"there is no role {name}", f"the roles are {', '.join(known)}")
    return known[name]


def policy(settings: Settings, role: Role) -> dict[str, Any]:
    """Returns the policy of a role that only reads, in the language of IAM.

    It lists below the role's prefixes alone: whoever asks for more is refused, and not shown less.
    """
    bucket = f"arn:aws:s3:::{settings.bucket}"
    below = [f"{prefix}*" for prefix in role.reads]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": [f"{bucket}/{objects}" for objects in below],
            },
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": [bucket],
                "Condition": {"StringLike": {"s3:prefix": below}},
            },
        ],
    }
