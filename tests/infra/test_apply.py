"""The whole AWS side made, found unchanged and taken down again, at a double of AWS."""

import json
from collections.abc import Iterator

import pytest
from botocore.session import get_session

from infra.emr.cluster import Place, run_job_flow
from infra.roles import policy, role_named
from infra.settings import Settings
from tests.double_of_aws import double_of_aws
from tests.infra.conftest import Terraform

SECRETS = {
    "metastore_password": "hive-tells-nobody",
    "airflow_password": "airflow-tells-nobody",
    "privacy_key": "privacy-tells-nobody",
}
# What AWS keeps and moto does not.
FORGOTTEN_BY_MOTO = {
    ("aws_db_parameter_group", "parameter"),
    ("aws_instance", "vpc_security_group_ids"),
    ("aws_vpc_security_group_egress_rule", "description"),
    ("aws_vpc_security_group_ingress_rule", "description"),
}
# What differs at the double: where it answers, and that there is no database of the metastore. The
# provider waits for one for two and a half minutes, whoever makes it; its promises are tests of
# infra/terraform/tests.
OVERRIDES = {
    "double_override.tf": """
provider "aws" {
  region                      = "eu-west-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true
}
""",
    "modules/metastore/double_override.tf": """
resource "aws_db_instance" "metastore" {
  count = 0
}

output "url" {
  value = "jdbc:mysql://double:3306/hive?useSSL=true"
}
""",
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory) -> Iterator[dict[str, str]]:
    """The environment in which AWS is the double."""
    with double_of_aws(tmp_path_factory.mktemp("moto") / "log") as environment:
        yield environment


