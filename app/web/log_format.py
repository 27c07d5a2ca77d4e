"""How the lines of the process's log look, those of libraries and of the server included.

`json`: one object a line, with `time` (RFC 3339, UTC), `level`, `logger`, `message`; within a
request its `request_id` and, with W3C Trace Context, `trace_id`; and what the line is about.
`columns`: the same for eyes.
"""

from __future__ import annotations

import logging
import logging.config
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.settings import Settings
from app.web import request_context

Line = dict[str, Any]


def line_of(record: logging.LogRecord) -> Line:
    """A record as the members of its line."""
    context = request_context.current()
    line: Line = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage(),
    }
    if context:
        line["request_id"] = context.id
        if context.trace_id:
            line["trace_id"] = context.trace_id
        if context.route:
            line["route"] = context.route
    return line | getattr(record, "facts", {})


class JSONLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = line_of(record)
        if record.exc_info:
            line["exception"] = record.exc_text or self.formatException(record.exc_info)
        try:
            return msgspec.json.encode(line).decode()
        except UnicodeEncodeError:  # a lone surrogate
            return msgspec.json.encode(
                {name: _whole(value) for name, value in line.items()}
            ).decode()


class Columns(logging.Formatter):
    """Time of day, level, message, and the rest by name; a traceback follows."""

    def format(self, record: logging.LogRecord) -> str:
        line = line_of(record)
        time, level, _, message = (
            line.pop(name) for name in ("time", "level", "logger", "message")
        )
        for name in ("method", "route", "status"):
            line.pop(name, None)  # the message has them
        rest = " ".join(f"{name}={value}" for name, value in line.items() if value is not None)
        text = f"{time[11:23]} {level:<7} {_one_line(message)}  {_one_line(rest)}".rstrip()
        if record.exc_info:
            text += "\n" + (record.exc_text or self.formatException(record.exc_info))
        return text


def _whole(value: Any) -> Any:
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")


def configuration(settings: Settings) -> dict[str, Any]:
    """The configuration of Python's logging: everything to standard output."""
    kind = settings.log_format or ("columns" if settings.development else "json")
    formatter = JSONLines if kind == "json" else Columns
    level = settings.log_level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": f"{__name__}.{formatter.__name__}"}},
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "lines",
            }
        },
        "root": {"handlers": ["stdout"], "level": "WARNING"},
        "loggers": {
            "app": {"level": level},
            "_granian": {"level": level, "handlers": [], "propagate": True},
            "granian.access": {"handlers": [], "propagate": True},
        },
    }


def configure(settings: Settings) -> None:
    """Write every line of this process as the settings say, warnings of Python included."""
    logging.config.dictConfig(configuration(settings))
    # No line tells them, so no record looks them up (Python's logging HOWTO, "Optimization"): that
    # was 3 % of reading a log.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.captureWarnings(True)
