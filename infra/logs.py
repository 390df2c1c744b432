"""Structured logs: one JSON object per line, in a file and where nobody watches."""

import logging
import sys
from logging.handlers import RotatingFileHandler

import structlog

from infra.errors import CampuslakeError, trace
from infra.settings import Settings

FILE_BYTES = 5_000_000
FILES = 4
# They say at warning level what their callers handle and report.
CHATTY = ("thrift", "pyhive", "botocore", "urllib3", "great_expectations", "sqlalchemy.pool")
LOGFMT = structlog.processors.LogfmtRenderer(
    key_order=["timestamp", "level", "event"], drop_missing=True
)


def start_logging(settings: Settings, verbose: bool) -> None:
    """Sends every log record to `home`/logs/campuslake.log, as JSON with a UTC time.

    A program without a terminal (a scheduler's task) also writes its events to the error stream,
    and so does a verbose one. `structlog.contextvars.bind_contextvars(run_id=…)` puts the run id
    on every line that follows.
    """
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    folder = settings.home / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)  # the servers' logs are there too, and may quote a row
    except OSError as error:
        raise CampuslakeError(
            f"{folder} cannot be written: {error.strerror}",
            "set CAMPUSLAKE_HOME to a folder of yours",
        ) from None
    to_file = RotatingFileHandler(
        folder / "campuslake.log", maxBytes=FILE_BYTES, backupCount=FILES, delay=True
    )
    to_file.setFormatter(
        _formatter(
            shared,
            structlog.processors.ExceptionRenderer(lambda told: trace(told[1])),
            structlog.processors.JSONRenderer(),
        )
    )
    handlers: list[logging.Handler] = [to_file]
    watched = sys.stderr.isatty()
    if verbose or not watched:
        renderer = LOGFMT if watched else structlog.processors.JSONRenderer()
        to_stderr = logging.StreamHandler()
        to_stderr.setFormatter(_formatter(shared, _without_traceback, renderer))
        handlers.append(to_stderr)
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _formatter(
    shared: list[structlog.typing.Processor], *own: structlog.typing.Processor
) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *own],
    )


def _without_traceback(
    _logger: structlog.typing.WrappedLogger, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """The command line tells errors in one line; the file keeps the rest."""
    return {key: value for key, value in event.items() if key != "exc_info"}
