"""The dbt project as read once for all tests that look at it."""

import pytest
from dbt.cli.main import dbtRunner

from infra.settings import REPOSITORY


@pytest.fixture(scope="session")
def manifest(tmp_path_factory):
    """The project as dbt reads it; a warning is an error."""
    folder = str(tmp_path_factory.mktemp("dbt"))
    done = dbtRunner().invoke(
        [
            *("--quiet", "--warn-error", "parse", "--no-partial-parse", "--target", "lint"),
            *("--project-dir", str(REPOSITORY), "--profiles-dir", str(REPOSITORY)),
            *("--target-path", folder, "--log-path", folder),
        ]
    )
    assert done.success, done.exception
    return done.result


@pytest.fixture(scope="session")
def manifest_file(manifest):
    """The same as dbt writes it into manifest.json."""
    return manifest.writable_manifest().to_dict()
