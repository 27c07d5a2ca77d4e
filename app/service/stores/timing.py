"""How many times a piece of work called its store, and how long it waited there."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class StoreTime:
    """Round trips, and seconds spent in them."""

    calls: int = 0
    seconds: float = 0.0


_current: ContextVar[StoreTime | None] = ContextVar("store_time", default=None)


def start() -> StoreTime:
    """Begin to count for what runs in this context from now on."""
    measured = StoreTime()
    _current.set(measured)
    return measured


def spent() -> StoreTime:
    """What has been counted for what runs in this context; nothing, if nobody began."""
    return _current.get() or StoreTime()


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
