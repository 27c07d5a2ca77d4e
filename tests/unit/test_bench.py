"""`make bench` works: every part in its tiny size, and the arithmetic of its report."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import flask.views
import pytest

import app.auth.jwt
import app.service.model
import app.service.stores.port
import app.web.paging
from bench import loads, profiled, report
from bench.capacity import RUNNERS, Need, needs
from bench.measure import Sample
from bench.parts import profile
from bench.servers import DEFAULT_THREADS
from bench.sizes import FULL, TINY
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
    far_client,
    in_part,
    of_runners,
    pausing,
    single_creates,
    targets,
    with_logs,
)

ROOT = Path(__file__).resolve().parents[2]

LATENCY = TINY.usual_latency_ms
SMALL, LARGE = TINY.log_counts

MEASURED = {
    "side-by-side": {
        *((server, each) for server in (PRODUCT, PEER) for each in loads.BASIC),
        *((server, each) for server in (PRODUCT, PEER) for each in loads.REPORTS),
        *((server, loads.LIST_OF_100) for server in (PRODUCT, PEER)),
        *((server, loads.PATCHES) for server in (PRODUCT, PEER)),
        *((THIN, each) for each in ("list", "read", "write")),
    },
    "default": {(server, each + BY_DEFAULT) for server in (PRODUCT, PEER) for each in loads.BASIC},
    "batch": {
        (server, each)
        for server in (PRODUCT, PEER)
        for each in (
            *(loads.BATCH, single_creates()),
            *(far_client(loads.BATCH), far_client(loads.CREATES)),
        )
    },
    "sqlite": {
        (SQLITE, with_logs(each, logs))
        for logs in (SMALL, LARGE)
        for each in (
            *(loads.LISTS, loads.DEEP_LISTS, loads.LIST_OF_100, loads.READS, loads.CREATES),
            *(loads.UPDATES, loads.SESSIONS, loads.PROGRESS_OF_ONE, loads.CHANGES),
        )
    },
    "scale": {
        *((SQLITE, of_runners(each, TINY.scale_runners)) for each in loads.REPORTS[:3]),
        *(
            (STAND_IN, of_runners(each, TINY.scale_runners_on_stand_in))
            for each in loads.REPORTS[:3]
        ),
    },
    "far": {
        *((PEER, far(each, LATENCY)) for each in (loads.LISTS, loads.READS, loads.CREATES)),
        *(
            (PRODUCT, far(each, LATENCY, DEFAULT_THREADS))
            for each in (loads.LISTS, loads.READS, loads.CREATES)
        ),
        *((PRODUCT, far(loads.LISTS, LATENCY, threads)) for threads in TINY.thread_counts),
        *((server, pausing(TINY)) for server in (PRODUCT, PEER)),
    },
    "lifetime": {(PRODUCT, "start"), (PRODUCT, "soak")},
    "profile": {
        (PRODUCT, in_part(operation, part))
        for operation in profile.OPERATIONS
        for part in profiled.PARTS
    },
}


@pytest.mark.parametrize("part", MEASURED)
def test_a_part_measures_what_it_says(part: str, tmp_path: Path) -> None:
    page, run = tmp_path / "BENCHMARKS.md", tmp_path / "run.json"
    options = ["--tiny", "--parts", part, "--json", str(run), "--page", str(page)]
    command = [sys.executable, "-m", "bench", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    samples = json.loads(run.read_text())["samples"]
    assert MEASURED[part] <= {(each["server"], each["operation"]) for each in samples}
    assert all(each["requests"] > each["failures"] == 0 for each in samples)
    assert ("## Where the time goes" if part == "profile" else "## Goals") in page.read_text()
    assert f"{part}: took" in done.stderr


def test_a_part_that_does_not_exist_is_refused() -> None:
    command = [sys.executable, "-m", "bench", "--parts", "far,near"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no such part: near" in done.stderr


def sample(server: str, operation: str, cpu_ms: float = 1, turn: int = 0) -> Sample:
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
    assert figures.times_thin(PRODUCT, "read") == Figure(2.0, 2.0, 2.4)


def test_a_round_too_short_for_the_clock_has_no_ratio() -> None:
    """The kernel counts CPU in ticks of 10 ms: a short load on a busy machine may take none."""
    none = [sample(PRODUCT, "read", 1, 0), sample(THIN, "read", 0, 0)]
    assert Figures(none).times_thin(PRODUCT, "read") is None
    some = [*none, sample(PRODUCT, "read", 1, 1), sample(THIN, "read", 0.5, 1)]
    assert Figures(some).times_thin(PRODUCT, "read") == Figure(2.0, 2.0, 2.0)


def test_a_write_is_held_to_two_round_trips() -> None:
    figures = Figures(
        [sample(PRODUCT, "create", 1.5), sample(THIN, "read", 0.25), sample(THIN, "write", 0.25)]
    )
    assert figures.times_thin(PRODUCT, "create") == Figure(3.0, 3.0, 3.0)


def test_a_batch_is_held_to_as_many_creates() -> None:
    figures = Figures([sample(PRODUCT, loads.BATCH, 30), sample(PRODUCT, single_creates(), 1)])
    (ratio,) = [each for each in targets(figures, TINY) if ": CPU, × of 100 creates" in each.name]
    assert ratio.figure.median == pytest.approx(0.3)
    assert not ratio.holds


def test_what_was_not_measured_has_no_target() -> None:
    lines = targets(Figures([sample(PRODUCT, "list", 1.0), sample(PEER, "list", 0.8)]), TINY)
    assert [(each.name, each.holds) for each in lines] == [(f"list, one CPU: CPU, × {PEER}", False)]


@pytest.mark.parametrize(
    ("median", "limit", "at_least", "holds"),
    [(0.95, 0.95, False, True), (0.96, 0.95, False, False), (0.94, 0.95, True, False)],
)
def test_the_median_decides(median: float, limit: float, at_least: bool, holds: bool) -> None:
    assert Target("", Figure(median, 0, 9), limit, at_least).holds is holds


def test_the_page_says_how_many_goals_hold() -> None:
    lists = [sample(PRODUCT, "list", 1.0), sample(PEER, "list", 2.0)]
    good = report.Run("2026-01-01", {"side-by-side": 60.0}, FULL, lists)
    assert "\nAll hold.\n" in report.text(good)
    reads = [sample(PRODUCT, "read", 1.0), sample(PEER, "read", 1.0)]
    bad = report.Run("2026-01-01", {"side-by-side": 60.0}, FULL, [*lists, *reads])
    assert "\n1 of 2 hold.\n" in report.text(bad)
    assert "| 1.00 | ≤ 0.95 | **no** |" in report.text(bad)


def test_the_capacity_follows_from_the_cpu_times() -> None:
    operations = [*loads.BASIC, *loads.REPORTS]
    figures = Figures([sample(PRODUCT, each, 1.0) for each in operations])
    found = needs(figures)
    assert [each.runners for each in found] == [*RUNNERS]
    # At a millisecond each, a thousand requests a second take one CPU.
    assert all(each.cpus == pytest.approx(each.requests / 1000) for each in found)
    assert found[1].requests == pytest.approx(10 * found[0].requests)


def test_one_address_is_enough_up_to_the_limit() -> None:
    assert Need(1, requests=100, queries=100, mutations=25, cpus=0.1).addresses == 1
    assert Need(1, requests=100, queries=100, mutations=26, cpus=0.1).addresses == 2
    assert Need(1, requests=600, queries=600, mutations=1, cpus=0.1).addresses == 2


def test_without_the_figures_there_is_no_capacity() -> None:
    assert needs(Figures([sample(PRODUCT, "list")])) == []


def test_the_time_of_what_is_no_python_is_that_of_its_callers() -> None:
    view, model = (flask.views.__file__, 1, "view"), (app.service.model.__file__, 1, "model")
    stats = {
        view: (1, 1, 0.5, 2.0, {}),
        model: (1, 1, 0.25, 1.0, {view: (1, 1, 0.25, 1.0)}),
        ("~", 0, "<len>"): (
            3,
            3,
            1.0,
            1.0,
            {view: (1, 1, 0.125, 0.125), model: (2, 2, 0.875, 0.875)},
        ),
    }
    assert profiled.shares(stats) == {profiled.FLASK: 0.625, profiled.SERVICE: 1.125}


@pytest.mark.parametrize(
    ("module", "part"),
    [
        (app.service.stores.port, profiled.STORE),
        (app.service.model, profiled.SERVICE),
        (app.auth.jwt, profiled.SIGN_IN),
        (app.web.paging, profiled.WEB),
        (flask.views, profiled.FLASK),
        (logging, profiled.LOGGING),
        (json, profiled.OTHERS),
    ],
)
def test_a_file_belongs_to_the_part_of_its_folder(module: ModuleType, part: str) -> None:
    assert profiled.part_of(str(module.__file__)) == part
