"""Who the local object store knows, and what each may do: the roles of infra/roles.yml."""

import json
from typing import Any

from infra.local.credentials import S3Keys, local_credentials, role_keys
from infra.roles import Role, policy, roles
from infra.settings import Settings


def keys_of(settings: Settings, name: str, role: Role) -> S3Keys:
    """Returns the keys of a role. Those of a role that writes are the platform's own."""
    if role.writes:
        own = local_credentials(settings.home)
        return S3Keys(own.s3_access_key, own.s3_secret_key)
    return role_keys(settings.home, name)


def identities(settings: Settings) -> str:
    """Returns SeaweedFS's file of identities, an identity and a policy for each role."""
    declared = roles(settings)
    readers = {name: role for name, role in declared.items() if not role.writes}
    known = {
        "identities": [_identity(settings, name, role) for name, role in declared.items()],
        "policies": [
            {"name": name, "content": json.dumps(policy(settings, role))}
            for name, role in readers.items()
        ],
    }
    return json.dumps(known)


def _identity(settings: Settings, name: str, role: Role) -> dict[str, Any]:
    keys = keys_of(settings, name, role)
    identity = {
        "name": name,
        "credentials": [{"accessKey": keys.access_key, "secretKey": keys.secret_key}],
    }
    if role.writes:
        return identity | {"actions": ["Admin", "Read", "Write", "List", "Tagging"]}
    return identity | {"policyNames": [name]}
