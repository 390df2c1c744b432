"""The figures of docs/operations.md are those of the formula."""

import re

import pytest

from infra import REPOSITORY
from infra.costs import (
    METASTORE,
    METASTORE_GB,
    SCHEDULER,
    SCHEDULER_GB,
    SECRETS,
    always_there,
    cluster_hour,
    costs,
    prices,
    table,
)
from infra.emr.sizes import declared


def test_the_documented_table_is_the_computed_one():
    assert table() in (REPOSITORY / "docs" / "operations.md").read_text()


def test_a_month_is_what_is_always_there_and_the_hours_of_the_cluster():
    listed = prices()
    hours = listed["assumed"]["runs_per_month"] * listed["assumed"]["hours_per_run"]
    for cost in costs():
        of_the_clusters = cost.hour * (listed["hours_per_month"] - hours)
        assert cost.persistent - cost.transient == pytest.approx(of_the_clusters)
        assert cost.transient - 30 * cost.run == pytest.approx(always_there(listed))


def test_what_is_always_there_is_what_terraform_makes():
    modules = REPOSITORY / "infra" / "terraform" / "modules"
    machine = (modules / "erp_scheduler" / "main.tf").read_text()
    database = (modules / "metastore" / "main.tf").read_text()
    variables = (REPOSITORY / "infra" / "terraform" / "variables.tf").read_text()
    assert re.search(rf'"scheduler_instance_type" {{[^}}]*default += "{SCHEDULER}"', variables)
    assert re.search(rf"volume_size = {SCHEDULER_GB}\n", machine)
    assert re.search(rf'instance_class = "{METASTORE}"', database)
    assert re.search(rf"allocated_storage += {METASTORE_GB}\n", database)
    secrets = (modules / "erp_scheduler" / "secrets.tf").read_text()
    always = re.findall(r"^ {6}\w+ += ", secrets, re.MULTILINE)  # but for that of a registry
    assert len(always) + database.count('"aws_secretsmanager_secret" ') == SECRETS


def test_an_hour_of_a_single_node_is_its_machine_emr_and_volumes():
    listed = prices()
    volumes = (30 + 64) * listed["gp3_gb_month"] / 730
    expected = 0.2140 + 0.0480 + listed["public_ip_hour"] + volumes
    assert abs(cluster_hour(declared().sizes["single"], listed) - expected) < 1e-9


def test_every_machine_that_may_be_asked_for_has_a_price():
    listed = prices()
    for size in declared().sizes.values():
        for node in (size.primary, size.core, size.task):
            if node:
                assert node.type in listed["ec2_hour"] and node.type in listed["emr_hour"]
