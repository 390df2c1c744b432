"""Each notebook runs from its beginning to its end, and shows what the marts say."""

import json
import re
import subprocess

import pytest

from infra.local.environments import set_up
from infra.settings import REPOSITORY
from orchestration.rendering import FAILED, PROGRAM
from tests.conftest import Lake
from tests.notebooks.conftest import Ran

PATHS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
NAMES = [path.stem for path in PATHS]


def published(lake: Lake, statement: str) -> object:
    """Returns the one value that a statement on the published marts answers."""
    ((value,),) = lake.query(statement.replace("campus.", f"{lake.settings.schema_prefix}."))
    return value


def test_all_run_and_become_pages(notebooks: Ran):
    assert notebooks.done.returncode == 0, notebooks.done.stderr
    for name in NAMES:
        page = (notebooks.folder / f"{name}.html").read_text()
        title = json.loads((REPOSITORY / "notebooks" / f"{name}.ipynb").read_text())
        heading = "".join(title["cells"][0]["source"]).splitlines()[0].removeprefix("# ")
        assert f"<title>{heading}</title>" in page
        assert "http://" not in re.sub(r"http://(127|www\.w3)", "", page.split("<body")[0])


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_ran_and_none_failed(notebooks: Ran, name: str):
    cells = [cell for cell in notebooks.cells(name) if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {output["output_type"] for cell in cells for output in cell["outputs"]}
    assert kinds and "error" not in kinds
    images = [o for c in cells for o in c["outputs"] if "image/png" in o.get("data", {})]
    assert all(image["metadata"]["image/png"]["alt"] for image in images)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("raise KeyError('Dupont')", "code cell 2 failed (KeyError)"),
        ("import os; os._exit(1)", "code cell 2 lost its kernel: most often its memory was"),
    ],
)
def test_a_cell_that_does_not_end_is_told_without_its_values(tmp_path, cell: str, told: str):
    cells = [
        {"cell_type": "code", "id": name, "metadata": {}, "source": source}
        | {"outputs": [], "execution_count": None}
        for name, source in (("a", "1"), ("b", cell), ("c", "2"))
    ]
    broken = tmp_path / "broken.ipynb"
    broken.write_text(
        json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    (tmp_path / "pages").mkdir()
    command = [set_up("notebooks") / "python", PROGRAM, broken, tmp_path / "pages"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == FAILED and done.stdout.splitlines()[-1].startswith(told)
    assert "Dupont" not in done.stdout
    assert (tmp_path / "pages" / "broken.ipynb").exists()


def test_what_is_counted_from_python_is_what_is_published(notebooks: Ran, ran: Lake):
    students = published(ran, "select count(*) from campus.students")
    assert notebooks.figure("05_query_from_python", "students") == str(students)


def test_a_spark_of_ones_own_is_refused_the_identities(notebooks: Ran):
    assert "'refused'" in notebooks.text("05_query_from_python")


def test_what_is_explored_is_what_is_published(notebooks: Ran, ran: Lake):
    students = published(ran, "select count(*) from campus.students")
    assert notebooks.figure("01_explore", "students, past and present") == str(students)
    absentees = published(ran, "select count_if(is_chronic_absentee) from campus.students")
    assert notebooks.figure("01_explore", "chronic absentees") == str(absentees)


def test_the_risks_shown_are_those_published(notebooks: Ran, ran: Lake):
    """The area under the curve, by ranks in SQL: how often a dropout's risk is the higher one."""
    year = published(
        ran, "select max(school_year) from campus.dropout_observations where drops_out is not null"
    )
    expected = published(
        ran,
        "with told as (select risk, drops_out from campus.dropout_risk"
        " join campus.dropout_observations using (student_key, cutoff_date)"
        f" where campus.dropout_risk.school_year = {year})"
        " select avg(case when a.risk > b.risk then 1d when a.risk = b.risk then 0.5d else 0d end)"
        " from told a join told b on a.drops_out and not b.drops_out",
    )
    label = f"AUC of the published risks of {year}"
    assert float(notebooks.figure("02_dropout_risk", label)) == pytest.approx(expected, abs=1e-4)
    latest = "select count(*) from campus.dropout_risk where cutoff_date ="
    scored = published(ran, f"{latest} (select max(cutoff_date) from campus.dropout_risk)")
    assert notebooks.figure("02_dropout_risk", "students scored at the last cut-off date") == str(
        scored
    )


def test_what_leaks_would_do_is_told(notebooks: Ran):
    text = notebooks.text("02_dropout_risk")
    assert "shuffled outcomes tell nothing" in text
    honest = float(notebooks.figure("02_dropout_risk", "AUC of the honest model"))
    leak = float(notebooks.figure("02_dropout_risk", "AUC with the planted leak"))
    assert leak > 0.75  # so few dropouts leave no room for a jump above the honest one
    assert ("the planted leak stands out" in text) == (leak > honest + 0.02)


def test_the_forecast_shown_is_that_published(notebooks: Ran, ran: Lake):
    year, students = ran.query(
        "select school_year, students_forecast"
        f" from {ran.settings.schema_prefix}.enrolment_forecast"
        " where scope = 'school' and horizon = 1"
    )[0]
    shown = float(notebooks.figure("03_growth_forecast", f"forecast for {year}"))
    assert shown == pytest.approx(students, abs=0.05)
    apart = notebooks.figure("03_growth_forecast", "farthest from the mart")
    assert float(apart.removesuffix(" students")) < 1e-3


def test_the_rates_of_events_shown_are_those_published(notebooks: Ran, ran: Lake):
    for kind in ("fair", "open_day"):
        rate = published(
            ran,
            "select sum(contacts_converted) / sum(contacts) from campus.event_impact_by_type"
            f" where is_season_over and not is_small_group and event_type = '{kind}'",
        )
        shown = float(notebooks.figure("04_event_impact", kind))
        assert shown == pytest.approx(rate, abs=1e-4)
