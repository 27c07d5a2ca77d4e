"""The product from its start on: the CPU time until the first response, and memory as it works."""

from __future__ import annotations

import time
import urllib.request
from contextlib import ExitStack
from dataclasses import replace

from bench import loads, servers
from bench.measure import Sample, measure
from bench.processes import Process
from bench.setting import Bench, say


def run(bench: Bench) -> list[Sample]:
    """`start` is one request; a `soak` of one turn is a share of the operations."""
    samples = []
    with ExitStack() as stack:
        lake = stack.enter_context(servers.upstream(bench.folder))
        for turn in range(bench.sizes.starts):
            say(f"lifetime: start {turn + 1} of {bench.sizes.starts}")
            samples.append(_start(bench, lake, turn))
        product = stack.enter_context(servers.product_on_sanity(bench.folder, lake, bench.issuer))
        operations = loads.of_one_user(product, bench.issuer, loads.ready(bench.sizes))
        # It takes the time of many others, and little else.
        del operations[loads.PROGRESS_OF_30]
        work = [*operations.values()]
        say(f"lifetime: warming the server for {bench.sizes.warm_seconds} s")
        bench.warm([(product, load) for load in work])
        steps = bench.sizes.soak_steps
        count = bench.sizes.soak_requests // steps // len(work)
        for step in range(steps):
            say(f"lifetime: {bench.sizes.soak_requests} requests, step {step + 1} of {steps}")
            samples += [
                measure(product, "soak", replace(load, count=count, seconds=120), turn=step)
                for load in work
            ]
    return samples


def _start(bench: Bench, lake: Process, turn: int) -> Sample:
    begun = time.perf_counter()
    with servers.product_on_sanity(bench.folder, lake, bench.issuer) as product:
        with urllib.request.urlopen(f"http://127.0.0.1:{product.port}/healthz", timeout=30):
            milliseconds = (time.perf_counter() - begun) * 1000
        return Sample(
            server=product.name,
            operation="start",
            turn=turn,
            requests=1,
            failures=0,
            per_second=1000 / milliseconds,
            cpu_ms=product.cpu_seconds() * 1000,
            p50_ms=milliseconds,
            p99_ms=milliseconds,
            upstream_calls=None,
            pss_mb=product.worker_pss() / 1e6,
            driver_busy=0,
        )
