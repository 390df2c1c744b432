"""Scripts that run on machines of AWS, as far as they run here: with what they call replaced."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

from infra import REPOSITORY
from infra.local.airflow import Airflow
from infra.local.postgres import Postgres
from infra.settings import Settings

EMR = REPOSITORY / "infra" / "emr"
EC2 = REPOSITORY / "infra" / "ec2"
MODULE = REPOSITORY / "infra" / "terraform" / "modules" / "erp_scheduler"

# Says what it was called with; `aws s3 cp` copies from a folder that stands for S3, and a secret's
# value is its name.
STAND_IN = """#!/usr/bin/env bash
echo "$(basename "$0") $*" >> "$CALLS"
case "$(basename "$0") $*" in
    "aws s3 cp"*s3://*" s3://"*) exit 1 ;;
    "aws s3 cp"*" s3://"*.zip) cp "${@: -2:1}" "$S3" ;;
    "aws s3 cp"*) cp "$S3/$(basename "${@: -2:1}")" "${@: -1}" ;;
    "aws secretsmanager"*) echo "value of ${4#campuslake/}" ;;
    sudo*) exec "$@" ;;
    docker*) cat > /dev/null ;;
    id*) exit 1 ;;
    install*) mkdir -p "$CAMPUSLAKE_ROOT/var/lib/campuslake" ;;
    "systemctl restart --no-block"*) ;;
    "systemctl restart"*) exit 1 ;;
esac
"""


class Machine:
    """A folder that stands for a machine, and programs that only say how they were called."""

    def __init__(self, folder: Path, programs: tuple[str, ...]) -> None:
        self.folder = folder
        self.calls_file = folder / "calls"
        self.s3 = folder / "s3"
        self.s3.mkdir()
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        for program in programs:
            (bin_folder / program).write_text(STAND_IN)
            (bin_folder / program).chmod(0o755)
        self.environment = {
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "CALLS": str(self.calls_file),
            "S3": str(self.s3),
        }

    def run(self, *command: object, code: int = 0, **environment: object) -> str:
        """Runs a script and returns what it printed."""
        done = subprocess.run(
            [str(part) for part in command],
            env=self.environment | {name: str(value) for name, value in environment.items()},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    @property
    def calls(self) -> list[str]:
        """What was called."""
        return self.calls_file.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path):
    """Makes a machine with stand-ins of programs."""

    def make(*programs: str) -> Machine:
        return Machine(tmp_path, programs)

    return make


def test_every_script_is_clean(tools):
    scripts = [
        *EMR.glob("*.sh"),
        EMR / "make_certificates",
        *(EC2 / name for name in ("install", "with_settings", "airflow", "erp")),
        *(REPOSITORY / "infra" / name for name in ("set_up", "set_up_apart")),
        *(REPOSITORY / "tests" / name for name in ("run", "lint")),
    ]
    subprocess.run([tools / "shellcheck", *scripts], check=True)
    # A template's own marks are shell's, too.
    subprocess.run(
        [tools / "shellcheck", "--exclude=SC2154", MODULE / "user_data.sh.tftpl"], check=True
    )


def test_bootstrap_puts_the_locked_jar_on_a_node(machine):
    node = machine("aws", "sudo")
    (node.s3 / "iceberg-1.jar").write_bytes(b"a jar")
    for name in ("thrift_server.sh", "campuslake-thrift.service"):
        shutil.copy(EMR / name, node.s3)
    digest = hashlib.sha256(b"a jar").hexdigest()
    share = node.folder / "share"
    script = EMR / "bootstrap.sh"
    node.run(script, "s3://lake/emr/iceberg-1.jar", digest, CAMPUSLAKE_SHARE=share)
    assert (share / "lib" / "iceberg.jar").read_bytes() == b"a jar"
    assert (share / "thrift_server.sh").is_file()


def test_bootstrap_refuses_another_jar(machine):
    node = machine("aws", "sudo")
    (node.s3 / "iceberg-1.jar").write_bytes(b"another jar")
    script = EMR / "bootstrap.sh"
    share = node.folder / "share"
    node.run(script, "s3://lake/emr/iceberg-1.jar", "0" * 64, code=1, CAMPUSLAKE_SHARE=share)


@pytest.fixture
def primary(machine) -> Machine:
    """A primary node with EMR's Spark."""
    node = machine("sudo", "systemctl", "systemd-run")
    (node.folder / "spark-defaults.conf").write_text(
        "spark.driver.extraClassPath      /usr/lib/hadoop-lzo/lib/*:/usr/share/aws/*\n"
        "spark.executor.extraClassPath    /usr/lib/hadoop-lzo/lib/*\n"
        "spark.driver.extraClassPathology none\n"
    )
    (node.folder / "share").mkdir()
    shutil.copy(EMR / "campuslake-thrift.service", node.folder / "share")
    node.environment |= {
        "CAMPUSLAKE_SHARE": str(node.folder / "share"),
        "CAMPUSLAKE_SPARK_DEFAULTS": str(node.folder / "spark-defaults.conf"),
        "CAMPUSLAKE_UNITS": str(node.folder),
        "CAMPUSLAKE_ATTEMPTS": "1",
    }
    return node


