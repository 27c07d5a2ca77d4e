"""One sample: a load put on a server, and what it cost."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass

from bench.driver import GRACE_SECONDS, Outcome, Plan
from bench.processes import ROOT, Process, other_cpus, staying_on


class MeasureError(Exception):
    """The load did not do what it should: a sample of it would tell nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is sent: see `driver.Plan`. Every response is to have the status `expect`."""

    requests: Sequence[str]
    expect: int = 200
    clients: int
    seconds: float
    count: int | None = None
    longest_pause: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one load cost. CPU is of the server's whole tree, user and system."""

    server: str
    operation: str
    turn: int
    requests: int
    failures: int
    per_second: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float
    upstream_calls: float | None
    pss_mb: float
    driver_busy: float


def measure(
    server: Process,
    operation: str,
    load: Load,
    *,
    turn: int = 0,
    lake: Process | None = None,
    failures_allowed: bool = False,
) -> Sample:
    """Put the load on the server. Raises `MeasureError` when responses are not as expected."""
    calls_before = _calls(lake)
    cpu_before = server.cpu_seconds()
    outcome = drive(server, load)
    cpu = server.cpu_seconds() - cpu_before
    calls = _calls(lake) - calls_before
    good = outcome["statuses"].get(str(load.expect), 0)
    failures = sum(outcome["statuses"].values()) - good
    if failures and not failures_allowed:
        raise MeasureError(
            f"{server.name}, {operation}: responses by status {outcome['statuses']}\n"
            f"{server.output()}"
        )
    return Sample(
        server=server.name,
        operation=operation,
        turn=turn,
        requests=outcome["requests"],
        failures=failures,
        per_second=outcome["requests"] / outcome["seconds"],
        cpu_ms=cpu * 1000 / outcome["requests"],
        p50_ms=outcome["p50_ms"],
        p99_ms=outcome["p99_ms"],
        upstream_calls=calls / outcome["requests"] if lake else None,
        pss_mb=server.worker_pss() / 1e6,
        driver_busy=outcome["busy"],
    )


def drive(server: Process, load: Load) -> Outcome:
    """Run the driver as a process of its own, on other CPUs than the server's."""
    plan: Plan = {
        "port": server.port,
        "clients": load.clients,
        "seconds": load.seconds,
        "count": load.count,
        "longest_pause": load.longest_pause,
        "requests": load.requests,
    }
    with staying_on(other_cpus(server.cpus)):
        done = subprocess.run(
            [sys.executable, "-m", "bench.driver"],
            input=json.dumps(plan).encode(),
            stdout=subprocess.PIPE,
            cwd=ROOT,
            timeout=load.seconds + 2 * GRACE_SECONDS + 10,
            check=True,
        )
    outcome: Outcome = json.loads(done.stdout)
    return outcome


def _calls(lake: Process | None) -> int:
    if lake is None:
        return 0
    with urllib.request.urlopen(f"http://127.0.0.1:{lake.port}/-/calls", timeout=10) as response:
        return int(response.read())
