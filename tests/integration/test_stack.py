"""The local stack and a pipeline that runs on it survive what machines do to them."""

import json
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil
import pytest
from rich.progress import Progress

from extract.zone import StagingZone
from infra.errors import CampuslakeError
from infra.local import stack as local_stack
from infra.local.credentials import local_credentials
from infra.local.s3 import ObjectStore
from infra.local.stack import servers
from infra.settings import REPOSITORY, Settings, settings
from infra.spark_sql import execute, query
from tests.conftest import Lake

SILENT = Progress(disable=True)


def family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # it ended meanwhile
        return ""


def test_a_running_stack_is_found_and_left_alone(stack):
    pids = [server.pid() for server in servers(stack)]
    assert local_stack.up(stack, SILENT) == []
    assert [server.pid() for server in servers(stack)] == pids


def test_every_server_listens_on_this_machine_only(stack):
    listening = [
        connection.laddr
        for server in servers(stack)
        for process in family(server.pid())
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= len(servers(stack))
    # Spark and the metastore bind IPv4 loopback through a dual socket, shown as ::ffff:127.0.0.1.
    assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_no_command_line_holds_a_credential(stack):
    keys = local_credentials(stack.home)
    secrets = [keys.postgres_password, keys.s3_secret_key, keys.s3_access_key]
    secrets += [role.secret_key for role in keys.s3_roles.values()]
    for server in servers(stack):
        for process in family(server.pid()):
            command = command_line(process)
            assert not any(secret in command for secret in secrets)


def test_a_record_of_a_pid_that_is_now_another_program_is_stale(tmp_path):
    server = ObjectStore(Settings(home=tmp_path))
    record = tmp_path / "run" / "s3.json"
    record.parent.mkdir()
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        record.write_text(json.dumps({"pid": sleeper.pid, "started": time.time() - 3600}))
        assert server.pid() is None
        server.stop()
        assert sleeper.poll() is None, "a stranger was stopped"
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_busy_port_is_told_with_the_setting_that_moves_it(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CampuslakeError, match="CAMPUSLAKE_S3_PORT") as raised:
            ObjectStore(Settings(home=tmp_path, s3_port=port)).start()
    assert str(port) in str(raised.value)


def kill(name: str) -> None:
    """Kills a server and its children as a crash would."""
    (server,) = [server for server in servers(settings()) if server.name == name]
    for process in reversed(family(server.pid())):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    while server.pid() is not None:
        time.sleep(0.05)


def run_and_kill(lake: Lake, server: str, step: str) -> str:
    """Runs the pipeline, kills a server in the middle of a step, and returns the error told."""
    run = lake.start("run")
    told = ""
    while not ("step started" in told and f'"{step}"' in told):
        line = run.stderr.readline()
        assert line, told
        told += line
    time.sleep(1)
    kill(server)
    told += run.communicate(timeout=300)[1]
    assert run.returncode == 1, told
    assert "Traceback" not in told
    (error,) = [line for line in told.splitlines() if line.startswith("error:")]
    return error


def test_a_run_whose_server_is_killed_says_so_and_the_next_one_succeeds(ran):
    before = ran.figures()
    assert "s3" in run_and_kill(ran, "s3", "staging-gate")
    assert "spark" in run_and_kill(ran, "spark", "build")
    ran.run("up")
    assert ran.figures() == before
    ran.run("run")
    assert ran.figures() == pytest.approx(ran.erp_figures(), abs=1e-9)


def test_an_extract_whose_erp_is_killed_says_so_and_the_next_one_succeeds(ran):
    before, runs = ran.figures(), StagingZone(ran.settings).runs()
    ran.erp.execute("alter table grades rename to grades_kept")
    ran.erp.execute(
        "create view grades as"
        " select grades_kept.* from (select pg_sleep(120)) as wait, grades_kept"
    )
    run = ran.start("run", "--only", "extract")
    deadline = time.monotonic() + 60
    while StagingZone(ran.settings).run_ids() == runs and time.monotonic() < deadline:
        time.sleep(0.1)
    kill("postgres")
    told = run.communicate(timeout=120)[1]
    assert run.returncode == 1
    (error,) = [line for line in told.splitlines() if line.startswith("error:")]
    assert "postgres" in error
    assert StagingZone(ran.settings).run_ids() == runs
    ran.run("up")
    ran.erp.execute("drop view grades")
    ran.erp.execute("alter table grades_kept rename to grades")
    ran.run("run", "--only", "extract")
    assert len(StagingZone(ran.settings).runs()) == len(runs) + 1
    assert ran.figures() == before


def test_the_whole_stack_comes_back_with_its_data_after_a_reboot(ran):
    before = ran.figures()
    for server in servers(settings()):
        if server.pid() is not None:
            kill(server.name)
    ran.run("up")
    assert ran.figures() == before


def test_two_runs_at_once_do_not_meet(ran):
    from orchestration.lock import run_lock

    with run_lock(ran.settings):
        assert "another run" in ran.run("run", "--only", "docs", code=1).stderr


def test_a_table_is_replaced_by_one_with_other_columns(ran):
    """As an upgrade does whose marts have a column less in the middle."""
    table = f"{ran.settings.build_database}.changing"
    for columns in ("1 as a, 'x' as b, 2.5d as c", "'x' as b, 2.5d as c, date '2024-02-29' as a"):
        execute(f"create or replace table {table} using iceberg as select {columns}", ran.settings)
    assert ran.query(f"select b, c, year(a) from {table}") == [("x", 2.5, 2024)]
    execute(f"drop table {table} purge", ran.settings)


def test_a_session_sees_at_once_what_another_one_wrote(ran):
    """Iceberg's tables and files read as they are; statements of a thread share a session."""
    table, files = (f"{ran.settings.build_database}.{name}" for name in ("shared", "shared_files"))

    def elsewhere(statement: str) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(execute, statement, ran.settings).result()

    execute(f"create table {table} using iceberg as select 1 as a", ran.settings)
    execute(f"create table {files} using parquet as select 1 as a", ran.settings)
    try:
        for name in (table, files):
            assert ran.query(f"select a from {name}") == [(1,)]
            elsewhere(f"insert overwrite {name} select 2")
            assert ran.query(f"select a from {name}") == [(2,)]
        elsewhere(f"alter table {table} create tag marked")
        assert ran.query(f"select a from {table} version as of 'marked'") == [(2,)]
    finally:
        for name in (table, files):
            execute(f"drop table {name} purge", ran.settings)


def test_an_interrupted_statement_does_not_answer_the_next_one(stack):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        query("select 1", stack)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            query("select count(*) from range(3000000000) where id % 7 = 3", stack)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert query("select 'next'", stack) == [("next",)]


def test_two_commands_that_start_a_server_at_once_do_not_meet(stack):
    kill("s3")
    command = [REPOSITORY / ".venv" / "bin" / "campuslake", "up"]
    ups = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [up.communicate(timeout=120)[0] for up in ups]
    assert [up.returncode for up in ups] == [0, 0]
    assert sum("started s3" in each for each in told) == 1
    assert sum("everything ran already" in each for each in told) == 1


def test_a_busy_port_of_the_catalog_is_told_in_one_line(ran):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        environment = {**ran.environment, "CAMPUSLAKE_DOCS_PORT": str(busy.getsockname()[1])}
        lake = Lake(ran.erp, environment)
        told = lake.run("docs-serve", code=1).stderr
    assert "is taken" in told and "Traceback" not in told
