"""A session of Spark that knows its environment and nothing else: what it answers, and what not.

It is given statements by name (JSON) and tells for each its rows, or why it was refused.
"""

import json
import sys
from typing import Any

from infra.local.session import spark_session


def causes(error: Exception) -> str:
    """Returns what an error says, and what those say that it comes from."""
    told = [str(error)]
    java: Any = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    while java is not None:
        told.append(str(java.toString()))
        java = java.getCause()
    return "\n".join(told)


def main() -> None:
    """Asks every statement."""
    spark = spark_session()
    spark.sparkContext.setLogLevel("OFF")
    answers = {}
    for name, statement in json.load(sys.stdin).items():
        try:
            rows = [list(row) for row in spark.sql(statement).collect()]
            answers[name] = {"rows": rows}
        except Exception as error:  # noqa: BLE001 - each is an answer
            answers[name] = {"refused": causes(error)}
    json.dump(answers, sys.stdout, default=str)


if __name__ == "__main__":
    main()
