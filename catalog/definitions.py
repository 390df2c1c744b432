"""The definitions of the school as a page of the catalog, each with the columns that follow it."""

from collections.abc import Mapping
from typing import Any

PAGE = "#!/overview/campuslake"
# The page that dbt's site shows of a project is the doc block of this name.
PROJECT_PAGE = "doc.campuslake.__campuslake__"


def title(block: str) -> str:
    """Returns the heading of a definition: `doc.campuslake.average_grade` is "Average grade"."""
    return block.split(".")[-1].replace("_", " ").capitalize()


def link(block: str) -> str:
    """Returns a Markdown link to a definition."""
    return f"[{title(block).lower()}]({PAGE}#{title(block).lower().replace(' ', '-')})"


def link_to(node: Mapping[str, Any], words: str | None = None) -> str:
    """Returns a Markdown link to the page of a node of the manifest."""
    return f"[{words or node['name']}](#!/{node['resource_type']}/{node['unique_id']})"


def definitions_page(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the doc block that dbt's site shows as the page of the project: all definitions.

    Marts come before what they are made of, as readers know these.
    """
    lines = [
        "# Definitions",
        "",
        "What the school means by its words. A definition holds for all that is named under it; "
        "what is computed is one macro of the project, its thresholds are vars of dbt_project.yml. "
        "[Back to the overview](#!/overview)",
    ]
    users = _users_of_definitions(manifest)
    for block in sorted(users):
        lines += ["", f"### {title(block)}", "", manifest["docs"][block]["block_contents"], ""]
        lines.append("Used by: " + " · ".join(users[block]))
    return manifest["docs"]["doc.campuslake.__overview__"] | {
        "name": "__campuslake__",
        "unique_id": PROJECT_PAGE,
        "block_contents": "\n".join(lines),
    }


def _users_of_definitions(manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """Returns the columns, and tables as a whole, that quote each definition, as links."""
    nodes = [*manifest["nodes"].values(), *manifest["sources"].values()]
    nodes.sort(key=lambda node: ("/marts/" not in node["original_file_path"], node["name"]))
    found: dict[str, list[str]] = {}
    for node in nodes:
        for block in node.get("doc_blocks", []):
            found.setdefault(block, []).append(link_to(node))
        for column in node.get("columns", {}).values():
            for block in column.get("doc_blocks", []):
                found.setdefault(block, []).append(
                    link_to(node, f"{node['name']}.{column['name']}")
                )
    return found
