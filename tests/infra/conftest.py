"""Tools of the AWS side: Terraform where it is installed, and an environment of their own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from infra import REPOSITORY
from infra.local.environments import set_up

PROVIDER = "*/hashicorp/aws"  # below a folder that mirrors a registry
# Where programs that no distribution packaged put what they bring along.
ADDED_SOFTWARE = (Path("/opt"), Path("/usr/local/share"), Path("/usr/share"))


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder of checkov, shellcheck and moto's Python."""
    return set_up("infra")


class Terraform:
    """A copy of infra/terraform, initialised: nothing is left behind in the repository."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program = program
        self.folder = folder
        self.environment = {**os.environ, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        configured = self.environment.get("TF_CLI_CONFIG_FILE")
        if configured and not Path(configured).is_file():
            del self.environment["TF_CLI_CONFIG_FILE"]

    def run(
        self, *arguments: str, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a Terraform command to its end."""
        done = subprocess.run(
            [self.program, *arguments, *([] if arguments[0] == "show" else ["-no-color"])],
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Terraform with its provider, from a mirror on this machine or from wherever it is set up."""
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is not installed")
    root = tmp_path_factory.mktemp("terraform")
    ignored = shutil.ignore_patterns("__pycache__", ".terraform*", "*.tfvars", "*.tfstate*")
    shutil.copytree(REPOSITORY / "infra", root / "infra", ignore=ignored)
    shutil.copytree(REPOSITORY / "requirements", root / "requirements")
    made = Terraform(program, root / "infra" / "terraform")
    mirrors = [m for top in ADDED_SOFTWARE for m in top.glob("*") if any(m.glob(PROVIDER))]
    choices = [[f"-plugin-dir={mirror}"] for mirror in mirrors] + [[]]
    for choice in choices:
        if made.run("init", "-backend=false", "-input=false", *choice, check=False).returncode == 0:
            return made
    pytest.skip("terraform finds no AWS provider, neither a mirror here nor its registry")
