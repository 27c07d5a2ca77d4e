"""The opaque cursors of lists: the position of the last row of a page."""

from __future__ import annotations

import base64
import binascii
import json
import re

import msgspec

from app.service.days import UTC_ZONE
from app.service.documents import is_published_id
from app.service.instants import sort_key
from app.service.rows import LogRow
from app.service.stores.port import Position, SessionPosition, WeekPosition

MAX_CURSOR_LENGTH = 512
PATTERN = r"^[A-Za-z0-9_\-]+$"

MAX_INSTANT_LENGTH = len("2026-01-01T00:00:00.123456789+00:00")

_beyond_nanoseconds = re.compile(r"(\.[0-9]{9})[0-9]+")


def position_of(row: LogRow) -> Position:
    """The place just after a log; '' stands for a `_createdAt` that is missing or no instant."""
    created_at = within_nanoseconds(row.document.stored_created_at or "")
    return Position(created_at if sort_key(created_at) else "", row.document.id)


def within_nanoseconds(instant: str) -> str:
    """An instant in at most `MAX_INSTANT_LENGTH` characters; stores compare no smaller parts."""
    return _beyond_nanoseconds.sub(r"\1", instant)


def encode(position: Position | SessionPosition | WeekPosition) -> str:
    """The position as text that needs no escaping in a URL."""
    content = msgspec.json.encode(position)
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def decode(cursor: str) -> Position:
    """The position in a cursor. Raises ValueError for anything that `encode` did not make."""
    created_at, log_id = _decode(cursor)
    if created_at != "" and not (sort_key(created_at) and len(created_at) <= MAX_INSTANT_LENGTH):
        raise ValueError("not a cursor")
    return Position(created_at, log_id)


def decode_session(cursor: str) -> SessionPosition:
    """The same of a position between training sessions."""
    day, session_id = _decode(cursor)
    if day != "" and UTC_ZONE.day_of(day) != day:
        raise ValueError("not a cursor")
    return SessionPosition(day, session_id)


def decode_week(cursor: str) -> WeekPosition:
    """The same of a position in progress."""
    return WeekPosition(*decode_session(cursor))


def _decode(cursor: str) -> tuple[str, str]:
    """A text, and an id. Raises ValueError for anything else."""
    if not cursor or len(cursor) > MAX_CURSOR_LENGTH:
        raise ValueError("not a cursor")
    try:
        padding = "=" * (-len(cursor) % 4)
        content = base64.b64decode(cursor + padding, altchars=b"-_", validate=True)
        text, id_ = json.loads(content)
    except (binascii.Error, RecursionError, TypeError, ValueError):
        raise ValueError("not a cursor") from None
    if not (isinstance(text, str) and isinstance(id_, str) and is_published_id(id_)):
        raise ValueError("not a cursor")
    return text, id_
