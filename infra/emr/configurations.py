"""What EMR's applications are told, by the size of the cluster.

`python -m infra.emr.configurations` writes `configurations/SIZE.json`, which Terraform and Airflow
hand to EMR. What decides results and table formats comes from `infra/spark/shared.conf`, as for
the local engine. `${…}` stands for what Terraform knows: it is filled in by `infra/emr/cluster.py`
and by `infra/terraform/modules/emr`.
"""

import json

from infra.emr.sizes import FOLDER, Size, declared
from infra.local.engine_conf import shared_conf
from infra.local.spark import SILENT

WAREHOUSE = "s3a://${bucket}/warehouse"
PARTITIONS_PER_CORE = 2
FILES = FOLDER / "configurations"


def spark_defaults(size: Size) -> dict[str, str]:
    """Returns Spark's settings on a cluster."""
    return shared_conf() | {
        # Nodes talk to each other: what is encrypted on disk is so on its way, or Spark refuses.
        "spark.authenticate": "true",
        "spark.network.crypto.enabled": "true",
        "spark.master": "yarn",
        "spark.sql.warehouse.dir": WAREHOUSE,
        "spark.sql.shuffle.partitions": str(PARTITIONS_PER_CORE * size.cores),
        "spark.driver.memory": f"{size.driver_memory_gb}g",
        "spark.driver.extraJavaOptions": "-XX:+DisableExplicitGC",
        "spark.executor.cores": str(size.executor.cores),
        "spark.executor.memory": f"{size.executor.memory_gb}g",
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.minExecutors": "1",
        "spark.hadoop.fs.s3a.fast.upload.buffer": "bytebuffer",
        "spark.hadoop.fs.s3a.multipart.size": "16M",
        # Hive and Hue read the marts too, through the storage handler that EMR brings along.
        "spark.hadoop.iceberg.engine.hive.enabled": "true",
    }


def hive_site() -> dict[str, str]:
    """Returns the settings of the metastore, whose database outlives the cluster."""
    return {
        "javax.jdo.option.ConnectionURL": "${metastore_url}",
        "javax.jdo.option.ConnectionDriverName": "org.mariadb.jdbc.Driver",
        "javax.jdo.option.ConnectionUserName": "${metastore_user}",
        # EMR itself puts the secret of this name in the place of its ARN, on the nodes only.
        "EMR.secret@javax.jdo.option.ConnectionPassword": "${metastore_secret}",
        "hive.metastore.warehouse.dir": WAREHOUSE,
        "hive.metastore.disallow.incompatible.col.type.changes": "false",
        "hive.stats.autogather": "false",
        # Locks of clients that died are freed.
        "hive.txn.timeout": "30s",
        "metastore.housekeeping.threads.on": "true",
    }


def configurations(size: Size) -> list[dict]:
    """Returns EMR's list of classifications for a size."""
    silent = {
        f"logger.silent{number}.{key}": value
        for number, name in enumerate(SILENT)
        for key, value in (("name", name), ("level", "off"))
    }
    yarn = {
        "yarn.nodemanager.resource.memory-mb": str(size.node_memory_mb),
        # The shuffle service of each node is a party to it, too.
        "spark.authenticate": "true",
        "spark.network.crypto.enabled": "true",
    }
    return [
        {"Classification": name, "Properties": properties}
        for name, properties in (
            ("spark-defaults", spark_defaults(size)),
            ("spark-log4j2", silent),
            ("hive-site", hive_site()),
            ("iceberg-defaults", {"iceberg.enabled": "true"}),
            ("yarn-site", yarn),
        )
    ]


def rendered(size: Size) -> str:
    """Returns the content of a size's file."""
    return json.dumps(configurations(size), indent=2) + "\n"


if __name__ == "__main__":
    for name, size in declared().sizes.items():
        (FILES / f"{name}.json").write_text(rendered(size))
