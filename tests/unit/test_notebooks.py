"""The notebooks in git: nothing that they showed, no key, all of them in the catalog."""

import json
import re

import pytest
import yaml

from infra.settings import REPOSITORY

PATHS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
NAMES = ["01_explore", "02_dropout_risk", "03_growth_forecast", "04_event_impact"]
NAMES += ["05_query_from_python"]
CLOSED = r"campus_(build|staging|history|marts)|(build|staging|history|marts)_database"
CREDENTIAL = r"(?i)(secret|password|access_key|token)\s*=|AKIA[0-9A-Z]{12}"


def source(path) -> str:
    """Returns all that is written in a notebook."""
    return "\n".join("".join(c["source"]) for c in json.loads(path.read_text())["cells"])


def test_they_are_all_there():
    assert [path.stem for path in PATHS] == NAMES


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_nothing_that_was_shown_is_kept(path):
    for cell in json.loads(path.read_text())["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
            assert cell["metadata"] == {}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_no_key_and_nothing_that_is_not_published_is_named(path):
    assert not re.search(CREDENTIAL, source(path))
    assert not re.search(CLOSED, source(path))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_notebook_begins_with_its_title_and_says_what_it_does_not_show(path):
    cells = json.loads(path.read_text())["cells"]
    assert cells[0]["cell_type"] == "markdown"
    assert "".join(cells[0]["source"]).startswith("# ")
    if path.stem != "05_query_from_python":
        told = "".join(cells[-1]["source"]).splitlines()[0]
        assert re.fullmatch(r"## What this does not (prove|tell)", told)


def test_every_notebook_is_in_the_catalog_with_the_marts_that_it_reads():
    """The marts of an exposure are those named in the notebook's own SQL and code."""
    declared = yaml.safe_load((REPOSITORY / "models" / "exposures_notebooks.yml").read_text())
    found = {exposure["name"]: exposure for exposure in declared["exposures"]}
    assert set(found) == {f"notebook_{name}" for name in NAMES}
    marts = {path.stem for path in (REPOSITORY / "models" / "marts").rglob("*.sql")}
    for path in PATHS:
        exposure = found[f"notebook_{path.stem}"]
        assert exposure["type"] == "notebook" and exposure["url"].endswith(path.name)
        told = {re.fullmatch(r"ref\('(\w+)'\)", ref)[1] for ref in exposure["depends_on"]}
        named = set(re.findall(r"(?:from|join|published\}\.)\s*(\w+)", source(path))) & marts
        named |= {"dropout_observations"} if "observations(" in source(path) else set()
        assert told == named, path.stem
