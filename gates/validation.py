"""Runs suites through Great Expectations on Spark and reads what it found."""

import logging
import warnings
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.progress import Progress

from gates.suites import Suite
from gates.verdicts import Check
from infra.errors import CampuslakeError
from infra.object_store import Bucket
from infra.settings import Settings
from infra.spark_sql import engine_url, sentence

# Neither results nor Data Docs may hold a person's values: a failed expectation counts, and
# samples nothing. Whether one holds at all takes a single query for most of a suite.
HOLDS = {"result_format": "BOOLEAN_ONLY"}
COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}
SITE = "data_docs"


def validate(
    settings: Settings,
    layer: str,
    names: dict[str, str],
    suites: Iterable[Suite],
    parameters: dict[str, Any],
    data_docs: Path,
    progress: Progress,
) -> list[Check]:
    """Validates each suite's table and writes Data Docs into the folder `data_docs`.

    `names` gives the table or view, with its database, that stands for each suite's table. `suites`
    may wait, before it gives a suite, until that suite's table is there.
    `parameters` are the values of the suites' `$PARAMETER`s. An expectation that could not be
    evaluated, or gave no result, is a failed check.
    """
    from sqlalchemy.exc import SQLAlchemyError

    gx = _quiet_great_expectations()
    context = _context(gx, data_docs)
    task = progress.add_task("great expectations", total=len(names))
    checks: list[Check] = []
    # Whatever goes wrong in between is one line for the user. One suite at a time: Great
    # Expectations parses its parameters with one parser for all threads.
    try:
        source = context.data_sources.add_sql(layer, connection_string=engine_url(settings))
        # Left to the garbage collector, its connections may outlive the server and complain.
        with closing(source.get_execution_engine()):
            for suite in suites:
                database, table = names[suite.table].split(".")
                asset = source.add_table_asset(suite.table, table_name=table, schema_name=database)
                definition = context.validation_definitions.add(
                    gx.ValidationDefinition(
                        name=suite.table,
                        data=asset.add_batch_definition_whole_table("all rows"),
                        suite=context.suites.add(_gx_suite(gx, suite)),
                    )
                )
                result = definition.run(expectation_parameters=parameters, result_format=HOLDS)
                if not result.success:
                    # Without the store that is why, and not worth asking again.
                    Bucket(settings).require_answer()
                    result = definition.run(expectation_parameters=parameters, result_format=COUNTS)
                checks += _checks(suite, result)
                progress.advance(task)
        context.build_data_docs(site_names=[SITE])
    except (gx.exceptions.GreatExpectationsError, SQLAlchemyError, OSError) as error:
        raise CampuslakeError(
            f"Great Expectations could not judge the layer {layer}: {type(error).__name__}",
            "see `campuslake status`; nothing was promoted or published",
        ) from error
    finally:
        progress.remove_task(task)
    return checks


def _quiet_great_expectations() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    return gx


def _context(gx: Any, data_docs: Path) -> Any:
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    sites = {
        SITE: {
            "class_name": "SiteBuilder",
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(data_docs),
            },
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        }
    }
    return gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            data_docs_sites=sites,
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        ),
    )


def _gx_suite(gx: Any, suite: Suite) -> Any:
    expectations = [
        getattr(gx.expectations, "".join(word.title() for word in name.split("_")))(**arguments)
        for name, arguments in suite.expectations
    ]
    return gx.ExpectationSuite(name=suite.table, expectations=expectations)


def _checks(suite: Suite, result: Any) -> list[Check]:
    checks = [_check(suite.table, entry) for entry in result.results]
    missing = len(suite.expectations) - len(checks)
    if missing:
        told = f"{missing} expectations gave no result"
        checks.append(Check(table=suite.table, expectation="suite", observed=told, passed=False))
    return checks


def _check(table: str, entry: Any) -> Check:
    arguments, found = entry.expectation_config.kwargs, entry.result or {}
    columns = [arguments.get(name) for name in ("column", "column_A", "column_B")]
    columns += arguments.get("column_list", [])
    count = found.get("unexpected_count")
    return Check(
        table=table,
        expectation=entry.expectation_config.type,
        column=", ".join(str(column) for column in columns if column)
        if "table_columns" not in entry.expectation_config.type
        else "",
        observed="" if entry.success else _observed(entry, found, arguments),
        unexpected=count if isinstance(count, int) else None,
        passed=entry.success is True and _evaluated(entry),
    )


def _evaluated(entry: Any) -> bool:
    information = entry.exception_info or {}
    return not information.get("raised_exception") and not any(
        isinstance(value, dict) and value.get("raised_exception") for value in information.values()
    )


def _observed(entry: Any, found: dict[str, Any], arguments: dict[str, Any]) -> str:
    if not _evaluated(entry):
        return f"could not be evaluated: {_reason(entry.exception_info)}"
    if (value := found.get("observed_value")) is not None:
        if promise := entry.expectation_config.description:  # of a query that finds what breaks it
            return f"{promise}: not so for {value:,} rows"
        if isinstance(value, list):
            return f"{', '.join(map(str, value))}"
        if "value" in arguments:
            return f"{value}, not {arguments['value']}"
        lowest, highest = arguments.get("min_value"), arguments.get("max_value")
        bounds = [f"at least {lowest}"] * (lowest is not None)
        bounds += [f"at most {highest}"] * (highest is not None)
        return f"{value}, not {' and '.join(bounds)}"
    count, rows = found.get("unexpected_count"), found.get("element_count")
    return "not met" if count is None or rows is None else f"{count:,} of {rows:,} rows"


def _reason(information: dict[str, Any]) -> str:
    if "exception_message" not in information:
        information = next(iter(information.values()), {})
    return sentence(str(information.get("exception_message", "")))[:300]
