"""What several integration tests begin with."""

import secrets
from collections.abc import Iterator

import pytest

from erp.generate import generate
from extract.zone import StagingZone
from infra.local.s3 import ObjectStore
from infra.settings import Settings
from infra.settings import settings as stack_settings
from tests.conftest import REPOSITORY, Erp, Lake, bucket_of, make_lake


@pytest.fixture(scope="session")
def whole(stack, postgres: str) -> Lake:
    """A lake that has everything in one bucket, as a school's has, after a run. Tests share it."""
    made = make_lake(stack, postgres, seed=13, bucket=stack.bucket)
    made.run("run")
    return made


@pytest.fixture
def landing(postgres, tmp_path) -> Iterator[tuple[Settings, Erp, StagingZone]]:
    """An ERP (tiny) and an empty bucket of the test's own; its contract may be overwritten."""
    ObjectStore(stack_settings()).start()
    name = f"promise{secrets.token_hex(4)}"
    generate(postgres, "tiny", 4, schema=name)
    contract = tmp_path / "contract.yml"
    contract.write_text((REPOSITORY / "extract" / "contract.yml").read_text())
    settings = Settings(erp_schema=name, bucket=name, extract_contract=contract)
    zone = StagingZone(settings)
    with bucket_of(settings):
        yield settings, Erp(postgres, name), zone
