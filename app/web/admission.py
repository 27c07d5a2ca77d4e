"""Admission control: how many requests of the API are under way at once, and how long others wait.

A request that waits for the data store occupies a thread. The server has more threads than requests
may be under way or wait, so that a store that does not respond takes no thread from the probes, the
pages and the refusals; nor do clients that read files slowly. The probe `/readyz` asks the store
and counts as a request of the API.
"""

from __future__ import annotations

import threading
from collections import deque
from weakref import WeakValueDictionary

from flask import Flask, g, request

from app.service.errors import StoreBusy
from app.web.problems import Problem
from app.web.request_context import note
from app.web.streams import MAX_STREAMS

MAX_WAITING_REQUESTS = 512
MAX_WAIT_SECONDS = 3.0
MAX_BURST = 3
"""Times as many requests of one user as may be under way can wait for their turn."""

_FURTHER_THREADS = 8


def threads_for(slots: int) -> int:
    """How many threads a server needs for `slots` requests under way."""
    return slots + MAX_WAITING_REQUESTS + MAX_STREAMS + _FURTHER_THREADS


def limit_requests(app: Flask, slots: int) -> None:
    """Let at most `slots` requests of the API be under way at once; further ones wait in turn.

    Those that wait in vain get the problem `store-unavailable`.
    """
    held = Slots(slots)

    @app.before_request
    def enter() -> None:
        if request.path.startswith("/api/") or request.path == "/readyz":
            held.acquire()
            g.holds_slot = True

    @app.teardown_request
    def leave(_: BaseException | None) -> None:
        if g.pop("holds_slot", False):
            held.release()


class ConcurrentRequests:
    """At most `size` requests of each user under way at once.

    Else one user, whose requests wait for a slow store or for their own bodies, could hold every
    slot. A burst waits in turn: what comes on top of `MAX_BURST` times as many, or has waited in
    vain, gets 429.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._guard = threading.Lock()
        self._users: WeakValueDictionary[str, Slots] = WeakValueDictionary()

    def register(self, app: Flask) -> None:
        """Let requests that are over make room."""

        @app.teardown_request
        def leave(_: BaseException | None) -> None:
            slots: Slots | None = g.pop("slots_of_user", None)
            if slots is not None:
                slots.release()

    def enter(self, user_id: str) -> None:
        """Count the current request for its user. Raises `Problem` too-many-requests."""
        with self._guard:
            slots = self._users.get(user_id)
            if slots is None:
                slots = Slots(self._size, max_waiting=MAX_BURST * self._size)
                self._users[user_id] = slots
        try:
            slots.acquire()
        except StoreBusy:
            note(limit="concurrency")
            raise Problem(
                "too-many-requests",
                f"More than {self._size} requests of the caller are under way.",
                headers={"Retry-After": "1"},
            ) from None
        g.slots_of_user = slots


class Slots:
    """A semaphore that is passed on in the order of arrival."""

    def __init__(
        self,
        size: int,
        *,
        max_waiting: int = MAX_WAITING_REQUESTS,
        max_wait_seconds: float = MAX_WAIT_SECONDS,
    ) -> None:
        self._free = size
        self._max_waiting = max_waiting
        self._max_wait_seconds = max_wait_seconds
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()

    def acquire(self) -> None:
        """Take a slot. Raises `StoreBusy` after the longest wait, or when too many wait already."""
        with self._guard:
            if self._free:
                self._free -= 1
                return
            if len(self._waiting) >= self._max_waiting:
                raise StoreBusy("too many requests wait for the store")
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=self._max_wait_seconds):
            return
        with self._guard:
            if turn not in self._waiting:
                return  # it was passed on after the wait had ended
            self._waiting.remove(turn)
        raise StoreBusy("the requests before it take too long")

    def release(self) -> None:
        """Pass the slot on."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
