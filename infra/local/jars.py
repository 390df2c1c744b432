"""The jars that Spark needs beyond its wheel, resolved once into a local folder.

A long-lived Thrift server on `--packages` loses classes after a while; a plain folder on the
driver's class path does not. `requirements/jars.txt` lists each jar with its SHA-256.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.errors import CampuslakeError
from infra.local.java import java_home
from infra.settings import REPOSITORY

ICEBERG = "org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.11.0"
PACKAGES = (
    ICEBERG,
    "org.apache.hadoop:hadoop-aws:3.3.4",
    "com.amazonaws:aws-java-sdk-s3:1.12.262",
    "com.amazonaws:aws-java-sdk-sts:1.12.262",
    "com.amazonaws:aws-java-sdk-dynamodb:1.12.262",
    "org.wildfly.openssl:wildfly-openssl:1.0.7.Final",
)
# The bundle is 280 MB of clients for every AWS service. The others come with Spark, in versions
# that older ones on the class path would shadow and break.
EXCLUDED = (
    "com.amazonaws:aws-java-sdk-bundle",
    "com.fasterxml.jackson.core:jackson-annotations",
    "com.fasterxml.jackson.core:jackson-core",
    "com.fasterxml.jackson.core:jackson-databind",
    "commons-codec:commons-codec",
    "commons-logging:commons-logging",
    "joda-time:joda-time",
    "org.apache.httpcomponents:httpclient",
    "org.apache.httpcomponents:httpcore",
)
LOCK = REPOSITORY / "requirements" / "jars.txt"


def ensure_jars(folder: Path) -> None:
    """Makes `folder` hold exactly the locked jars; downloads them when one is missing.

    Raises `CampuslakeError` when they cannot be had or differ from the lock.
    """
    locked = _locked()
    if all((folder / name).is_file() for name in locked):
        return
    unpacked = folder.with_name(f"{folder.name}.resolving-{os.getpid()}")
    try:
        resolve(unpacked)
        _verify(unpacked / "jars", locked)
        shutil.rmtree(folder, ignore_errors=True)
        (unpacked / "jars").rename(folder)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def resolve(folder: Path) -> None:
    """Downloads the jars into `folder`/jars with Spark's resolver (Maven Central or its mirror)."""
    folder.mkdir(parents=True)
    log = folder.parent / "jars.log"
    resolver = Path(__file__).with_name("resolve_jars.py")
    with log.open("w") as output:
        done = subprocess.run(
            [sys.executable, resolver, ",".join(PACKAGES), ",".join(EXCLUDED), folder],
            env={**os.environ, "JAVA_HOME": str(java_home()), "SPARK_LOCAL_IP": "127.0.0.1"},
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            check=False,
        )
    if done.returncode != 0:
        raise CampuslakeError(
            f"Spark's jars could not be resolved (see {log})",
            "check that this machine reaches Maven Central or the mirror in your Ivy settings",
        )


def lock_lines(folder: Path) -> list[str]:
    """Returns the lock file's lines for the jars in `folder`: `<sha256>  <file name>`."""
    return [f"{_sha256(jar)}  {jar.name}" for jar in sorted(folder.glob("*.jar"))]


def _locked() -> dict[str, str]:
    lines = [line for line in LOCK.read_text().splitlines() if line and not line.startswith("#")]
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def _verify(folder: Path, locked: dict[str, str]) -> None:
    found = {jar.name: _sha256(jar) for jar in folder.glob("*.jar")}
    if found != locked:
        differing = sorted(
            name for name in found.keys() | locked if found.get(name) != locked.get(name)
        )
        raise CampuslakeError(
            f"downloaded jars differ from requirements/jars.txt: {', '.join(differing)}",
            "do not use them; ask the maintainers whether the lock file is out of date",
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
