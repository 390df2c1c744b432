"""The nightly run: the same steps as `campuslake run`, each one a task."""

from airflow.sdk import DAG

from campus_flow.defaults import ARGUMENTS, RUN_PARAMS, bounds, schedule
from campus_flow.steps import pipeline

DOC = """
**ERP → staging zone → gate → dbt → gate → publication**, every night.

A step that fails stops what follows, and what analysts read stays as it was. Every task can be
cleared and run again; a corrected ERP needs the task `extract` again, with its downstream tasks.

The log of `extract` has rows, bytes and seconds of each table, that of `build` each model and test
as it starts and ends; both are in XCom, too. A gate's log has the table of what it refused.

*Trigger with parameters*: another schema, or accepting what a gate holds for an accident.
"""

with DAG(
    "campus_daily",
    description="ERP to published marts, every night",
    doc_md=DOC,
    schedule=schedule("DAILY"),
    **bounds(),
    default_args=ARGUMENTS,
    params=RUN_PARAMS,
    tags=["campuslake", "pipeline"],
):
    pipeline()
