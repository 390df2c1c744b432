"""The scan of local files, of which servers move and delete some meanwhile."""

from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from infra.settings import Settings
from privacy import scan
from privacy.person import Person
from privacy.scan import Finding, scan_files

PERSON = Person(emails={"eve.absente@example.org"})
NAMED = b"wrote to eve.absente@example.org"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("a", "b", "c"):
        (tmp_path / folder / "deep").mkdir(parents=True)
        (tmp_path / folder / "deep" / "file").write_bytes(b"nobody")
    return tmp_path


@pytest.mark.parametrize("gone", ["a/deep", "b/deep/file", "b", "c/deep"])
def test_what_goes_meanwhile_is_no_error(
    home: Path, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "c" / "named").write_bytes(NAMED)
    moved = home.parent / "moved-away"
    after_first_file(monkeypatch, lambda: (home / gone).rename(moved))
    try:
        assert found(home) == [Finding(str(home / "c" / "named"), "e-mail address")]
    finally:
        moved.rename(home / "moved-back")


def test_what_is_moved_meanwhile_is_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "c" / "named").write_bytes(NAMED)
    after_first_file(
        monkeypatch, lambda: (home / "c" / "named").rename(home / "a" / "deep" / "moved")
    )
    assert found(home) == [Finding(str(home / "a" / "deep" / "moved"), "e-mail address")]


def test_what_may_not_be_read_is_an_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, onerror: Callable[[OSError], None]) -> list[None]:
        onerror(PermissionError())
        return []

    monkeypatch.setattr(scan.os, "walk", refused)
    with pytest.raises(PermissionError):
        found(home)


def test_a_folder_that_is_looked_into_later_is_left_out(home: Path) -> None:
    (home / "c" / "named").write_bytes(NAMED)
    assert found(home) and not found(home, {"c"})


def found(home: Path, besides: Collection[str] = ()) -> list[Finding]:
    places = scan_files(Settings(home=home), PERSON, besides)
    return [finding for finding in places if finding.place.startswith(str(home))]


def after_first_file(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Lets something happen once, while the first file of the walk is read."""
    read, waiting = scan._in_file, [happens]

    def reading(*arguments: object) -> set[str]:
        if waiting:
            waiting.pop()()
        return read(*arguments)

    monkeypatch.setattr(scan, "_in_file", reading)
