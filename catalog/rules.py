"""What is promised of a mart's rows: by the suite of its gate and by the tests of its build."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gates.suites import Suite

# By Great Expectations' name: what the expectation takes when it says nothing more than its word.
PLAIN = {
    "expect_column_values_to_be_in_set": {"column", "value_set"},
    "expect_column_values_to_be_between": {"column", "min_value", "max_value"},
    "expect_column_values_to_be_unique": {"column"},
    "expect_column_values_to_not_be_null": {"column"},
    "expect_column_value_lengths_to_equal": {"column", "value"},
    "expect_compound_columns_to_be_unique": {"column_list"},
    "expect_table_row_count_to_be_between": {"min_value"},
    "expect_column_pair_values_a_to_be_greater_than_b": {
        *("column_A", "column_B", "or_equal", "ignore_row_if")
    },
    "unexpected_rows_expectation": {"description", "unexpected_rows_query"},
}


@dataclass
class Rules:
    """Promises in the words of the Open Data Contract Standard (`logicalTypeOptions`, `quality`).

    `options` and `of_columns` are by column; `key` names one row, in order.
    """

    key: Sequence[str] = ()
    required: set[str] = field(default_factory=set)
    unique: set[str] = field(default_factory=set)
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    of_columns: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    of_table: list[dict[str, Any]] = field(default_factory=list)


def rules_of(suite: Suite, tests: Sequence[Mapping[str, Any]]) -> Rules:
    """Returns what a suite and the tests of a model (nodes of dbt's manifest) promise.

    What has no simple counterpart in the standard is left out; the gate judges it all the same.
    """
    rules = Rules()
    for name, arguments in suite.expectations:
        if arguments.keys() <= PLAIN.get(name, set()):
            _take(rules, name, arguments)
    for test in _unconditional(tests):
        named, arguments = test["test_metadata"]["name"], test["test_metadata"]["kwargs"]
        if named == "unique_together":
            rules.key = arguments["columns"]
        elif named == "never_null":
            rules.required.update(arguments["columns"])
        elif named == "not_null":
            rules.required.add(arguments["column_name"])
        elif named == "unique":
            rules.unique.add(arguments["column_name"])
    rules.required.update(rules.key)
    return rules


def _unconditional(tests: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for test in tests:
        if test.get("test_metadata") and not test["config"].get("where"):
            yield test


def _take(rules: Rules, name: str, said: Mapping[str, Any]) -> None:
    match name:
        case "expect_column_values_to_not_be_null":
            rules.required.add(said["column"])
        case "expect_column_values_to_be_unique":
            rules.unique.add(said["column"])
        case "expect_column_values_to_be_in_set":
            valid = {"metric": "invalidValues", "arguments": {"validValues": said["value_set"]}}
            rules.of_columns.setdefault(said["column"], []).append(valid | {"mustBe": 0})
        case "expect_column_values_to_be_between":
            bounds = {"minimum": said.get("min_value"), "maximum": said.get("max_value")}
            plain = {
                word: bound for word, bound in bounds.items() if isinstance(bound, int | float)
            }
            rules.options.setdefault(said["column"], {}).update(plain)
        case "expect_column_value_lengths_to_equal":
            length = {"minLength": said["value"], "maxLength": said["value"]}
            rules.options.setdefault(said["column"], {}).update(length)
        case "expect_compound_columns_to_be_unique":
            together = {
                "metric": "duplicateValues",
                "arguments": {"properties": said["column_list"]},
            }
            rules.of_table.append(together | {"mustBe": 0})
        case "expect_table_row_count_to_be_between":
            rules.of_table.append(
                {"metric": "rowCount", "mustBeGreaterOrEqualTo": said["min_value"]}
            )
        case "expect_column_pair_values_a_to_be_greater_than_b":
            than = "at least" if said.get("or_equal") else "more than"
            told = f"{said['column_A']} is {than} {said['column_B']}, where both are known"
            rules.of_table.append({"type": "text", "description": told})
        case "unexpected_rows_expectation":
            rules.of_table.append({"type": "text", "description": said["description"]})
