"""Whatever fails, and wherever: before the commit nothing is visible, after it everything is.

By default some of the matrix; `pytest tests/faults --thorough` runs all of it.
"""

import itertools
import secrets
import signal
from collections.abc import Iterator

import pytest

from infra.errors import CampuslakeError
from infra.local.credentials import local_credentials
from infra.local.s3 import ObjectStore
from infra.settings import Settings
from infra.settings import settings as stack_settings
from tests.conftest import bucket_of
from tests.faults.landing import CONTRACT, TABLES, Landing, faulty

ONCE = ("500", "503", "reset", "cut", "lost", "slow")
FOR_GOOD = ("500", "507", "expired", "denied", "reset", "lost")
THINNED = 12  # of so many places one is tried, another one for each fault


@pytest.fixture(scope="module")
def landing(postgres, tmp_path_factory) -> Iterator[Landing]:
    settings = stack_settings()
    ObjectStore(settings).start()
    keys = local_credentials(settings.home)
    name = f"faults{secrets.token_hex(4)}"
    contract = tmp_path_factory.mktemp("faults") / "contract.yml"
    contract.write_text(CONTRACT)
    apart = Settings(erp_schema=name, bucket=name, extract_contract=contract)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", keys.s3_access_key)
        patch.setenv("AWS_SECRET_ACCESS_KEY", keys.s3_secret_key)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        # How often it is tried again is ours to test; how long it waits in between is botocore's.
        patch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.01)
        found = faulty(apart, postgres, settings.postgres_port, settings.s3_port)
        found.erp.execute(f"create schema {name}; {TABLES}")
        with bucket_of(apart):
            yield found
        found.store.shutdown()
        found.database.close()


@pytest.fixture(scope="module")
def operations(landing) -> list[str]:
    """What an extract asks of the store, in order, when there is one run before it."""
    landing.extract_and_promote()
    landing.heal()
    landing.extract_and_promote()
    asked = landing.store.operations
    clear(landing)
    return asked


def places(count: int, offset: int, all_faults: bool) -> range:
    return range(count) if all_faults else range(offset % THINNED, count, THINNED)


@pytest.mark.parametrize(("number", "fault"), list(enumerate(ONCE)))
def test_a_passing_fault_of_the_store_is_survived(landing, operations, number, fault, all_faults):
    for place in places(len(operations), number, all_faults):
        landing.heal()
        before = landing.zone.runs()
        landing.store.fault = lambda n, _, place=place: fault if n == place else None
        run_id = landing.extract_and_promote()
        assert landing.check_what_readers_see(before) == [run_id], operations[place]
        assert landing.zone.current().run_id == run_id
        assert landing.zone.run_ids() == landing.zone.runs()
        clear(landing)


@pytest.mark.parametrize(("number", "fault"), list(enumerate(FOR_GOOD)))
def test_a_store_that_fails_for_good_loses_nothing(landing, operations, number, fault, all_faults):
    for place in places(len(operations), number, all_faults):
        landing.heal()
        before, pointer = landing.zone.runs(), landing.zone.current()
        landing.store.fault = lambda n, _, place=place: fault if n >= place else None
        with pytest.raises(CampuslakeError, match="the object store"):
            landing.extract_and_promote()
        committed = landing.check_what_readers_see(before)
        # Only an answer that got lost leaves open whether the commit took place.
        may_be_committed = place > operations.index("PutObject manifest.json") or fault == "lost"
        assert not committed or may_be_committed, operations[place]
        assert landing.zone.current() == pointer or fault == "lost"
        landing.check_that_the_next_one_clears_up()
        clear(landing)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_killed_extract_is_no_run_or_a_whole_one(landing, operations, after, all_faults):
    commit = operations.index("PutObject manifest.json")
    last = len(operations) - 1
    for place in sorted({*places(last + 1, 2 * after, all_faults), commit, last}):
        landing.heal()
        before = landing.zone.runs()
        process = landing.start()

        def kill(number, _operation, place=place, process=process):
            if number == place + after:
                process.send_signal(signal.SIGKILL)
                process.wait()
                return "reset"
            return None

        landing.store.fault = kill
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL or (after and place == last)
        committed = landing.check_what_readers_see(before)
        assert len(committed) == (place + after > commit), operations[place]
        landing.check_that_the_next_one_clears_up()
        clear(landing)


def test_a_connection_to_the_erp_that_breaks_anywhere_fails_the_extract(landing, all_faults):
    landing.heal()
    landing.extract_and_promote()
    clear(landing)
    cuts = [
        (connection, offset)
        for connection, sent in enumerate(landing.database.sent)
        for offset in sorted({0, 1, 9, *(sent * n // 16 for n in range(1, 16)), sent - 60})
        if offset < sent - 30  # what remains are farewells
    ]
    for cut in cuts if all_faults else itertools.islice(cuts, 0, None, THINNED):
        landing.heal()
        before = landing.zone.runs()
        landing.database.cut_at = cut
        with pytest.raises(CampuslakeError, match="the ERP"):
            landing.extract_and_promote()
        assert landing.check_what_readers_see(before) == [], cut
        assert landing.zone.run_ids() == landing.zone.runs(), cut
        landing.check_that_the_next_one_clears_up()
        clear(landing)


def clear(landing: Landing) -> None:
    """Keeps the zone small."""
    for run_id in landing.zone.prunable(1):
        landing.zone.delete_run(run_id)
