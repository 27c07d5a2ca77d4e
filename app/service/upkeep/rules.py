"""What there is to find in one document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.service.days import TimeZone
from app.service.documents import DELETION, Document, reference, reference_id
from app.service.model import Role, WorkoutLog
from app.service.reading import LogReader
from app.service.rows import StoredLog
from app.service.upkeep.findings import Finding, Kind

REFERENCES: Mapping[str, Mapping[str, str]] = {
    "user": {"coachId": "user"},
    "trainingPlan": {"runnerId": "user", "coachId": "user"},
    "trainingSession": {"planId": "trainingPlan", "runnerId": "user", "coachId": "user"},
    "workoutLog": {"sessionId": "trainingSession", "runnerId": "user"},
    "feedback": {"workoutLogId": "workoutLog", "authorId": "user"},
    DELETION: {},
}
"""The fields of each type that refer to another document, and to a document of which type."""

_http = re.compile(r"\s*http://", re.IGNORECASE)
_JSON_TYPES = {str: "text", bool: "a boolean", list: "an array", dict: "an object"}


def referred_ids(document: Document) -> Iterator[str]:
    """The ids that the document refers to."""
    for name in REFERENCES[document["_type"]]:
        if found := reference_id(document.get(name)):
            yield found


class Rules:
    """The rules. `reader` is the API's: it decides what a value means."""

    def __init__(self, reader: LogReader, zone: TimeZone) -> None:
        self._reader = reader
        self._zone = zone
        self._of_type: Mapping[str, Callable[[Document], Iterator[Finding]]] = {
            "user": self._user,
            "trainingPlan": self._plan,
            "trainingSession": self._session,
            "workoutLog": self._log,
        }

    def findings(self, document: Document, types: Mapping[str, str]) -> Iterator[Finding]:
        """What there is in a document; `types` has those of the documents that it refers to."""
        for name, type_ in REFERENCES[document["_type"]].items():
            yield from _reference(document, name, type_, types)
        if document["_type"] in self._of_type:
            yield from self._of_type[document["_type"]](document)

    def _user(self, document: Document) -> Iterator[Finding]:
        if document.get("role") not in {*Role}:
            yield Finding(Kind.ROLES, document["_id"], "role: none of runner, coach, admin")

    def _plan(self, document: Document) -> Iterator[Finding]:
        for name in ("weekStart", "weekEnd"):
            yield from self._date(document, name)

    def _session(self, document: Document) -> Iterator[Finding]:
        id_, read = document["_id"], self._reader.read_session(document)
        if not is_set(document.get("date")) and is_set(document.get("scheduledDate")):
            if read.date is None:
                yield Finding(Kind.UNREADABLE, id_, "scheduledDate: no date")
            else:
                about = "date: missing, read from scheduledDate"
                yield Finding(Kind.SESSIONS, id_, about, {"date": read.date})
        else:
            yield from self._date(document, "date")
        if not is_set(document.get("planId")):
            yield Finding(Kind.SESSIONS, id_, "planId: missing")
        if is_set(document.get("type")) and read.type is None:
            yield Finding(Kind.UNREADABLE, id_, "type: an unknown word")

    def _date(self, document: Document, name: str) -> Iterator[Finding]:
        value = document.get(name)
        if not is_set(value):
            return
        day = self._zone.day_of(value) if isinstance(value, str) else None
        if day is None:
            yield Finding(Kind.UNREADABLE, document["_id"], f"{name}: no date")
        elif day != value:
            about = f"{name}: a datetime instead of a date"
            yield Finding(Kind.DATES, document["_id"], about, {name: day})

    def _log(self, document: Document) -> Iterator[Finding]:
        id_, read = document["_id"], self._read_log(document)
        yield from _injuries(document)
        yield from self._link(document, read)
        yield from self._duration_and_pace(document, read)
        for attribute, name in _PLAIN_FIELDS.items():
            if is_set(document.get(name)) and getattr(read, attribute) is None:
                about = f"{name}: {_described(document[name])}"
                yield Finding(Kind.UNREADABLE, id_, about)
        if read.created_at is None:
            yield Finding(Kind.UNREADABLE, id_, "_createdAt: no instant")

    def _read_log(self, document: Document) -> WorkoutLog:
        return self._reader.read_stored(StoredLog(document, None, None))

    def _link(self, document: Document, read: WorkoutLog) -> Iterator[Finding]:
        value = document.get("externalLink")
        if not is_set(value) or read.external_link is not None:
            return
        if isinstance(value, str) and _http.match(value):
            secure = {**document, "externalLink": _http.sub("https://", value, count=1)}
            if link := self._read_log(secure).external_link:
                about = "externalLink: http instead of https"
                yield Finding(Kind.LINKS, document["_id"], about, {"externalLink": link})
                return
        yield Finding(Kind.LINKS, document["_id"], "externalLink: not https on an allowed host")

    def _duration_and_pace(self, document: Document, read: WorkoutLog) -> Iterator[Finding]:
        id_, duration, pace = (
            document["_id"],
            document.get("actualDuration"),
            document.get("actualPace"),
        )
        if is_set(duration):
            yield from _rewritten(
                Kind.DURATIONS, id_, "actualDuration", duration, read.actual_duration
            )
        if is_set(pace):
            # Without a distance no pace is derived: what is read is what the text says.
            own = self._read_log({**document, "actualDistance": None}).actual_pace
            yield from _rewritten(Kind.PACES, id_, "actualPace", pace, own)
        elif read.actual_pace is not None:
            about = "actualPace: missing, read from distance and duration"
            yield Finding(Kind.PACES, id_, about, {"actualPace": read.actual_pace})


