"""The static catalog in a real browser, behind a plain web server."""

import functools
import getpass
import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.local.browser import drive
from infra.local.credentials import local_credentials
from infra.settings import REPOSITORY
from orchestration.records import RunRegister
from tests.chromium import require_chromium

WALK = Path(__file__).with_name("walk_catalog.py")
WIDTHS = ("1280", "1680")


@pytest.fixture(scope="module")
def site(ran, tmp_path_factory) -> Path:
    """The folder of the catalog of a published lake."""
    folder = tmp_path_factory.mktemp("catalog") / "site"
    ran.run("docs", "--static", str(folder))
    return folder


@pytest.fixture(scope="module")
def walked(site: Path, tmp_path_factory) -> dict:
    """What a newcomer reads on the way from a question to a column, at two widths."""
    require_chromium()
    pictures = tmp_path_factory.mktemp("pictures")
    for width in WIDTHS:
        (pictures / width).mkdir()
    handler = functools.partial(_Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        try:
            seen = drive(WALK, {"url": url, "pictures": str(pictures)}, timeout=180)
        finally:
            server.shutdown()
    return seen | {"url": url}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the name it has above
        pass


@pytest.mark.parametrize("width", WIDTHS)
def test_a_question_leads_to_a_mart_to_a_column_with_meaning_and_unit(walked: dict, width: str):
    read = walked[width]
    assert read["title"] == "campuslake: data catalogue"
    assert read["query"].startswith("select student_key, average_grade")
    assert "Mean of all grades, in points out of 100" in read["column"]
    assert "user.behavior" in read["column"]  # that it is personal, and of which category
    assert "32 hexadecimal digits" in read["column_by_key"]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_mart_leads_to_the_definition_that_it_follows(walked: dict, width: str):
    assert walked[width]["definition"].startswith("By average grade of the whole stay, 1 being")
    assert 0 < walked[width]["definition_top"] < 400


@pytest.mark.parametrize("width", WIDTHS)
def test_the_mart_tells_how_it_is_asked_how_fresh_it_is_and_who_answers(ran, walked, width):
    details, published = walked[width]["details"], RunRegister(ran.settings).publication()
    view = f"{ran.settings.schema_prefix}.students"
    assert details["ask it as"] == view
    assert details["rows"] == f"{published.rows[view]:,}"
    assert details["published run"] == published.run_id
    assert details["published"] == f"{published.published_at:%Y-%m-%d %H:%M} UTC"
    passed, checks = re.match(r"(\d+) of (\d+) checks passed", details["gate"]).groups()
    assert passed == checks and int(checks) > 30
    assert details["tags"].strip() == "personal-data"
    assert "studies@school.example.org" in details["owner"]


def test_the_browser_has_nothing_to_complain_about(walked: dict):
    assert walked["complaints"] == []
    assert all(walked[width]["fits"] for width in WIDTHS)
    assert all(walked[width]["icon"].startswith("data:image/svg+xml") for width in WIDTHS)


def test_the_site_asks_for_nothing_but_itself(walked: dict):
    asked = {url for url in walked["requests"] if not url.startswith("data:")}
    assert asked == {walked["url"]}


def test_the_site_holds_nobody_no_path_of_the_machine_and_no_credential(ran, site: Path):
    (index,) = site.iterdir()
    html = index.read_text()
    people = ran.erp.query(
        "select email, personal_email, last_name || ' ' || first_name from students"
    )
    people += ran.erp.query("select email, phone, first_name || ' ' || last_name from audiences")
    assert [value for row in people for value in row if value and value in html] == []
    known = local_credentials(ran.settings.home)
    secrets = (known.postgres_password, known.s3_access_key, known.s3_secret_key)
    assert [number for number, secret in enumerate(secrets) if secret in html] == []
    machine = [str(REPOSITORY), str(Path.home()), str(ran.settings.home)]
    assert [path for path in machine if re.search(rf"{re.escape(path)}\b", html)] == []
    assert f"s3a://{ran.settings.bucket}" not in html
    assert f'"owner":"{getpass.getuser()}"' not in html


def test_a_second_time_the_site_is_replaced_and_a_folder_of_others_is_not(ran, site, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    told = ran.run("docs", "--static", str(tmp_path), code=1).stderr
    assert "mine.txt" in told and "nothing is overwritten" in told
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
