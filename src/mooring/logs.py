"""Logging set-up, and the list of field names.

Standard logging, one line per event: JSON for machines, colour for a terminal. An event is a
short constant name in snake_case; its facts are fields, given as ``extra`` and listed here, so
that what is not listed is not written: unclassified is secret. structlog would do the same for
6 MB and 80 ms more in every process (it pulls in rich), which a node does not have to spare.
"""

from __future__ import annotations

import contextvars
import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import TextIO

__all__ = ["FIELDS", "LogFormat", "bind", "configure"]

FIELDS = (
    "account_id",
    "node_id",
    "session_id",
    "request_id",
    "principal",
    "operation",
    "error_code",
    "status",
    "reason",
    "host",
    "port",
    "peer",
    "pid",
    "exit_code",
    "user",
    "attempt",
    "delay_s",
    "duration_s",
    "size_bytes",
    "count",
    "path",
)
"""Every field an event may carry. No secret, no token, no byte of a session is among them."""

_COLOURS = {"DEBUG": "2", "INFO": "36", "WARNING": "33", "ERROR": "31", "CRITICAL": "31;1"}
_NOTHING: Mapping[str, object] = {}
_bound: contextvars.ContextVar[Mapping[str, object]] = contextvars.ContextVar(
    "mooring_log_fields", default=_NOTHING
)


class LogFormat(StrEnum):
    """How lines look."""

    JSON = "json"
    CONSOLE = "console"
    AUTO = "auto"
    """Colour on a terminal, else JSON."""


def configure(
    *, level: str = "INFO", log_format: LogFormat = LogFormat.AUTO, stream: TextIO | None = None
) -> None:
    """Send every event of this process to ``stream``, standard error by default."""
    out = sys.stderr if stream is None else stream
    coloured = log_format is LogFormat.CONSOLE or (log_format is LogFormat.AUTO and out.isatty())
    output = logging.StreamHandler(out)
    output.setFormatter(_ConsoleFormatter() if coloured else _JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[output], force=True)
    # Below warnings, asyncio tells only which selector it uses.
    logging.getLogger("asyncio").setLevel(logging.WARNING)


@contextmanager
def bind(**fields: object) -> Iterator[None]:
    """Add fields to every event inside the block, in this task and those it starts."""
    token = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    given = {**_bound.get(), **record.__dict__}
    return {name: given[name] for name in FIELDS if given.get(name) is not None}


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
            **_fields(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=True)


class _ConsoleFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        colour = _COLOURS.get(record.levelname, "0")
        # INVARIANT: values are written as JSON texts, so no peer's text can move the cursor.
        facts = " ".join(
            f"{name}={json.dumps(value, default=str)}" for name, value in _fields(record).items()
        )
        event = record.getMessage().encode("unicode_escape").decode("ascii")
        line = f"{moment} \x1b[{colour}m{record.levelname.lower():8}\x1b[0m {event} {facts}"
        if record.exc_info:
            line = f"{line.rstrip()}\n{self.formatException(record.exc_info)}"
        return line.rstrip()
