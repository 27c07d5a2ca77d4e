"""A store far away: many clients on two workers, the Content Lake 20 to 150 ms from them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

from bench import loads, servers
from bench.measure import Sample, measure
from bench.processes import ALL_CPUS, Process
from bench.servers import DEFAULT, DEFAULT_THREADS, ONE_USER
from bench.setting import Bench, say
from bench.targets import far, pausing

OPERATIONS = (loads.LISTS, loads.READS, loads.CREATES)


def run(bench: Bench) -> list[Sample]:
    """Failures are counted, not refused: they are part of what is measured."""
    samples = []
    for latency in bench.sizes.latencies_ms:
        with ExitStack() as stack:
            lake = stack.enter_context(
                servers.upstream(bench.folder, latency_ms=latency, cpus=ALL_CPUS)
            )
            samples += [*_of_peer(bench, lake, latency)]
            for threads in bench.sizes.thread_counts:
                samples += [*_of_product(bench, lake, latency, threads)]
    return samples


def _of_peer(bench: Bench, lake: Process, latency: int) -> Iterator[Sample]:
    with servers.peer(bench.folder, lake, bench.issuer, placement=DEFAULT) as peer:
        for operation in OPERATIONS:
            yield _measured(bench, lake, peer, operation, far(operation, latency))
        if latency == bench.sizes.usual_latency_ms:
            yield _with_pauses(bench, lake, peer)


def _of_product(bench: Bench, lake: Process, latency: int, threads: int) -> Iterator[Sample]:
    operations = [*_operations(bench, latency, threads)]
    if not operations:
        return
    settings = {**ONE_USER, "THREADS": str(threads)}
    with servers.product_on_sanity(
        bench.folder, lake, bench.issuer, placement=DEFAULT, settings=settings
    ) as product:
        for operation in operations:
            yield _measured(bench, lake, product, operation, far(operation, latency, threads))
        if (latency, threads) == (bench.sizes.usual_latency_ms, DEFAULT_THREADS):
            yield _with_pauses(bench, lake, product)


def _operations(bench: Bench, latency: int, threads: int) -> Iterator[str]:
    """What is measured so: everything, or the default's, and lists with more and fewer threads."""
    for each in OPERATIONS:
        usual = threads == DEFAULT_THREADS or (
            latency == bench.sizes.usual_latency_ms and each == loads.LISTS
        )
        if usual or bench.whole:
            yield each


def _measured(bench: Bench, lake: Process, server: Process, operation: str, name: str) -> Sample:
    sizes = bench.sizes
    say(f"far: {server.name}, {name}")
    make = loads.ready(sizes, clients=sizes.busy_clients, seconds=sizes.crowd_seconds)
    load = loads.of_one_user(server, bench.issuer, make)[operation]
    bench.warm([(server, load)], seconds=1)
    return measure(server, name, load, lake=lake, failures_allowed=True)


def _with_pauses(bench: Bench, lake: Process, server: Process) -> Sample:
    sizes = bench.sizes
    say(f"far: {server.name}, {pausing(sizes)}")
    load = loads.ready(sizes, sizes.pausing_clients, sizes.pausing_seconds)
    lists = loads.of_one_user(server, bench.issuer, load)[loads.LISTS]
    paused = replace(lists, longest_pause=sizes.longest_pause)
    return measure(server, pausing(sizes), paused, lake=lake, failures_allowed=True)
