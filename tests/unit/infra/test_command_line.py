"""A command line that names somebody is avoided, and one that is wrong is not repeated."""

import io
import os
import pty
import re
import subprocess

import pytest
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from infra.command_line import from_standard_input, progress
from infra.errors import CampuslakeError
from infra.settings import REPOSITORY


class Option:
    """An option as far as its name goes."""

    name = "email"


def campuslake(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [REPOSITORY / ".venv" / "bin" / "campuslake", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_long_work_tells_rate_and_remaining_time():
    now = iter(range(100))
    shown = io.StringIO()
    bars = Progress(
        *progress().columns,
        console=Console(file=shown, width=140, force_terminal=True),
        auto_refresh=False,
        get_time=lambda: next(now) / 2,
    )
    task = bars.add_task("grades", total=12_000)
    for _ in range(4):
        bars.advance(task, 1000)
    bars.console.print(bars)
    told = Text.from_ansi(shown.getvalue()).plain
    assert re.search(r"grades .* 4000/12000 2,\d00/s 0:00:0\d 0:00:0\d", told), told


def test_a_dash_stands_for_a_line_of_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(" a@example.org \nb@example.org\n"))
    given = ["-", "c@example.org", "-"]
    expected = ["a@example.org", "c@example.org", "b@example.org"]
    assert from_standard_input(Option, given) == expected
    assert from_standard_input(Option, "d@example.org") == "d@example.org"
    assert from_standard_input(Option, None) is None
    with pytest.raises(CampuslakeError, match="no line for --email"):
        from_standard_input(Option, "-")


def test_on_a_terminal_a_dash_is_asked_for():
    ours, theirs = pty.openpty()
    command = [REPOSITORY / ".venv" / "bin" / "campuslake", "privacy", "export", "--email", "-"]
    with subprocess.Popen(
        [*command, "--student", "1", "-o", "x"], stdin=theirs, stderr=subprocess.PIPE, text=True
    ) as process:
        os.write(ours, b"a@example.org\n")
        _, told = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert told.startswith("email:") and "either --student or --email" in told
    assert "example.org" not in told


@pytest.mark.parametrize(
    "arguments",
    [
        ("privacy", "export", "--student", "Geheim d'Arc\n"),
        ("privacy", "export", "--student=Geheim"),
        ("privacy", "export", "-o", "x", "Geheim@example.org"),
        ("privacy", "export", "Geheim@example.org", "--nonsense"),
        ("privacy", "Geheim@example.org"),
        ("privacy", "scan", "--name", "Geheim"),
    ],
)
def test_what_was_typed_is_not_repeated(arguments: tuple):
    done = campuslake(*arguments)
    assert done.returncode in (1, 2)
    assert "error: " in done.stderr and "Traceback" not in done.stderr
    assert "geheim" not in (done.stdout + done.stderr).lower()


def test_who_calls_it_wrongly_is_told_what_is_wrong_and_where_the_help_is():
    told = campuslake("privacy", "export", "--student", "x")
    assert told.returncode == 2
    assert "'--student'" in told.stderr and "valid integer" in told.stderr
    assert "`campuslake privacy export --help`" in told.stderr
    assert "Usage" in campuslake("privacy").stdout
