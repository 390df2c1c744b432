"""The system's Chromium and the driver of it, in an environment of its own."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.errors import CampuslakeError
from infra.local.environments import set_up

ERROR = re.compile(r"^(?:\w+\.)*\w*Error: .*", re.MULTILINE)
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Returns the path of the system's Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def drive(script: Path, task: Mapping[str, Any], timeout: float = 900) -> Any:
    """Runs a script in the driver's environment and returns the JSON that it prints.

    It is given the task as JSON on standard input, with the path of the browser as `chromium`.
    `timeout` is in seconds. Raises `CampuslakeError` when there is no browser, and when the script
    fails.
    """
    browser = chromium()
    if browser is None:
        raise CampuslakeError("there is no Chromium", "install it (Debian: `apt install chromium`)")
    done = subprocess.run(
        [set_up("browser") / "python", script],
        input=json.dumps({**task, "chromium": browser}),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    if done.returncode != 0:
        told = ["no reason given", *ERROR.findall(done.stderr)]
        raise CampuslakeError(f"{script.name} failed in the browser: {told[-1]}")
    return json.loads(done.stdout)