def test_our_iceberg_comes_before_emrs_and_is_put_there_once(primary):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        for _ in range(2):
            said = primary.run(EMR / "thrift_server.sh", port, 4)
    assert f"answers on port {port}" in said
    jar = primary.folder / "share" / "lib" / "iceberg.jar"
    settings = (primary.folder / "spark-defaults.conf").read_text().splitlines()
    assert [line.split() for line in settings] == [
        ["spark.driver.extraClassPath", f"{jar}:/usr/lib/hadoop-lzo/lib/*:/usr/share/aws/*"],
        ["spark.executor.extraClassPath", f"{jar}:/usr/lib/hadoop-lzo/lib/*"],
        ["spark.driver.extraClassPathology", "none"],
    ]
    unit = (primary.folder / "campuslake-thrift.service").read_text()
    assert f"hive.server2.thrift.port={port}" in unit and "@PORT@" not in unit
    assert "Restart=always" in unit
    assert "systemctl enable --now campuslake-thrift.service" in primary.calls
    assert "systemd-run --on-active=4h systemctl stop campuslake-thrift.service" in primary.calls


def test_a_thrift_server_that_does_not_answer_fails_the_step(primary):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        said = primary.run(EMR / "thrift_server.sh", port, 0, code=1)
    assert f"no Thrift server on port {port}" in said
    assert [call for call in primary.calls if call.startswith("systemd-run")] == []


@pytest.fixture
def scheduler(machine) -> Machine:
    """A machine of ERP and scheduler, whose bucket holds what Terraform wrote."""
    scheduler = machine("aws")
    (scheduler.folder / "machine.env").write_text("MACHINE_BUCKET=lake\nMACHINE_NAME=campuslake\n")
    (scheduler.s3 / "settings.env").write_text(
        "CAMPUSLAKE_BUCKET=lake\nCAMPUSLAKE_AIRFLOW_DAILY_EMR=30 3 * * *\n"
    )
    (scheduler.s3 / "emr_place.json").write_text("{}")
    scheduler.environment |= {
        "CAMPUSLAKE_MACHINE_ENV": str(scheduler.folder / "machine.env"),
        "CAMPUSLAKE_STATE": str(scheduler.folder),
    }
    return scheduler


@pytest.mark.parametrize(
    "planted", ["PATH=/tmp/mine:$PATH", "LD_PRELOAD=/tmp/mine.so", "touch planted", "a[$(id)]=b"]
)
def test_what_the_bucket_holds_is_read_and_never_run(scheduler, planted):
    with (scheduler.s3 / "settings.env").open("a") as file:
        file.write(f"CAMPUSLAKE_SCHEMA=$(touch {scheduler.folder}/planted)\n{planted}\n")
    said = scheduler.run(EC2 / "with_settings", "env", code=1)
    assert "settings.env of the bucket holds something else than settings" in said
    assert not (scheduler.folder / "planted").exists()


def test_without_settings_nothing_starts_and_systemd_tries_again(scheduler):
    (scheduler.s3 / "settings.env").unlink()
    scheduler.run(EC2 / "with_settings", "env", code=1)
    for service in ("erp", "airflow"):
        unit = (EC2 / f"campuslake-{service}.service").read_text().splitlines()
        assert {"Restart=always", "RestartSec=15", "StartLimitIntervalSec=0"} <= set(unit)


