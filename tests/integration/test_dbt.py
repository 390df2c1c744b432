"""dbt as analysts type it: from the repository root, over the Thrift server, on the current run."""

import subprocess

import pytest

from tests.conftest import REPOSITORY, Lake


@pytest.fixture(scope="module")
def dbt(ran: Lake, tmp_path_factory):
    """Runs a dbt command and checks that it succeeds."""
    target = tmp_path_factory.mktemp("dbt")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [REPOSITORY / ".venv" / "bin" / "dbt", *arguments],
            cwd=REPOSITORY,
            env={
                **ran.environment,
                "DBT_TARGET_PATH": str(target),
                "DBT_LOG_PATH": str(target / "logs"),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_the_business_rules_hold_at_their_boundaries(dbt):
    told = dbt("test", "--select", "test_type:unit")
    assert "unit tests" in told and "WARN=0 ERROR=0 SKIP=0" in told


def test_sources_are_fresh(dbt):
    assert "PASS" in dbt("source", "freshness")


def test_an_analyst_builds_a_mart_and_what_it_needs(ran: Lake, dbt):
    before = ran.figures()
    told = dbt("build", "--select", "students", "--exclude-resource-type", "unit_test")
    assert "ERROR=0" in told and "students" in told
    assert ran.figures() == before
