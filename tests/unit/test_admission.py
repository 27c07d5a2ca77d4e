"""Slots are passed on in the order of arrival, and nobody waits for one too long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from werkzeug.test import TestResponse

from app.factory import create_app
from app.service.errors import StoreBusy
from app.service.stores.sqlite.store import SqliteStore
from app.settings import Settings
from app.web.admission import MAX_BURST, Slots
from app.web.metrics import PREFIX, Metrics
from tests import world
from tests.conftest import Client, OpenStore
from tests.issuer import Issuer

FOREVER = 60.0


class Waiting(Slots):
    """Slots that tell how many wait."""

    @property
    def waiting(self) -> int:
        return len(self._waiting)


def start(slots: Waiting, work: Callable[[], None]) -> threading.Thread:
    """A thread that does `work` and is seen to wait for a slot."""
    before = slots.waiting
    thread = threading.Thread(target=work)
    thread.start()
    while slots.waiting == before:
        assert thread.is_alive()
    return thread


def test_a_free_slot_is_taken_at_once() -> None:
    slots = Slots(2, max_wait_seconds=0)
    for _ in range(3):
        slots.acquire()
        slots.acquire()
        with pytest.raises(StoreBusy):
            slots.acquire()
        slots.release()
        slots.release()


def test_who_came_first_is_first() -> None:
    slots = Waiting(1, max_wait_seconds=FOREVER)
    slots.acquire()
    order: list[int] = []

    def work(number: int) -> None:
        slots.acquire()
        order.append(number)
        slots.release()

    threads = [start(slots, partial(work, number)) for number in range(5)]
    slots.release()
    for each in threads:
        each.join()
    assert order == [0, 1, 2, 3, 4]


def test_only_so_many_wait() -> None:
    slots = Waiting(1, max_waiting=1, max_wait_seconds=FOREVER)
    slots.acquire()
    thread = start(slots, slots.acquire)
    with pytest.raises(StoreBusy):
        slots.acquire()
    slots.release()
    thread.join()


def test_who_gave_up_gets_no_slot() -> None:
    slots = Waiting(1, max_wait_seconds=0.01)
    slots.acquire()
    with pytest.raises(StoreBusy):
        slots.acquire()
    assert slots.waiting == 0
    slots.release()
    slots.acquire()


class Slow:
    """A store whose reads of a log wait for `go_on`."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.waiting = threading.Semaphore(0)
        self.go_on = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def get_log(self, log_id: str, **options: Any) -> Any:
        self.waiting.release()
        assert self.go_on.wait(FOREVER)
        return self._store.get_log(log_id, **options)


def test_one_user_holds_only_so_many_slots(
    settings: Settings, open_sqlite: OpenStore, issuer: Issuer
) -> None:
    slow = Slow(open_sqlite(world.club()))  # type: ignore[arg-type]
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    app = create_app(replace(settings, concurrent_requests=2), slow, metrics=metrics)  # type: ignore[arg-type]
    tokens = {person: issuer.token(person) for person in (world.RUNNER, world.TEAMMATE)}

    def get(person: str) -> TestResponse:
        return Client(app.test_client(), tokens[person]).get(world.log_of(person, 1))

    with ThreadPoolExecutor(8) as threads:
        started = [threads.submit(get, world.RUNNER) for _ in range(2)]
        started.append(threads.submit(get, world.TEAMMATE))
        for _ in started:
            assert slow.waiting.acquire(timeout=FOREVER)
        refused = get(world.RUNNER)
        assert (refused.status_code, refused.json["code"]) == (429, "too-many-requests")
        assert refused.headers["Retry-After"] == "1"
        for name, labels, value in (
            ("http_requests_in_progress", {}, 3),
            ("rate_limited_requests_total", {"limit": "concurrency"}, 1),
        ):
            assert registry.get_sample_value(PREFIX + name, labels) == value
        slow.go_on.set()
        assert [each.result().status_code for each in started] == [200] * 3
    assert get(world.RUNNER).status_code == 200


def test_a_burst_of_one_user_waits_in_turn(
    settings: Settings, open_sqlite: OpenStore, issuer: Issuer
) -> None:
    slow = Slow(open_sqlite(world.club()))  # type: ignore[arg-type]
    app = create_app(replace(settings, concurrent_requests=2), slow)  # type: ignore[arg-type]
    token = issuer.token(world.RUNNER)

    def get(_: int) -> TestResponse:
        return Client(app.test_client(), token).get(world.log_of(world.RUNNER, 1))

    slow.go_on.set()
    assert get(0).status_code == 200, "the issuer's keys are known now"
    with ThreadPoolExecutor(2 + 2 * MAX_BURST) as threads:
        responses = [*threads.map(get, range(2 + 2 * MAX_BURST))]
    assert {each.status_code for each in responses} == {200}
