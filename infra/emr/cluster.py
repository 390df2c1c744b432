"""The request for an EMR cluster: `emr.run_job_flow(**run_job_flow(place, "single"))`.

Terraform asks for a persistent cluster with the same files (infra/terraform/modules/emr); a test
compares the two.
"""

import json
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from infra import REPOSITORY
from infra.emr.sizes import FOLDER, Cluster, Core, Size, Task, declared
from infra.errors import CampuslakeError
from infra.settings import BucketName

ClusterName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,254}$")]
JAR = "iceberg-spark-runtime"
PREFIX = "emr"
HOURS = 6  # a forgotten cluster works no longer
FOR_SPARK = 0.75  # of a machine's memory, as EMR itself gives it to YARN
PRICES = REPOSITORY / "infra" / "prices.json"


class Place(BaseModel):
    """Where clusters run: what Terraform made for them (its output `emr_place`). No secrets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClusterName
    bucket: BucketName
    subnet_id: str
    service_role: str
    instance_profile: str
    primary_security_group: str
    core_security_group: str
    security_configuration: str
    metastore_url: str
    metastore_user: str
    metastore_secret: str
    key_name: str | None = None
    tags: dict[str, str] = {}

    def altered(self, **changes: str) -> "Place":
        """Returns the place with other values. Raises `CampuslakeError` for one that is none."""
        try:
            return Place.model_validate(self.model_dump() | changes)
        except ValidationError as error:
            wrong = error.errors()[0]
            raise CampuslakeError(
                f"{wrong['loc'][0]} of a cluster is not usable: {wrong['msg']}",
                "give it another value",
            ) from None

    @classmethod
    def read(cls, path: Path) -> "Place":
        """Reads `terraform output -json emr_place > path`. Raises `CampuslakeError` otherwise."""
        try:
            return cls.model_validate_json(path.read_text())
        except (OSError, ValidationError) as error:
            raise CampuslakeError(
                f"{path} does not say where EMR clusters run ({type(error).__name__})",
                f"write it: terraform -chdir=infra/terraform output -json emr_place > {path}",
            ) from None


def run_job_flow(
    place: Place,
    size: str = "single",
    *,
    name: str | None = None,
    release: str | None = None,
    primary_type: str | None = None,
    core_type: str | None = None,
    hours: int = HOURS,
) -> dict[str, Any]:
    """Returns the arguments of EMR's RunJobFlow for a cluster of a size of cluster.json.

    Its Thrift server ends after `hours` (0: never) and the cluster after the idle time that
    follows, whatever became of whoever asked for it. Raises `CampuslakeError` for an unknown size,
    and for machines whose memory is not that of the size.
    """
    cluster = declared()
    if size not in cluster.sizes:
        raise CampuslakeError(
            f"there is no cluster of size {size}", f"the sizes are {', '.join(cluster.sizes)}"
        )
    chosen = cluster.sizes[size]
    tags = place.tags | {"project": place.name}  # by which policies know it
    request: dict[str, Any] = {
        "Name": name or place.name,
        "ReleaseLabel": release or cluster.release,
        "Applications": [{"Name": name} for name in cluster.applications],
        "Configurations": classifications(place, size),
        "BootstrapActions": [bootstrap_action(place)],
        "Steps": [thrift_step(hours)],
        "Instances": _instances(place, cluster, chosen, primary_type, core_type),
        "ServiceRole": place.service_role,
        "JobFlowRole": place.instance_profile,
        "SecurityConfiguration": place.security_configuration,
        "LogUri": f"s3://{place.bucket}/{PREFIX}/logs/",
        "EbsRootVolumeSize": cluster.root_volume_gb,
        "ScaleDownBehavior": "TERMINATE_AT_TASK_COMPLETION",
        "AutoTerminationPolicy": {"IdleTimeout": cluster.idle_seconds},
        "VisibleToAllUsers": True,
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    if chosen.core:
        request["ManagedScalingPolicy"] = {
            "ComputeLimits": scaling_limits(chosen.core, chosen.task)
        }
    return request


def classifications(place: Place, size: str) -> list[dict[str, Any]]:
    """Returns the configuration of a size with the place filled in."""
    values = {f"${{{k}}}": v for k, v in place.model_dump().items() if isinstance(v, str)}

    def filled(text: str) -> str:
        return re.sub(r"\$\{\w+\}", lambda mark: values[mark[0]], text)

    read = json.loads((FOLDER / "configurations" / f"{size}.json").read_text())
    return [
        entry | {"Properties": {key: filled(value) for key, value in entry["Properties"].items()}}
        for entry in read
    ]


def bootstrap_action(place: Place) -> dict[str, Any]:
    """Returns the action that puts our Iceberg on every node, checked against the lock file."""
    digest, jar = iceberg_jar()
    return {
        "Name": "iceberg",
        "ScriptBootstrapAction": {
            "Path": f"s3://{place.bucket}/{PREFIX}/bootstrap.sh",
            "Args": [f"s3://{place.bucket}/{PREFIX}/{jar}", digest],
        },
    }


def thrift_step(hours: int) -> dict[str, Any]:
    """Returns the step that ends when the Thrift server answers; a cluster without one ends."""
    return {
        "Name": "thrift-server",
        "ActionOnFailure": "TERMINATE_CLUSTER",
        "HadoopJarStep": {
            "Jar": "command-runner.jar",
            "Args": [
                "bash",
                "/usr/share/campuslake/thrift_server.sh",
                str(declared().thrift_port),
                str(hours),
            ],
        },
    }


def iceberg_jar() -> tuple[str, str]:
    """Returns SHA-256 and name of the Iceberg jar that the local engine runs, too."""
    lines = (REPOSITORY / "requirements" / "jars.txt").read_text().splitlines()
    ((digest, name),) = [line.split("  ") for line in lines if JAR in line]
    return digest, name


def scaling_limits(core: Core, task: Task | None) -> dict[str, Any]:
    """Returns managed scaling's limits: the core nodes stay, all others are spot."""
    most = core.count + (task.most if task else 0)
    return {
        "UnitType": "Instances",
        "MinimumCapacityUnits": core.count,
        "MaximumCapacityUnits": most,
        "MaximumCoreCapacityUnits": core.count,
        "MaximumOnDemandCapacityUnits": core.count,
    }


