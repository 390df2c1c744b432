"""Data frames from the lake, and scores into it, both through the engine."""

import json

import pandas as pd

from infra.settings import Settings
from infra.spark_sql import run

ROWS_AT_ONCE = 20_000  # a statement of 4 MB
FIELDS = {
    "student_key": "string",
    "cutoff_date": "date",
    "school_year": "int",
    "risk": "double",
    "risk_decile": "int",
    "model_version": "string",
    "learned_until": "date",
}


def ask(sql: str, settings: Settings, database: str | None = None) -> pd.DataFrame:
    """Returns the answer to a statement on a database, by default the published one.

    Columns that end with `_date`, `_on` or `_until` are datetime64. Raises `CampuslakeError` when
    the engine refuses the statement or does not answer.
    """
    told = run(sql, settings, database or settings.schema_prefix)
    frame = pd.DataFrame(told.rows, columns=told.columns)
    days = [name for name in frame if name.endswith(("_date", "_on", "_until"))]
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in days})


def observations(settings: Settings, database: str) -> pd.DataFrame:
    """Returns the mart `dropout_observations` of a database, always in the same order."""
    everything = "select * from dropout_observations order by cutoff_date, student_key"
    return ask(everything, settings, database)


def write_scores(scores: pd.DataFrame, settings: Settings) -> None:
    """Puts scores in the place of those that the built mart `dropout_risk` holds.

    They travel within statements, so that no copy of them lies outside the lake's tables. These
    are without a backslash, as pandas would write one before each slash: at each of them Spark's
    parser looks through all that follows, so that 20,000 rows take minutes.
    """
    kinds = ", ".join(f"{name}: {kind}" for name, kind in FIELDS.items())
    days = {name: scores[name].astype(str) for name, kind in FIELDS.items() if kind == "date"}
    rows = scores[list(FIELDS)].assign(**days).sort_values(["student_key", "cutoff_date"])
    for first in range(0, max(len(rows), 1), ROWS_AT_ONCE):
        run(
            f"insert {'into' if first else 'overwrite'} {settings.marts_database}.dropout_risk"
            f" select inline(from_json(%(rows)s, 'array<struct<{kinds}>>'))",
            settings,
            parameters={"rows": json.dumps(rows[first : first + ROWS_AT_ONCE].to_dict("records"))},
        )
