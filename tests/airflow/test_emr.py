"""`campus_daily_emr` against a double of AWS: what is asked for, and that no cluster is left."""

import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.settings import REPOSITORY
from tests.double_of_aws import double_of_aws

SCRIPT = Path(__file__).with_name("run_on_emr.py")
OUTPUTS = REPOSITORY / "infra" / "terraform" / "outputs.tf"
STEPS = ("extract", "staging_gate", "build", "score", "marts_gate", "publish", "docs", "retain")
TASKS = ("create_cluster", "wait_for_cluster", "wait_for_thrift", *STEPS)
STOPPED = ("stopped", "stopped-daily")
CASES = (
    *("nothing", "nothing-daily", "slow-start", "kept", "namesake", *STOPPED),
    *("dying-after-the-request", "ending-by-itself", "ended-meanwhile", *TASKS),
)
PLACE = {
    "name": "school",
    "bucket": "the-lake",
    "subnet_id": "subnet-1",
    "service_role": "emr-service",
    "instance_profile": "emr-nodes",
    "primary_security_group": "sg-1",
    "core_security_group": "sg-2",
    "security_configuration": "campuslake",
    "metastore_url": "jdbc:postgresql://metastore.invalid/metastore",
    "metastore_user": "hive",
    "metastore_secret": "campuslake/metastore",
    "tags": {"project": "school"},
}
# Stands for the runner, which is tried elsewhere: tells a run, and notes what it was called with.
RUNNER = """#!/usr/bin/env bash
env | grep ^CAMPUSLAKE_ | tr '\\n' ' ' >> "{folder}/commands"
echo "$@" >> "{folder}/commands"
case "$1" in
    emr) exec "{campuslake}" "$@" ;;
    run) echo '{{"event": "step ended", "run_id": "run_1", "detail": "done"}}' ;;
    notify) cat >> "{folder}/told" && echo >> "{folder}/told" ;;
    runs) echo '{{"state": "done", "seconds": 1, "error": "", "steps": []}}' ;;
esac
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory) -> Iterator[dict[str, str]]:
    """The environment in which AWS is the double."""
    with double_of_aws(tmp_path_factory.mktemp("moto") / "log") as environment:
        yield environment


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands that Airflow calls, and of what they were called with."""
    folder = tmp_path_factory.mktemp("emr")
    runner = folder / "campuslake"
    runner.write_text(
        RUNNER.format(folder=folder, campuslake=REPOSITORY / ".venv" / "bin" / "campuslake")
    )
    runner.chmod(0o755)
    (folder / "place.json").write_text(json.dumps(PLACE))
    return folder


