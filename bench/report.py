"""Samples to tables, and a run to files."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from bench.measure import Sample
from bench.sizes import Sizes
from bench.targets import ON_ANY_CPU, Figures, Target, targets

MARK = "<!-- What follows is written by `make bench`. -->"


def text(samples: Sequence[Sample], sizes: Sizes, date: str) -> str:
    """The results as Markdown."""
    figures = Figures(samples)
    parts = [f"Measured on {date}: {machine()}.", _targets(targets(figures, sizes))]
    for title, wanted in _TABLES.items():
        rows = [_row(figures, each) for each in figures.groups() if wanted(each[1])]
        if rows:
            parts.append(f"## {title}\n\n{_table(_HEAD, rows)}")
    return "\n\n".join(parts) + "\n"


def write_into(page: Path, results: str) -> None:
    """Replace what an earlier run wrote below the mark; what stands above it is written by hand."""
    above, _, _ = page.read_text().partition(MARK)
    page.write_text(f"{above}{MARK}\n\n{results}")


def machine() -> str:
    """The machine, as far as it matters."""
    names = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    cpu = names[0].partition(":")[2].strip() if names else platform.machine()
    memory = psutil.virtual_memory().total / 2**30
    cores = psutil.cpu_count()
    return f"{cores} cores of {cpu}, {memory:.0f} GiB, Python {platform.python_version()}"


_HEAD = (
    "server",
    "operation",
    "CPU-ms per request (spread)",
    "× thin proxy",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "upstream calls",
    "memory MB",
    "failures",
)

_TABLES: dict[str, Callable[[str], bool]] = {
    "Side by side": lambda operation: (
        not any(word in operation for word in (" logs", "clients", "start", "soak", ON_ANY_CPU))
    ),
    "Side by side, on any CPU": lambda operation: operation.endswith(ON_ANY_CPU),
    "SQLite": lambda operation: operation.endswith(" logs"),
    "Many clients": lambda operation: " clients, " in operation,
    "Lifetime": lambda operation: operation in ("start", "soak"),
}


def _row(figures: Figures, group: tuple[str, str]) -> list[str]:
    samples = figures.of(*group)
    cpu = sorted(each.cpu_ms for each in samples)

    def median(name: str) -> float:
        return statistics.median(getattr(each, name) for each in samples)

    calls = samples[0].upstream_calls
    ratio = figures.times_thin(*group)
    return [
        *group,
        f"{median('cpu_ms'):.2f} ({cpu[0]:.2f}–{cpu[-1]:.2f})",
        f"{ratio:.2f}" if ratio else "",
        f"{median('per_second'):.0f}",
        f"{median('p50_ms'):.1f}",
        f"{median('p99_ms'):.1f}",
        "" if calls is None else f"{median('upstream_calls'):.2f}",
        f"{samples[-1].pss_mb:.0f}",
        str(sum(each.failures for each in samples)),
    ]


def _targets(lines: Sequence[Target]) -> str:
    rows = [
        [each.name, f"{each.figure:.2f}", each.limit_text, "yes" if each.holds else "**no**"]
        for each in lines
    ]
    return f"## Targets\n\n{_table(('target', 'measured', 'limit', 'holds'), rows)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