def test_the_erp_ends_when_its_database_does(tmp_path):
    for name in ("infra/ec2", ".venv/bin"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(EC2 / "erp", tmp_path / "infra/ec2/erp")
    started = tmp_path / ".venv/bin/campuslake"
    started.write_text("#!/bin/sh\nexit 0\n")
    started.chmod(0o755)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        watch = {
            "CAMPUSLAKE_POSTGRES_PORT": str(server.getsockname()[1]),
            "CAMPUSLAKE_WATCH_SECONDS": "0.1",
        }
        service = subprocess.Popen([tmp_path / "infra/ec2/erp"], env={**os.environ, **watch})
        with pytest.raises(subprocess.TimeoutExpired):
            service.wait(1)
    assert service.wait(20) == 1


def test_settings_and_secrets_reach_a_command_by_its_environment(scheduler):
    told = scheduler.run(EC2 / "with_settings", "env").splitlines()
    assert "CAMPUSLAKE_BUCKET=lake" in told
    assert "CAMPUSLAKE_AIRFLOW_DAILY_EMR=30 3 * * *" in told
    assert "CAMPUSLAKE_PRIVACY_KEY=value of privacy-key" in told
    assert "CAMPUSLAKE_ADMIN_PASSWORD=value of airflow-password" in told
    assert f"CAMPUSLAKE_EMR_PLACE={scheduler.folder}/emr_place.json" in told
    kept = [p.read_text() for p in scheduler.folder.iterdir() if p.is_file() and p.name != "calls"]
    assert not any("value of" in text for text in kept)


@pytest.mark.parametrize("docker", ["", "school"])
def test_a_machine_installs_itself_and_starts_its_services(machine, docker):
    programs = ("dnf", "useradd", "id", "install", "chown", "make", "python3.11")
    scheduler = machine(*programs, "systemctl", "aws", "docker")
    repository = scheduler.folder / "campuslake"
    shutil.copytree(EC2, repository / "infra/ec2")
    set_up_apart = repository / "infra/set_up_apart"
    set_up_apart.write_text(STAND_IN)
    set_up_apart.chmod(0o755)
    root = scheduler.folder / "root"
    agent = root / "opt/aws/amazon-cloudwatch-agent/etc"
    for folder in (root / "etc/campuslake", root / "etc/systemd/system", agent):
        folder.mkdir(parents=True)
    template = (MODULE / "user_data.sh.tftpl").read_text()
    environment = template.split("machine.env <<", 1)[1].split("\n", 1)[1].split("END\n", 1)[0]
    for name, value in {
        "region": "eu-west-1",
        "name": "campuslake",
        "bucket": "lake",
        "log_group": "/campuslake/scheduler",
        "docker_username": docker,
        "services": "campuslake-erp campuslake-airflow",
    }.items():
        environment = environment.replace(f"${{{name}}}", value)
    assert "$" not in environment
    (root / "etc/campuslake/machine.env").write_text(environment)
    scheduler.run(repository / "infra/ec2/install", CAMPUSLAKE_ROOT=root)

    units = {path.name: path.read_text() for path in (root / "etc/systemd/system").iterdir()}
    for service in ("campuslake-erp", "campuslake-airflow"):
        unit = units[f"{service}.service"]
        assert f"WorkingDirectory={repository}" in unit and "@" not in unit
        assert "User=campuslake" in unit
        assert f"systemctl restart --no-block {service}.service" in scheduler.calls
    calls = scheduler.calls
    assert f"make -C {repository} .venv/ready" in calls and "set_up_apart airflow" in calls
    # What root runs again at the next upgrade is root's.
    assert [call for call in calls if call.startswith("chown")] == [
        f"chown -R root: {repository}",
        f"chown -R campuslake: {repository}/target",
    ]
    assert '"/campuslake/scheduler"' in (agent / "amazon-cloudwatch-agent.json").read_text()
    logins = [call for call in scheduler.calls if call.startswith("docker login")]
    assert logins == (["docker login --username school --password-stdin"] if docker else [])


def test_cloudwatch_collects_what_servers_and_tasks_log():
    collected = json.loads((EC2 / "cloudwatch.json").read_text())["logs"]["logs_collected"]
    patterns = [entry["file_path"] for entry in collected["files"]["collect_list"]]
    home = Path("/var/lib/campuslake/home")  # as infra/ec2/with_settings says
    settings = Settings(home=home)
    task = home / "airflow/logs/dag_id=campus_daily_emr/run_id=r/task_id=build/attempt=1.log"
    for log in (Postgres(settings).log, Airflow(settings).log, task):
        assert any(fnmatch(str(log), pattern) for pattern in patterns), log


@pytest.mark.parametrize(
    ("region", "domain"),
    [("eu-west-1", "eu-west-1.compute.internal"), ("us-east-1", "ec2.internal")],
)
def test_certificates_are_made_and_put_where_emr_looks(machine, region, domain):
    laptop = machine("aws")
    said = laptop.run(EMR / "make_certificates", "s3://keys/emr/certificates.zip", region)
    assert "s3://keys/emr/certificates.zip" in said
    with zipfile.ZipFile(laptop.s3 / "certificates.zip") as made:
        assert set(made.namelist()) == {
            *("privateKey.pem", "certificateChain.pem", "trustedCertificates.pem")
        }
        chain = made.read("certificateChain.pem")
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-subject"], input=chain, capture_output=True, check=True
    )
    assert shown.stdout.decode().rstrip().endswith(f"*.{domain}")
