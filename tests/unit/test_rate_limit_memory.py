"""The counts in memory: sliding windows, bounded, exact among threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.web.rate_limit_memory import MemoryCounts


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def taken(counts: MemoryCounts, key: str, tries: int, limit: int = 10) -> int:
    """How many of so many requests pass, of `limit` in 60 seconds."""
    return sum(counts.acquire_sliding_window_entry(key, limit, 60) for _ in range(tries))


def test_a_limit_is_used_up_and_comes_back_after_two_windows() -> None:
    clock = Clock()
    counts = MemoryCounts(clock=clock)
    assert taken(counts, "key", 12) == 10
    assert counts.get_sliding_window("key", 60) == (0, 60, 10, 60)
    clock.now += 60
    assert counts.get_sliding_window("key", 60) == (10, 60, 0, 60)
    clock.now += 60
    assert counts.get_sliding_window("key", 60) == (0, 60, 0, 60)
    assert taken(counts, "key", 12) == 10


@pytest.mark.parametrize("pause", [0.5, 1, 2, 10])
def test_no_seam_lets_twice_the_limit_through(pause: float) -> None:
    clock = Clock()
    counts = MemoryCounts(clock=clock)
    first = taken(counts, "key", 1)
    clock.now += 60 - pause / 2
    first += taken(counts, "key", 20)
    clock.now += pause
    assert first + taken(counts, "key", 20) <= 12


def test_a_request_may_cost_more_and_then_needs_the_room() -> None:
    counts = MemoryCounts()
    assert counts.acquire_sliding_window_entry("key", 10, 60, amount=7)
    assert not counts.acquire_sliding_window_entry("key", 10, 60, amount=4)
    assert counts.acquire_sliding_window_entry("key", 10, 60, amount=3)


def test_keys_do_not_share_a_window() -> None:
    counts = MemoryCounts()
    assert (taken(counts, "one", 20), taken(counts, "other", 20)) == (10, 10)


def test_no_request_of_many_threads_is_lost() -> None:
    counts = MemoryCounts()
    with ThreadPoolExecutor(8) as threads:
        passed = sum(threads.map(lambda _: taken(counts, "key", 1, limit=1500), range(2000)))
    assert passed == 1500


def test_windows_that_are_over_go_as_new_ones_come() -> None:
    clock = Clock()
    counts = MemoryCounts(clock=clock)
    for number in range(100):
        taken(counts, f"short {number}", 1)
    clock.now += 120
    taken(counts, "new", 1)
    assert len(counts._windows) == 1


def test_no_more_windows_are_kept_than_allowed_and_the_oldest_go_first() -> None:
    counts = MemoryCounts(max_windows=3, clock=Clock())
    keys = ("first", "second", "third", "fourth", "fifth")
    for key in keys:
        taken(counts, key, 1)
    assert [counts.get_sliding_window(key, 60)[2] for key in keys] == [0, 0, 1, 1, 1]
