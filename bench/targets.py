"""What the product is held to, and the figures of a run beside it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench import loads
from bench.measure import Sample
from bench.servers import DEFAULT_THREADS
from bench.sizes import Sizes

PRODUCT, SQLITE, STAND_IN = "product, Sanity", "product, SQLite", "product, stand-in"
THIN, PEER = "thin proxy", "FastAPI + aiohttp"

BY_DEFAULT = ", by default"
"""What the operations of servers end with that run as `make serve` starts by default."""


def far(operation: str, latency_ms: int, threads: int | None = None) -> str:
    """The name of an operation on a store that far away; the peer has no threads."""
    name = f"{operation}, {latency_ms} ms away"
    return name if threads is None else f"{name}, THREADS={threads}"


def far_client(operation: str) -> str:
    """The name of an operation that one client asks for again and again, the store far away."""
    return f"{operation}, one client, far away"


def single_creates() -> str:
    """The name of the creates beside a batch."""
    return "create, beside batches"


def pausing(sizes: Sizes) -> str:
    """The name of the load with pauses."""
    return f"{sizes.pausing_clients} clients, pauses up to {sizes.longest_pause:g} s"


def with_logs(operation: str, logs: int) -> str:
    """The name of an operation on a file of so many logs."""
    return f"{operation}, {logs:,} logs"


def of_runners(operation: str, runners: int) -> str:
    """The name of an operation in a club of so many runners."""
    return f"{operation}, {runners:,} runners"


def in_part(operation: str, part: str) -> str:
    """The name of an operation's time in a part of the product, as `bench.profiled` names it."""
    return f"{operation}, in {part}"


Group = tuple[str, str]
"""A server and an operation."""