def client(aws: dict[str, str], service: str):
    """A client of the double."""
    return get_session().create_client(
        service,
        region_name="eu-west-1",
        endpoint_url=aws["AWS_ENDPOINT_URL"],
        aws_access_key_id=aws["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.fixture(scope="module")
def applied(terraform: Terraform, aws: dict[str, str]) -> Iterator[Terraform]:
    """Everything, with a persistent cluster of the largest size."""
    for name, text in OVERRIDES.items():
        (terraform.folder / name).write_text(text)
    image = client(aws, "ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    values = {
        "bucket_name": "school-lake",
        "admin_cidrs": ["203.0.113.7/32"],
        "key_name": "campuslake",
        "key_path": "campuslake.pem",
        "ami_id": image,
        "repository_url": "https://git.example.org/campuslake.git",
        "alarm_email": "data@example.org",
        "certificates": "s3://school-keys/emr/certificates.zip",
        "iceberg_jar": "versions.tf",
        "transient": False,
        "emr_size": "large",
    }
    (terraform.folder / "terraform.tfvars.json").write_text(json.dumps(values))
    client(aws, "ec2").create_key_pair(KeyName="campuslake")
    secrets = {f"TF_VAR_{name}": value for name, value in SECRETS.items()}
    terraform.run("apply", "-auto-approve", "-input=false", **aws, **secrets)
    yield terraform
    for name in OVERRIDES:
        (terraform.folder / name).unlink()
    (terraform.folder / "terraform.tfvars.json").unlink()


@pytest.fixture(scope="module")
def resources(applied: Terraform) -> list[dict]:
    """Every resource of the state."""
    root = json.loads(applied.run("show", "-json").stdout)["values"]["root_module"]
    modules = [root, *root.get("child_modules", [])]
    return [resource for module in modules for resource in module.get("resources", [])]


def test_a_second_plan_changes_nothing(applied, aws):
    applied.run("plan", "-out=again", "-input=false", **aws)
    changes = json.loads(applied.run("show", "-json", "again").stdout)["resource_changes"]
    assert {action for change in changes for action in change["change"]["actions"]} <= {
        *("no-op", "read", "update")
    }
    changed = {
        (change["type"], attribute)
        for change in changes
        if change["change"]["actions"] == ["update"]
        for attribute, value in change["change"]["after"].items()
        if value != change["change"]["before"][attribute]
    }
    assert changed <= FORGOTTEN_BY_MOTO


def test_no_secret_is_in_the_state_or_in_what_the_machine_is_told(applied, aws):
    held = (applied.folder / "terraform.tfstate").read_text()
    assert "school-lake" in held
    assert [name for name, value in SECRETS.items() if value in held] == []
    secret = client(aws, "secretsmanager").get_secret_value(SecretId="campuslake/privacy-key")
    assert secret["SecretString"] == SECRETS["privacy_key"]


def test_no_rule_lets_the_world_in(resources):
    rules = [r["values"] for r in resources if r["type"].endswith("ingress_rule")]
    assert len(rules) > 8
    open_to = {rule["cidr_ipv4"] for rule in rules} | {rule["cidr_ipv6"] for rule in rules}
    assert open_to - {None, ""} == {"203.0.113.7/32"}
    groups = [r["values"] for r in resources if r["type"] == "aws_security_group"]
    assert [group["name"] for group in groups if group["ingress"]] == []


def test_nothing_but_https_leaves_the_network(resources):
    rules = [r["values"] for r in resources if r["type"].endswith("egress_rule")]
    to = {(rule["cidr_ipv4"], rule["ip_protocol"], rule["from_port"]) for rule in rules}
    assert to == {("0.0.0.0/0", "tcp", 443), ("10.0.0.0/24", "-1", None)}
    groups = [r["values"] for r in resources if r["type"] == "aws_security_group"]
    assert [group["name"] for group in groups if group["egress"]] == []


def test_runs_find_the_cluster_that_stays(applied, resources):
    settings = json.loads(applied.run("output", "-json").stdout)["settings"]["value"]
    (made,) = [r["values"] for r in resources if r["type"] == "aws_emr_cluster"]
    assert settings["AIRFLOW_VAR_EMR_CLUSTER_ID"] == made["id"]
    assert settings["CAMPUSLAKE_THRIFT_HOST"] == made["master_public_dns"]


def test_everything_bears_the_projects_tag(resources):
    untagged = [
        r["address"]
        for r in resources
        if r["mode"] == "managed"
        and "tags_all" in r["values"]
        and r["values"]["tags_all"].get("project") != "campuslake"
    ]
    assert untagged == []


def test_readers_policies_are_those_of_the_local_store(resources):
    documents = {
        r["values"]["name"].removeprefix("campuslake-"): json.loads(r["values"]["policy"])
        for r in resources
        if r["type"] == "aws_iam_policy"
    }
    settings = Settings(bucket="school-lake")
    for role in ("analyst", "staff"):
        here = policy(settings, role_named(settings, role))["Statement"]
        there = documents[role]["Statement"]
        assert [_listed(one) for one in there[:2]] == [_listed(one) for one in here]
        assert [one["Action"] for one in there[2:]] == ["kms:Decrypt"]


def _listed(statement: dict) -> dict:
    """A statement of IAM with single values as lists of one, its own name left out."""
    resources = statement["Resource"]
    prefixes = statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix", [])
    actions = statement["Action"]
    return {
        "Effect": statement["Effect"],
        "Action": [actions] if isinstance(actions, str) else actions,
        "Resource": sorted([resources] if isinstance(resources, str) else resources),
        "Prefixes": sorted([prefixes] if isinstance(prefixes, str) else prefixes),
    }


def test_airflow_asks_for_the_cluster_that_terraform_makes(applied, resources):
    output = json.loads(applied.run("output", "-json").stdout)
    asked = run_job_flow(Place.model_validate(output["emr_place"]["value"]), "large", hours=0)
    made = next(r["values"] for r in resources if r["type"] == "aws_emr_cluster")
    task = next(r["values"] for r in resources if r["type"] == "aws_emr_instance_group")
    assert json.loads(made["configurations_json"]) == asked["Configurations"]
    assert made["release_label"] == asked["ReleaseLabel"]
    assert set(made["applications"]) == {entry["Name"] for entry in asked["Applications"]}
    assert made["security_configuration"] == asked["SecurityConfiguration"]
    assert made["service_role"] == asked["ServiceRole"]
    assert made["log_uri"] == asked["LogUri"]
    assert made["tags_all"] == {tag["Key"]: tag["Value"] for tag in asked["Tags"]}
    action = asked["BootstrapActions"][0]["ScriptBootstrapAction"]
    assert made["bootstrap_action"][0]["path"] == action["Path"]
    assert made["bootstrap_action"][0]["args"] == action["Args"]
    step = asked["Steps"][0]
    assert made["step"][0]["action_on_failure"] == step["ActionOnFailure"]
    assert made["step"][0]["hadoop_jar_step"][0]["args"] == step["HadoopJarStep"]["Args"]
    groups = {group["InstanceRole"]: group for group in asked["Instances"]["InstanceGroups"]}
    assert made["master_instance_group"][0]["instance_type"] == groups["MASTER"]["InstanceType"]
    core = made["core_instance_group"][0]
    assert core["instance_type"] == groups["CORE"]["InstanceType"]
    assert core["instance_count"] == groups["CORE"]["InstanceCount"]
    assert task["instance_type"] == groups["TASK"]["InstanceType"]
    assert task["bid_price"] == groups["TASK"]["BidPrice"]
    attributes = made["ec2_attributes"][0]
    instances = asked["Instances"]
    assert attributes["subnet_id"] == instances["Ec2SubnetId"]
    assert attributes["instance_profile"] == asked["JobFlowRole"]
    primary, nodes = "EmrManagedMasterSecurityGroup", "EmrManagedSlaveSecurityGroup"
    assert attributes["emr_managed_master_security_group"] == instances[primary]
    assert attributes["emr_managed_slave_security_group"] == instances[nodes]
    scaling = next(r for r in resources if r["type"] == "aws_emr_managed_scaling_policy")
    (limits,) = scaling["values"]["compute_limits"]
    assert limits == {
        "unit_type": "Instances",
        "minimum_capacity_units": 3,
        "maximum_capacity_units": 11,
        "maximum_core_capacity_units": 3,
        "maximum_ondemand_capacity_units": 3,
    }
    camel = {"".join(w.title() for w in key.split("_")): value for key, value in limits.items()}
    assert camel | {"MaximumOnDemandCapacityUnits": 3} == asked["ManagedScalingPolicy"][
        "ComputeLimits"
    ] | {"MaximumOndemandCapacityUnits": 3}


def test_it_goes_without_a_trace_once_the_buckets_are_empty(applied, aws):
    store = client(aws, "s3")
    store.put_bucket_logging(Bucket="school-lake", BucketLoggingStatus={})
    for bucket in ("school-lake", "school-lake-logs"):
        for version in store.list_object_versions(Bucket=bucket).get("Versions", []):
            store.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    applied.run("destroy", "-auto-approve", "-input=false", **aws)
    assert applied.run("state", "list").stdout == ""
    assert client(aws, "emr").list_clusters(ClusterStates=["WAITING", "RUNNING"])["Clusters"] == []
