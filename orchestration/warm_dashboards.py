"""Answers that dashboards show at once: asked for when something is published, not by who looks."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import structlog
from rich.progress import Progress

from infra.errors import CampuslakeError, unexpected
from infra.local.superset import Superset
from infra.local.superset_api import SupersetApi
from infra.settings import Settings
from orchestration.dashboards import admin

log = structlog.get_logger("dashboards")
AT_ONCE = 4
# What a filter's options are asked with, besides their column: the key of the answer is made of it.
OPTIONS = {
    "filters": [],
    "extras": {"having": "", "where": ""},
    "applied_time_extras": {},
    "metrics": [],
    "annotation_layers": [],
    "row_limit": 1000,
    "series_limit": 0,
    "group_others_when_limit_reached": False,
    "order_desc": True,
    "url_params": {},
    "custom_params": {},
    "custom_form_data": {},
}


def warm(superset: Superset, progress: Progress) -> int:
    """Forgets all answers and asks for those of every chart and filter anew; returns their number.

    Raises `CampuslakeError` naming those that the engine refuses.
    """
    superset.forget_answers()
    api = admin(superset)
    questions = [*_charts(api), *_filters(api)]
    task = progress.add_task("warm dashboards", total=len(questions))
    refused = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = pool.map(lambda question: question[1](), questions)
        for (name, _), told in zip(questions, asked, strict=True):
            progress.advance(task)
            if told:
                refused.append(f"{name} ({told})")
    progress.remove_task(task)
    if refused:
        raise CampuslakeError(f"without an answer: {'; '.join(refused)}")
    return len(questions)


def after_publishing(settings: Settings, progress: Progress) -> None:
    """Warms the dashboards where they run here; tells of what fails, which stops nothing."""
    superset = Superset(settings)
    superset.forget_answers()
    if not superset.answers():
        return
    try:
        warm(superset, progress)
    except CampuslakeError as error:
        log.warning("dashboards not warmed", reason=str(error))
    except Exception as error:  # noqa: BLE001 - whatever somebody made of the pages stops no run
        log.warning("dashboards not warmed", reason=unexpected(error).message)


Question = tuple[str, Callable[[], str | None]]


def _charts(api: SupersetApi) -> Iterator[Question]:
    """Yields what is asked for each chart: its name, and a call that returns why it was refused."""

    def ask(number: int) -> str | None:
        answer = api.ask("PUT", "chart/warm_up_cache", json={"chart_id": number})
        return answer["result"][0]["viz_error"]

    for chart in api.pages("chart/"):
        yield chart["slice_name"], lambda number=chart["id"]: ask(number)


def _filters(api: SupersetApi) -> Iterator[Question]:
    """Yields the same for the options of each filter."""

    def ask(dataset: int, column: str) -> str | None:
        query = OPTIONS | {"columns": [column], "orderby": [[column, True]]}
        source = {"id": dataset, "type": "table"}
        body = {"datasource": source, "force": True, "queries": [query], "result_type": "full"}
        answer = api.answer("POST", "chart/data", json=body)
        return None if answer.ok else answer.text[:200]

    for dashboard in api.pages("dashboard/"):
        stored = api.ask("GET", f"dashboard/{dashboard['id']}")["result"]["json_metadata"]
        metadata = json.loads(stored or "{}")
        for chosen in metadata.get("native_filter_configuration", []):
            for target in filter(None, chosen["targets"]):  # a range of time has an empty one
                yield (
                    f"{dashboard['dashboard_title']}, {chosen['name']}",
                    lambda at=(target["datasetId"], target["column"]["name"]): ask(*at),
                )
