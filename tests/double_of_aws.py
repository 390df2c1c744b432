"""The double of AWS, in an environment of its own."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.apart import free_ports
from infra.local.environments import set_up

DOUBLE = Path(__file__).parent / "infra" / "aws_double.py"
START_SECONDS = 60


@contextmanager
def double_of_aws(log: Path) -> Iterator[dict[str, str]]:
    """Runs a double of AWS and yields the environment in which it is AWS.

    Not the region: that is for the settings of whoever asks to say.
    """
    port = free_ports(1)
    keys = {"AWS_ACCESS_KEY_ID": "double", "AWS_SECRET_ACCESS_KEY": "double"}
    server_environment = {
        **os.environ,
        **keys,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    }
    with log.open("w") as output:
        server = subprocess.Popen(
            [set_up("infra") / "python", DOUBLE, str(port)],
            env=server_environment,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_for(port, log)
        yield keys | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"the double of AWS does not answer: {log.read_text()[-2000:]}")
