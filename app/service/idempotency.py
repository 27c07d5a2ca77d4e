"""What makes a write safe to repeat: an id that tells a replay, and turns within a process."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from app.service.errors import StoreBusy
from app.service.model import Caller
from app.service.stores import timing

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
        """The block runs when no other does for this log. Raises StoreBusy when none ends."""
        with self._guard:
            lock = self._locks.setdefault(log_id, threading.Lock())
        if not lock.acquire(timeout=min(self._patience, timing.left())):
            raise StoreBusy(f"other writes of {log_id} take too long")
        try:
            yield
        finally:
            lock.release()


@dataclass(frozen=True, slots=True)
class Transaction:
    """The ids of a request's writes, which become the documents' revisions.

    They end in random characters, because Sanity demands that no transaction id is used twice.
    Where the client sent a key, they begin with digests of the key and of the request: these tell a
    replay by the revision of the log, so no table of keys is needed, and a key ends with the log's
    next change.
    """

    key_prefix: str | None = None
    request_prefix: str | None = None

    @classmethod
    def of(cls, caller: Caller, key: str | None, request: Mapping[str, Any]) -> Transaction:
        """Of a caller's key, if there is one, and a request, both as they were validated."""
        if key is None:
            return cls()
        key_prefix = f"key-{_digest([caller.id, key])}-"
        return cls(key_prefix, f"{key_prefix}{_digest(_canonical(request))}-")

    def new_id(self) -> str:
        """The id of the next write."""
        return (self.request_prefix or "") + secrets.token_hex(16)

    def made(self, revision: str) -> bool:
        """Whether a write with this key and request, this one or another, made the revision."""
        return self.request_prefix is not None and revision.startswith(self.request_prefix)

    def has_the_key_of(self, revision: str) -> bool:
        """Whether a write with this key made the revision, whatever its request."""
        return self.key_prefix is not None and revision.startswith(self.key_prefix)


def _canonical(value: Any) -> Any:
    """What the value says, alike for all requests of one meaning: `5.0` is 5."""
    if isinstance(value, Mapping):
        return sorted(
            (name, _canonical(each))
            for name, each in value.items()
            if each is not None and each != []
        )
    if isinstance(value, list | tuple):
        return [*map(_canonical, value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:24]
