"""Moto as a server on a port: `python aws_double.py PORT`, in the environment `.venv-infra`.

Terraform asks for a few things that moto does not know, and would ask again without end.
"""

import json
import sys
from collections import defaultdict
from typing import Any

from moto.budgets.responses import BudgetsResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.responses.monitoring import Monitoring
from moto.emr.responses import ElasticMapReduceResponse
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket
from moto.server import main

POLICIES: dict[str, dict[str, Any]] = defaultdict(dict)


def _policy(name: str) -> dict[str, Any]:
    """Returns EMR's three calls on a policy of a cluster, by their names in moto."""

    def put(self: ElasticMapReduceResponse) -> EmptyResult:
        POLICIES[self._get_param("ClusterId")][name] = self._get_param(name)
        return EmptyResult()

    def get(self: ElasticMapReduceResponse) -> ActionResult:
        held = POLICIES[self._get_param("ClusterId")].get(name)
        return ActionResult({name: held} if held else {})

    def remove(self: ElasticMapReduceResponse) -> EmptyResult:
        POLICIES[self._get_param("ClusterId")].pop(name, None)
        return EmptyResult()

    return {"put": put, "get": get, "remove": remove}


def _run_job_flow(self: ElasticMapReduceResponse) -> ActionResult:
    """Keeps what moto forgets of a request."""
    known = set(self.backend.clusters)
    answer = RUN_JOB_FLOW(self)
    (made,) = set(self.backend.clusters) - known
    self.backend.clusters[made].scale_down_behavior = self._get_param("ScaleDownBehavior")
    policy = self._get_param("AutoTerminationPolicy")
    if policy:
        POLICIES[made]["AutoTerminationPolicy"] = policy
    return answer


def _add_instance_groups(self: ElasticMapReduceResponse) -> ActionResult:
    """Answers with the groups' ids, as AWS does: moto's own answer ends the provider."""
    cluster = self._get_param("JobFlowId")
    groups = self.backend.add_instance_groups(cluster, self._get_param("InstanceGroups", []))
    return ActionResult({"JobFlowId": cluster, "InstanceGroupIds": [group.id for group in groups]})


def _monitor_instances(self: Monitoring) -> ActionResult:
    for instance in self._get_param("InstanceIds", []):
        self.ec2_backend.get_instance(instance).monitoring_state = "enabled"
    return ActionResult({"InstanceMonitorings": []})


def _list_instance_fleets(self: ElasticMapReduceResponse) -> ActionResult:
    return ActionResult({"InstanceFleets": []})


def _describe_subscribers(self: BudgetsResponse) -> str:
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    wanted = self._get_param("Notification")["NotificationType"]
    found = [n for n in budget.notifications if n.details["NotificationType"] == wanted]
    return json.dumps({"Subscribers": found[0].subscribers})


def _list_tags(self: BudgetsResponse) -> str:
    arn = self._get_param("ResourceARN")
    return json.dumps({"ResourceTags": TAGS_OF_BUDGETS.get(arn.rpartition("/")[2], [])})


def _create_budget(self: BudgetsResponse) -> str:
    TAGS_OF_BUDGETS[self._get_param("Budget")["BudgetName"]] = self._get_param("ResourceTags", [])
    return CREATE_BUDGET(self)


def _permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """Moto knows no conditions of a bucket policy: "not without TLS" would be "never"."""
    return PermissionResult.NEUTRAL


TAGS_OF_BUDGETS: dict[str, list[dict[str, str]]] = {}
CREATE_BUDGET = BudgetsResponse.create_budget


def _log_permission(**_: object) -> bool:
    """Moto looks for one form of the policy only, and breaks on `"Principal": "*"`."""
    return True


RUN_JOB_FLOW = ElasticMapReduceResponse.run_job_flow

if __name__ == "__main__":
    ElasticMapReduceResponse.run_job_flow = _run_job_flow
    BudgetsResponse.describe_subscribers_for_notification = _describe_subscribers
    BudgetsResponse.list_tags_for_resource = _list_tags
    BudgetsResponse.create_budget = _create_budget
    Monitoring.monitor_instances = _monitor_instances
    FakeBucket._log_permissions_enabled_policy = staticmethod(_log_permission)
    FakeBucket.get_permission = _permission
    ElasticMapReduceResponse.add_instance_groups = _add_instance_groups
    ElasticMapReduceResponse.list_instance_fleets = _list_instance_fleets
    for policy, call in (
        ("AutoTerminationPolicy", "auto_termination_policy"),
        ("ManagedScalingPolicy", "managed_scaling_policy"),
    ):
        for verb, method in _policy(policy).items():
            setattr(ElasticMapReduceResponse, f"{verb}_{call}", method)
    main(["--host", "127.0.0.1", "--port", sys.argv[1]])
