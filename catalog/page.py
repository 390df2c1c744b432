"""The page of the catalog: dbt's own site in one file, with manifest and catalog inside it."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dbt.task.docs import DOCS_INDEX_FILE_PATH

from infra.errors import CampuslakeError

TITLE = "campuslake: data catalogue"
GENERATOR = '<meta name="generator" content="campuslake docs"/>'
ICON = Path(__file__).with_name("favicon.svg")
# What dbt's page gets wrong: a path that its build forgot to fill in, and addresses of icons that a
# browser asks the server for before they are filled in.
BROKEN_ICON = "${require('./assets/favicons/favicon.ico')}"
BROKEN_LINK, MENDED_LINK = 'use xlink:href="{{', 'use ng-attr-href="{{'
# A column is opened by the mouse only.
CLICK = 'ng-click="toggle_column_expanded(column)"'
OPENS = r"$event.key == \'Enter\' && toggle_column_expanded(column)"
# Descriptions of columns are cut after a few letters, details at the margin, links are pale, tabs
# stand on two lines, lines of code beside other numbers; no mart has constraints of the engine.
STYLE = """<style>
.column-row > td:nth-child(3) { white-space: normal !important; max-width: none !important; }
.column-row > td:nth-child(3) > span { display: -webkit-box; -webkit-line-clamp: 2;
  -webkit-box-orient: vertical; overflow: hidden; }
column-details th:nth-child(4), .column-row > td:nth-child(4) { display: none; }
html .app-frame a, html .results .a { color: #00707a; }
html .switches .switch .switch-label { padding: 0.45rem 0.3rem; font-size: 0.85rem;
  color: #59636b; }
code-block pre, code-block pre * { line-height: 21px !important; }
html .detail-body { white-space: normal; overflow-x: visible; }
</style>"""


def page(manifest: Mapping[str, Any], catalog: Mapping[str, Any]) -> str:
    """Returns the site as one HTML file that asks no server for anything.

    Raises `CampuslakeError` when dbt's page is not the one that is mended here.
    """
    icon = base64.b64encode(ICON.read_bytes()).decode()
    changes = {
        "dbt Docs</title>": f"{TITLE}</title>{GENERATOR}{STYLE}",
        'content="dbt Docs"': f'content="{TITLE}"',
        BROKEN_ICON: f"data:image/svg+xml;base64,{icon}",
        BROKEN_LINK: MENDED_LINK,
        CLICK: f'{CLICK} tabindex="0" ng-keydown="{OPENS}"',
        '"MANIFEST.JSON INLINE DATA"': _inline(manifest),
        '"CATALOG.JSON INLINE DATA"': _inline(catalog),
    }
    html = Path(DOCS_INDEX_FILE_PATH).read_text()
    for old, new in changes.items():
        if old not in html:
            raise CampuslakeError(f"dbt's page of the catalog has changed: there is no {old}")
        html = html.replace(old, new)
    return html


def _inline(content: Mapping[str, Any]) -> str:
    """Returns JSON that ends no script element, whatever the texts in it hold."""
    return json.dumps(content, separators=(",", ":"), default=str).replace("<", "\\u003c")
