"""Writes of one log take turns, and nobody waits for ever."""

from __future__ import annotations

import threading

import pytest

from app.service.errors import StoreBusy
from app.service.idempotency import LogLocks


def test_a_turn_is_one_at_a_time_for_each_log() -> None:
    turns = LogLocks()
    inside = 0
    most = 0

    def write() -> None:
        nonlocal inside, most
        for _ in range(200):
            with turns.of("a"):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=write) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most == 1


def test_another_log_need_not_wait() -> None:
    turns = LogLocks(patience=0.01)
    with turns.of("a"), turns.of("b"):
        pass


def test_who_waits_too_long_is_told() -> None:
    turns = LogLocks(patience=0.01)
    told: list[Exception] = []

    def write() -> None:
        try:
            with turns.of("a"):
                pass
        except StoreBusy as error:
            told.append(error)

    with turns.of("a"):
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert len(told) == 1
    with turns.of("a"):
        pass


def test_a_turn_ends_with_an_error_too() -> None:
    turns = LogLocks(patience=0.01)
    with pytest.raises(KeyError), turns.of("a"):
        raise KeyError
    with turns.of("a"):
        pass
