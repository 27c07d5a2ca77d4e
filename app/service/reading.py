"""Reads a `workoutLog` document, with the documents it refers to, as a `WorkoutLog`.

Several programs wrote these documents (`migrations_notes/0001`): references as plain strings, a
duration as a number of minutes, injuries as one string. What has one clear meaning is read; what
cannot be read as its type is None.

Reading has two steps. The first gives every field one of the types that it usually has (`LogRow`):
msgspec checks them while it parses; a document that does not pass is checked field by field. The
second step, `LogReader.read`, gives the fields their meaning.
"""

from __future__ import annotations

import logging
import math
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct, field

from app.service import units
from app.service.documents import (
    MAX_DISTANCE_KM,
    MAX_ITEMS,
    MAX_NOTES_LENGTH,
    MAX_TEMPERATURE_C,
    MAX_TEXT_LENGTH,
    MIN_TEMPERATURE_C,
    REVISION_PATTERN,
    Document,
    is_published_id,
    loads,
    revision_of,
)
from app.service.errors import StoreUnavailable
from app.service.external_links import ExternalLinks
from app.service.model import Feeling, PlannedSession, Runner, SessionType, Status, WorkoutLog

logger = logging.getLogger(__name__)

_utc = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")

Member = TypeVar("Member", bound=StrEnum)
Typed = TypeVar("Typed", bound=Struct)


class StoredLog(NamedTuple):
    """A `workoutLog` document with the `trainingSession` and `user` it refers to, if they exist."""

    document: Document
    session: Document | None
    runner: Document | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> StoredLog:
        """From an object with these members; a reference may lead to another type of document.

        Raises LookupError, TypeError or AttributeError if the object holds no log.
        """
        document: Document = row["document"]
        if not isinstance(document["_id"], str):
            raise TypeError("a document without an id")
        session = of_type("trainingSession", row["session"])
        return cls(document, session, of_type("user", row["runner"]))


def of_type(type_: str, document: Document | None) -> Document | None:
    """What a reference leads to, if it is a document of this type."""
    return document if document and document["_type"] == type_ and document["_id"] else None


class _Reference(Struct, gc=False):
    id: str = field(name="_ref")


_Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT_LENGTH)]
_Notes = Annotated[str, Meta(min_length=1, max_length=MAX_NOTES_LENGTH)]
_Texts = Annotated[list[_Text], Meta(max_length=MAX_ITEMS)]
_Figure = str | int | float | None
_Pointer = _Reference | str | None
_above_0, _of_distance = Meta(gt=0), Meta(gt=0, le=MAX_DISTANCE_KM)
_of_temperature = Meta(ge=MIN_TEMPERATURE_C, le=MAX_TEMPERATURE_C)


class _Log(Struct, rename="camel", gc=False):
    id: str = field(name="_id")
    revision: Annotated[str, Meta(pattern=REVISION_PATTERN)] = field(name="_rev")
    stored_created_at: str | None = field(name="_createdAt", default=None)
    stored_updated_at: str | None = field(name="_updatedAt", default=None)
    session_id: _Pointer = None
    runner_id: _Pointer = None
    status: Status | None = None
    external_link: str | None = None
    actual_distance: Annotated[int, _of_distance] | Annotated[float, _of_distance] | None = None
    actual_duration: _Figure = None
    actual_pace: str | None = None
    notes: _Notes | None = None
    feeling: Feeling | None = None
    injuries: _Texts | _Text | None = None
    weather: _Text | None = None
    temperature: Annotated[int, _of_temperature] | Annotated[float, _of_temperature] | None = None
    created_at: str | None = None
    updated_at: str | None = None


class _Session(Struct, gc=False):
    id: str = field(name="_id")
    document_type: Literal["trainingSession"] = field(name="_type")
    date: str | None = None
    day: _Figure = None
    type: str | None = None
    distance: _Figure = None
    duration: _Figure = None
    pace: _Figure = None


class _Runner(Struct, gc=False):
    id: str = field(name="_id")
    document_type: Literal["user"] = field(name="_type")
    name: _Text | None = None


class LogRow(Struct, gc=False):
    """A `workoutLog` document and what it refers to, each field of a type that it usually has."""

    document: _Log
    session: _Session | None
    runner: _Runner | None


_row = msgspec.json.Decoder(LogRow)


def decode_row(json: bytes | Raw) -> LogRow:
    """The row in the JSON of an object with the members of `StoredLog`, free of NUL.

    Raises `StoreUnavailable` if it holds no log.
    """
    try:
        return _row.decode(json)
    except (ValueError, RecursionError):
        pass
    try:
        return row_of(StoredLog.of(loads(bytes(json))))
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        logger.error("the store lists something that is no log (%s)", type(error).__name__)
        raise StoreUnavailable("a list with a row that holds no log") from error


def row_of(stored: StoredLog) -> LogRow:
    """The row of documents that are parsed already."""
    try:
        return msgspec.convert(stored._asdict(), LogRow)
    except msgspec.ValidationError:
        return _checked_by_field(stored)


