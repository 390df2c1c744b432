"""The notebooks after they ran from their beginnings on a lake, each in a kernel of its own."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.local.s3 import ObjectStore
from tests.conftest import Lake


@dataclass(frozen=True)
class Ran:
    """What running all notebooks ended with, and where their pages are."""

    done: subprocess.CompletedProcess[str]
    folder: Path

    def cells(self, name: str) -> list[dict]:
        """Returns a notebook's cells with what they showed."""
        return json.loads((self.folder / f"{name}.ipynb").read_text())["cells"]

    def text(self, name: str) -> str:
        """Returns all text that a notebook showed."""
        shown = [output for cell in self.cells(name) for output in cell.get("outputs", [])]
        parts = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in shown]
        return "\n".join("".join(part) for part in parts)

    def figure(self, name: str, label: str) -> str:
        """Returns what a notebook printed after `label: `."""
        (value,) = re.findall(rf"^{re.escape(label)}: (.+)$", self.text(name), re.MULTILINE)
        return value


@pytest.fixture(scope="session")
def notebooks(ran: Lake, stack, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """All notebooks on a shared lake, read with an analyst's keys that are good for this lake."""
    store = ObjectStore(stack.model_copy(update={"schema_prefix": ran.settings.schema_prefix}))
    store.stop()
    store.start()
    folder = tmp_path_factory.mktemp("pages")
    done = ran.run("notebooks", "render", "--to", str(folder), code=None)
    return Ran(done, folder)
