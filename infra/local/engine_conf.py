"""Spark's settings of an engine on this machine over the local lake."""

import os

from infra.local.s3a import s3a_conf
from infra.settings import REPOSITORY, Settings

SHARED_CONF = REPOSITORY / "infra" / "spark" / "shared.conf"


def shared_conf() -> dict[str, str]:
    """Returns the settings that every engine has, here and on EMR."""
    lines = [line.split(maxsplit=1) for line in SHARED_CONF.read_text().splitlines()]
    return {words[0]: words[1] for words in lines if words and words[0][0] != "#"}


def engine_conf(settings: Settings) -> dict[str, str]:
    """Returns what the engine is told, without credentials."""
    local = {
        "spark.master": "local[*]",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)),
        "spark.sql.warehouse.dir": f"s3a://{settings.bucket}/warehouse",
        "spark.hadoop.hive.metastore.uris": f"thrift://127.0.0.1:{settings.metastore_port}",
    }
    s3a = {f"spark.hadoop.{name}": value for name, value in s3a_conf(settings).items()}
    return shared_conf() | local | s3a
