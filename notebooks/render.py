"""Runs a notebook from its beginning in a kernel of its own and makes a page of what it showed.

`python notebooks/render.py NOTEBOOK FOLDER`, by the notebooks' own Python.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter

CELL_SECONDS = 600
FAILED = 3


def main(notebook: Path, folder: Path) -> int:
    """Runs it. The last line tells of a cell that did not end; what ran until then is kept."""
    content = nbformat.read(notebook, as_version=4)
    place = {"metadata": {"path": str(notebook.parent)}}
    client = NotebookClient(content, timeout=CELL_SECONDS, kernel_name="python3", resources=place)
    try:
        client.execute()
    except CellExecutionError as error:
        return told(client, f"failed ({error.ename})")
    except CellTimeoutError:
        return told(client, f"did not end within {CELL_SECONDS} s")
    except DeadKernelError:
        return told(client, "lost its kernel: most often its memory was not enough")
    finally:
        nbformat.write(content, folder / notebook.name)
    exporter = HTMLExporter(mathjax_url="", require_js_url="", jquery_url="")
    page, _ = exporter.from_notebook_node(content, {"metadata": {"name": title(content)}})
    (folder / f"{notebook.stem}.html").write_text(page, encoding="utf-8")
    return 0


def told(client: NotebookClient, what: str) -> int:
    """Writes what became of the code cell that ran last; returns the exit code."""
    sys.stdout.write(f"code cell {client.code_cells_executed} {what}\n")
    return FAILED


def title(content: nbformat.NotebookNode) -> str:
    """Returns the first heading."""
    return content.cells[0].source.splitlines()[0].removeprefix("# ")


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
