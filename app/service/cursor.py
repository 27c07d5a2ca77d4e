"""The opaque cursor of a list: the position of the last log of a page."""

from __future__ import annotations

import base64
import binascii
import json
import re

import msgspec

from app.service.documents import is_published_id
from app.service.reading import LogRow
from app.service.stores.port import Position

MAX_CURSOR_LENGTH = 512
PATTERN = r"^[A-Za-z0-9_\-]+$"

_created_at = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.Z+-]{0,30}|")


def position_of(row: LogRow) -> Position:
    """The place just after a log; '' stands for a `_createdAt` that is missing or no instant."""
    created_at = row.document.stored_created_at or ""
    return Position(created_at if _created_at.fullmatch(created_at) else "", row.document.id)


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
    if not (isinstance(created_at, str) and _created_at.fullmatch(created_at)):
        raise ValueError("not a cursor")
    if not (isinstance(log_id, str) and is_published_id(log_id)):
        raise ValueError("not a cursor")
    return Position(created_at, log_id)