_ROUND_TRIPS = {
    loads.LISTS: ("list",),
    loads.READS: ("read",),
    loads.CREATES: ("read", "write"),
    loads.UPDATES: ("read", "write"),
}
"""An operation's upstream calls as the thin proxy makes them."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value: the median of the rounds, and the least and the most of them."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure:
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        text = f"{self.median:.2f}"
        return text if self.least == self.most else f"{text} ({self.least:.2f}–{self.most:.2f})"


@dataclass(frozen=True, slots=True)
class Target:
    """The median of `figure` may be at most `limit`, or at least, when `at_least`."""

    name: str
    figure: Figure
    limit: float
    at_least: bool = False

    @property
    def holds(self) -> bool:
        # As the page says it: nobody sees more digits.
        value = round(self.figure.median, 2)
        return value >= self.limit if self.at_least else value <= self.limit

    @property
    def limit_text(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


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

    def figure(self, server: str, operation: str, name: Callable[[Sample], float]) -> Figure | None:
        """A figure of each sample; None when it was not measured."""
        samples = self.of(server, operation)
        return Figure.of([name(each) for each in samples]) if samples else None

    def cpu(self, server: str, operation: str) -> Figure | None:
        """CPU-ms for a request."""
        return self.figure(server, operation, lambda each: each.cpu_ms)

    def ratio(
        self,
        one: Group,
        *others: Group,
        of: Callable[[Sample], float] = lambda each: each.cpu_ms,
        times: float = 1,
    ) -> Figure | None:
        """A figure of one over that of the others together, by default CPU: round by round.

        A round in which the others took no tick of the kernel's clock (10 ms of CPU) has none.
        None when one of them was not measured, or no round has one.
        """
        measured = [self.of(*each) for each in (one, *others)]
        if not all(measured):
            return None
        ratios = [
            of(above) / total / times
            for above, *below in zip(*measured, strict=True)
            if (total := sum(map(of, below)))
        ]
        return Figure.of(ratios) if ratios else None

    def times_thin(self, server: str, operation: str) -> Figure | None:
        """CPU over that of the same round trips through the thin proxy."""
        trips = [(THIN, each) for each in _ROUND_TRIPS.get(operation, ())]
        return self.ratio((server, operation), *trips) if trips else None


def targets(figures: Figures, sizes: Sizes) -> list[Target]:
    """Those of which something was measured."""
    candidates = (
        *_beside_others(figures),
        *_newer_operations(figures, sizes),
        *_pages_and_sizes(figures, sizes),
        *_far(figures, sizes),
        *_lifetime(figures),
    )
    return [
        Target(name, figure, limit, at_least)
        for name, figure, limit, at_least in candidates
        if figure is not None
    ]


Candidate = tuple[str, Figure | None, float, bool]


def _most(name: str, figure: Figure | None, limit: float) -> Candidate:
    return name, figure, limit, False


def _beside_others(figures: Figures) -> Iterator[Candidate]:
    for each in loads.BASIC:
        ratio = figures.ratio((PRODUCT, each), (PEER, each))
        limit = 0.75 if each == loads.LISTS else 0.95
        yield _most(f"{each}, one CPU: CPU, × {PEER}", ratio, limit)
    for each in loads.BASIC:
        name = each + BY_DEFAULT
        ratio = figures.ratio((PRODUCT, name), (PEER, name))
        yield _most(f"{name}: CPU, × {PEER} on any CPU", ratio, 1)
    for each in _ROUND_TRIPS:
        limit = 2 if each == loads.LISTS else 1.8
        ratio = figures.times_thin(PRODUCT, each)
        yield _most(f"{each}: CPU, × the thin proxy's round trips", ratio, limit)


def _newer_operations(figures: Figures, sizes: Sizes) -> Iterator[Candidate]:
    for each in (*loads.REPORTS, loads.BATCH):
        calls = figures.figure(PRODUCT, each, lambda sample: sample.upstream_calls or 0)
        trips = 2 if each == loads.BATCH else 1
        # The caller is looked up once.
        yield _most(f"{each}: round trips to the store", calls, trips + 0.05)
    scale = sizes.scale_runners
    for server, progress, lists in (
        (PRODUCT, loads.PROGRESS_OF_30, loads.LISTS),
        (SQLITE, of_runners(loads.PROGRESS_OF_30, scale), of_runners(loads.LISTS, scale)),
    ):
        ratio = figures.ratio((server, progress), (server, lists))
        yield _most(f"{server}: CPU of {loads.PROGRESS_OF_30}, × a list of 20", ratio, 6)
    for name, ratio in (
        (
            "CPU",
            figures.ratio(
                (PRODUCT, loads.BATCH), (PRODUCT, single_creates()), times=loads.BATCH_SIZE
            ),
        ),
        (
            "time of one client, the store far away",
            figures.ratio(
                (PRODUCT, far_client(loads.BATCH)),
                (PRODUCT, far_client(loads.CREATES)),
                of=lambda each: each.p50_ms,
                times=loads.BATCH_SIZE,
            ),
        ),
    ):
        yield _most(f"{loads.BATCH}: {name}, × of {loads.BATCH_SIZE} creates", ratio, 0.25)


def _pages_and_sizes(figures: Figures, sizes: Sizes) -> Iterator[Candidate]:
    small, large = sizes.log_counts
    for server, hundred, twenty in (
        (PRODUCT, loads.LIST_OF_100, loads.LISTS),
        (SQLITE, with_logs(loads.LIST_OF_100, large), with_logs(loads.LISTS, large)),
    ):
        ratio = figures.ratio((server, hundred), (server, twenty))
        yield _most(f"{server}: CPU of a page of 100, × a page of 20", ratio, 2.5)
    for each in (
        *(loads.LISTS, loads.DEEP_LISTS, loads.SESSIONS, loads.PROGRESS_OF_ONE, loads.CHANGES),
        loads.CREATES,
    ):
        ratio = figures.ratio((SQLITE, with_logs(each, large)), (SQLITE, with_logs(each, small)))
        yield _most(f"SQLite: CPU of {each}, {large:,} logs × {small:,} logs", ratio, 1.5)


def _far(figures: Figures, sizes: Sizes) -> Iterator[Candidate]:
    for latency in sizes.latencies_ms:
        name = far(loads.LISTS, latency, DEFAULT_THREADS)
        about = f"{sizes.busy_clients} clients, lists, the store {latency} ms away"
        rate = figures.ratio(
            (PRODUCT, name), (PEER, far(loads.LISTS, latency)), of=lambda each: each.per_second
        )
        yield f"{about}: requests/s, × {PEER}", rate, 0.95, True
        # With the store nearer, so many clients wait for the CPUs, not for the store.
        if latency >= sizes.usual_latency_ms:
            slow = figures.figure(PRODUCT, name, lambda each, ms=latency: each.p99_ms / ms)  # type: ignore[misc]  # mypy sees no default here
            yield _most(f"{about}: p99, × that latency", slow, 12)
        failures = figures.figure(PRODUCT, name, lambda each: each.failures)
        yield _most(f"{about}: failures", failures, 0)
    slow = figures.figure(
        PRODUCT, pausing(sizes), lambda each: each.p99_ms / sizes.usual_latency_ms
    )
    yield _most(f"{pausing(sizes)}: p99, × the store's latency", slow, 10)
    failures = figures.figure(PRODUCT, pausing(sizes), lambda each: each.failures)
    yield _most(f"{pausing(sizes)}: failures", failures, 0)


def _lifetime(figures: Figures) -> Iterator[Candidate]:
    soak = figures.of(PRODUCT, "soak")
    if soak:
        first = max(each.pss_mb for each in soak if each.turn == 0)
        last = max(each.pss_mb for each in soak if each.turn == soak[-1].turn)
        requests = sum(each.requests for each in soak)
        name = f"MB of a warm worker (PSS) after {requests:,} more requests"
        yield _most(name, Figure.of([last]), 90)
        yield _most("the same, × after the first fifth of them", Figure.of([last / first]), 1.05)
    starts = figures.figure(PRODUCT, "start", lambda each: each.cpu_ms / 1000)
    yield _most("CPU seconds from start to first response", starts, 1)
