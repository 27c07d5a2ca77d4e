"""How long, how many, how often."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Seconds are of wall time; `seconds` is one sample's. `log_counts` are SQLite's."""

    warm_seconds: float = 20
    rounds: int = 5
    seconds: float = 1.5
    clients: int = 32
    log_counts: tuple[int, ...] = (1_000, 100_000, 1_000_000)
    logs_per_runner: int = 100
    busy_clients: int = 500
    pausing_clients: int = 1000
    longest_pause: float = 4
    crowd_seconds: float = 12
    upstream_latency_ms: int = 50
    starts: int = 3
    soak_requests: int = 100_000
    soak_steps: int = 5

    @property
    def busy_operation(self) -> str:
        """The name of the load without pauses."""
        return f"{self.busy_clients} clients, no pause"

    @property
    def pausing_operation(self) -> str:
        """The name of the load with pauses."""
        return f"{self.pausing_clients} clients, pauses up to {self.longest_pause:g} s"


FULL = Sizes()

TINY = Sizes(
    warm_seconds=0.1,
    rounds=1,
    seconds=0.1,
    clients=2,
    log_counts=(60, 120),
    logs_per_runner=30,
    busy_clients=8,
    pausing_clients=8,
    longest_pause=0.1,
    crowd_seconds=0.3,
    upstream_latency_ms=2,
    starts=1,
    soak_requests=40,
    soak_steps=2,
)
"""Enough to see that every part still works; its figures mean nothing."""
