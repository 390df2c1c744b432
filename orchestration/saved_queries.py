"""The queries of the analyst's guide, saved in SQL Lab for every user."""

import re
from dataclasses import dataclass

from infra.local.superset import USERS, Superset
from infra.local.superset_api import SupersetApi
from infra.settings import REPOSITORY

GUIDE = REPOSITORY / "docs" / "analyst-guide.md"
SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"```sql\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class SavedQuery:
    """A query, and the question that it answers."""

    label: str
    sql: str


def guide_queries(schema: str) -> list[SavedQuery]:
    """Returns each query of the guide, asked of the published database `schema`.

    The label is the question; where a question has several queries they are numbered.
    """
    found = []
    for question, text in SECTION.findall(GUIDE.read_text()):
        queries = [q.strip() for block in BLOCK.findall(text) for q in block.split(";")]
        queries = [re.sub(r"\bcampus\.", f"{schema}.", query) for query in queries if query]
        for number, query in enumerate(queries, 1):
            found.append(SavedQuery(f"{question} ({number})" if number > 1 else question, query))
    return found


def save_queries(superset: Superset) -> None:
    """Saves them for each user: a user of SQL Lab sees his or her own alone."""
    queries = guide_queries(superset.settings.schema_prefix)
    lake = _lake(superset)
    for user in USERS:
        api = SupersetApi(superset.url, user, superset.passwords[user])
        known = {query["label"]: query for query in api.pages("saved_query/")}
        for query in queries:
            body = {
                "db_id": lake,
                "label": query.label,
                "schema": superset.settings.schema_prefix,
                "sql": query.sql,
                "description": "docs/analyst-guide.md",
            }
            if query.label not in known:
                api.ask("POST", "saved_query/", json=body)
            elif known[query.label]["sql"] != query.sql:
                api.ask("PUT", f"saved_query/{known[query.label]['id']}", json=body)


def _lake(superset: Superset) -> int:
    """Returns Superset's number of the database."""
    admin = SupersetApi(superset.url, "admin", superset.passwords["admin"])
    found = {database["database_name"]: database["id"] for database in admin.pages("database/")}
    return found["campuslake"]
