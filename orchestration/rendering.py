"""Notebooks run from a clean kernel and rendered, several side by side."""

import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.progress import Progress

from infra.errors import CampuslakeError
from infra.local.environments import set_up
from infra.local.lab import NOTEBOOKS, kernel_environment
from infra.settings import Settings

SIDE_BY_SIDE = 2
PROGRAM = NOTEBOOKS / "render.py"
FAILED = 3  # what the program exits with when a cell failed, after a line that names it


def render(
    settings: Settings, names: Sequence[str], folder: Path, progress: Progress
) -> list[Path]:
    """Runs notebooks, by default all, and returns their pages in `folder`, in order.

    Beside each page lies the notebook with its outputs. Raises `CampuslakeError` naming the first
    notebook and cell that failed, after all have ended.
    """
    known = {path.stem: path for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    if unknown := [name for name in names if name not in known]:
        raise CampuslakeError(f"there is no notebook {unknown[0]}", f"choose: {', '.join(known)}")
    programs = set_up("notebooks")
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [known[name] for name in names or known]
    environment = kernel_environment(settings)
    task = progress.add_task("notebooks", total=len(chosen))

    def one(notebook: Path) -> CampuslakeError | None:
        done = subprocess.run(
            [programs / "python", PROGRAM, notebook, folder],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        progress.advance(task)
        if done.returncode == 0:
            return None
        if done.returncode != FAILED:
            last = (done.stderr.splitlines() or ["no reason given"])[-1]
            return CampuslakeError(f"notebook {notebook.stem} did not run: {last.split(':')[0]}")
        return CampuslakeError(
            f"notebook {notebook.stem}: {done.stdout.splitlines()[-1]}",
            f"`campuslake status`; what it showed until then is {folder / notebook.name}",
        )

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        failures = [failure for failure in pool.map(one, chosen) if failure]
    if failures:
        raise failures[0]
    return [folder / f"{notebook.stem}.html" for notebook in chosen]
