"""What JupyterLab is told whatever its port is. It reads this file with a `c` of its own."""

import os
from typing import Any

# Of the kernel only what any machine has: two people's notebooks then differ by what they wrote.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def without_outputs(model: dict[str, Any], **_: Any) -> None:
    """Saves a notebook without what it showed: rows are about people, and files go to git."""
    if model["type"] != "notebook":
        return
    model["content"]["metadata"] = METADATA
    for cell in model["content"]["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None


c = get_config()  # noqa: F821 - given by JupyterLab
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
c.ServerApp.allow_root = os.geteuid() == 0
c.ContentsManager.pre_save_hook = without_outputs
# Nothing is fetched from elsewhere.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"
