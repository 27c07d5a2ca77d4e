"""The counts in memory: fixed windows, bounded, exact among threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from app.web.rate_limit_memory import MemoryCounts


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_window_begins_with_its_first_request_and_ends_on_time() -> None:
    clock = Clock()
    counts = MemoryCounts(clock=clock)
    assert [counts.incr("key", 60) for _ in range(3)] == [1, 2, 3]
    clock.now += 59.9
    assert (counts.incr("key", 60), counts.get("key"), counts.get_expiry("key")) == (4, 4, 1060)
    clock.now = 1060
    assert counts.get("key") == 0
    assert (counts.incr("key", 60), counts.get_expiry("key")) == (1, 1120)


def test_keys_do_not_share_a_window() -> None:
    counts = MemoryCounts()
    counts.incr("one", 60, amount=5)
    assert (counts.incr("other", 60), counts.get("one"), counts.get("none")) == (1, 5, 0)
    counts.clear("one")
    assert (counts.get("one"), counts.reset(), counts.get("other")) == (0, 1, 0)


def test_no_request_of_many_threads_is_lost() -> None:
    counts = MemoryCounts()
    with ThreadPoolExecutor(8) as threads:
        counted = list(threads.map(lambda _: counts.incr("key", 60), range(2000)))
    assert sorted(counted) == list(range(1, 2001))


def test_windows_that_are_over_go_as_new_ones_come() -> None:
    clock = Clock()
    counts = MemoryCounts(clock=clock)
    for number in range(100):
        counts.incr(f"short {number}", 60)
    clock.now += 60
    counts.incr("new", 60)
    assert counts.reset() == 1


def test_no_more_windows_are_kept_than_allowed_and_the_oldest_go_first() -> None:
    counts = MemoryCounts(max_windows=3, clock=Clock())
    for key in ("first", "second", "third", "fourth", "fifth"):
        counts.incr(key, 60)
    kept = [counts.get(key) for key in ("first", "second", "third", "fourth", "fifth")]
    assert kept == [0, 0, 1, 1, 1]
