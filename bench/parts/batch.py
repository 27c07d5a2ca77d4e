"""A batch of 100 creates beside 100 single ones: CPU time, and the time of one client far away."""

from __future__ import annotations

from contextlib import ExitStack

from bench import loads, servers, traffic
from bench.documents import RUNNER_ID
from bench.measure import Sample
from bench.parts.side_by_side import Work, measured
from bench.processes import Process
from bench.setting import Bench
from bench.targets import far_client, single_creates

CLIENTS = 8
"""Of batches, which nobody sends 32 of at once."""


def run(bench: Bench) -> list[Sample]:
    """On a CPU of its own, first with a Content Lake that responds at once, then with one afar."""
    latency = bench.sizes.usual_latency_ms
    samples = []
    for latency_ms in (0, latency):
        with ExitStack() as stack:
            lake = stack.enter_context(servers.upstream(bench.folder, latency_ms=latency_ms))
            product = stack.enter_context(
                servers.product_on_sanity(bench.folder, lake, bench.issuer)
            )
            peer = stack.enter_context(servers.peer(bench.folder, lake, bench.issuer))
            work = [
                each
                for server in (product, peer)
                for each in _work(bench, server, far=bool(latency_ms))
            ]
            about = f"batch, the store {latency_ms} ms away"
            samples += measured(bench, lake, work, about)
    return samples


def _work(bench: Bench, server: Process, *, far: bool) -> Work:
    batch = loads.batch(server, bench.issuer)
    single = traffic.create(bench.issuer.token(RUNNER_ID), "session-0001")
    if far:
        one = loads.ready(bench.sizes, clients=1)
        return [
            (server, far_client(loads.BATCH), one([batch], 200)),
            (server, far_client(loads.CREATES), one([single], 201)),
        ]
    return [
        (server, loads.BATCH, loads.ready(bench.sizes, clients=CLIENTS)([batch], 200)),
        (server, single_creates(), loads.ready(bench.sizes)([single], 201)),
    ]