def _instances(
    place: Place,
    cluster: Cluster,
    size: Size,
    primary_type: str | None,
    core_type: str | None,
) -> dict[str, Any]:
    volume = {"VolumeType": "gp3", "SizeInGB": cluster.volume_gb}

    def group(role: str, kind: str, count: int, **market: str) -> dict[str, Any]:
        return {
            "Name": role.lower(),
            "InstanceRole": role,
            "InstanceType": kind,
            "InstanceCount": count,
            "EbsConfiguration": {
                "EbsBlockDeviceConfigs": [{"VolumeSpecification": volume, "VolumesPerInstance": 1}]
            },
            **(market or {"Market": "ON_DEMAND"}),
        }

    _require_memory(size, primary_type, core_type)
    groups = [group("MASTER", primary_type or size.primary.type, 1)]
    if size.core:
        groups.append(group("CORE", core_type or size.core.type, size.core.count))
    if size.task:
        kind = core_type or size.task.type
        groups.append(group("TASK", kind, 1, Market="SPOT", BidPrice=_list_price(kind)))
    instances = {
        "InstanceGroups": groups,
        "Ec2SubnetId": place.subnet_id,
        "EmrManagedMasterSecurityGroup": place.primary_security_group,
        "EmrManagedSlaveSecurityGroup": place.core_security_group,
        "KeepJobFlowAliveWhenNoSteps": True,
        "TerminationProtected": False,
    }
    return instances | ({"Ec2KeyName": place.key_name} if place.key_name else {})


def _require_memory(size: Size, primary_type: str | None, core_type: str | None) -> None:
    """Raises `CampuslakeError` when Spark would get more of a machine than it has to give."""
    needed = {primary_type or size.primary.type: size.driver_memory_gb * 1024}
    if size.core:
        worker = core_type or size.core.type
        needed[worker] = max(needed.get(worker, 0), size.node_memory_mb)
    else:
        needed = {kind: driver + size.node_memory_mb for kind, driver in needed.items()}
    listed = json.loads(PRICES.read_text())["memory_gb"]
    for kind, megabytes in needed.items():
        if kind not in listed:
            raise CampuslakeError(
                f"infra/prices.json has no memory of {kind}", "add it: Spark must fit into it"
            )
        if megabytes > FOR_SPARK * listed[kind] * 1024:
            raise CampuslakeError(
                f"{kind} has {listed[kind]} GB: too little for the {megabytes / 1024:.0f} of Spark",
                "choose a machine with more memory, or a smaller size",
            )


def _list_price(kind: str) -> str:
    prices = json.loads(PRICES.read_text())["ec2_hour"]
    if kind not in prices:
        raise CampuslakeError(
            f"infra/prices.json has no price of {kind}", "add it: a spot node is never paid dearer"
        )
    return f"{prices[kind]:.4f}"
