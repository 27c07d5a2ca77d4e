"""The opaque cursor of a list: the position of the last log of a page."""

from __future__ import annotations

import base64
import binascii
import json
import re

import msgspec

from app.service.documents import is_published_id
from app.service.instants import sort_key
from app.service.rows import LogRow
from app.service.stores.port import Position

MAX_CURSOR_LENGTH = 512
PATTERN = r"^[A-Za-z0-9_\-]+$"

MAX_INSTANT_LENGTH = len("2026-01-01T00:00:00.123456789+00:00")

_beyond_nanoseconds = re.compile(r"(\.[0-9]{9})[0-9]+")


def position_of(row: LogRow) -> Position:
    """The place just after a log; '' stands for a `_createdAt` that is missing or no instant."""
    created_at = _beyond_nanoseconds.sub(r"\1", row.document.stored_created_at or "")
    return Position(created_at if sort_key(created_at) else "", row.document.id)


def encode(position: Position) -> str:
    """The position as text that needs no escaping in a URL."""
    content = msgspec.json.encode(position)
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def decode(cursor: str) -> Position:
    """The position in a cursor. Raises ValueError for anything that `encode` did not make."""
    if not cursor or len(cursor) > MAX_CURSOR_LENGTH:
        raise ValueError("not a cursor")
    try:
        padding = "=" * (-len(cursor) % 4)
        content = base64.b64decode(cursor + padding, altchars=b"-_", validate=True)
        created_at, log_id = json.loads(content)
    except (binascii.Error, RecursionError, TypeError, ValueError):
        raise ValueError("not a cursor") from None
    if created_at != "" and not (sort_key(created_at) and len(created_at) <= MAX_INSTANT_LENGTH):
        raise ValueError("not a cursor")
    if not (isinstance(log_id, str) and is_published_id(log_id)):
        raise ValueError("not a cursor")
    return Position(created_at, log_id)
