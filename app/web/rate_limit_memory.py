"""Counts of requests in this process's memory: a storage of `limits`.

Its own memory storage starts a thread every 10 ms to clear up, which cost more CPU under load than
reading a log. Here a window is looked at when it is asked for, and the oldest ones go as new ones
come.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from limits.storage import Storage

MAX_WINDOWS = 100_000
"""How many windows are counted at once: when there are more, the oldest are forgotten."""


class MemoryCounts(Storage):
    """Fixed windows, each from its first request on. `clock` is in seconds since the epoch."""

    STORAGE_SCHEME = None  # made directly, never by an address

    def __init__(
        self, *, max_windows: int = MAX_WINDOWS, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__()
        self._max_windows = max_windows
        self._clock = clock
        self._lock = Lock()
        self._windows: dict[str, tuple[int, float]] = {}
        """By key: the count and the moment when the window ends."""

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to the key's count, in a new window of `expiry` seconds if there is none."""
        with self._lock:
            count, end = self._windows.get(key, (0, 0.0))
            now = self._clock()
            if end <= now:
                self._windows.pop(key, None)
                self._make_room(now)
                count, end = 0, now + expiry
            self._windows[key] = (count + amount, end)
        return count + amount

    def get(self, key: str) -> int:
        """The key's count; 0 when its window is over."""
        count, end = self._windows.get(key, (0, 0.0))
        return count if end > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        """When the key's window ends."""
        return self._windows.get(key, (0, self._clock()))[1]

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forget every count."""
        with self._lock:
            counted = len(self._windows)
            self._windows.clear()
        return counted

    def clear(self, key: str) -> None:
        """Forget the key's count."""
        with self._lock:
            self._windows.pop(key, None)

    def _make_room(self, now: float) -> None:
        """Windows stand in the order of their beginnings, so no search for the oldest is needed."""
        while self._windows:
            oldest = next(iter(self._windows))
            if len(self._windows) < self._max_windows and self._windows[oldest][1] > now:
                return
            del self._windows[oldest]
