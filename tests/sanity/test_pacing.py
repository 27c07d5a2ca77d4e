"""Long work keeps to the rate that Sanity's headers allow."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from app.service.stores.sanity.pacing import MAX_PAUSE_SECONDS, Paced

URL = "https://abc.api.sanity.io/v2025-02-19/data"


class Sanity(BaseAdapter):
    """Counts requests in windows of a second, as its headers say; the clock is a test's."""

    def __init__(self, per_second: int, headers: dict[str, str] | None = None) -> None:
        super().__init__()
        self.now = 0.0
        self.pauses: list[float] = []
        self.refused = 0
        self._per_second = per_second
        self._headers = headers
        self._windows: dict[tuple[str, int], int] = {}

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.now += 0.001
        window = (str(request.url), int(self.now))
        used = self._windows[window] = self._windows.get(window, 0) + 1
        self.refused += used > self._per_second
        response = requests.Response()
        response.headers.update(
            {
                "ratelimit-limit": str(self._per_second),
                "ratelimit-remaining": str(max(0, self._per_second - used)),
                "ratelimit-reset": "1",
            }
            if self._headers is None
            else self._headers
        )
        return response

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def paced(self) -> Paced:
        return Paced(self, clock=lambda: self.now, sleep=self.sleep)


def request(kind: str = "mutate") -> requests.PreparedRequest:
    prepared = requests.PreparedRequest()
    prepared.url = f"{URL}/{kind}/production"
    return prepared


def test_no_request_is_refused() -> None:
    sanity = Sanity(per_second=25)
    paced = sanity.paced()
    for _ in range(200):
        paced.send(request())
    assert sanity.refused == 0
    assert len(sanity.pauses) == 7
    assert sanity.now < 9


def test_queries_and_mutations_are_counted_apart() -> None:
    sanity = Sanity(per_second=5)
    paced = sanity.paced()
    for _ in range(5):
        paced.send(request("mutate"))
        paced.send(request("query"))
    assert sanity.pauses == []


@pytest.mark.parametrize(
    "headers",
    [{}, {"ratelimit-remaining": "0"}, {"ratelimit-remaining": "x", "ratelimit-reset": "1"}],
    ids=str,
)
def test_without_usable_headers_nothing_waits(headers: dict[str, str]) -> None:
    sanity = Sanity(per_second=5, headers=headers)
    paced = sanity.paced()
    for _ in range(20):
        paced.send(request())
    assert sanity.pauses == []


def test_no_pause_is_longer_than_a_minute() -> None:
    sanity = Sanity(5, {"ratelimit-remaining": "0", "ratelimit-reset": "99999999"})
    paced = sanity.paced()
    for _ in range(2):
        paced.send(request())
    assert sanity.pauses == [pytest.approx(MAX_PAUSE_SECONDS)]