@pytest.fixture(scope="module")
def runs(airflow: Path, airflow_environment, aws, folder: Path) -> dict[str, Any]:
    """What a run of each case did."""
    variables = {"CAMPUSLAKE_EMR_PLACE": str(folder / "place.json"), "AIRFLOW_VAR_EMR_SIZE": ""}
    elsewhere = {k: v for k, v in airflow_environment.items() if "REGION" not in k}
    done = subprocess.run(
        [airflow / "python", SCRIPT, folder, *CASES],
        env={**elsewhere, **aws, **_region(), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    told = folder / "told.json"
    assert told.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(told.read_text())


def _region() -> dict[str, str]:
    """The settings by which a machine of Terraform's knows its region, and no other."""
    names = re.findall(r"^ +(\w+) += var\.region", OUTPUTS.read_text(), re.MULTILINE)
    return dict.fromkeys(names, "eu-west-1")


def _called(run: dict[str, Any], operation: str) -> list[dict[str, Any]]:
    return [arguments for name, arguments in run["calls"] if name == operation]


@pytest.mark.parametrize("case", ["nothing", "slow-start"])
def test_a_run_that_goes_well_ends_its_cluster(runs, case: str):
    run = runs[case]
    assert run["state"] == "success"
    assert set(run["tasks"].values()) == {"success"}
    assert len(_called(run, "RunJobFlow")) == 1
    assert len(_called(run, "TerminateJobFlows")) == 1


def test_emr_is_asked_for_what_the_runner_says(runs, folder, aws):
    (asked,) = _called(runs["nothing"], "RunJobFlow")
    told = subprocess.run(
        [REPOSITORY / ".venv/bin/campuslake", "emr", "request", f"--name={asked['Name']}"],
        env={**os.environ, "CAMPUSLAKE_EMR_PLACE": str(folder / "place.json")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked == json.loads(told.stdout)
    assert asked["Name"].startswith("school-campus_daily_emr-manual__")
    assert {"Key": "project", "Value": "school"} in asked["Tags"]
    assert asked["ReleaseLabel"] == "emr-7.13.0"
    assert asked["AutoTerminationPolicy"]["IdleTimeout"] == 3600
    assert asked["Instances"]["InstanceGroups"][0]["InstanceType"] == "m5.xlarge"
    assert asked["Instances"]["TerminationProtected"] is False


def test_steps_go_to_the_primary_node(runs, folder):
    steps = [
        line for line in (folder / "commands").read_text().splitlines() if "run --only" in line
    ]
    there = [line for line in steps if "CAMPUSLAKE_LOCAL_STACK=false" in line]
    of_daily = len(STEPS) + STEPS.index("build")  # all of one run, and of the one that is stopped
    assert there and len(steps) == len(there) + of_daily
    for line in there:
        assert "CAMPUSLAKE_THRIFT_PORT=10001" in line and "CAMPUSLAKE_THRIFT_HOST=ec2-" in line


@pytest.mark.parametrize("task", TASKS)
def test_whatever_fails_no_cluster_is_left(runs, task: str):
    run = runs[task]
    assert run["state"] == "failed"
    assert run["tasks"][task] == "failed"
    assert run["tasks"]["terminate_cluster"] == "success"
    for later in TASKS[TASKS.index(task) + 1 :]:
        assert run["tasks"][later] == "upstream_failed"
    made = len(_called(run, "RunJobFlow"))
    assert made == (0 if task == "create_cluster" else 1)
    assert len(_called(run, "TerminateJobFlows")) == made


def test_a_day_on_this_machine_goes_well(runs):
    assert runs["nothing-daily"]["state"] == "success"


@pytest.mark.parametrize("case", STOPPED)
def test_a_run_that_is_stopped_by_hand_is_no_success(runs, case: str):
    run = runs[case]
    assert run["state"] == "failed"
    assert run["tasks"]["build"] == "failed" and run["tasks"]["report"] == "failed"
    assert run["tasks"]["publish"] == run["tasks"]["retain"] == "skipped"
    assert len(_called(run, "RunJobFlow")) == len(_called(run, "TerminateJobFlows"))


def test_people_are_told_once_that_a_run_was_stopped(runs, folder):
    told = [json.loads(line) for line in (folder / "told").read_text().splitlines()]
    stopped = [
        message
        for message in told
        if "build failed, score skipped, marts_gate skipped" in message["text"]
    ]
    assert [message["event"] for message in stopped] == ["run_failed"] * len(STOPPED)
    assert "report" not in [message.get("task") for message in told]


def test_a_cluster_whose_id_nobody_told_is_ended_as_well(runs):
    run = runs["dying-after-the-request"]
    assert run["tasks"]["create_cluster"] == "failed"
    assert len(_called(run, "RunJobFlow")) == len(_called(run, "TerminateJobFlows")) == 1


def test_a_cluster_that_ends_by_itself_fails_the_run(runs):
    run = runs["ending-by-itself"]
    assert run["tasks"]["wait_for_cluster"] == "failed" and run["state"] == "failed"


def test_a_step_without_its_cluster_fails_with_the_way_out(runs, folder):
    assert runs["ended-meanwhile"]["tasks"]["build"] == "failed"
    told = (folder / "told").read_text()
    assert "clear create_cluster, wait_for_cluster and wait_for_thrift without what follows" in told


def test_a_given_cluster_is_neither_made_nor_ended(runs):
    run = runs["kept"]
    assert run["state"] == "success"
    assert not _called(run, "RunJobFlow") and not _called(run, "TerminateJobFlows")
    assert {"ClusterId": run["conf"]["emr_cluster_id"]} in _called(run, "DescribeCluster")


def test_only_clusters_of_others_live_when_all_has_ended(runs, aws):
    others, ours = _called(runs["namesake"], "RunJobFlow")
    assert runs["namesake"]["state"] == "success" and ours["Name"] == others["Name"]
    request = urllib.request.Request(
        aws["AWS_ENDPOINT_URL"] + "/",
        json.dumps({"ClusterStates": ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"]}).encode(),
        {
            "X-Amz-Target": "ElasticMapReduce.ListClusters",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/elasticmapreduce/",
        },
    )
    with urllib.request.urlopen(request) as answer:
        living = sorted(cluster["Name"] for cluster in json.load(answer)["Clusters"])
    assert living == ["kept", others["Name"]]
