"""Contracts of the published marts: made from the project, linted, and kept."""

import copy
import subprocess
from pathlib import Path

import pytest

from catalog.changes import Level, changes
from catalog.check import findings
from catalog.contracts import FOLDER, as_yaml, contracts_of, retired
from catalog.history import published_contracts
from infra.errors import CampuslakeError
from infra.local.environments import set_up

LINTER = Path(__file__).with_name("lint_contracts.py")


@pytest.fixture(scope="session")
def contracts(manifest_file):
    """The contract of each mart, as the project stands."""
    return contracts_of(manifest_file)


def test_no_published_contract_is_broken_without_a_raised_version(contracts):
    found = findings(contracts, published_contracts(FOLDER), FOLDER)
    assert [str(finding) for finding in found if not finding.is_kept] == []


def test_a_contract_says_what_others_build_on(contracts):
    contract = contracts["students"]
    columns = {column["name"]: column for column in contract["schema"][0]["properties"]}
    assert contract["id"] == "campus.students"
    assert contract["team"]["members"][0]["username"] == "studies@school.example.org"
    assert {"property": "latency", "value": 50, "unit": "h"}.items() <= (
        contract["slaProperties"][1].items()
    )
    assert columns["student_key"]["primaryKey"] and columns["student_key"]["unique"]
    assert columns["average_grade"]["logicalTypeOptions"] == {"minimum": 0, "maximum": 100}
    assert columns["average_grade"]["required"] is False and columns["status"]["required"]
    statuses = {"validValues": ["registered", "enrolled", "graduated", "dropped_out"]}
    assert columns["status"]["quality"][0]["arguments"] == statuses


def test_what_tells_who_somebody_is_is_restricted(contracts):
    identities = contracts["student_identities"]
    classes = {c["name"]: c["classification"] for c in identities["schema"][0]["properties"]}
    assert identities["id"] == "campus_identity.student_identities"
    assert classes["email"] == "restricted" and classes["student_key"] == "confidential"
    days = contracts["dim_date"]["schema"][0]["properties"]
    assert {column["classification"] for column in days} == {"internal"}


def test_the_standard_s_own_linter_passes_every_contract_and_no_broken_one(contracts, tmp_path):
    broken = copy.deepcopy(contracts["students"])
    broken["schema"][0]["properties"][0]["logicalType"] = "text"
    (tmp_path / "broken.yaml").write_text(as_yaml(broken))
    python = set_up("contracts") / "python"
    files = [*sorted(FOLDER.glob("*.yaml")), tmp_path / "broken.yaml"]
    done = subprocess.run([python, LINTER, *files], capture_output=True, text=True, check=True)
    results = dict(line.split() for line in done.stdout.splitlines())
    assert results.pop("broken.yaml") == "failed"
    assert set(results) == {f"{mart}.yaml" for mart in contracts}
    assert set(results.values()) == {"passed"}


def column(contract: dict, name: str) -> dict:
    return next(c for c in contract["schema"][0]["properties"] if c["name"] == name)


def drop(contract: dict) -> None:
    contract["schema"][0]["properties"].remove(column(contract, "region"))


def rename(contract: dict) -> None:
    column(contract, "campus_id")["name"] = "site_id"


def retype(contract: dict) -> None:
    column(contract, "grade_count")["physicalType"] = "int"


def may_be_null(contract: dict) -> None:
    column(contract, "status")["required"] = False


def another_key(contract: dict) -> None:
    column(contract, "join_date").update(primaryKey=True, primaryKeyPosition=2)


def another_database(contract: dict) -> None:
    contract["id"] = "campus_identity.students"


def add(contract: dict) -> None:
    new = {"name": "hobby", "logicalType": "string", "physicalType": "string", "required": False}
    contract["schema"][0]["properties"].append(new)


def other_words(contract: dict) -> None:
    contract["description"]["purpose"] = "Said in other words."
    column(contract, "region")["description"] = "Said in other words."


def committed(folder: Path, contracts: dict, message: str = "publish") -> None:
    folder.mkdir(exist_ok=True)
    git = ("git", "-C", str(folder), "-c", "user.name=test", "-c", "user.email=test@example.org")
    if not (folder.parent / ".git").exists():
        subprocess.run(["git", "init", "-q", folder.parent], check=True)
    for mart, contract in contracts.items():
        (folder / f"{mart}.yaml").write_text(as_yaml(contract))
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", message], check=True)


