"""JupyterLab over the notebooks of this repository, in an environment of its own."""

import json
import os
import secrets
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.local.credentials import make_private
from infra.local.environments import programs, set_up
from infra.local.identities import keys_of
from infra.local.server import Server
from infra.roles import role_named
from infra.settings import REPOSITORY, Settings

NOTEBOOKS = REPOSITORY / "notebooks"
PROGRAMS = programs("notebooks")
CONFIG = Path(__file__).with_name("lab_config.py")
ROLE = "analyst"  # infra/roles.yml
NOTIFICATIONS = Path("@jupyterlab/apputils-extension/notification.jupyterlab-settings")


class Lab(Server):
    """JupyterLab on this machine; its kernels read as an analyst does."""

    name = "lab"

    @property
    def ports(self) -> Mapping[str, int]:
        return {"CAMPUSLAKE_NOTEBOOKS_PORT": self.settings.notebooks_port}

    @property
    def url(self) -> str:
        """Where its page is; `token` lets in."""
        return f"http://127.0.0.1:{self.settings.notebooks_port}/lab"

    @property
    def token(self) -> str:
        """What the page asks for, made once."""
        path = self.folder / "token.json"
        if not path.exists():
            make_private(path, json.dumps(secrets.token_urlsafe(24)))
        return json.loads(path.read_text())

    def prepare(self) -> None:
        set_up("notebooks")
        chosen = self.folder / "config" / "lab" / "user-settings" / NOTIFICATIONS
        if not chosen.exists():
            chosen.parent.mkdir(parents=True, exist_ok=True)
            chosen.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))

    def command(self) -> Sequence[str | Path]:
        return [
            PROGRAMS / "python",
            *("-m", "jupyterlab"),
            f"--config={CONFIG}",
            f"--ServerApp.port={self.settings.notebooks_port}",
            f"--ServerApp.root_dir={NOTEBOOKS}",
        ]

    def environment(self) -> dict[str, str]:
        """That of the kernels, and the token: on the command line everybody could read it."""
        return kernel_environment(self.settings) | {"JUPYTER_TOKEN": self.token}

    def ask(self) -> None:
        """Asks how it stands, which only the token's owner is told."""
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.settings.notebooks_port}/api/status",
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(asked, timeout=5) as answered:  # noqa: S310
            json.load(answered)


def kernel_environment(settings: Settings) -> dict[str, str]:
    """Returns the environment of notebooks: an analyst's keys, and the packages of the repository.

    Where the object store is somewhere else, the keys are those that one has already.
    """
    folder = settings.home / "lab"
    own = {
        "PYTHONPATH": str(REPOSITORY),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }
    if not settings.local_stack:
        return {**os.environ, **own}
    keys = keys_of(settings, ROLE, role_named(settings, ROLE))
    own |= {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key}
    return {**os.environ, **own}
