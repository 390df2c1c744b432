"""What may reach the engine from Superset: queries, and only of what its user may read.

Superset asks first, but knows names only: it takes a table for a query that is called the same
(`with t as (select * from other.t) …`), lets calculated names pass, and does not look into stored
metrics. What passes is written anew from what was understood: Spark ends some comments elsewhere.
"""

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from superset.errors import ErrorLevel, SupersetError, SupersetErrorType
from superset.exceptions import SupersetErrorException

DATABASE = "campuslake"  # as dashboards/databases/ names it
# Spark runs programs and Java by these, and takes what a text says for a name.
FORBIDDEN_CALLS = {"java_method", "reflect", "try_reflect", "identifier"}


def only_queries(sql: str, security_manager) -> str:
    """Returns the queries of a text, without comments.

    A table without its database is one of those that `require_database` lets the user connect to.
    Raises `SupersetErrorException` unless all of it are queries of what the user may read.
    """
    try:
        statements = sqlglot.parse(sql, read="spark")
    except SqlglotError as error:
        raise _not_a_query() from error
    for statement in statements:
        if not _is_query(statement):
            raise _not_a_query()
        for table in statement.find_all(exp.Table):
            if not isinstance(table.this, exp.Identifier) or table.catalog:
                raise _not_yours()
            if table.db:
                require_database(table.db, security_manager)
    return ";\n".join(query.sql(dialect="spark", comments=False) for query in statements)


def require_database(name: str, security_manager) -> None:
    """Raises `SupersetErrorException` unless the user may read a database of the lake."""
    may_read = security_manager.can_access_all_databases() or security_manager.can_access(
        "schema_access", f"[{DATABASE}].[{name.lower()}]"
    )
    if not may_read:
        raise _not_yours()


def _is_query(statement: exp.Expression | None) -> bool:
    if isinstance(statement, exp.Describe):
        reads = isinstance(statement.this, exp.Query | exp.Table)
    else:
        reads = isinstance(statement, exp.Query | exp.Values)
    if not reads or statement.find(exp.QueryTransform):
        return False
    calls = {call.name.lower() for call in statement.find_all(exp.Anonymous)}
    return not calls & FORBIDDEN_CALLS


def _not_a_query() -> SupersetErrorException:
    return _refusal(
        "Seules les requêtes de lecture sont permises. (Only queries are allowed.)",
        SupersetErrorType.DML_NOT_ALLOWED_ERROR,
    )


def _not_yours() -> SupersetErrorException:
    return _refusal(
        "Vous ne pouvez lire que ce qui est publié pour vous. (That is not published for you.)",
        SupersetErrorType.TABLE_SECURITY_ACCESS_ERROR,
    )


def _refusal(message: str, kind: SupersetErrorType) -> SupersetErrorException:
    return SupersetErrorException(SupersetError(message, kind, ErrorLevel.ERROR))
