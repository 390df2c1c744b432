"""The process `airflow` of the local stack, run by Airflow's own Python: its four parts together.

Unlike `airflow standalone` no log server is started (they bind all interfaces), all parts end when
one dies, and none is left behind.
"""

import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

PARTS = (
    ("api-server", "--workers", "1"),
    ("scheduler", "--skip-serve-logs"),
    ("dag-processor",),
    ("triggerer", "--skip-serve-logs"),
)
POLL_SECONDS = 0.5
STOP_SECONDS = 15


def main() -> int:
    """Brings the database up to date and runs the parts until told to stop, or until one ends."""
    airflow = str(Path(sys.executable).with_name("airflow"))
    signal.signal(signal.SIGTERM, _stop)
    subprocess.run([airflow, "db", "migrate"], check=True)
    parts = [subprocess.Popen([airflow, *part]) for part in PARTS]
    try:
        while all(part.poll() is None for part in parts):
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # whoever stops us is heard already
        for part in parts:
            part.terminate()
        for part in parts:
            try:
                part.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                part.kill()
    return 1


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
