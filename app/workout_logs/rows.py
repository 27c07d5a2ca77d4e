"""The logs of a page, written straight from their JSON.

To read twenty logs into values and dump these took half of the time of a list. Here msgspec checks
the types and ranges as it parses. It knows the shape that this API writes itself; whatever else
turns up is left to the plain way, `read_log` and the schema, and a test holds any document to it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from app.service import units
from app.service.documents import (
    MAX_DISTANCE_KM,
    MAX_TEMPERATURE_C,
    MIN_TEMPERATURE_C,
    is_published_id,
    read_log,
)
from app.service.external_links import ExternalLinks
from app.service.model import Feeling, SessionType, Status
from app.service.stores.port import ListedLog
from app.workout_logs.schemas import WorkoutLog

Row = dict[str, Any]
"""The members of a log as they go over the wire."""

_Text = Annotated[str, Meta(min_length=1)]


class _Reference(msgspec.Struct, gc=False):
    id: str = field(name="_ref")


class _Session(msgspec.Struct, gc=False):
    id: str = field(name="_id")
    document_type: Literal["trainingSession"] = field(name="_type")
    date: str | None = None
    day: _Text | None = None
    type: SessionType | None = None
    distance: _Text | None = None
    duration: _Text | None = None
    pace: _Text | None = None


class _Runner(msgspec.Struct, gc=False):
    id: str = field(name="_id")
    document_type: Literal["user"] = field(name="_type")
    name: _Text | None = None


class _Log(msgspec.Struct, rename="camel", gc=False):
    id: str = field(name="_id")
    created_at: str = field(name="_createdAt")
    updated_at: str = field(name="_updatedAt")
    session_id: _Reference
    runner_id: _Reference
    status: Status | None = None
    external_link: str | None = None
    actual_distance: (
        Annotated[int, Meta(gt=0, le=MAX_DISTANCE_KM)]
        | Annotated[float, Meta(gt=0, le=MAX_DISTANCE_KM)]
        | None
    ) = None
    actual_duration: str | None = None
    actual_pace: str | None = None
    notes: _Text | None = None
    feeling: Feeling | None = None
    injuries: list[_Text] | None = None
    weather: _Text | None = None
    temperature: (
        Annotated[int, Meta(ge=MIN_TEMPERATURE_C, le=MAX_TEMPERATURE_C)]
        | Annotated[float, Meta(ge=MIN_TEMPERATURE_C, le=MAX_TEMPERATURE_C)]
        | None
    ) = None


class _Usual(msgspec.Struct, gc=False):
    """A row of the usual shape."""

    document: _Log
    session: _Session | None
    runner: _Runner | None


_usual = msgspec.json.Decoder(_Usual)


def row_writer(links: ExternalLinks) -> Callable[[ListedLog], Row]:
    """A function that writes what `WorkoutLog().dump(read_log(*listed.stored(), links))` is."""
    schema = WorkoutLog()

    def write(listed: ListedLog) -> Row:
        try:
            return _row(_usual.decode(listed.json), links)
        except (ValueError, RecursionError):
            row: Row = schema.dump(read_log(*listed.stored(), links))
            return row

    return write


def _row(usual: _Usual, links: ExternalLinks) -> Row:
    """The row; raises ValueError when there is something unusual about it after all."""
    log, session, runner = usual.document, usual.session, usual.runner
    link = log.external_link
    if link is not None and not links.allows(link):
        raise ValueError("a link that is not allowed")
    duration, seconds = _duration(log.actual_duration)
    pace, seconds_per_km = _pace(log.actual_pace)
    return {
        "id": log.id,
        "sessionId": _id(log.session_id.id),
        "runnerId": _id(log.runner_id.id),
        "status": log.status,
        "externalLink": link,
        "actualDistance": log.actual_distance,
        "actualDuration": duration,
        "actualPace": pace,
        "actualDurationSeconds": seconds,
        "actualPaceSeconds": seconds_per_km,
        "notes": log.notes,
        "feeling": log.feeling,
        "injuries": log.injuries or [],
        "weather": log.weather,
        "temperature": log.temperature,
        "createdAt": _instant(log.created_at),
        "updatedAt": _instant(log.updated_at),
        "session": _session(session) if session else None,
        "runner": {"id": runner.id, "name": runner.name} if runner else None,
    }


def _session(session: _Session) -> Row:
    return {
        "id": session.id,
        "date": _date(session.date),
        "day": session.day,
        "type": session.type,
        "distance": session.distance,
        "duration": session.duration,
        "pace": session.pace,
    }


# Dates, durations, paces and the ids of runners and of recent sessions come again and again.


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


def _instant(value: str) -> str:
    """`YYYY-MM-DDThh:mm:ssZ`, perhaps with a fraction: what stands between the digits tells."""
    datetime.fromisoformat(value)  # reads the digits, and no more than six of a fraction
    between, length = value[4:20:3], len(value)
    if between == "--T::Z" and length == 20:
        return value
    if between == "--T::." and length <= 30 and value[-1] == "Z":
        digits = value[20:-1]
        if digits.isascii() and digits.isdecimal():
            return value
    raise ValueError("another form of an instant")
