"""Requests no faster than Sanity allows, for commands that send thousands of them.

Sanity counts the requests of an address, and tells with each response how many are left until when:
`ratelimit-remaining`, and `ratelimit-reset` in seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

MAX_PAUSE_SECONDS = 60
"""However far away the reset is said to be."""


class Paced(BaseAdapter):
    """Sends through `adapter`, and waits while no request is left. Safe to share between threads.

    `clock` counts seconds, `sleep` waits for some.
    """

    def __init__(
        self,
        adapter: BaseAdapter,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__()
        self._adapter = adapter
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._left: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def close(self) -> None:
        """Close the idle connections."""
        self._adapter.close()

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]  # passed on as they come
        """Send the request when its turn comes; errors are those of the adapter."""
        kind = _kind(request)
        while (pause := self._take(kind)) > 0:
            self._sleep(pause)
        response = self._adapter.send(request, **options)
        self._learn(kind, response.headers)
        return response

    def _take(self, kind: str) -> float:
        """Use up one of the requests that are left; else the seconds until there are new ones."""
        with self._lock:
            pause = self._until.get(kind, 0) - self._clock()
            if pause <= 0:
                self._left.pop(kind, None)
            left = self._left.get(kind, 1)
            if left > 0:
                if kind in self._left:
                    self._left[kind] = left - 1
                return 0
            return pause

    def _learn(self, kind: str, headers: Mapping[str, str]) -> None:
        left, reset = headers.get("ratelimit-remaining", ""), headers.get("ratelimit-reset", "")
        if not (left.isdecimal() and reset.isdecimal()):
            return
        with self._lock:
            # Responses come in any order: the lowest number is the newest until the reset.
            self._left[kind] = min(int(left), self._left.get(kind, int(left)))
            self._until[kind] = self._clock() + min(int(reset), MAX_PAUSE_SECONDS)


def _kind(request: requests.PreparedRequest) -> str:
    """Queries and mutations are counted apart: `/v2025-02-19/data/mutate/…`."""
    parts = urlsplit(request.url or "").path.split("/")
    return str(parts[3]) if len(parts) > 3 else ""
