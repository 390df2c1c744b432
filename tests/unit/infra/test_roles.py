"""Who may read what is declared once, and only reading is given to whoever is no engineer."""

import json
import stat

import pytest

from infra.errors import CampuslakeError
from infra.local.credentials import local_credentials, role_keys
from infra.local.identities import identities
from infra.roles import policy, role_named, roles
from infra.settings import Settings

SETTINGS = Settings(schema_prefix="school", bucket="lake")


def test_engineers_write_and_nobody_else():
    assert [name for name, role in roles(SETTINGS).items() if role.writes] == ["engineer"]


def test_an_analyst_may_get_and_list_below_the_marts_and_do_nothing_else():
    get, list_below = policy(SETTINGS, role_named(SETTINGS, "analyst"))["Statement"]
    assert get["Action"] == ["s3:GetObject"]
    assert get["Resource"] == ["arn:aws:s3:::lake/warehouse/school_marts.db/*"]
    assert list_below["Action"] == ["s3:ListBucket"]
    assert list_below["Condition"] == {"StringLike": {"s3:prefix": ["warehouse/school_marts.db/*"]}}


def test_a_prefix_ends_where_a_folder_does():
    """Else it would open every other folder whose name begins the same."""
    prefixes = [p for role in roles(SETTINGS).values() if not role.writes for p in role.reads]
    assert prefixes and all(prefix.endswith("/") for prefix in prefixes)


def test_a_role_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(CampuslakeError, match="no role guest") as told:
        role_named(SETTINGS, "guest")
    assert "engineer, staff, analyst" in str(told.value)


def test_credentials_of_an_older_stack_stay_and_get_the_keys_of_roles(tmp_path):
    older = {"postgres_password": "p", "s3_access_key": "a", "s3_secret_key": "s"}
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(older))
    known = json.loads(identities(Settings(home=tmp_path)))["identities"]
    keys = {identity["name"]: identity["credentials"][0]["accessKey"] for identity in known}
    assert keys["engineer"] == "a" and len(set(keys.values())) == 3
    assert json.loads(path.read_text()).items() >= older.items()
    assert keys["analyst"] == role_keys(tmp_path, "analyst").access_key
    assert local_credentials(tmp_path).s3_roles.keys() == {"staff", "analyst"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
