"""A run as the page BENCHMARKS.md. Every sentence with a claim stands there only if it is so."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench import capacity, loads, profiled
from bench.measure import Sample
from bench.parts import profile
from bench.servers import DEFAULT_THREADS
from bench.sizes import Sizes
from bench.targets import (
    BY_DEFAULT,
    PEER,
    PRODUCT,
    SQLITE,
    STAND_IN,
    THIN,
    Figure,
    Figures,
    Target,
    far,
    in_part,
    of_runners,
    pausing,
    targets,
    with_logs,
)


@dataclass(frozen=True, slots=True)
class Run:
    """What was measured: the parts by their duration in seconds, and every sample."""

    date: str
    seconds: Mapping[str, float]
    sizes: Sizes
    samples: Sequence[Sample]


def text(run: Run) -> str:
    """The results as Markdown."""
    figures = Figures(run.samples)
    lines = targets(figures, run.sizes)
    sections = (
        "# Benchmarks",
        _introduction(run),
        _capacity(figures),
        _goals(lines),
        _operations(figures, run.sizes),
        _far(figures, run.sizes),
        _scale(figures, run.sizes),
        _profile(figures),
        _READING,
    )
    return "\n\n".join(filter(None, sections)) + "\n"


def machine() -> str:
    """The machine, as far as it matters."""
    names = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    cpu = names[0].partition(":")[2].strip() if names else platform.machine()
    memory = psutil.virtual_memory().total / 2**30
    cores = psutil.cpu_count()
    return f"{cores} cores of {cpu}, {memory:.0f} GiB, Python {platform.python_version()}"


def _introduction(run: Run) -> str:
    parts = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in run.seconds.items())
    minutes = sum(run.seconds.values()) / 60
    return (
        f"Written by `make bench` on {run.date}: {machine()}. The run took {minutes:.0f} minutes "
        f"({parts}); `.venv/bin/python -m bench --parts far,batch` runs some of the parts."
    )


def _capacity(figures: Figures) -> str:
    needs = capacity.needs(figures)
    if not needs:
        return ""
    rows = [
        [
            f"{need.runners:,}",
            f"{need.requests:.1f}",
            f"{need.cpus:.2f}",
            str(need.workers),
            f"{need.queries:.1f} + {need.mutations:.1f}",
            str(need.addresses),
            "yes" if need.fits_dataset else "**no**",
            f"{need.calls_a_month / 1e6:,.1f} million",
        ]
        for need in needs
    ]
    asked = ", ".join(f"{number:g} × {name}" for name, number in capacity.PER_DAY.items())
    table = _table(
        (
            "active runners",
            "requests/s",
            "CPUs in use",
            f"workers at {capacity.HEADROOM:.0%}",
            "queries + writes of the store /s",
            "addresses",
            "one dataset",
            "calls of Sanity a month",
        ),
        rows,
    )
    return f"""## How many runners does it serve?

In the busiest hour of a day, from the CPU times below. Assumed: a day of an active runner is
{asked} (a coach looks three times); {capacity.PEAK_SHARE:.0%} of a day's requests come in its
busiest hour, spread evenly over it; Sanity is {capacity.SECONDS_AWAY * 1000:.0f} ms away.

{table}

Sanity documents {capacity.MUTATIONS_PER_ADDRESS} mutations and {capacity.REQUESTS_PER_ADDRESS}
requests a second for one IP address, which all processes of a host share, and for one dataset
{capacity.CONCURRENT_QUERIES} queries and {capacity.CONCURRENT_MUTATIONS} mutations at once.
**Addresses** is from how many Sanity must be asked, **one dataset** whether its limits are enough.
A project's quota counts the calls of a month."""


def _goals(lines: Sequence[Target]) -> str:
    if not lines:
        return ""
    rows = [
        [each.name, str(each.figure), each.limit_text, "yes" if each.holds else "**no**"]
        for each in lines
    ]
    held = sum(each.holds for each in lines)
    said = "All hold." if held == len(lines) else f"{held} of {len(lines)} hold."
    head = ("goal", "measured (least–most of the rounds)", "limit", "holds")
    return f"## Goals\n\n{said}\n\n{_table(head, rows)}"


_ONE_CPU = (*loads.BASIC, loads.PATCHES, loads.LIST_OF_100, *loads.REPORTS, loads.BATCH)


def _operations(figures: Figures, sizes: Sizes) -> str:
    large = sizes.log_counts[1]
    columns: dict[str, tuple[str, Callable[[str], str]]] = {
        "product": (PRODUCT, str),
        PEER: (PEER, str),
        "product, by default": (PRODUCT, lambda each: each + BY_DEFAULT),
        f"{PEER}, any CPU": (PEER, lambda each: each + BY_DEFAULT),
        f"product, SQLite, {large:,} logs": (SQLITE, lambda each: with_logs(each, large)),
    }
    measured = {
        operation: [figures.cpu(server, name(operation)) for server, name in columns.values()]
        for operation in _ONE_CPU
    }
    rows = [
        [operation, *(_or_empty(each) for each in values)]
        for operation, values in measured.items()
        if any(values)
    ]
    if not rows:
        return ""
    return f"## CPU-ms of a request\n\n{_table(('operation', *columns), rows)}"


