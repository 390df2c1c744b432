"""What goes wrong is told without passwords and without values of rows."""

import json
import logging
import re

import pytest
import structlog

from infra import settings as module
from infra.errors import CampuslakeError, trace, unexpected
from infra.logs import start_logging
from infra.settings import Settings
from infra.spark_sql import sentence


def test_an_unusable_setting_is_named_and_no_other_is_told(monkeypatch):
    monkeypatch.setenv("CAMPUSLAKE_ERP_DSN", "postgresql://u:geheim@host/db")
    monkeypatch.setenv("CAMPUSLAKE_SPARK_CONF", "geheim")
    with pytest.raises(CampuslakeError, match="CAMPUSLAKE_SPARK_CONF is not JSON") as raised:
        module.settings.__wrapped__()
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize("value", ["geheim", "d'un geheim", "a\nb' of the type 'geheim", "' '"])
@pytest.mark.parametrize(
    "message",
    [
        '[CAST_INVALID_INPUT] The value \'{}\' of the type "STRING" cannot be cast to "INT"',
        "java.time.format.DateTimeParseException: Text '{}' could not be parsed at index 0",
        'java.lang.NumberFormatException: it cannot be parsed: For input string: "{}"',
    ],
)
def test_an_engines_sentence_is_told_without_the_value(message: str, value: str):
    told = sentence(f"Error running query: {message.format(value)}\n\tat some.Place('x')")
    assert value not in told and "geheim" not in told
    assert "cast" in told or "parsed" in told


def test_an_engine_tells_at_which_word_it_stumbled_but_no_text():
    told = "[PARSE_SYNTAX_ERROR] Syntax error at or near {}.(line 1, pos 9)\n\n== SQL ==\n"
    assert "near 'form'.(line 1" in sentence(told.format("'form'"))
    assert "geheim" not in sentence(told.format("''geheim''"))


def raised(error: Exception) -> Exception:
    try:
        try:
            raise KeyError("geheim")
        except KeyError as cause:
            raise error from cause
    except type(error) as told:
        return told


def test_a_traceback_tells_places_and_kinds_and_only_our_own_words():
    told = trace(raised(CampuslakeError("the table is gone")))
    assert told.count("Traceback") == 2 and "test_errors_tell_no_values.py" in told
    assert "\nKeyError\n" in told and told.endswith("CampuslakeError: the table is gone")
    assert "geheim" not in told.replace('KeyError("geheim")', "")  # this line of code
    assert trace(raised(ValueError("geheim"))).endswith("\nValueError")


def test_the_log_of_an_unexpected_error_tells_no_value(tmp_path):
    before = logging.getLogger().handlers[:]
    error = raised(ValueError("geheim " + "1"))
    try:
        start_logging(Settings(home=tmp_path), verbose=False)
        structlog.get_logger("test").error("unexpected", exc_info=error)
        logging.getLogger("other").error("unexpected", exc_info=error)
    finally:
        logging.getLogger().handlers = before
    lines = (tmp_path / "logs" / "campuslake.log").read_text().splitlines()
    assert len(lines) == 2
    for line in map(json.loads, lines):
        assert line["exception"].endswith("\nValueError") and "geheim 1" not in line["exception"]


def test_an_unforeseen_error_tells_its_kind_and_place_only():
    with pytest.raises(ValueError) as raised:
        int("geheim")
    told = str(unexpected(raised.value))
    assert "geheim" not in told
    assert re.match(r"unexpected ValueError at tests/unit/infra/\w+\.py:\d+ ", told)
