"""Counts of requests in this process's memory, as the storages of `limits` keep them.

Its own memory storage starts a thread every 10 ms to clear up, which cost more CPU under load than
reading a log. Here a window is looked at when it is asked for, and the oldest ones go as new ones
come.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

MAX_WINDOWS = 100_000
"""How many callers are counted at once: when there are more, the oldest are forgotten."""


class _Counts(NamedTuple):
    end: float
    """Of the current window, in seconds since the epoch; it then becomes the previous one."""
    current: int
    previous: int
    expiry: float


class MemoryCounts:
    """Sliding windows: that of now, and the one before it, which counts less and less.

    `clock` is in seconds since the epoch. The methods are those of
    `limits.storage.SlidingWindowCounterSupport`.
    """

    def __init__(
        self, *, max_windows: int = MAX_WINDOWS, clock: Callable[[], float] = time.time
    ) -> None:
        self._max_windows = max_windows
        self._clock = clock
        self._lock = Lock()
        self._windows: dict[str, _Counts] = {}

    def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Add to the key's count, if the limit of requests in `expiry` seconds leaves room."""
        with self._lock:
            now = self._clock()
            counts = self._at(key, expiry, now)
            weighted = int(counts.previous * (counts.end - now) / expiry)
            if weighted + counts.current + amount > limit:
                return False
            changed = counts._replace(current=counts.current + amount)
            if key not in self._windows or self._windows[key].end != counts.end:
                # Windows stand in the order of their beginnings, so none is searched for.
                self._windows.pop(key, None)
                self._make_room(now)
            self._windows[key] = changed
        return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """The previous window's count and the seconds that it counts for, the same of the current
        one.
        """
        with self._lock:
            now = self._clock()
            counts = self._at(key, expiry, now)
        left = counts.end - now
        return counts.previous, left, counts.current, left

    def _at(self, key: str, expiry: int, now: float) -> _Counts:
        counts = self._windows.get(key)
        if counts is None or now >= counts.end + expiry:
            return _Counts(now + expiry, 0, 0, expiry)
        if now >= counts.end:
            return _Counts(counts.end + expiry, 0, counts.current, expiry)
        return counts

    def _make_room(self, now: float) -> None:
        while self._windows:
            oldest = next(iter(self._windows))
            counts = self._windows[oldest]
            if len(self._windows) < self._max_windows and now < counts.end + counts.expiry:
                return
            del self._windows[oldest]
