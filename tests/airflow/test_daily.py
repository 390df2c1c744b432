"""`campus_daily` on a live Airflow: a bad night, the morning after, and what the page shows."""

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.local.airflow import Airflow
from orchestration.steps import STEP_NAMES
from tests.airflow.live import LiveAirflow
from tests.chromium import has_chromium, require_chromium
from tests.conftest import Lake, make_lake

DAG, RUN = "campus_daily", "bad_night"
STEPS = [name.replace("-", "_") for name in STEP_NAMES]
TASKS = [*STEPS, "report"]
BREAK = """
alter table grades drop constraint grades_grade_check;
update grades set grade = 150 where id = (select min(id) from grades)
"""


class Listener(HTTPServer):
    """A webhook: keeps what is posted."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        super().__init__(("127.0.0.1", 0), _Keep)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def events(self) -> list[str]:
        """What was posted, by the word that says what it is."""
        return [message["event"] for message in self.told]


class _Keep(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.told.append(json.loads(self.rfile.read(length)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Night:
    """What was seen of the run: after the fault, while it was repeated, and after that."""

    airflow: LiveAirflow
    lake: Lake
    told: list[dict[str, Any]]
    bad: dict[str, Any] = field(default_factory=dict)
    nodes_while_building: list[int] = field(default_factory=list)
    good: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.shutdown()


@pytest.fixture(scope="module")
def lake(stack, postgres: str, listener: Listener) -> Lake:
    """A lake whose Airflow starts nothing by itself and tells the listener."""
    made = make_lake(stack, postgres, seed=19)
    changes = {
        "CAMPUSLAKE_AIRFLOW_DAILY": "off",
        "CAMPUSLAKE_AIRFLOW_MAINTENANCE": "off",
        "CAMPUSLAKE_AIRFLOW_DEADLINE_MINUTES": "0.1",
        "CAMPUSLAKE_NOTIFY_WEBHOOK": f"http://127.0.0.1:{listener.server_port}/",
    }
    return Lake(made.erp, made.environment | changes)


@pytest.fixture(scope="module")
def live(lake: Lake, airflow: Path) -> Iterator[LiveAirflow]:
    """Airflow over the lake."""
    server = Airflow(lake.settings)
    try:
        told = lake.run("airflow", "up").stdout
        assert server.password in told and server.url in told
        yield LiveAirflow(server.url, server.password)
    finally:
        lake.run("airflow", "down")


@pytest.fixture(scope="module")
def night(lake: Lake, live: LiveAirflow, listener: Listener, tmp_path_factory) -> Night:
    """A run whose extract holds an impossible grade; mended, it is repeated from the extract on."""

    def seen(name: str, state: str) -> dict[str, Any]:
        """Returns how the run stands, by REST and, as colours, on its page."""
        pictures = Path(os.environ.get("PICTURES") or tmp_path_factory.mktemp("pictures"))
        colours = live.look(DAG, RUN, pictures / f"{name}.png") if has_chromium() else None
        return {"state": state, "tasks": live.states(DAG, RUN), "colours": colours}

    ((grade,),) = lake.erp.query("select grade from grades order by id limit 1")
    lake.erp.execute(BREAK)
    night = Night(live, lake, listener.told)
    live.trigger(DAG, RUN)
    night.bad = seen("bad", live.wait(DAG, RUN))
    lake.erp.execute(
        "update grades set grade = %s where id = (select min(id) from grades)", float(grade)
    )
    live.clear(DAG, RUN, "extract")

    def count_nodes() -> None:
        if live.states(DAG, RUN)["build"] == "running":
            nodes = live.xcom(DAG, RUN, "build", "nodes")
            night.nodes_while_building.append(len(nodes or []))

    night.good = seen("good", live.wait(DAG, RUN, count_nodes))
    return night


def test_a_refused_extract_fails_its_gate_and_stops_what_follows(night: Night):
    assert night.bad["state"] == "failed"
    assert night.bad["tasks"] == {
        "extract": "success",
        "staging_gate": "failed",
        **dict.fromkeys(STEPS[2:], "upstream_failed"),
        "report": "failed",
    }


def test_the_page_shows_the_gate_red_and_then_all_green(night: Night):
    require_chromium()
    expected = {"extract": "green", "staging_gate": "red", "report": "red"}
    assert night.bad["colours"] == dict.fromkeys(STEPS, "orange") | expected
    assert night.good["colours"] == dict.fromkeys(TASKS, "green")


def test_people_are_told_of_the_failure_once_and_with_its_reason(night: Night):
    failed = [message for message in night.told if message["event"] == "task_failed"]
    assert [message["task"] for message in failed] == ["staging_gate"]  # no gate is asked twice
    assert "grades.grade" in failed[0]["text"]
    ended = [m for m in night.told if m["event"] in ("run_failed", "run_done")]
    assert [message["event"] for message in ended] == ["run_failed", "run_done"]
    assert "deadline_missed" in [message["event"] for message in night.told]


def test_repeated_from_the_mended_step_the_run_is_green(night: Night):
    assert night.good["state"] == "success"
    assert night.good["tasks"] == dict.fromkeys(TASKS, "success")
    assert night.lake.figures()[0] == 300


def test_every_table_is_told_in_log_xcom_and_assets(night: Night):
    live = night.airflow
    tables = live.xcom(DAG, RUN, "extract", "tables")
    assert len(tables) == 11 and all(t["rows"] and t["bytes"] for t in tables)
    log = live.log(DAG, RUN, "extract")
    for table in tables:
        assert f"{table['table']}: {table['rows']:,} rows, {table['bytes']:,} bytes" in log
    events = live.ask("/api/v2/assets/events?limit=100&order_by=-timestamp")["asset_events"]
    grades = next(event for event in events if event["name"] == "staging/grades")
    (figures,) = [table for table in tables if table["table"] == "grades"]
    assert grades["extra"]["rows"] == figures["rows"]
    published = next(event for event in events if event["name"] == "published")
    assert published["extra"][f"{night.lake.settings.schema_prefix}.students"] == 300


def test_models_and_tests_are_told_while_they_are_built(night: Night):
    seen = night.nodes_while_building
    assert any(0 < count < max(seen) for count in seen) and seen == sorted(seen)
    nodes = night.airflow.xcom(DAG, RUN, "build", "nodes")
    assert {"students", "stg_erp__grades", "presentation__names_nobody"} <= {
        node["node"] for node in nodes
    }
    assert len(nodes) == nodes[0]["of"]
    assert "model students success" in night.airflow.log(DAG, RUN, "build")


def test_the_report_has_the_whole_run(night: Night):
    report = night.airflow.xcom(DAG, RUN, "report", "return_value")
    assert report["state"] == "done"
    assert [step["name"] for step in report["steps"]] == list(STEP_NAMES)
    assert len(report["tables"]) == 11 and all(gate["passed"] for gate in report["gates"])


def test_a_step_can_be_repeated_by_itself(night: Night):
    live = night.airflow
    live.clear(DAG, RUN, "docs")
    assert live.wait(DAG, RUN) == "success"


def test_tables_are_looked_after(night: Night):
    live = night.airflow
    live.trigger("campus_maintenance", "weekly", schema=night.lake.settings.schema_prefix)
    assert live.wait("campus_maintenance", "weekly") == "success"
    assert "0 files deleted" in live.log("campus_maintenance", "weekly", "remove_orphans")
    night.lake.run("run", "--only", "marts-gate")  # what was built is still what is judged


def test_only_this_machine_is_served_and_nothing_is_left_behind(night: Night):
    server = Airflow(night.lake.settings)
    leader = server.pid()
    family = [p for p in psutil.process_iter() if _session(p) == leader]
    listening = [c.laddr for p in family for c in p.net_connections() if c.status == "LISTEN"]
    assert {(address.ip, address.port) for address in listening} == {
        ("127.0.0.1", night.lake.settings.airflow_port)
    }
    night.lake.run("airflow", "down")
    left = [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert left == []


def _session(process: psutil.Process) -> int:
    try:
        return os.getsid(process.pid)
    except ProcessLookupError:
        return 0
