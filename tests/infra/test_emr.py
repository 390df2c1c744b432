"""infra/emr: one source with the local engine, and what a request for a cluster holds."""

import json

import pytest

from infra.emr.cluster import Place, run_job_flow
from infra.emr.configurations import FILES, configurations, rendered, spark_defaults
from infra.emr.sizes import declared
from infra.errors import CampuslakeError
from infra.local.engine_conf import engine_conf, shared_conf
from infra.local.jars import ICEBERG
from infra.settings import Settings

SIZES = sorted(declared().sizes)

# Why the local engine and a cluster differ where they do. Whatever is not here is the same.
ONLY_HERE = {
    "spark.driver.bindAddress": "nobody else reaches this machine's engine",
    "spark.driver.host": "nobody else reaches this machine's engine",
    "spark.ui.enabled": "on EMR it is behind the scheduler's group",
    "spark.hadoop.hive.metastore.uris": "EMR sets its own",
    "spark.hadoop.fs.s3a.endpoint": "the local store's address",
    "spark.hadoop.fs.s3a.path.style.access": "the local store has no names of buckets in DNS",
    "spark.hadoop.fs.s3a.connection.ssl.enabled": "the local store is on this machine",
    "spark.hadoop.fs.s3a.aws.credentials.provider": "machines on AWS have roles",
    "spark.hadoop.fs.s3a.attempts.maximum": "S3 may be slow for a moment",
    "spark.hadoop.fs.s3a.retry.limit": "S3 may be slow for a moment",
    "spark.hadoop.fs.s3a.retry.interval": "S3 may be slow for a moment",
    "spark.hadoop.fs.s3a.connection.establish.timeout": "S3 may be slow for a moment",
}
ONLY_ON_EMR = {
    "spark.authenticate": "nodes talk to each other",
    "spark.network.crypto.enabled": "nodes talk to each other",
    "spark.driver.memory": "locally an argument of the server",
    "spark.driver.extraJavaOptions": "locally an argument of the server",
    "spark.executor.cores": "the local engine is one process",
    "spark.executor.memory": "the local engine is one process",
    "spark.dynamicAllocation.enabled": "the local engine is one process",
    "spark.dynamicAllocation.minExecutors": "the local engine is one process",
    "spark.hadoop.iceberg.engine.hive.enabled": "there is a Hive that reads tables",
}
OF_THE_MACHINE = {"spark.master", "spark.sql.shuffle.partitions", "spark.sql.warehouse.dir"}


@pytest.fixture
def place() -> Place:
    """Where a cluster of these tests would run."""
    return Place(
        name="campuslake",
        bucket="lake",
        subnet_id="subnet-1",
        service_role="campuslake-emr-service",
        instance_profile="campuslake-emr-machine",
        primary_security_group="sg-1",
        core_security_group="sg-2",
        security_configuration="campuslake",
        metastore_url="jdbc:mysql://host:3306/hive?useSSL=true",
        metastore_user="hive",
        metastore_secret="arn:aws:secretsmanager:eu-west-1:1:secret:metastore",  # noqa: S106
        tags={"project": "campuslake"},
    )


@pytest.mark.parametrize("size", SIZES)
def test_every_setting_is_that_of_the_local_engine_or_differs_for_a_reason(size):
    here = engine_conf(Settings())
    there = spark_defaults(declared().sizes[size])
    assert here.keys() - there.keys() == ONLY_HERE.keys()
    assert there.keys() - here.keys() == ONLY_ON_EMR.keys()
    both = here.keys() & there.keys()
    assert {name for name in both if here[name] != there[name]} <= OF_THE_MACHINE
    assert shared_conf().items() <= there.items()


@pytest.mark.parametrize("size", SIZES)
def test_the_files_that_terraform_reads_are_up_to_date(size):
    found = (FILES / f"{size}.json").read_text()
    assert found == rendered(declared().sizes[size]), "run python -m infra.emr.configurations"


