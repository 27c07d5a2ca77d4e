"""What goes wrong meanwhile, one thing after the other."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable

from tests.soak.site import WORKERS, Site
from tests.waiting import until

CRASH_LOOP_SECONDS = 6
"""granian ends when a worker dies that is younger than 5.5 s."""

ROTATION_SECONDS = 45
"""Between new keys: the API asks for unknown ones every 30 s at most."""


class Disturbances:
    """Disturbs the site until `stopping` is set; each disturbance ends before the next begins."""

    def __init__(self, site: Site, seed: int, *, pause: float) -> None:
        """`pause` is in seconds, between two of them."""
        self.stopping = threading.Event()
        self.counts: Counter[str] = Counter()
        self._site = site
        self._random = random.Random(seed)
        self._pause = pause
        self._respawned_at = 0.0
        self._rotated_at = time.monotonic()

    def run(self) -> None:
        each: list[tuple[str, Callable[[], None]]] = [
            ("SIGHUP", self.reload),
            ("killed workers", self.kill_worker),
            ("Redis stopped", self.stop_redis),
            *[("faults of the store", self.spoil_the_store)] * 4,
        ]
        # All of them once, however short the time; then by chance.
        ahead = [("new keys", self.rotate), *each[: len(each) - 3]]
        while not self.stopping.wait(self._pause):
            if not ahead and time.monotonic() - self._rotated_at > ROTATION_SECONDS:
                ahead.append(("new keys", self.rotate))
            name, disturb = ahead.pop() if ahead else self._random.choice(each)
            disturb()
            self.counts[name] += 1
        self.end()

    def end(self) -> None:
        """Everything works again."""
        self._site.lake.clear_faults()
        self._site.lake.delays()
        if not self._site.redis.is_running:
            self._site.redis.start()

    def reload(self) -> None:
        """New workers in the place of all."""
        before = set(self._site.restarted.workers())
        os.kill(self._site.restarted.process.pid, signal.SIGHUP)
        until(lambda: self._are_whole() and not before & set(self._site.restarted.workers()))
        self._respawned_at = time.monotonic()

    def kill_worker(self) -> None:
        """Without a warning; another takes its place. First, it comes of age."""
        self.stopping.wait(self._respawned_at + CRASH_LOOP_SECONDS - time.monotonic())
        victim = self._random.choice(self._site.restarted.workers())
        os.kill(victim, signal.SIGKILL)
        until(lambda: self._are_whole() and victim not in self._site.restarted.workers())
        self._respawned_at = time.monotonic()

    def _are_whole(self) -> bool:
        return len(self._site.restarted.workers()) == WORKERS

    def stop_redis(self) -> None:
        self._site.redis.stop()
        self.stopping.wait(self._pause)
        self._site.redis.start()

    def spoil_the_store(self) -> None:
        """A few requests fail, before or after they were executed."""
        rule = self._random.choice(
            (
                {"action": "respond", "status": 500},
                {"action": "respond", "status": 503},
                {"action": "respond", "status": 429},
                {"action": "drop"},
                {"action": "truncate"},
                {"action": "hang"},
                {"action": "delay", "ms": 500},
            )
        )
        when = self._random.choice(("before", "after"))
        times = 1 if rule["action"] == "hang" else self._random.randrange(1, 12)
        self._site.lake.fault(**rule, when=when, times=times)

    def rotate(self) -> None:
        self._site.issuer.rotate()
        self._rotated_at = time.monotonic()
