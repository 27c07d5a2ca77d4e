"""`make bench` works: every part in its tiny size, and the arithmetic of its report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import report
from bench.measure import Sample
from bench.sizes import TINY
from bench.targets import ON_ANY_CPU, PEER, PRODUCT, THIN, Figures, targets

ROOT = Path(__file__).resolve().parents[2]

MEASURED = {
    "side-by-side": {
        (PRODUCT, "list"),
        (PRODUCT, "list of 100"),
        (PRODUCT, "changes (100)"),
        (PRODUCT, "read"),
        (PRODUCT, "read, unchanged"),
        (PRODUCT, "create"),
        (PRODUCT, "update"),
        (PRODUCT, "delete"),
        (PEER, "create"),
        (THIN, "write"),
        ("constant", "list"),
    },
    "on-any-cpu": {
        (server, operation + ON_ANY_CPU)
        for server in (PRODUCT, PEER)
        for operation in ("list", "read", "create")
    },
    "sqlite": {
        ("product, SQLite", "list, own, 60 logs"),
        ("product, SQLite", "list, deep page, 120 logs"),
        ("product, SQLite", "changes (100), 120 logs"),
        ("product, SQLite", "sessions, own, 60 logs"),
        ("product, SQLite", "progress, own, 12 weeks, 120 logs"),
        ("product, SQLite", "progress, a page of 50 runners, 4 weeks, 120 logs"),
        ("product, SQLite", "read, 120 logs"),
        ("product, SQLite", "create, 120 logs"),
        ("product, SQLite", "update, 60 logs"),
    },
    "crowd": {
        (server, operation)
        for server in (PRODUCT, PEER, THIN)
        for operation in (TINY.busy_operation, TINY.pausing_operation)
    },
    "lifetime": {(PRODUCT, "start"), (PRODUCT, "soak")},
}


@pytest.mark.parametrize("part", MEASURED)
def test_a_part_measures_what_it_says(part: str, tmp_path: Path) -> None:
    page = tmp_path / "BENCHMARKS.md"
    page.write_text("By hand.\n")
    options = ["--tiny", "--part", part, "--json", str(tmp_path / "run.json"), "--page", str(page)]
    command = [sys.executable, "-m", "bench", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    samples = json.loads((tmp_path / "run.json").read_text())["samples"]
    assert MEASURED[part] <= {(each["server"], each["operation"]) for each in samples}
    assert all(each["requests"] > each["failures"] == 0 for each in samples)
    assert page.read_text().startswith(f"By hand.\n{report.MARK}\n")
    assert "| target | measured | limit | holds |" in page.read_text()


def sample(server: str, operation: str, cpu_ms: float, turn: int = 0) -> Sample:
    return Sample(
        server=server,
        operation=operation,
        turn=turn,
        requests=100,
        failures=0,
        per_second=1000,
        cpu_ms=cpu_ms,
        p50_ms=1,
        p99_ms=2,
        upstream_calls=1,
        pss_mb=60,
        driver_busy=0.1,
    )


def test_ratios_are_taken_round_by_round() -> None:
    """A machine that is slow for a round is slow for both."""
    figures = Figures(
        [
            *(sample(PRODUCT, "read", cpu, turn) for turn, cpu in enumerate([1.0, 3.0, 1.2])),
            *(sample(THIN, "read", cpu, turn) for turn, cpu in enumerate([0.5, 1.5, 0.5])),
        ]
    )
    assert figures.times_thin(PRODUCT, "read") == pytest.approx(2.0)


def test_a_write_is_held_to_two_round_trips() -> None:
    figures = Figures(
        [sample(PRODUCT, "create", 1.5), sample(THIN, "read", 0.2), sample(THIN, "write", 0.3)]
    )
    assert figures.times_thin(PRODUCT, "create") == pytest.approx(3.0)


def test_a_server_on_any_cpu_is_held_to_a_thin_proxy_there() -> None:
    operation = f"list{ON_ANY_CPU}"
    figures = Figures(
        [
            sample(PRODUCT, operation, 1.5),
            sample(THIN, operation, 0.5),
            sample(THIN, "list", 0.1),
        ]
    )
    assert figures.times_thin(PRODUCT, operation) == pytest.approx(3.0)


def test_what_was_not_measured_has_no_target() -> None:
    lines = targets(Figures([sample(PRODUCT, "list", 1.0), sample(PEER, "list", 0.8)]), TINY)
    assert [(each.name, each.holds) for each in lines] == [(f"list: CPU, × {PEER}", False)]


def test_results_are_renewed_below_what_is_written_by_hand(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("By hand.\n\n")
    report.write_into(page, "first\n")
    report.write_into(page, "second\n")
    assert page.read_text() == f"By hand.\n\n{report.MARK}\n\nsecond\n"
