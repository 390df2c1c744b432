"""The gates: Great Expectations over the staging zone and over the marts."""

import threading


def warm_up() -> None:
    """Starts importing Great Expectations, which takes seconds, beside what goes on now."""
    threading.Thread(target=_import, name="import great_expectations", daemon=True).start()


def _import() -> None:
    import great_expectations  # noqa: F401
