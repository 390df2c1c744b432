"""What several integration tests begin with."""

import secrets
from collections.abc import Iterator

import pytest

from erp.generate import generate
from extract.zone import StagingZone
from infra.local.s3 import ObjectStore
from infra.settings import Settings
from infra.settings import settings as stack_settings
from tests.conftest import REPOSITORY, Erp, bucket_of


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
