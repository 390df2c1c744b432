"""The steps of the pipeline as tasks, and the report at the end: the same in every DAG."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import yaml
from airflow.sdk import Asset, BaseOperator, chain

from campus_flow.command import REPOSITORY, answer
from campus_flow.notify import RunNotDone, tell
from campus_flow.operator import CampuslakeOperator

TABLES = tuple(yaml.safe_load((REPOSITORY / "extract" / "contract.yml").read_text())["tables"])
STAGED = [Asset(name=f"staging/{table}", uri=f"campuslake://staging/{table}") for table in TABLES]
PUBLISHED = Asset(name="published", uri="campuslake://published")
RUN = "{{ ti.xcom_pull(task_ids='extract', key='run_id') }}"
HOURS = {"build": 4, "extract": 2}
DOCS = {
    "extract": "Copies the 11 tables of the ERP at one instant to a new run of the staging zone.",
    "staging-gate": "Judges the extract with Great Expectations and makes it the current run.",
    "build": "dbt builds and tests every model; each is told as it starts and ends.",
    "score": "Learns from earlier school years who may drop out, and fills the mart dropout_risk.",
    "marts-gate": "Judges the marts. What is published stays as it was when they fail.",
    "publish": "Switches what analysts read to this run.",
    "docs": "Generates the catalog.",
    "retain": "Ends what was kept long enough.",
}
OPTIONS = {
    "staging-gate": ("accept_fewer_rows", "accept_another_erp"),
    "marts-gate": ("accept_drift",),
}


class RunReport(BaseOperator):
    """Logs what the whole run did, hands it on as XCom and tells people; fails when the run did.

    A run that is stopped by hand leaves tasks *skipped*, which Airflow takes for a success: so it
    is the report that judges the run, and a task before it that is not a success fails it.
    """

    template_fields = ("run", "environment")

    def __init__(self, *, run: str, environment: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.run = run
        self.environment = dict(environment)

    def execute(self, context: Any) -> dict[str, Any]:
        """Asks campuslake how the run stands."""
        dag = context["dag"].dag_id
        unfinished = self._unfinished(context)
        if self.run in ("", "None"):
            tell("run_failed", f"{dag}: nothing was extracted", dag=dag)
            raise RunNotDone(unfinished)
        told = answer(("campuslake", "runs", self.run, "--json"), self.environment)
        report = json.loads(told)
        for step in report["steps"]:
            self.log.info(
                "%-13s %-11s %7.1f s  %s",
                step["name"],
                step["state"],
                step["seconds"],
                step["detail"],
            )
        text = f"{dag}: run {self.run} {report['state']} in {report['seconds']:.0f} s"
        if report["error"]:
            text += f": {report['error']}"
        done = report["state"] == "done" and not unfinished
        if unfinished:
            text += f" ({unfinished})"
        tell("run_done" if done else "run_failed", text, dag=dag, report=report)
        if not done:
            context["ti"].xcom_push(key="return_value", value=report)
            raise RunNotDone(unfinished or report["error"])
        return report

    def _unfinished(self, context: Any) -> str:
        """Returns the tasks before this one that are no success, in a sentence; '' without any."""
        ti = context["ti"]
        before = self.get_flat_relative_ids(upstream=True)
        states = ti.get_task_states(ti.dag_id, task_ids=sorted(before), run_ids=[ti.run_id])
        found = states.get(ti.run_id, {})
        return ", ".join(
            f"{task.task_id} {found.get(task.task_id) or 'not started'}"
            for task in context["dag"].topological_sort()
            if task.task_id in before and found.get(task.task_id) != "success"
        )


def pipeline(
    environment: Mapping[str, str] | None = None, before: Callable[[Any], None] | None = None
) -> list[BaseOperator]:
    """Makes the tasks of a run, one after the other; the last of the list is the report.

    `before` is called with the context before each step. The steps run with `environment`.

    The report is a teardown: it runs whatever became of the others, and says how the run ended.
    """
    settings = {"CAMPUSLAKE_SCHEMA": "{{ params.schema }}", **(environment or {})}
    steps: list[BaseOperator] = []
    for name, doc in DOCS.items():
        of_run = [] if name == "extract" else ["--run", RUN]
        options = [
            f"{{{{ '--{option.replace('_', '-')}' if params.{option} else '' }}}}"
            for option in OPTIONS.get(name, ())
        ]
        outlets = {"extract": STAGED, "publish": [PUBLISHED]}.get(name, [])
        steps.append(
            CampuslakeOperator(
                task_id=name.replace("-", "_"),
                command=["campuslake", "run", "--only", name, *of_run, *options],
                environment=settings,
                pre_execute=before,
                outlets=outlets,
                execution_timeout=timedelta(hours=HOURS.get(name, 1)),
                doc_md=doc,
            )
        )
    report = RunReport(
        task_id="report", run=RUN, environment=settings, doc_md="What the run did, told to people."
    ).as_teardown(on_failure_fail_dagrun=True)
    chain(*steps, report)
    return [*steps, report]
