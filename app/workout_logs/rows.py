"""The logs of a page, written straight from their documents.

To read twenty logs into values and dump these took half of the time of a list. Here each document
is gone through once. What is known here is the shape that this API writes itself; whatever else
turns up is left to the plain way, `read_log` and the schema, and a test holds any document to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from app.service import units
from app.service.documents import (
    COLDEST,
    HOTTEST,
    LONGEST_DISTANCE,
    Document,
    is_published_id,
    read_log,
)
from app.service.links import ExternalLinks
from app.service.model import Feeling, SessionType, Status
from app.service.stores.port import StoredLog
from app.workout_logs.schemas import WorkoutLog

Row = dict[str, Any]
"""The members of a log as they go over the wire."""

_UNUSUAL = (AttributeError, LookupError, TypeError, ValueError)


def row_writer(links: ExternalLinks) -> Callable[[StoredLog], Row]:
    """A function that writes what `WorkoutLog().dump(read_log(*stored, links))` is."""
    schema = WorkoutLog()

    def write(stored: StoredLog) -> Row:
        try:
            return _usual(*stored, links)
        except _UNUSUAL:
            row: Row = schema.dump(read_log(*stored, links))
            return row

    return write


def _usual(
    document: Document, session: Document | None, runner: Document | None, links: ExternalLinks
) -> Row:
    """The row of a usual document; raises one of `_UNUSUAL` for others."""
    field = document.get
    link = field("externalLink")
    if link is not None and not links.allows(link):
        raise ValueError("a link that is not allowed")
    duration, seconds = _duration(field("actualDuration"))
    pace, seconds_per_km = _pace(field("actualPace"))
    return {
        "id": document["_id"],
        "sessionId": _id(document["sessionId"]["_ref"]),
        "runnerId": _id(document["runnerId"]["_ref"]),
        "status": _STATUSES[field("status")],
        "externalLink": link,
        "actualDistance": _number(field("actualDistance"), 0, LONGEST_DISTANCE) or None,
        "actualDuration": duration,
        "actualPace": pace,
        "actualDurationSeconds": seconds,
        "actualPaceSeconds": seconds_per_km,
        "notes": _text(field("notes")),
        "feeling": _FEELINGS[field("feeling")],
        "injuries": _texts(field("injuries")),
        "weather": _text(field("weather")),
        "temperature": _number(field("temperature"), COLDEST, HOTTEST),
        "createdAt": _instant(document["_createdAt"]),
        "updatedAt": _instant(document["_updatedAt"]),
        "session": _session(session) if session else None,
        "runner": {"id": runner["_id"], "name": _text(runner.get("name"))} if runner else None,
    }


def _session(document: Document) -> Row:
    field = document.get
    return {
        "id": document["_id"],
        "date": _date(field("date")),
        "day": _text(field("day")),
        "type": _SESSION_TYPES[field("type")],
        "distance": _text(field("distance")),
        "duration": _text(field("duration")),
        "pace": _text(field("pace")),
    }


def _choices(kind: type[StrEnum]) -> Mapping[str | None, str | None]:
    return {None: None, **{each.value: each.value for each in kind}}


_STATUSES, _FEELINGS, _SESSION_TYPES = map(_choices, (Status, Feeling, SessionType))

# Dates, durations, paces and ids come again and again, so each is looked at once.


@lru_cache(maxsize=4096)
def _id(text: str) -> str:
    if not is_published_id(text):
        raise ValueError("not the id of a published document")
    return text


@lru_cache(maxsize=4096)
def _date(text: str | None) -> str | None:
    return None if text is None else date.fromisoformat(text).isoformat()


@lru_cache(maxsize=4096)
def _duration(text: str | None) -> tuple[str | None, int | None]:
    if text is None:
        return None, None
    seconds = units.parse_duration(text)
    return units.format_duration(seconds), seconds


@lru_cache(maxsize=4096)
def _pace(text: str | None) -> tuple[str | None, int | None]:
    if text is None:
        return None, None
    seconds = units.parse_pace(text)
    return units.format_pace(seconds), seconds


def _text(value: Any) -> str | None:
    if value is None or (type(value) is str and value):
        return value
    raise ValueError("not a text, or an empty one")


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    if type(value) is list and all(value):
        "".join(value)  # which fails unless all are texts
        return value
    raise ValueError("not a list of texts")


def _number(value: Any, least: float, most: float) -> float | None:
    if value is None or (type(value) is not bool and least <= value <= most):
        return value
    raise ValueError("not a number in its range")


def _instant(value: str) -> str:
    """`YYYY-MM-DDThh:mm:ssZ`, perhaps with a fraction: what stands between the digits tells."""
    datetime.fromisoformat(value)
    between = value[4:20:3]
    if between == "--T::Z" or (between == "--T::." and value[-1] == "Z" and len(value) <= 30):
        return value
    raise ValueError("another form of an instant")
