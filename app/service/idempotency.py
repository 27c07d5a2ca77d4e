"""What makes a write safe to repeat: an id that tells a replay, and turns within a process."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from app.service.errors import StoreTimeout
from app.service.model import Caller

MAX_LOCK_SECONDS = 10.0
"""Seconds that a write waits for others of its log, so that a hanging store cannot hold all threads
behind one log."""


class LogLocks:
    """A lock for each log that is being written, gone when nobody holds or awaits it."""

    def __init__(self, patience: float = MAX_LOCK_SECONDS) -> None:
        self._patience = patience
        self._guard = threading.Lock()
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()

    @contextmanager
    def of(self, log_id: str) -> Iterator[None]:
        """The block runs when no other does for this log. Raises StoreTimeout when none ends."""
        with self._guard:
            lock = self._locks.setdefault(log_id, threading.Lock())
        if not lock.acquire(timeout=self._patience):
            raise StoreTimeout(f"other writes of {log_id} took more than {self._patience} s")
        try:
            yield
        finally:
            lock.release()


@dataclass(frozen=True, slots=True)
class Transaction:
    """The id of a write. It becomes the document's revision, so a replay is known by it."""

    id: str
    key_prefix: str | None = None

    @classmethod
    def random(cls) -> Transaction:
        return cls(uuid.uuid4().hex)

    @classmethod
    def of(cls, caller: Caller, key: str | None, body: Mapping[str, Any]) -> Transaction:
        """Of the caller's key and body when there is a key, so that no table of keys is needed."""
        if key is None:
            return cls.random()
        prefix = f"key-{_digest([caller.id, key])}-"
        return cls(prefix + _digest(sorted(body.items())), prefix)


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:24]