def _far(figures: Figures, sizes: Sizes) -> str:
    rows: list[list[str]] = []
    for latency in sizes.latencies_ms:
        for operation in (loads.LISTS, loads.READS, loads.CREATES):
            names = [
                (PRODUCT, f"product, {threads} threads", far(operation, latency, threads))
                for threads in sizes.thread_counts
            ]
            for server, label, name in (*names, (PEER, PEER, far(operation, latency))):
                rows += _crowd(figures, server, name, f"{latency} ms, {operation}", label)
    for server in (PRODUCT, PEER):
        rows += _crowd(figures, server, pausing(sizes), pausing(sizes), server)
    if not rows:
        return ""
    head = ("store, load", "server", "requests/s", "p50 ms", "p99 ms", "MB a worker", "failures")
    about = f"{sizes.busy_clients} clients without pauses, two workers."
    return f"## A store far away\n\n{about}\n\n{_table(head, rows)}"


def _crowd(figures: Figures, server: str, name: str, about: str, label: str) -> Iterator[list[str]]:
    for each in figures.of(server, name):
        yield [
            about,
            label,
            f"{each.per_second:.0f}",
            f"{each.p50_ms:.0f}",
            f"{each.p99_ms:.0f}",
            f"{each.pss_mb:.0f}",
            str(each.failures),
        ]


def _scale(figures: Figures, sizes: Sizes) -> str:
    stand_in = sizes.scale_runners_on_stand_in
    rows = []
    for each in (*loads.REPORTS[:3], loads.PROGRESS_OF_50, loads.LISTS):
        cpu = figures.cpu(SQLITE, of_runners(each, sizes.scale_runners))
        times = figures.ratio(
            (SQLITE, of_runners(each, sizes.scale_runners)),
            (SQLITE, of_runners(loads.LISTS, sizes.scale_runners)),
        )
        once = [
            f"{sample.p50_ms / 1000:.1f}" if not sample.failures else "none in time"
            for sample in figures.of(STAND_IN, of_runners(each, stand_in))
        ]
        if cpu:
            rows.append([each, str(cpu), str(times), "".join(once)])
    if not rows:
        return ""
    head = ("operation", "SQLite: CPU-ms", "× a list of 20", "stand-in: seconds, once")
    about = (
        f"{sizes.scale_runners:,} runners × {sizes.scale_weeks} weeks × 6 sessions; "
        f"{stand_in:,} runners in the stand-in of Sanity, whose engine reads all sessions and logs "
        "for a query, as the Content Lake with its indices does not."
    )
    return f"## Reports of a large club\n\n{about}\n\n{_table(head, rows)}"


def _profile(figures: Figures) -> str:
    columns = [
        [figures.cpu(PRODUCT, in_part(operation, part)) for part in profiled.PARTS]
        for operation in profile.OPERATIONS
    ]
    rows = [[part] for part in profiled.PARTS]
    for column in columns:
        whole = sum(each.median for each in column if each)
        for row, each in zip(rows, column, strict=True):
            row.append(f"{each.median / whole:.0%}" if each and whole else "")
    if not any(map(any, columns)):
        return ""
    about = (
        "CPU time of one thread under cProfile, which makes Python dearer than what is compiled."
    )
    return f"## Where the time goes\n\n{about}\n\n{_table(('part', *profile.OPERATIONS), rows)}"


_READING = f"""## How to read it

Everything runs on one machine: the server that is measured, what it calls and what drives it.
Absolute figures say more about the machine than about the API. Ratios are taken round by round, so
a slow moment is in both their parts; the spread is that of the rounds.

- **CPU-ms** is user and system time of all processes of the server for a request. 32 clients send
  without pause; server with one worker on one CPU, all else on the others.
- **By default** is `make serve` without any setting: two workers, each with a CPU and
  {DEFAULT_THREADS} threads, the rate limit of each of many users; beside it two workers of the peer
  wherever the scheduler puts them.
- **{THIN}** is a bare WSGI callable on the same server (granian) that makes one round trip through
  urllib3 and hands its bytes on. A write is held to two of its round trips.
- **{PEER}** is the strongest peer: uvicorn with uvloop and httptools, pydantic on both sides, token
  and caller remembered, independent calls made together. It makes the calls of the routes that this
  API replaces: 5 for a create, 3 for an update.
- Both APIs write their access logs. The Content Lake is a canned one that responds from memory."""


def _or_empty(figure: Figure | None) -> str:
    return "" if figure is None else str(figure)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
