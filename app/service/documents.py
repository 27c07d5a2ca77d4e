"""Between Sanity documents and the service's values, in both directions.

Old documents were written by other programs (DESIGN of the data: `migrations_notes/0001`): ids as
plain strings instead of references, a duration as a number of minutes, injuries as one string. A
shape with a clear meaning is read as the new one; what cannot be read as its type is None.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeVar

import orjson

from app.service import units
from app.service.external_links import ExternalLinks
from app.service.model import Feeling, PlannedSession, Runner, SessionType, Status, WorkoutLog

Document = Mapping[str, Any]
"""A Sanity document: a JSON object with `_id`, `_type`, `_rev`, `_createdAt`, `_updatedAt`."""

ID_PATTERN = r"^(?!drafts\.|versions\.)[A-Za-z0-9._][A-Za-z0-9._-]{0,127}$"
"""The id of a published document (ECMA 262 and Python)."""

MAX_DISTANCE_KM = 1000
MIN_TEMPERATURE_C, MAX_TEMPERATURE_C = -50, 60

FIELD_NAMES = {
    "session_id": "sessionId",
    "runner_id": "runnerId",
    "status": "status",
    "external_link": "externalLink",
    "actual_distance": "actualDistance",
    "actual_duration": "actualDuration",
    "actual_pace": "actualPace",
    "notes": "notes",
    "feeling": "feeling",
    "injuries": "injuries",
    "weather": "weather",
    "temperature": "temperature",
}
"""The document's field for each attribute of `WorkoutLog` that is stored."""

_published_id = re.compile(ID_PATTERN.removeprefix("^").removesuffix("$"))
_utc = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
_escape = re.compile(
    r"(?P<kept>\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(?!u[dD][89a-fA-F]|u0000).))|\\u...."
)
_plain_revision = re.compile(r"[A-Za-z0-9._-]{1,128}")

_STATUSES = {each.value: each for each in Status}
_FEELINGS = {each.value: each for each in Feeling}
_SESSION_TYPES = {each.value: each for each in SessionType}

Member = TypeVar("Member", bound=StrEnum)


def loads(data: bytes) -> Any:
    """The JSON of a store, without what `mended` leaves out. Raises ValueError, RecursionError."""
    if not holds_nul(data):
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            pass  # which a lone surrogate is enough for, or a number beyond a double
    return json.loads(mended(data))


def holds_nul(data: bytes) -> bool:
    """Whether this JSON holds a NUL, or nearly so."""
    return b"\\" in data and b"\\u0000" in data


def mended(data: bytes) -> bytes:
    """JSON without what is no text: NUL, which not every client can hold, lone surrogates, which
    some programs leave of an emoji, and bytes that are not UTF-8.
    """
    return _escape.sub(r"\g<kept>", data.decode(errors="ignore")).encode()


def is_published_id(text: str) -> bool:
    """Whether a published document can have this id: drafts and release versions cannot."""
    return _published_id.fullmatch(text) is not None


def log_id_of(runner_id: str, session_id: str) -> str:
    """The `_id` of the one log of a runner and a session.

    The dot keeps the document out of anonymous reads of a public dataset; the digest keeps
    personal data out of an id, which Sanity keeps for ever.
    """
    pair = json.dumps([runner_id, session_id]).encode()
    return f"workoutLog.{hashlib.sha256(pair).hexdigest()[:40]}"


def revision_of(document: Document) -> str:
    """The document's `_rev`; for a document without a usable one, a digest of its content."""
    revision = document.get("_rev")
    if isinstance(revision, str) and _plain_revision.fullmatch(revision):
        return revision
    content = json.dumps(document, sort_keys=True).encode()
    return f"sha256-{hashlib.sha256(content).hexdigest()}"


def reference_id(value: object) -> str | None:
    """The id that a reference, or the plain string of an old document, points at."""
    if isinstance(value, dict):
        value = value.get("_ref")
    return _text(value)


def reference(document_id: str) -> dict[str, str]:
    """A strong reference."""
    return {"_type": "reference", "_ref": document_id}


