"""How often a piece of work calls its store, how long it waits there, and how long it may."""

from __future__ import annotations

import math
import time
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class StoreTime:
    """Round trips, how many of them were retries, the seconds spent in them, and the end of the
    work's time (`time.monotonic`).
    """

    calls: int = 0
    retries: int = 0
    seconds: float = 0.0
    deadline: float = math.inf


_current: ContextVar[StoreTime | None] = ContextVar("store_time", default=None)


def start(max_seconds: float = math.inf) -> StoreTime:
    """Begin to count for what runs in this context from now on; it has `max_seconds`."""
    measured = StoreTime(deadline=time.monotonic() + max_seconds)
    _current.set(measured)
    return measured


def stop() -> None:
    """Count no longer: what runs in this context from now on has no time limit of that work."""
    _current.set(None)


def spent() -> StoreTime:
    """What has been counted for what runs in this context; nothing, if nobody began."""
    return _current.get() or StoreTime()


def left() -> float:
    """Seconds that remain to what runs in this context, at least a moment; unlimited, if nobody
    began."""
    measured = _current.get()
    return math.inf if measured is None else max(measured.deadline - time.monotonic(), 0.001)


class _Call:
    def __enter__(self) -> None:
        self._started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        measured = _current.get()
        if measured is not None:
            measured.calls += 1
            measured.seconds += time.perf_counter() - self._started


def call() -> AbstractContextManager[None]:
    """One round trip to a store: counted, when somebody counts."""
    return _Call()


def retry() -> None:
    """The next round trip repeats one that failed: counted, when somebody counts."""
    measured = _current.get()
    if measured is not None:
        measured.retries += 1
