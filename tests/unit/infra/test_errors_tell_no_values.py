"""What goes wrong is told without passwords and without values of rows."""

import pytest

from infra import settings as module
from infra.errors import CampuslakeError
from infra.spark_sql import sentence


def test_an_unusable_setting_is_named_and_no_other_is_told(monkeypatch):
    monkeypatch.setenv("CAMPUSLAKE_ERP_DSN", "postgresql://u:geheim@host/db")
    monkeypatch.setenv("CAMPUSLAKE_SPARK_CONF", "geheim")
    with pytest.raises(CampuslakeError, match="CAMPUSLAKE_SPARK_CONF is not JSON") as raised:
        module.settings.__wrapped__()
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize(
    "message",
    [
        '[CAST_INVALID_INPUT] The value \'geheim\' of the type "STRING" cannot be cast to "INT"',
        "java.time.format.DateTimeParseException: Text 'geheim' could not be parsed at index 0",
    ],
)
def test_an_engines_sentence_is_told_without_the_value(message):
    told = sentence(f"Error running query: {message}")
    assert "geheim" not in told and ("cast" in told or "parsed" in told)