@pytest.mark.parametrize("size", SIZES)
def test_executors_fit_into_their_nodes(size):
    declaration = declared().sizes[size]
    executor = declaration.executor
    # Spark's overhead: a tenth, 384 MB at least. YARN keeps 1 GB for the application's master.
    needed = executor.memory_gb * 1024 + max(384, executor.memory_gb * 1024 // 10)
    assert needed <= declaration.node_memory_mb - 1024


def test_nodes_take_part_in_the_encryption_of_shuffles():
    for size in SIZES:
        by_name = {c["Classification"]: c["Properties"] for c in configurations_of(size)}
        assert by_name["spark-defaults"]["spark.io.encryption.enabled"] == "true"
        for classification in ("spark-defaults", "yarn-site"):
            assert by_name[classification]["spark.authenticate"] == "true"


def configurations_of(size: str) -> list[dict]:
    """What EMR is told for a size."""
    return configurations(declared().sizes[size])


def test_the_same_iceberg_is_put_on_every_node(place):
    _, name, version = ICEBERG.split(":")
    (action,) = run_job_flow(place)["BootstrapActions"]
    jar, digest = action["ScriptBootstrapAction"]["Args"]
    assert jar.endswith(f"{name}-{version}.jar")
    assert len(digest) == 64


@pytest.mark.parametrize("size", SIZES)
def test_a_request_is_complete_and_holds_no_secret(place, size):
    asked = json.dumps(run_job_flow(place, size))
    assert "${" not in asked
    assert '"EMR.secret@javax.jdo.option.ConnectionPassword": "arn:' in asked


def test_a_cluster_of_one_node_does_not_scale(place):
    asked = run_job_flow(place, "single")
    assert [g["InstanceRole"] for g in asked["Instances"]["InstanceGroups"]] == ["MASTER"]
    assert "ManagedScalingPolicy" not in asked


def test_release_and_machines_may_be_others(place):
    asked = run_job_flow(place, "standard", release="emr-7.14.0", core_type="m5.2xlarge")
    primary, core, task = asked["Instances"]["InstanceGroups"]
    assert asked["ReleaseLabel"] == "emr-7.14.0"
    assert primary["InstanceType"] == "m5.xlarge"
    assert core["InstanceType"] == task["InstanceType"] == "m5.2xlarge"
    assert task["BidPrice"] == "0.4280"


def test_a_machine_with_too_little_memory_is_refused(place):
    with pytest.raises(CampuslakeError, match="too little for the 24 of Spark"):
        run_job_flow(place, "large", core_type="m5.xlarge")
    for size in SIZES:
        run_job_flow(place, size)


@pytest.mark.parametrize(
    "bucket", ['evil/x", "spark.plugins": "x', "a\nb", "UPPER", "${metastore_url}"]
)
def test_a_bucket_is_a_name_and_cannot_say_more(place, bucket):
    with pytest.raises(CampuslakeError, match="bucket of a cluster is not usable"):
        place.altered(bucket=bucket)


def test_what_is_filled_in_stays_a_value(place):
    odd = place.altered(metastore_url='jdbc:x", "spark.plugins": "${bucket}')
    (hive,) = [c for c in run_job_flow(odd)["Configurations"] if c["Classification"] == "hive-site"]
    assert hive["Properties"]["javax.jdo.option.ConnectionURL"] == odd.metastore_url


def test_a_cluster_always_bears_the_tag_of_its_project(place):
    asked = run_job_flow(place.model_copy(update={"tags": {}}), name="campuslake-run-1")
    assert asked["Name"] == "campuslake-run-1"
    assert asked["Tags"] == [{"Key": "project", "Value": "campuslake"}]


def test_an_unknown_size_and_an_unknown_machine_are_told(place):
    with pytest.raises(CampuslakeError, match="no cluster of size huge"):
        run_job_flow(place, "huge")
    with pytest.raises(CampuslakeError, match="no memory of x9"):
        run_job_flow(place, "large", core_type="x9.mega")


def test_a_missing_place_says_how_it_is_made(tmp_path):
    with pytest.raises(CampuslakeError, match="does not say where EMR clusters run"):
        Place.read(tmp_path / "nothing.json")
