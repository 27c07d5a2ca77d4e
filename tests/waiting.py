"""Waiting for a state. How long it takes is the machine's matter; what never comes fails a test."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

import requests

State = TypeVar("State")

PATIENCE = 60
POLL_SECONDS = 0.05


def until(
    state: Callable[[], State], *, patience: float = PATIENCE, every: float = POLL_SECONDS
) -> State:
    """The state, as soon as it is there; AssertionError when it does not come about."""
    deadline = time.monotonic() + patience
    while not (found := state()):
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(every)
    return found


def until_it_responds(url: str, process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    """Return when the program serves; AssertionError if it ends before."""

    def responds() -> bool:
        assert process.poll() is None, "the program ended"
        try:
            return requests.get(url, timeout=5).status_code < 500
        except requests.RequestException:
            return False

    until(responds)


def with_known_keys(send: Callable[[], requests.Response]) -> requests.Response:
    """The response to a request of many: sent again, as clients do, while the server has not got
    the issuer's keys yet, for which only a few wait longer than half a second.
    """

    def response() -> list[requests.Response]:
        found = send()
        wait = found.status_code == 503 and found.json()["code"] == "issuer-unavailable"
        return [] if wait else [found]

    return until(response)[0]
