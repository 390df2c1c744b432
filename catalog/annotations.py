"""What the catalog adds to dbt's manifest and catalog, and what it leaves out of them.

dbt's own artefacts in target/ stay as they are: all of it is read from the models, from the
definitions and from what is published, whenever the site is made.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from catalog.definitions import PROJECT_PAGE, definitions_page, link, link_to
from catalog.guide import answers, question_number
from catalog.publication import Published, stats
from privacy.inventory import PUBLISHED, Declaration, declaration_of

PERSONAL, IDENTIFYING = "personal-data", "identifying"
NO_BREAK = "\N{NO-BREAK SPACE}"
# Of no use to readers, or of this machine.
UNSAID = ("build_path", "compiled_path", "created_at", "root_path", "version")


def published_view(node: Mapping[str, Any]) -> str | None:
    """Returns the view that shows a mart, with its database; None of what is not published."""
    if node["resource_type"] != "model":
        return None
    if node["config"].get("meta", {}).get("published_as") not in PUBLISHED:
        return None
    return f"{node['schema'].removesuffix('_marts')}.{node['name']}"


def annotated(
    manifest: Mapping[str, Any], catalog: Mapping[str, Any], published: Published | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns manifest and catalog as the site shows them.

    Raises `CampuslakeError` naming a column whose `meta.personal_data` cannot be read.
    """
    manifest = deepcopy(dict(manifest))
    exposures = list(manifest["exposures"].values())
    for node in [*manifest["nodes"].values(), *manifest["sources"].values()]:
        node["tags"] = [*node.get("tags", []), *_tags(node)]
        if view := published_view(node):
            node["description"] = "\n\n".join(_description(node, view, exposures))
            node["meta"] = _details(node, view)
        for column in _columns(node):
            column["meta"] = _column_details(node, column)
    for exposure in exposures:
        # The tree cuts labels in two and drops a blank that falls there.
        exposure["label"] = (exposure["label"] or exposure["name"]).replace(" ", NO_BREAK)
        if number := question_number(exposure):
            exposure["description"] += f"\n\n{answers()[number]}"
    manifest["docs"][PROJECT_PAGE] = definitions_page(manifest)
    manifest["unit_tests"], manifest["disabled"] = {}, {}
    manifest["metadata"] = {
        name: manifest["metadata"][name]
        for name in ("dbt_schema_version", "dbt_version", "generated_at", "adapter_type")
    }
    for kind in ("nodes", "sources", "macros", "exposures"):
        for entry in manifest[kind].values():
            for word in UNSAID:
                entry.pop(word, None)
            if test := entry.get("test_metadata"):
                test["kwargs"].pop("model", None)  # Jinja, which the site would show as it is
    return manifest, _catalog(manifest, catalog, published)


def _catalog(
    manifest: Mapping[str, Any], catalog: Mapping[str, Any], published: Published | None
) -> dict[str, Any]:
    """Of dbt's catalog only types: places and owners are those of the engine, not of the school."""
    shown: dict[str, Any] = {"metadata": {}, "errors": None}
    for kind in ("nodes", "sources"):
        shown[kind] = {
            unique_id: {
                "metadata": entry["metadata"] | {"owner": None, "comment": None},
                "columns": entry["columns"],
                "stats": {},
                "unique_id": unique_id,
            }
            for unique_id, entry in catalog[kind].items()
        }
    for unique_id, node in manifest["nodes"].items():
        if (view := published_view(node)) and unique_id in shown["nodes"]:
            shown["nodes"][unique_id]["stats"] = stats(published, view)
    return shown


def _tags(node: Mapping[str, Any]) -> list[str]:
    held = list(filter(None, (_declared(node, column) for column in _columns(node))))
    return [PERSONAL] * bool(held) + [IDENTIFYING] * any(d.identifying for d in held)


def _description(node: Mapping[str, Any], view: str, exposures: list[Any]) -> Iterator[str]:
    yield node["description"].strip()
    yield f"Ask it as `{view}`."
    asking = [e for e in exposures if node["unique_id"] in e["depends_on"]["nodes"]]
    for words, is_question in (("Answers", True), ("Shown in", False)):
        found = [e for e in asking if (question_number(e) is not None) is is_question]
        if found:
            yield f"{words}: " + " · ".join(
                link_to(exposure, exposure["label"]) for exposure in found
            )
    quoting = [node, *node["columns"].values()]
    blocks = {block for quoted in quoting for block in quoted["doc_blocks"]}
    if blocks:
        yield "Definitions: " + " · ".join(map(link, sorted(blocks)))


def _details(node: Mapping[str, Any], view: str) -> dict[str, str]:
    tags = _tags(node)
    if IDENTIFYING in tags:
        about = "rows tell who somebody is"
    else:
        about = "rows about single people, without names" if tags else "none"
    meta = node["config"]["meta"]
    kind = {"kind": meta["kind"]} if "kind" in meta else {}
    contract = {"contract version": str(meta.get("contract_version"))}
    return {"ask it as": view, **kind, "personal data": about, **contract}


def _column_details(node: Mapping[str, Any], column: Mapping[str, Any]) -> dict[str, str]:
    declared = _declared(node, column)
    if declared is None:
        return {}
    return {
        "personal data": declared.category,
        "tells who it is": "yes" if declared.identifying else "no",
        "purpose": declared.purpose,
        "kept": declared.retention,
    }


def _declared(node: Mapping[str, Any], column: Mapping[str, Any]) -> Declaration | None:
    return declaration_of(f"{node['name']}.{column['name']}", column)


def _columns(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(node.get("columns", {}).values())
