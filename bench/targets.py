"""The lines that the product is held to, and the figures of a run beside them."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.measure import Sample
from bench.sizes import Sizes

PRODUCT, SQLITE = "product, Sanity", "product, SQLite"
THIN, PEER = "thin proxy", "FastAPI + aiohttp"

ON_ANY_CPU = ", on any CPU"
"""What the operations of servers without a CPU of their own end with."""

Group = tuple[str, str]
"""A server and an operation."""

_ROUND_TRIPS = {
    "list": ("list",),
    "read": ("read",),
    "create": ("read", "write"),
    "update": ("read", "write"),
    "delete": ("read", "write"),
}
"""An operation's upstream calls as the thin proxy makes them."""


@dataclass(frozen=True, slots=True)
class Target:
    """`figure` may be at most `limit`, or at least, when `at_least`."""

    name: str
    figure: float
    limit: float
    at_least: bool = False

    @property
    def holds(self) -> bool:
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit

    @property
    def limit_text(self) -> str:
        return f"at {'least' if self.at_least else 'most'} {self.limit:g}"


class Figures:
    """The samples of a run by server and operation."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples: dict[Group, list[Sample]] = {}
        for each in samples:
            self._samples.setdefault((each.server, each.operation), []).append(each)

    def groups(self) -> Sequence[Group]:
        """Every server and operation, in the order measured."""
        return list(self._samples)

    def of(self, server: str, operation: str) -> Sequence[Sample]:
        """The samples, in the order measured; none when it was not."""
        return self._samples.get((server, operation), [])

    def cpu_ratio(self, one: Group, *others: Group) -> float | None:
        """CPU of one over the CPU of the others together: the median of the rounds' own ratios.

        None when one of them was not measured.
        """
        measured = [self.of(*each) for each in (one, *others)]
        if not all(measured):
            return None
        return statistics.median(
            above.cpu_ms / sum(each.cpu_ms for each in below)
            for above, *below in zip(*measured, strict=True)
        )

    def times_thin(self, server: str, operation: str) -> float | None:
        """CPU over that of the same round trips through the thin proxy."""
        plain = operation.removesuffix(ON_ANY_CPU)
        suffix = operation.removeprefix(plain)
        trips = [(THIN, each + suffix) for each in _ROUND_TRIPS.get(plain, ())]
        return self.cpu_ratio((server, operation), *trips) if trips else None


def targets(figures: Figures, sizes: Sizes) -> list[Target]:
    """The lines of which something was measured."""
    return [
        *_beside_others(figures),
        *_beside_others(figures, ON_ANY_CPU),
        *_pages_and_sizes(figures, sizes),
        *_many_clients(figures, sizes),
        *_lifetime(figures),
    ]


def _beside_others(figures: Figures, suffix: str = "") -> Iterator[Target]:
    for operation in ("list", "read", "create", "update"):
        ratio = figures.times_thin(PRODUCT, operation + suffix)
        if ratio is not None:
            name = f"{operation}{suffix}: CPU, × the thin proxy's round trips"
            yield Target(name, ratio, 2.0)
    for operation in ("list", "read"):
        ratio = figures.cpu_ratio((PRODUCT, operation + suffix), (PEER, operation + suffix))
        if ratio is not None:
            yield Target(f"{operation}{suffix}: CPU, × {PEER}", ratio, 1.0)
    create = f"create{suffix}"
    ahead = figures.cpu_ratio((PEER, create), (PRODUCT, create))
    if ahead is not None:
        yield Target(f"{create}: CPU of {PEER}, × the product's", ahead, 1.3, at_least=True)


def _pages_and_sizes(figures: Figures, sizes: Sizes) -> Iterator[Target]:
    small, large = (f", {count:,} logs" for count in (sizes.log_counts[0], sizes.log_counts[-1]))
    pages = {
        PRODUCT: ("list of 100", "list"),
        SQLITE: (f"list of 100{large}", f"list, first page{large}"),
    }
    for server, (hundred, twenty) in pages.items():
        ratio = figures.cpu_ratio((server, hundred), (server, twenty))
        if ratio is not None:
            yield Target(f"{server}: CPU of a page of 100, × a page of 20", ratio, 2.5)
    of_any_size = ("list, first page", "list, deep page", "create")
    for operation in (*of_any_size, "sessions, own", "progress, own, 12 weeks"):
        ratio = figures.cpu_ratio((SQLITE, operation + large), (SQLITE, operation + small))
        if ratio is not None:
            name = f"{SQLITE}: CPU of {operation}, {sizes.log_counts[-1]:,} logs × "
            yield Target(f"{name}{sizes.log_counts[0]:,} logs", ratio, 1.5)


def _many_clients(figures: Figures, sizes: Sizes) -> Iterator[Target]:
    for operation, limit in ((sizes.busy_operation, 16), (sizes.pausing_operation, 10)):
        for sample in figures.of(PRODUCT, operation):
            yield Target(f"{operation}: failures", sample.failures, 0)
            times = sample.p99_ms / sizes.upstream_latency_ms
            yield Target(f"{operation}: p99, × the upstream's latency", times, limit)


def _lifetime(figures: Figures) -> Iterator[Target]:
    soak = figures.of(PRODUCT, "soak")
    if soak:
        first = max(each.pss_mb for each in soak if each.turn == 0)
        last = max(each.pss_mb for each in soak if each.turn == soak[-1].turn)
        requests = sum(each.requests for each in soak)
        yield Target(f"MB of a warm worker (PSS) after {requests:,} more requests", last, 90)
        yield Target("the same, × after the first fifth of them", last / first, 1.05)
    starts = figures.of(PRODUCT, "start")
    if starts:
        seconds = statistics.median(each.cpu_ms for each in starts) / 1000
        yield Target("CPU seconds from start to first response", seconds, 1.0)
