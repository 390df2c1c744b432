"""The site of the catalog: where its links lead, what it adds to dbt's artefacts and leaves out."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.annotations import annotated
from catalog.guide import answers
from catalog.page import page
from catalog.publication import Published, stats
from gates.verdicts import Check, Verdict
from infra.errors import CampuslakeError
from infra.settings import REPOSITORY
from orchestration.catalog import require_own

AT = datetime(2026, 9, 30, 4, 5, tzinfo=UTC)
EMPTY = {"nodes": {}, "sources": {}}


@pytest.fixture(scope="module")
def site(manifest_file):
    """Manifest and catalog as the site shows them, of a lake in which nothing is published."""
    return annotated(manifest_file, EMPTY, None)


def links(markdown: str) -> list[str]:
    return re.findall(r"\]\((#![^)]*)\)", markdown)


def leads_nowhere(manifest: dict, href: str) -> bool:
    kind, _, rest = href.removeprefix("#!/").partition("/")
    if kind == "overview":
        page_of, _, anchor = rest.partition("#")
        text = manifest["docs"]["doc.campuslake.__campuslake__"]["block_contents"]
        titles = {found.lower().replace(" ", "-") for found in re.findall("^### (.+)$", text, re.M)}
        return page_of not in ("", "campuslake") or (bool(anchor) and anchor not in titles)
    node = manifest["nodes"] | manifest["exposures"] | manifest["sources"]
    return rest not in node or node[rest]["resource_type"] != kind


def test_every_link_of_the_site_leads_somewhere(site):
    manifest, _ = site
    nodes = [*manifest["nodes"].values(), *manifest["exposures"].values()]
    texts = [doc["block_contents"] for doc in manifest["docs"].values()]
    texts += [node["description"] for node in nodes]
    followed = [href for text in texts for href in links(text)]
    assert len(followed) > 300
    assert [href for href in followed if leads_nowhere(manifest, href)] == []


def test_the_overview_leads_each_question_to_all_of_its_marts(site):
    manifest, _ = site
    overview = manifest["docs"]["doc.campuslake.__overview__"]["block_contents"]
    rows = [links(line) for line in overview.splitlines() if line.startswith("| [Q")]
    marts_of = {row[0]: {h.split("/")[-1] for h in row if "/model/" in h} for row in rows}
    assert marts_of == {
        f"#!/exposure/{question['unique_id']}": set(question["depends_on"]["nodes"])
        for question in manifest["exposures"].values()
        if re.match(r"q\d\d_", question["name"])
    }
    assert all(any("/overview/campuslake#" in href for href in row) for row in rows)


def test_the_overview_leads_to_every_published_mart_of_the_presentation(site):
    manifest, _ = site
    led_to = set(links(manifest["docs"]["doc.campuslake.__overview__"]["block_contents"]))
    published = {
        f"#!/model/{node['unique_id']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["config"]["meta"].get("published_as") == "presentation"
    }
    assert published and published - led_to == set()


def test_every_question_shows_its_query_from_the_guide(site):
    manifest, _ = site
    assert sorted(answers()) == list(range(1, 11))
    for question in manifest["exposures"].values():
        if re.match(r"q\d\d_", question["name"]):
            assert "```sql\nselect" in question["description"], question["name"]


def test_personal_data_are_tagged_where_columns_declare_them_and_nowhere_else(site, manifest_file):
    manifest, _ = site
    for unique_id, node in manifest_file["nodes"].items():
        metas = [c["config"]["meta"].get("personal_data") for c in node["columns"].values()]
        held = [meta for meta in metas if meta]
        tags = manifest["nodes"][unique_id]["tags"]
        assert ("personal-data" in tags) == bool(held), unique_id
        assert ("identifying" in tags) == any(meta["identifying"] for meta in held), unique_id
    email = manifest["nodes"]["model.campuslake.student_identities"]["columns"]["email"]["meta"]
    assert email["personal data"] == "user.contact.email" and email["tells who it is"] == "yes"


def verdict(run_id: str, *passed: bool) -> Verdict:
    checks = [
        Check(table="grades", expectation=f"expect_{n}", passed=p) for n, p in enumerate(passed)
    ]
    other = Check(table="students", expectation="expect_other", passed=False)
    return Verdict(
        layer="marts",
        run_id=run_id,
        judged_at=AT,
        seconds=1,
        checks=[*checks, other],
        data_docs="d",
    )


def told(published: Published | None, view: str = "campus.grades") -> dict[str, object]:
    return {s["label"]: s["value"] for s in stats(published, view).values() if s["include"]}


def test_a_mart_says_how_fresh_it_is_and_what_the_gate_made_of_it():
    published = Published("r1", AT, AT, {"campus.grades": 12}, verdict("r1", True, True))
    assert told(published) == {
        "data as of": "2026-09-30 04:05 UTC",
        "published": "2026-09-30 04:05 UTC",
        "published run": "r1",
        "rows": 12,
        "gate": "2 of 2 checks passed, 2026-09-30 04:05 UTC",
    }


def test_a_run_that_was_refused_since_is_told_beside_the_published_one():
    refused = verdict("r2", True, False)
    published = Published("r1", AT, AT, {"campus.grades": 12}, verdict("r1", True, True), refused)
    assert told(published)["gate"].startswith("2 of 2 checks passed")
    assert told(published)["refused since"].startswith(
        "run r2: 1 of 2 checks passed, failed: expect_1"
    )


def test_what_is_not_published_yet_says_what_to_run():
    assert "campuslake run" in str(told(None)["published"])
    assert "campuslake run" in str(told(Published("r1", AT), "campus.new_mart")["published"])


def test_texts_cannot_end_the_script_that_holds_them(manifest_file):
    manifest, catalog = annotated(manifest_file, EMPTY, None)
    manifest["docs"]["doc.campuslake.__overview__"]["block_contents"] = "</script><b id=out>"
    html = page(manifest, catalog)
    assert "<b id=out>" not in html and "\\u003c/script>\\u003cb id=out>" in html


def test_the_site_holds_no_path_of_the_machine(manifest_file):
    known = json.loads(json.dumps(manifest_file, default=str))
    known["nodes"]["model.campuslake.students"]["compiled_path"] = str(REPOSITORY / "target" / "x")
    assert str(REPOSITORY) not in page(*annotated(known, EMPTY, None))


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path: Path):
    require_own(tmp_path / "not_there")
    require_own(tmp_path)
    (tmp_path / "index.html").write_text("<html><title>Somebody's page</title>")
    with pytest.raises(CampuslakeError, match="not a catalog made here"):
        require_own(tmp_path)
    (tmp_path / "index.html").write_text(
        '<title>x</title><meta name="generator" content="campuslake docs"/>'
    )
    require_own(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CampuslakeError, match="holds"):
        require_own(tmp_path)
    with pytest.raises(CampuslakeError, match="is a file"):
        require_own(tmp_path / "notes.txt")
