"""Many clients on two workers, the Content Lake 50 ms away: without pauses, and with."""

from __future__ import annotations

from contextlib import ExitStack

from bench import documents, servers
from bench.measure import Load, Sample, measure
from bench.processes import ALL_CPUS
from bench.setting import Bench, say
from bench.traffic import PATH, request

WORKERS = 2


def run(bench: Bench) -> list[Sample]:
    """Lists of 20; failures are counted, not refused: they are part of what is measured."""
    sizes = bench.sizes
    token = bench.issuer.token(documents.RUNNER_ID)
    samples = []
    with ExitStack() as stack:
        lake = stack.enter_context(
            servers.upstream(bench.folder, latency_ms=sizes.upstream_latency_ms, cpus=ALL_CPUS)
        )
        two = servers.Placement(WORKERS, ALL_CPUS)
        product = stack.enter_context(
            servers.product_on_sanity(bench.folder, lake, bench.issuer, placement=two)
        )
        thin = stack.enter_context(servers.thin(bench.folder, lake, placement=two))
        peer = stack.enter_context(servers.peer(bench.folder, lake, bench.issuer, placement=two))
        targets = {
            product: request("GET", PATH, token),
            thin: request("GET", "/list", token),
            peer: request("GET", PATH, token),
        }
        loads = {
            sizes.busy_operation: (sizes.busy_clients, 0.0),
            sizes.pausing_operation: (sizes.pausing_clients, sizes.longest_pause),
        }
        say(f"many clients: warming {len(targets)} servers for {sizes.warm_seconds} s")
        bench.warm([(server, _load(one, sizes.clients, 0, 0)) for server, one in targets.items()])
        for operation, (clients, pause) in loads.items():
            for server, one in targets.items():
                say(f"many clients: {server.name}, {operation}")
                load = _load(one, clients, sizes.crowd_seconds, pause)
                samples.append(measure(server, operation, load, lake=lake, failures_allowed=True))
    return samples


def _load(one: str, clients: int, seconds: float, pause: float) -> Load:
    return Load(requests=[one], clients=clients, seconds=seconds, longest_pause=pause)
