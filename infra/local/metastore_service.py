"""Runs the Hive metastore of the pyspark wheel on the loopback address.

The wheel's own `main` listens on every interface and never makes the lock tables, without
which Iceberg's CREATE TABLE hangs; hence this launcher, which starts the same handler over py4j.
Usage: metastore_service.py CONF_FOLDER JARS_FOLDER PORT
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pyspark
from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway
from py4j.protocol import Py4JJavaError

REAP_SECONDS = 10


def main(configuration: Path, jars: Path, port: int) -> None:
    """Serves until killed. The JVM ends with this process."""
    gateway = _jvm(configuration, jars)
    jvm = gateway.jvm
    conf = jvm.org.apache.hadoop.hive.conf.HiveConf(
        jvm.java.lang.Class.forName("org.apache.hadoop.hive.conf.HiveConf")
    )
    metastore = jvm.org.apache.hadoop.hive.metastore
    handler = metastore.HiveMetaStore.newRetryingHMSHandler("metastore", conf, False)
    _make_lock_tables(metastore, conf)
    store = metastore.txn.TxnUtils.getTxnStore(conf)
    threading.Thread(target=_reap_dead_locks, args=(store,), daemon=True).start()

    thrift = jvm.org.apache.thrift
    address = jvm.java.net.InetSocketAddress("127.0.0.1", port)
    arguments = (
        jvm.org.apache.thrift.server.TThreadPoolServer.Args(thrift.transport.TServerSocket(address))
        .processor(metastore.TSetIpAddressProcessor(handler))
        .transportFactory(thrift.transport.TTransportFactory())
        .protocolFactory(thrift.protocol.TBinaryProtocol.Factory())
        .minWorkerThreads(4)
        .maxWorkerThreads(200)
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    thrift.server.TThreadPoolServer(arguments).serve()


def _jvm(configuration: Path, jars: Path) -> JavaGateway:
    spark_jars = Path(pyspark.__file__).parent / "jars"
    port, token = launch_gateway(
        classpath=f"{configuration}:{spark_jars}/*:{jars}/*",
        javaopts=["-Xmx512m", "-XX:+UseSerialGC", f"-Djava.io.tmpdir={Path.cwd()}"],
        java_path=f"{os.environ['JAVA_HOME']}/bin/java",
        die_on_exit=True,
        return_proc=False,
        enable_auth=True,
        redirect_stdout=sys.stderr,
        redirect_stderr=sys.stderr,
    )
    return JavaGateway(
        gateway_parameters=GatewayParameters(port=port, auth_token=token, auto_convert=True)
    )


def _make_lock_tables(metastore: Any, conf: Any) -> None:
    database = metastore.txn.TxnDbUtil
    database.setConfValues(conf)
    try:
        database.prepDb(conf)
    except Py4JJavaError as error:
        if "already exists" not in str(error.java_exception):
            raise


def _reap_dead_locks(store: Any) -> None:
    """Frees the locks of clients that died with them (no heartbeat for hive.txn.timeout)."""
    while True:
        time.sleep(REAP_SECONDS)
        store.performTimeOuts()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
