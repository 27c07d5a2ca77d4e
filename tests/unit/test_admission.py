"""Slots are passed on in the order of arrival, and nobody waits for one too long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from app.service.errors import StoreBusy
from app.web.admission import Slots

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
