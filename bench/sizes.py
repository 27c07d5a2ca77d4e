"""How long, how many, how often."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Seconds are of wall time; `seconds` is one sample's. `log_counts` are SQLite's, of a small
    file and a large one; `scale_*` say how many runners train for how many weeks.
    """

    warm_seconds: float = 6
    rounds: int = 4
    seconds: float = 1
    clients: int = 32
    users: int = 1000
    log_counts: tuple[int, int] = (1_000, 1_000_000)
    logs_per_runner: int = 100
    writes: int = 500
    scale_runners: int = 1000
    scale_runners_on_stand_in: int = 100
    scale_weeks: int = 52
    stand_in_seconds: int = 15
    busy_clients: int = 500
    pausing_clients: int = 1000
    longest_pause: float = 4
    crowd_seconds: float = 4
    pausing_seconds: float = 10
    latencies_ms: tuple[int, ...] = (20, 50, 150)
    usual_latency_ms: int = 50
    thread_counts: tuple[int, ...] = (32, 64, 96, 128)
    starts: int = 3
    soak_requests: int = 100_000
    soak_steps: int = 5
    profiled_requests: int = 100


FULL = Sizes()

TINY = Sizes(
    warm_seconds=0.1,
    rounds=1,
    seconds=0.1,
    clients=2,
    users=50,
    log_counts=(60, 120),
    logs_per_runner=30,
    writes=20,
    scale_runners=31,
    scale_runners_on_stand_in=2,
    scale_weeks=52,
    busy_clients=8,
    pausing_clients=8,
    longest_pause=0.1,
    crowd_seconds=0.2,
    pausing_seconds=0.3,
    latencies_ms=(2,),
    usual_latency_ms=2,
    thread_counts=(64, 96),
    starts=1,
    soak_requests=60,
    soak_steps=2,
    profiled_requests=2,
)
"""Enough to see that every part still works; its figures mean nothing."""
