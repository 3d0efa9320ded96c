"""What a server says while it works: one line an event, for people or for programs, on standard error."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from batchcast.run.tracing import current_ids

MOST_REPEATS = 20  # lines of one warning or error within SECONDS_OF_REPEATS
SECONDS_OF_REPEATS = 60.0
_MOST_KINDS = 1000  # of warnings that are counted at once

_QUIET = (
    "alembic",
    "asyncio",
    "botocore",
    "aiobotocore",
    "fsspec",
    "s3fs",
    "urllib3",
    "uvicorn",
)  # their warnings come through


def set_up_service_log(form: Literal["auto", "text", "json"]) -> None:
    """Send the log of this process, ours and that of libraries, to standard error as `form` says."""
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        add_trace,
        escape_control_characters,
    ]
    renderer: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RepeatLimit())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


class RepeatLimit(logging.Filter):
    """Drops warnings and errors that repeat too often, and says with the next of their kind how many were dropped.

    So a client that causes a warning with each of its requests does not fill the disk.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}  # when its minute began, lines since then

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        if record.levelno < logging.WARNING:
            return True
        event = record.msg.get("event") if isinstance(record.msg, dict) else record.msg
        kind = (record.name, str(event))
        now = time.monotonic()
        began, lines = self._seen.get(kind, (now, 0))
        if now - began >= SECONDS_OF_REPEATS:
            if lines > MOST_REPEATS and isinstance(record.msg, dict):
                record.msg["dropped"] = lines - MOST_REPEATS
            began, lines = now, 0
        if len(self._seen) >= _MOST_KINDS:
            self._seen.clear()
        self._seen[kind] = (began, lines + 1)
        return lines < MOST_REPEATS


def add_trace(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say to which trace a line belongs, where there is one."""
    return {**event, **current_ids()}


def escape_control_characters(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Write control characters of every text as escapes, so that no text from outside can begin a line of the log."""
    return {name: _escaped(value) for name, value in event.items()}


def _escaped(value: Any) -> Any:
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in value)
