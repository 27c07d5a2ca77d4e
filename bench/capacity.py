"""How many runners a machine serves, from measured figures and stated assumptions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench import loads
from bench.targets import BY_DEFAULT, PRODUCT, Figures

RUNNERS = (1_000, 10_000, 100_000, 1_000_000)

PER_DAY: Mapping[str, float] = {
    loads.LISTS: 4,
    loads.SESSIONS: 3,
    loads.READS: 4,
    loads.CREATES: 1,
    loads.UPDATES: 0.3,
    loads.PROGRESS_OF_30: 0.1,
}
"""Requests of an active runner, their share of a coach with 30 runners included."""

WRITES = (loads.CREATES, loads.UPDATES)
"""They are a query and a mutation each; all else is a query."""

PEAK_SHARE = 0.12
"""Of a day's requests, in its busiest hour."""

HEADROOM = 0.5
"""How much of a CPU is used at the peak."""

SECONDS_AWAY = 0.05

# Sanity's documentation, "Technical limits".
MUTATIONS_PER_ADDRESS, REQUESTS_PER_ADDRESS = 25, 500
CONCURRENT_QUERIES, CONCURRENT_MUTATIONS = 500, 100


@dataclass(frozen=True, slots=True)
class Need:
    """What so many runners need in the busiest hour of a day."""

    runners: int
    requests: float
    queries: float
    mutations: float
    cpus: float

    @property
    def workers(self) -> int:
        """Of a CPU each."""
        return max(1, math.ceil(self.cpus / HEADROOM))

    @property
    def addresses(self) -> int:
        """From how many addresses Sanity must be asked, so that it refuses nothing."""
        calls = self.queries + self.mutations
        return max(
            1,
            math.ceil(self.mutations / MUTATIONS_PER_ADDRESS),
            math.ceil(calls / REQUESTS_PER_ADDRESS),
        )

    @property
    def fits_dataset(self) -> bool:
        """Whether Sanity lets one dataset work on as many at once."""
        return (
            self.queries * SECONDS_AWAY <= CONCURRENT_QUERIES
            and self.mutations * SECONDS_AWAY <= CONCURRENT_MUTATIONS
        )

    @property
    def calls_a_month(self) -> float:
        """Requests to Sanity."""
        return (self.queries + self.mutations) * 3600 / PEAK_SHARE * 30


def needs(figures: Figures) -> Sequence[Need]:
    """The needs of each number of runners; none when an operation was not measured."""
    cpu_ms = {each: _cpu_ms(figures, each) for each in PER_DAY}
    if not all(cpu_ms.values()):
        return []
    found = []
    for runners in RUNNERS:
        per_second = {name: runners * n * PEAK_SHARE / 3600 for name, n in PER_DAY.items()}
        requests = sum(per_second.values())
        mutations = sum(per_second[each] for each in WRITES)
        cpus = sum(per_second[each] * cpu_ms[each] / 1000 for each in PER_DAY)
        found.append(Need(runners, requests, requests, mutations, cpus))
    return found


def _cpu_ms(figures: Figures, operation: str) -> float:
    """As it starts by default, where that was measured."""
    for name in (operation + BY_DEFAULT, operation):
        if figure := figures.cpu(PRODUCT, name):
            return figure.median
    return 0
