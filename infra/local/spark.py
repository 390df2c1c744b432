"""The local engine: a Spark Thrift server on every core of this machine."""

import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from infra.local.credentials import write_private
from infra.local.engine_conf import engine_conf
from infra.local.java import java_home
from infra.local.metastore import LOG4J
from infra.local.s3a import s3a_environment
from infra.local.server import Server
from infra.spark_sql import query

# Every client that hangs up is an error to the first; the others quote rows when a statement fails,
# which whoever sent it is told.
SILENT = (
    "org.apache.thrift.server.TThreadPoolServer",
    "org.apache.spark.executor.Executor",
    "org.apache.spark.scheduler.TaskSetManager",
    "org.apache.spark.scheduler.DAGScheduler",
    "org.apache.spark.storage.BlockManager",
    "org.apache.spark.sql.execution.datasources.FileFormatWriter",
    "org.apache.spark.sql.hive.thriftserver.SparkExecuteStatementOperation",
    "org.apache.hive.service.cli.thrift.ThriftCLIService",
)
LOGGERS = "".join(
    f"logger.silent{number}.name = {name}\nlogger.silent{number}.level = off\n"
    for number, name in enumerate(SILENT)
)


class SparkThrift(Server):
    """Spark's Thrift server over the local metastore and object store."""

    name = "spark"
    start_seconds = 120

    @property
    def ports(self) -> Mapping[str, int]:
        return {"CAMPUSLAKE_THRIFT_PORT": self.settings.thrift_port}

    def prepare(self) -> None:
        for folder in ("conf", "tmp/local"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        write_private(self._properties, self._conf())
        write_private(self.folder / "conf" / "log4j2.properties", LOG4J + LOGGERS)

    def command(self) -> Sequence[str | Path]:
        home = Path(find_spec("pyspark").origin).parent  # importing it takes time
        hive = {
            "hive.server2.thrift.port": self.settings.thrift_port,
            "hive.server2.thrift.bind.host": "127.0.0.1",
            "hive.exec.scratchdir": self.folder / "tmp" / "scratch",
            "hive.exec.local.scratchdir": self.folder / "tmp" / "local",
            "hive.server2.logging.operation.enabled": "false",
        }
        return [
            home / "bin" / "spark-submit",
            "--properties-file",
            self._properties,
            "--driver-class-path",
            f"{self.settings.jars}/*",
            "--class",
            "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2",
            "spark-internal",
            *(part for k, v in hive.items() for part in ("--hiveconf", f"{k}={v}")),
        ]

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **s3a_environment(self.settings),
            "JAVA_HOME": str(java_home()),
            "SPARK_CONF_DIR": str(self.folder / "conf"),
            "SPARK_LOCAL_IP": "127.0.0.1",
        }

    def ask(self) -> None:
        """Lists the databases: an answer needs the engine and the metastore behind it."""
        query("show databases", settings=self.settings)

    @property
    def _properties(self) -> Path:
        return self.folder / "conf" / "spark.properties"

    def _conf(self) -> str:
        tmp = self.folder / "tmp"
        own = {
            "spark.driver.memory": self.settings.spark_memory,
            "spark.local.dir": tmp,
            # Hundreds of small statements, each with code of its own: compiling less of it early
            # leaves the cores to the statements.
            "spark.driver.extraJavaOptions": (
                "-XX:+DisableExplicitGC -XX:+UseParallelGC -XX:CompileThresholdScaling=3 "
                f"-Djava.io.tmpdir={tmp} -Dderby.system.home={tmp}"
            ),
        }
        conf = engine_conf(self.settings) | own | self.settings.spark_conf
        return "".join(f"{name} {value}\n" for name, value in conf.items())
