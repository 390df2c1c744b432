"""infra/terraform by itself: form, promises under a mocked provider, a policy checker's opinion."""

import re
import subprocess

from infra import REPOSITORY

FILES = REPOSITORY / "infra" / "terraform"


def test_files_are_formatted_and_valid(terraform):
    terraform.run("fmt", "-check", "-recursive")
    terraform.run("validate")


def test_every_security_promise_holds(terraform):
    done = terraform.run("test")
    assert re.search(r"Success! \d\d passed, 0 failed", done.stdout), done.stdout


def test_the_machine_is_made_when_it_gets_out_and_may_do_all_it_does(terraform):
    edges: dict[str, list[str]] = {}
    for source, target in re.findall(r'"(\S+)" -> "(\S+)"', terraform.run("graph").stdout):
        edges.setdefault(source, []).append(target)
    waits_for, new = set(), ["module.erp_scheduler.aws_instance.main"]
    while new:
        waits_for |= set(new)
        new = [target for source in new for target in edges.get(source, ())]
    assert waits_for >= {
        "module.network.aws_route.internet",
        "module.network.aws_route_table_association.public",
        "module.network.aws_vpc_security_group_egress_rule.https",
        "module.iam.aws_iam_role_policy.scheduler",
        "module.iam.aws_iam_role_policy_attachment.scheduler",
    }


def test_checkov_objects_to_nothing_without_a_reason(tools):
    done = subprocess.run(
        [
            tools / "checkov",
            *("--directory", FILES, "--framework", "terraform"),
            *("--compact", "--quiet", "--skip-download"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_skip_of_checkov_says_why():
    skips = [
        line
        for path in FILES.rglob("*.tf")
        for line in path.read_text().splitlines()
        if "checkov:skip" in line
    ]
    assert skips
    assert [line for line in skips if not re.search(r"skip=CKV2?_AWS_\d+:\w.{15}", line)] == []


def test_no_secret_is_an_output_or_has_a_default():
    text = (FILES / "variables.tf").read_text()
    for name in ("metastore_password", "airflow_password", "privacy_key", "docker_password"):
        (block,) = re.findall(rf'variable "{name}" {{.*?\n}}', text, re.DOTALL)
        assert "ephemeral   = true" in block and 'default     = ""' in block
        assert f"var.{name}" not in (FILES / "outputs.tf").read_text()