@pytest.fixture
def published(contracts, tmp_path):
    """A folder in which the contract of `students` is published, and a copy of it to change."""
    folder = tmp_path / "project" / "contracts"
    folder.parent.mkdir()
    committed(folder, {"students": contracts["students"]})
    return folder, copy.deepcopy(contracts["students"])


def complaints(folder: Path, now: dict) -> list[str]:
    for mart, contract in now.items():
        (folder / f"{mart}.yaml").write_text(as_yaml(contract))
    found = findings(now, published_contracts(folder), folder)
    return [str(finding) for finding in found if not finding.is_kept]


BREAKING = {
    drop: "column region is gone",
    rename: "column campus_id is gone (renamed to site_id?)",
    retype: "column grade_count was bigint, is int",
    may_be_null: "column status is no longer promised to be never NULL",
    another_key: "its key was student_key, is student_key, join_date",
    another_database: "moved from campus.students to campus_identity.students",
}


@pytest.mark.parametrize("change", BREAKING, ids=lambda change: change.__name__)
def test_a_breaking_change_needs_a_raised_major_version(published, change):
    folder, contract = published
    change(contract)
    (told, *_) = complaints(folder, {"students": contract})
    assert told.startswith(f"students: {BREAKING[change]}") and "(breaking)" in told
    assert "from 1.0.0 to 2.0.0" in told
    contract["version"] = "1.1.0"
    assert complaints(folder, {"students": contract})
    contract["version"] = "2.0.0"
    assert complaints(folder, {"students": contract}) == []


def test_an_addition_needs_a_raised_minor_version(published):
    folder, contract = published
    add(contract)
    (told,) = complaints(folder, {"students": contract})
    assert "column hobby is new (not breaking)" in told and "from 1.0.0 to 1.1.0" in told
    contract["version"] = "1.1.0"
    assert complaints(folder, {"students": contract}) == []


def test_words_may_change_at_any_time(published):
    folder, contract = published
    other_words(contract)
    assert complaints(folder, {"students": contract}) == []


def test_committing_model_and_contract_together_hides_nothing(published):
    folder, contract = published
    drop(contract)
    committed(folder, {"students": contract}, "both at once")
    (told,) = complaints(folder, {"students": contract})
    assert "column region is gone" in told


def test_a_branch_is_compared_with_where_it_left_the_default_branch(published):
    folder, contract = published
    git = ("git", "-C", str(folder))
    subprocess.run([*git, "update-ref", "refs/remotes/origin/main", "HEAD"], check=True)
    add(contract)
    contract["version"] = "1.1.0"
    committed(folder, {"students": contract}, "not published: it may still change")
    column(contract, "hobby")["name"] = "pastime"
    assert complaints(folder, {"students": contract}) == []


def test_a_version_never_goes_back(published):
    folder, contract = published
    contract["version"] = "0.9.0"
    (told,) = complaints(folder, {"students": contract})
    assert "lower than 1.0.0" in told


def test_a_mart_that_is_gone_has_to_be_retired(published):
    folder, _ = published
    (told,) = complaints(folder, {})
    assert "the mart is gone (breaking)" in told and "--retire students" in told
    (folder / "students.yaml").unlink()
    assert complaints(folder, {}) == [told]
    (folder / "students.yaml").write_text(as_yaml(_published_text(folder)))
    (folder / "students.yaml").write_text(as_yaml(retired(folder / "students.yaml")))
    assert complaints(folder, {}) == []


def _published_text(folder: Path) -> dict:
    return published_contracts(folder)["students"]["1.0.0"]


def test_a_contract_that_lags_behind_the_project_is_told(published):
    folder, contract = published
    other_words(contract)
    found = findings({"students": contract}, published_contracts(folder), folder)
    assert ["export" in str(finding) for finding in found] == [True]


def test_without_git_the_files_are_what_is_published(contracts, tmp_path):
    (tmp_path / "students.yaml").write_text(as_yaml(contracts["students"]))
    contract = copy.deepcopy(contracts["students"])
    drop(contract)
    known = published_contracts(tmp_path)["students"]["1.0.0"]
    assert [change.level for change in changes(known, contract)] == [Level.MAJOR]


def test_a_mart_without_suite_has_no_contract(manifest_file):
    known = {**manifest_file, "nodes": dict(manifest_file["nodes"])}
    node = copy.deepcopy(known["nodes"]["model.campuslake.students"])
    known["nodes"]["model.campuslake.unjudged"] = node | {"name": "unjudged"}
    with pytest.raises(CampuslakeError, match="unjudged has no suite"):
        contracts_of(known)
