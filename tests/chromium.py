"""The system's Chromium, for tests of pages; installed where the tests may do that."""

import os
import shutil
import subprocess

import pytest

from infra.local.browser import chromium


def require_chromium() -> None:
    """Skips the test where there is no Chromium and none can be had."""
    if not has_chromium():
        pytest.skip("no Chromium: pages are not looked at (Debian: apt install chromium)")


def has_chromium() -> bool:
    """Whether there is a Chromium; tries to install one first where there is none."""
    if chromium() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        packages = ["chromium", "fonts-dejavu-core"]
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
            done = subprocess.run(
                ["apt-get", "--quiet", *command],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                check=False,
            )
            if done.returncode != 0:
                break
    return chromium() is not None
