"""Which contracts were published: git remembers, also when model and contract are edited at once.

Published is what the default branch of `origin` had when this branch left it, or, where there is no
such branch, what was committed here.
"""

import subprocess
from pathlib import Path

from catalog.contracts import Contract, parsed

BRANCHES = ("origin/HEAD", "origin/main", "origin/master")


def published_contracts(folder: Path) -> dict[str, dict[str, Contract]]:
    """Returns, for every mart that ever had a contract in a folder, each version as it came first.

    Versions are in the order in which they came. Without git, the files of the folder are all that
    is known.
    """
    commit = _published_commit(folder)
    if commit is None:
        files = sorted(folder.glob("*.yaml"))
        return {path.stem: _by_version([(path.read_text(), str(path))]) for path in files}
    log = ("log", "--diff-filter=A", "--no-renames", "--name-only", "--format=", commit)
    added = _git(folder, *log, "--", ".")
    names = {Path(line).stem for line in (added or "").splitlines() if line.endswith(".yaml")}
    return {name: _by_version(_texts(folder, commit, name)) for name in sorted(names)}


def is_cut_off(folder: Path) -> bool:
    """Whether a shallow clone hides what was published."""
    return (_git(folder, "rev-parse", "--is-shallow-repository") or "").strip() == "true"


def _texts(folder: Path, commit: str, name: str) -> list[tuple[str, str]]:
    """Returns every text that a contract had, oldest first, each with where it stood."""
    log = ("log", "--reverse", "--diff-filter=AM", "--format=%H", commit)
    commits = _git(folder, *log, "--", f"{name}.yaml")
    places = [f"{commit}:./{name}.yaml" for commit in (commits or "").split()]
    return [(_git(folder, "show", place) or "", place) for place in places]


def _by_version(texts: list[tuple[str, str]]) -> dict[str, Contract]:
    found: dict[str, Contract] = {}
    for text, where in texts:
        contract = parsed(text, where)
        found.setdefault(contract["version"], contract)
    return found


def _published_commit(folder: Path) -> str | None:
    for branch in BRANCHES:
        if commit := _git(folder, "merge-base", "HEAD", branch):
            return commit.strip()
    return "HEAD" if _git(folder, "rev-parse", "--verify", "HEAD") else None


def _git(folder: Path, *arguments: str) -> str | None:
    """Returns what git answers; None when it refuses or is not there."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
