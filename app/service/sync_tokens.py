"""The opaque token of a client that keeps a copy: up to where it knows the changes, and of whom."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Collection

import msgspec

from app.service import instants
from app.service.errors import SyncTokenExpired
from app.service.stores.port import SyncPoint

MAX_TOKEN_LENGTH = 512
PATTERN = r"^[A-Za-z0-9_\-]+$"
LENGTH_OF_VALIDITY = 42
"""So many characters at the beginning of a token tell of which runners and of which day it is."""


def encode(point: SyncPoint, runner_ids: Collection[str] | None) -> str:
    """A point in the changes of these runners' logs, None for everybody's, as text that needs no
    escaping in a URL.
    """
    content = msgspec.json.encode([_digest(runner_ids), point.at, *point.place])
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def decode(token: str, runner_ids: Collection[str] | None) -> SyncPoint:
    """The point in a token.

    Raises `SyncTokenExpired` for a token of other runners, and for anything that `encode` did not
    make; what `place` says is the store's to check.
    """
    try:
        if len(token) > MAX_TOKEN_LENGTH:
            raise ValueError("not a token")
        padding = "=" * (-len(token) % 4)
        content = json.loads(base64.b64decode(token + padding, altchars=b"-_", validate=True))
        digest, at, *place = msgspec.convert(content, list[str])
    except (binascii.Error, RecursionError, ValueError):
        raise SyncTokenExpired("not a token") from None
    if instants.read(at) != at:
        raise SyncTokenExpired("not a token")
    if digest != _digest(runner_ids):
        raise SyncTokenExpired("a token of other runners")
    return SyncPoint(at, tuple(place))


def _digest(runner_ids: Collection[str] | None) -> str:
    content = json.dumps(None if runner_ids is None else sorted(runner_ids)).encode()
    return hashlib.sha256(content).hexdigest()[:16]
