"""The local object store: SeaweedFS with its S3 gateway, all in one process."""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.errors import CampuslakeError
from infra.local.credentials import write_private
from infra.local.identities import identities
from infra.local.server import Server
from infra.object_store import s3_client

SOCKETS = Path("/tmp")  # noqa: S108 - not ours to choose
VOLUME_SIZE_MB = 256
MOST_VOLUMES = 200
DELETES_EVERY_SECONDS = 2.5
GIVE_UP_SECONDS = 120


class ObjectStore(Server):
    """SeaweedFS. Its inner servers listen on the seven ports after S3's."""

    name = "s3"
    # Its own subscriptions keep its orderly stop waiting for 15 s. It loses nothing to a kill: what
    # it has acknowledged is in its files.
    stop_seconds = 2

    @property
    def ports(self) -> Mapping[str, int]:
        setting = "CAMPUSLAKE_S3_PORT"
        return {setting: self.settings.s3_port} | {
            f"{setting} (its ports reach from it to it + 7; {flag})": port
            for flag, port in self._inner_ports().items()
        }

    def prepare(self) -> None:
        self._remove_sockets()
        self._data.mkdir(parents=True, exist_ok=True)
        write_private(self._identities, identities(self.settings))

    def command(self) -> Sequence[str | Path]:
        return [
            Path(sys.prefix) / "bin" / "weed",
            # Else it writes them to the machine's temporary folder as well.
            "-logtostderr=true",
            "server",
            f"-dir={self._data}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-s3",
            f"-s3.config={self._identities}",
            f"-s3.port={self.settings.s3_port}",
            *(f"-{flag}={port}" for flag, port in self._inner_ports().items()),
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-filer.disableHttp=true",
            "-master.telemetry=false",
            # One node has nobody to wait for when it elects its leader.
            "-master.electionTimeout=1s",
            f"-master.volumeSizeLimitMB={VOLUME_SIZE_MB}",
            f"-volume.max={MOST_VOLUMES}",
        ]

    def environment(self) -> dict[str, str]:
        """Environment without keys of AWS: whose they are, SeaweedFS lets do everything."""
        return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}

    def ask(self) -> None:
        """Writes, reads and deletes an object: the volume server comes up after the gateway."""
        client = s3_client(self.settings, patient=False)
        bucket = self.settings.bucket
        try:
            client.head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
                raise
            client.create_bucket(Bucket=bucket)
        client.put_object(Bucket=bucket, Key="health", Body=b"ok")
        client.get_object(Bucket=bucket, Key="health")["Body"].read()
        client.delete_object(Bucket=bucket, Key="health")

    def give_up_deleted(self) -> None:
        """Returns when the files of the store hold no byte any more of what was deleted.

        It deletes behind its answers, about once a second, and only marks: its volumes are then
        written anew. Raises `CampuslakeError` when it does not get there.
        """
        last = time.monotonic() + GIVE_UP_SECONDS
        while True:
            time.sleep(DELETES_EVERY_SECONDS)
            _ask(self._inner_ports()["master.port"], "vol/vacuum?garbageThreshold=0.0000001")
            volumes = _ask(self._inner_ports()["volume.port"], "status")["Volumes"] or []
            if not any(volume["DeletedByteCount"] for volume in volumes):
                return
            if time.monotonic() > last:
                raise CampuslakeError(
                    f"{self.name} still holds bytes of deleted objects",
                    f"repeat it; read {self.log}",
                )

    def stop(self) -> bool:
        """Stops it with its children and removes the sockets it leaves; data stays."""
        ran = super().stop()
        if ran:
            self._remove_sockets()
        return ran

    def _remove_sockets(self) -> None:
        """Removes what an earlier server left at these ports: it cannot bind to them again.

        SeaweedFS makes its sockets in /tmp, wherever temporary files should go.
        """
        for port in self.ports.values():
            for socket in SOCKETS.glob(f"seaweedfs-*-{port}.sock"):
                try:
                    socket.unlink(missing_ok=True)
                except PermissionError as error:
                    raise CampuslakeError(
                        f"{self.name} cannot start: {socket} is left of {socket.owner()}'s server",
                        "have it removed, or set CAMPUSLAKE_S3_PORT to another port",
                    ) from error

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _identities(self) -> Path:
        return self.folder / "identities.json"

    def _inner_ports(self) -> dict[str, int]:
        flags = (
            "master.port",
            "master.port.grpc",
            "volume.port",
            "volume.port.grpc",
            "filer.port",
            "filer.port.grpc",
            "s3.port.grpc",
        )
        return {flag: self.settings.s3_port + 1 + i for i, flag in enumerate(flags)}


def _ask(port: int, what: str) -> Any:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{what}") as answer:
            return json.load(answer)
    except OSError as error:
        raise CampuslakeError(
            "the object store's inner servers do not answer", "see `campuslake status`"
        ) from error
