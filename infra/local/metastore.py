"""The local Hive metastore service, out of the pyspark wheel."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.Thrift import TMessageType, TType
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport

from infra.local.credentials import write_private
from infra.local.java import java_home
from infra.local.s3a import s3a_conf, s3a_environment
from infra.local.server import Server

LOCK_TIMEOUT_SECONDS = 30
ASK_TIMEOUT_MS = 5000


class Metastore(Server):
    """Hive metastore over a Derby file."""

    name = "metastore"

    @property
    def ports(self) -> Mapping[str, int]:
        return {"CAMPUSLAKE_METASTORE_PORT": self.settings.metastore_port}

    def prepare(self) -> None:
        self._configuration.mkdir(parents=True, exist_ok=True)
        properties = {
            "javax.jdo.option.ConnectionURL": f"jdbc:derby:{self.folder}/metastore_db;create=true",
            "datanucleus.schema.autoCreateAll": "true",
            "hive.metastore.schema.verification": "false",
            # What a table holds is Iceberg's to say: a mart whose columns moved is the same table.
            "hive.metastore.disallow.incompatible.col.type.changes": "false",
            "hive.metastore.warehouse.dir": f"s3a://{self.settings.bucket}/warehouse",
            "hive.async.log.enabled": "false",
            "hive.txn.timeout": f"{LOCK_TIMEOUT_SECONDS}s",
            # Statistics of files are Iceberg's own; the metastore would list each table's objects.
            "hive.stats.autogather": "false",
            **s3a_conf(self.settings),
        }
        rows = "".join(
            f"<property><name>{name}</name><value>{escape(value)}</value></property>\n"
            for name, value in properties.items()
        )
        write_private(
            self._configuration / "hive-site.xml", f"<configuration>\n{rows}</configuration>\n"
        )
        write_private(self._configuration / "log4j2.properties", LOG4J)

    def command(self) -> Sequence[str | Path]:
        return [
            sys.executable,
            Path(__file__).with_name("metastore_service.py"),
            self._configuration,
            self.settings.jars,
            str(self.settings.metastore_port),
        ]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "JAVA_HOME": str(java_home()), **s3a_environment(self.settings)}

    def ask(self) -> None:
        """Calls `get_all_databases`, which the metastore answers from its database."""
        socket = TSocket("127.0.0.1", self.settings.metastore_port)
        socket.setTimeout(ASK_TIMEOUT_MS)
        transport = TBufferedTransport(socket)
        protocol = TBinaryProtocol(transport)
        transport.open()
        try:
            protocol.writeMessageBegin("get_all_databases", TMessageType.CALL, 0)
            protocol.writeStructBegin("get_all_databases_args")
            protocol.writeFieldStop()
            protocol.writeStructEnd()
            protocol.writeMessageEnd()
            transport.flush()
            _, kind, _ = protocol.readMessageBegin()
            protocol.readStructBegin()
            _, field_type, field_id = protocol.readFieldBegin()
            if kind != TMessageType.REPLY or (field_type, field_id) != (TType.LIST, 0):
                raise ConnectionError("the metastore answered with an error")
        finally:
            transport.close()

    @property
    def _configuration(self) -> Path:
        return self.folder / "conf"


# An error's own words may quote a row: its kind is logged and where it was.
KIND = r"(?:Caused by: )?(?:[\\w$]+\\.)+[\\w$]+(?:Exception|Error)\\b"
LOG4J = f"""\
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.alwaysWriteExceptions = false
appender.stderr.layout.pattern = %d{{yyyy-MM-dd HH:mm:ss}} %p %c{{1}}: %m\
%replace{{%replace{{%ex{{12}}}}{{(?m)^(?!\\tat |{KIND}).*\\\\R?}}{{}}}}{{(?m)^({KIND}).*$}}{{ $1}}%n
"""