_PLAIN_FIELDS = {
    "status": "status",
    "actual_distance": "actualDistance",
    "notes": "notes",
    "feeling": "feeling",
    "weather": "weather",
    "temperature": "temperature",
}
"""Attributes of `WorkoutLog` with their fields, where a value is read as it is or not at all."""


def is_set(value: object) -> bool:
    """Whether a field holds anything: null and the empty text are nothing."""
    return value is not None and value != ""


def _reference(
    document: Document, name: str, type_: str, types: Mapping[str, str]
) -> Iterator[Finding]:
    value, id_ = document.get(name), document["_id"]
    target = reference_id(value)
    if target is None:
        if is_set(value):
            yield Finding(Kind.UNREADABLE, id_, f"{name}: {_described(value)}")
        elif document["_type"] == "workoutLog":
            yield Finding(Kind.MISSING, id_, f"{name}: missing")
    elif types.get(target) == type_:
        if isinstance(value, str):
            about = f"{name}: text instead of a reference"
            yield Finding(Kind.REFERENCES, id_, about, {name: reference(target)})
    elif isinstance(value, str):
        yield Finding(Kind.REFERENCES, id_, f"{name}: text, and there is no such {type_}")
    else:
        yield Finding(Kind.MISSING, id_, f"{name}: there is no such {type_}")


def _injuries(document: Document) -> Iterator[Finding]:
    value, id_ = document.get("injuries"), document["_id"]
    match value:
        case None | []:
            pass
        case str() if value.strip():
            yield Finding(Kind.INJURIES, id_, "injuries: one text", {"injuries": [value]})
        case str():
            yield Finding(Kind.INJURIES, id_, "injuries: an empty text", {}, ["injuries"])
        case list():
            if not all(isinstance(each, str) and each for each in value):
                yield Finding(Kind.UNREADABLE, id_, "injuries: items that are no text")
        case _:
            yield Finding(Kind.UNREADABLE, id_, f"injuries: {_described(value)}")


def _rewritten(
    kind: Kind, id_: str, name: str, value: object, read: str | None
) -> Iterator[Finding]:
    """A text or number that is read, but not as the API writes it."""
    if read is None:
        yield Finding(kind, id_, f"{name}: {_described(value)} that cannot be read")
    elif read != value:
        written = "hand-typed text" if isinstance(value, str) else "a number"
        yield Finding(kind, id_, f"{name}: {written}", {name: read})


def _described(value: Any) -> str:
    return _JSON_TYPES.get(type(value), "a number")
