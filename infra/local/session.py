"""A Spark of one's own over the local lake, for whoever has keys of its object store."""

import os
from typing import TYPE_CHECKING

from infra.local.engine_conf import engine_conf
from infra.local.jars import ensure_jars
from infra.local.java import java_home
from infra.settings import Settings
from infra.settings import settings as current_settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def spark_session(settings: Settings | None = None) -> "SparkSession":
    """Starts Spark in this process, or returns the one that runs.

    It reads what the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY may read and is refused
    the rest; `campuslake roles ROLE` prints a role's.
    """
    from pyspark.sql import SparkSession

    chosen = settings or current_settings()
    ensure_jars(chosen.jars)
    os.environ |= {"JAVA_HOME": str(java_home()), "SPARK_LOCAL_IP": "127.0.0.1"}
    builder = SparkSession.builder.appName("campuslake")
    builder = builder.config("spark.driver.extraClassPath", f"{chosen.jars}/*")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    for name, value in engine_conf(chosen).items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