def _checked_by_field(stored: StoredLog) -> LogRow:
    document = {**_cut(stored.document), "_rev": revision_of(stored.document)}
    if isinstance(document.get("injuries"), list):
        texts = (each for each in document["injuries"] if each and type(each) is str)
        document["injuries"] = [*map(_cut_text, islice(texts, MAX_ITEMS))]
    return LogRow(
        document=_typed(_Log, document),
        session=_typed(_Session, stored.session) if stored.session else None,
        runner=_typed(_Runner, _cut(stored.runner)) if stored.runner else None,
    )


def _cut(document: Document) -> dict[str, Any]:
    """The document, its texts no longer than they are read."""
    texts = {
        name: _cut_text(document[name], most)
        for name, most in _MAX_LENGTHS.items()
        if isinstance(document.get(name), str)
    }
    return {**document, **texts}


_MAX_LENGTHS = {"notes": MAX_NOTES_LENGTH} | dict.fromkeys(
    ("injuries", "weather", "name"), MAX_TEXT_LENGTH
)


def _cut_text(text: str, most: int = MAX_TEXT_LENGTH) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _typed(kind: type[Typed], document: Document) -> Typed:
    """The fields of the document that have a type they usually have."""
    values = {}
    for each in msgspec.structs.fields(kind):
        with suppress(msgspec.ValidationError):
            values[each.name] = msgspec.convert(document.get(each.encode_name), each.type)
    return kind(**values)


class LogReader:
    """Reads rows; `links` says which external links may be shown."""

    def __init__(self, links: ExternalLinks) -> None:
        self._links = links

    def read_stored(self, stored: StoredLog) -> WorkoutLog:
        """The log in documents that are parsed already. Never raises."""
        return self.read(row_of(stored))

    def read_session(self, document: Document) -> PlannedSession:
        """The planned session in a `trainingSession` document. Never raises."""
        return _session(_typed(_Session, document))

    def read(self, row: LogRow) -> WorkoutLog:
        """The log. Never raises, whatever the fields hold."""
        log, session, runner = row.document, row.session, row.runner
        link, session_id, runner_id = log.external_link, log.session_id, log.runner_id
        injuries = log.injuries or []
        duration, seconds = _duration(log.actual_duration)
        pace, seconds_per_km = _pace(log.actual_pace)
        # In the order of the model: msgspec takes keywords five times as slowly.
        return WorkoutLog(
            log.id,
            _id(session_id.id if isinstance(session_id, _Reference) else session_id),
            _id(runner_id.id if isinstance(runner_id, _Reference) else runner_id),
            log.status,
            link if link and self._links.allows(link) else None,
            log.actual_distance,
            duration,
            pace,
            seconds,
            seconds_per_km,
            log.notes,
            log.feeling,
            injuries if isinstance(injuries, list) else [injuries],
            log.weather,
            log.temperature,
            _instant(log.stored_created_at) or _instant(log.created_at),
            _instant(log.stored_updated_at) or _instant(log.updated_at),
            _session(session) if session else None,
            Runner(runner.id, runner.name) if runner else None,
            log.revision,
        )


def _members(kind: type[Member]) -> Mapping[str | None, Member]:
    return {each.value: each for each in kind}


_SESSION_TYPES = _members(SessionType)


def _session(session: _Session) -> PlannedSession:
    return PlannedSession(
        session.id,
        _date(session.date),
        _planned(session.day),
        _SESSION_TYPES.get(session.type),
        _planned(session.distance),
        _planned(session.duration),
        _planned(session.pace),
    )


# Ids of runners and of recent sessions, dates, durations and paces come again and again.


@lru_cache(maxsize=4096)
def _id(text: str | None) -> str | None:
    return text if text and is_published_id(text) else None


@lru_cache(maxsize=4096)
def _date(text: str | None) -> str | None:
    try:
        return None if text is None else date.fromisoformat(text).isoformat()
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _duration(value: _Figure) -> tuple[str | None, int | None]:
    """`H:MM:SS` and seconds, also of the number of minutes that old documents hold."""
    seconds: int | None
    if isinstance(value, str):
        try:
            seconds = units.parse_duration(value)
        except ValueError:
            seconds = None
    else:
        minutes = _number(value, 0, units.MAX_DURATION_SECONDS / 60)
        seconds = None if minutes is None else math.floor(minutes * 60 + 0.5)
    return (units.format_duration(seconds), seconds) if seconds else (None, None)


@lru_cache(maxsize=4096)
def _pace(text: str | None) -> tuple[str | None, int | None]:
    """`M:SS` and seconds per km."""
    try:
        seconds = units.parse_pace(text) if text else None
    except ValueError:
        seconds = None
    return (units.format_pace(seconds), seconds) if seconds else (None, None)


def _planned(value: _Figure) -> str | None:
    """A planner's figure: text, though some plans hold it as a number."""
    if isinstance(value, str):
        return _cut_text(value) or None
    figure = _number(value, 0, sys.float_info.max)
    return None if figure is None else f"{figure:g}"


def _number(value: float | None, least: float, most: float) -> float | None:
    return value if value is not None and least <= value <= most else None


def _instant(text: str | None) -> str | None:
    """An instant as RFC 3339 text in UTC."""
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
        # Most are `YYYY-MM-DDThh:mm:ssZ`; what stands between the digits tells.
        if (text[4:20:3] == "--T::Z" and len(text) == 20) or _utc.fullmatch(text):
            return text
        if instant.tzinfo is None:
            return None
        return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return None
