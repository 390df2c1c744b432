"""How an extract ends before its time: interrupted, refused, told in one line."""

import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import REPOSITORY, Erp
from tests.integration.test_extract_promises import command, environment, sessions_of_extracts

SLOW = "tables: {slow_one: {id: integer, data: text}, slow_two: {id: integer, data: text}}"


def copies_under_way(erp: Erp) -> int:
    ((count,),) = erp.query(
        "select count(*) from pg_stat_activity"
        " where application_name = 'campuslake extract' and state = 'active'"
        " and query like 'COPY%%'"
    )
    return count


@pytest.mark.parametrize("times", [1, 2])
def test_an_interruption_ends_every_copy(landing, times):
    settings, erp, zone = landing
    for name in ("slow_one", "slow_two"):
        erp.execute(f"create view {name} as select id, pg_sleep(60)::text as data from students")
    settings.extract_contract.write_text(SLOW)
    process = subprocess.Popen(
        [sys.executable, "-m", "extract", "--connections", "2"],
        cwd=REPOSITORY,
        env=environment(settings),
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and not copies_under_way(erp):
        time.sleep(0.05)
    for _ in range(times):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
    _, told = process.communicate(timeout=40)  # less than one copy would take
    # The second signal may find the interpreter on its way out, when nobody handles it any more.
    assert process.returncode in (130, -signal.SIGTERM), told
    assert "error: interrupted" in told
    assert "unexpected" not in told
    assert sessions_of_extracts(erp) == 0
    assert zone.runs() == []


def test_no_row_is_quoted_with_the_traceback_either(landing):
    settings, erp, _ = landing
    erp.execute(
        "create view broken as select id, (email || 'geheim')::integer as data from students"
    )
    settings.extract_contract.write_text("tables: {broken: {id: integer, data: integer}}")
    told = command(settings, "-v", code=1)
    assert "invalid text representation" in told and "Traceback" in told
    assert "geheim" not in told and "example" not in told