def now() -> str:
    """This moment, as documents hold instants."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_log(
    document: Document, session: Document | None, runner: Document | None, links: ExternalLinks
) -> WorkoutLog:
    """The log in a `workoutLog` document, with its `trainingSession` and `user` where they exist.

    Never raises, whatever the fields hold.
    """
    field = document.get
    link = _text(field("externalLink"))
    return WorkoutLog(
        id=document["_id"],
        revision=revision_of(document),
        session_id=_id(field("sessionId")),
        runner_id=_id(field("runnerId")),
        status=_member(_STATUSES, field("status")),
        external_link=link if link and links.allows(link) else None,
        actual_distance=_number(field("actualDistance"), 0, MAX_DISTANCE_KM) or None,
        actual_duration=_duration(field("actualDuration")),
        actual_pace=_pace(field("actualPace")),
        notes=_text(field("notes")),
        feeling=_member(_FEELINGS, field("feeling")),
        injuries=_texts(field("injuries")),
        weather=_text(field("weather")),
        temperature=_number(field("temperature"), MIN_TEMPERATURE_C, MAX_TEMPERATURE_C),
        created_at=_instant(field("_createdAt")) or _instant(field("createdAt")),
        updated_at=_instant(field("_updatedAt")) or _instant(field("updatedAt")),
        session=read_session(session) if session else None,
        runner=Runner(runner["_id"], _text(runner.get("name"))) if runner else None,
    )


def read_session(document: Document) -> PlannedSession:
    """The planned session in a `trainingSession` document. Never raises."""
    field = document.get
    return PlannedSession(
        id=document["_id"],
        date=_date(field("date")),
        day=_planned(field("day")),
        type=_member(_SESSION_TYPES, field("type")),
        distance=_planned(field("distance")),
        duration=_planned(field("duration")),
        pace=_planned(field("pace")),
    )


def field_values(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The document's fields for attributes of `WorkoutLog`; None means unset."""
    return {FIELD_NAMES[name]: _stored(name, value) for name, value in changes.items()}


def _stored(name: str, value: Any) -> Any:
    if value is None or value == []:
        return None
    if name == "actual_duration":
        return units.format_duration(value)
    if name == "actual_pace":
        return units.format_pace(value)
    if name in ("session_id", "runner_id"):
        return reference(value)
    return str(value) if isinstance(value, StrEnum) else value


def _id(value: object) -> str | None:
    found = reference_id(value)
    return found if found and is_published_id(found) else None


def _text(value: object) -> str | None:
    """A text that is not empty."""
    return (value or None) if isinstance(value, str) else None


def _texts(value: object) -> list[str]:
    if isinstance(value, list):
        return [each for each in value if isinstance(each, str) and each]
    return [value] if isinstance(value, str) and value else []


def _planned(value: object) -> str | None:
    """A planner's figure: text, though some plans hold it as a number."""
    if isinstance(value, str):
        return value or None
    figure = _number(value, 0, sys.float_info.max)
    return None if figure is None else f"{figure:g}"


def _number(value: object, least: float, most: float) -> float | None:
    if type(value) is not float and type(value) is not int:  # nor bool, which is an int, too
        return None
    return value if least <= value <= most else None


def _duration(value: object) -> int | None:
    """Seconds of `H:MM:SS`, or of the number of minutes that old documents hold."""
    if isinstance(value, str):
        try:
            return units.parse_duration(value)
        except ValueError:
            return None
    minutes = _number(value, 0, units.MAX_DURATION_SECONDS / 60)
    return None if minutes is None else math.floor(minutes * 60 + 0.5) or None


def _pace(value: object) -> int | None:
    try:
        return units.parse_pace(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _member(members: Mapping[str, Member], value: object) -> Member | None:
    return members.get(value) if isinstance(value, str) else None


def _date(value: object) -> str | None:
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) else None
    except ValueError:
        return None


def _instant(value: object) -> str | None:
    """An instant as RFC 3339 text in UTC."""
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value)
        if _utc.fullmatch(value):
            return value
        if instant.tzinfo is None:
            return None
        return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return None
