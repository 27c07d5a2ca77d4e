"""The product on the Content Lake beside the thin proxy and the peer, without upstream latency."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from bench import loads, servers
from bench.measure import Load, Sample, measure
from bench.processes import ALL_CPUS, Process
from bench.setting import Bench, say
from bench.targets import BY_DEFAULT

Work = Sequence[tuple[Process, str, Load]]


def run(bench: Bench) -> list[Sample]:
    """A CPU for each server, all else on the others; every operation."""
    with ExitStack() as stack:
        lake = stack.enter_context(servers.upstream(bench.folder))
        product = stack.enter_context(servers.product_on_sanity(bench.folder, lake, bench.issuer))
        peer = stack.enter_context(servers.peer(bench.folder, lake, bench.issuer))
        thin = stack.enter_context(servers.thin(bench.folder, lake))
        load = loads.ready(bench.sizes)
        # Those of one user would all change the same log: the product lets them do so in turn.
        basic = loads.of_many_users(loads.tokens_of(bench.issuer, bench.sizes.users), load)
        api = {
            each: loads.of_one_user(each, bench.issuer, load) | basic for each in (product, peer)
        }
        work = [
            *((thin, name, each) for name, each in loads.of_thin(load).items()),
            *((server, name, api[server][name]) for name in api[product] for server in api),
        ]
        return measured(bench, lake, work, "side by side")


def run_by_default(bench: Bench) -> list[Sample]:
    """As `make serve` starts by default, beside as many workers of the peer, on any CPU.

    No setting is tuned: many users make the load, so that the rate limit of each holds.
    """
    with ExitStack() as stack:
        lake = stack.enter_context(servers.upstream(bench.folder, cpus=ALL_CPUS))
        product = stack.enter_context(
            servers.product_on_sanity(
                bench.folder, lake, bench.issuer, placement=servers.DEFAULT, settings={}
            )
        )
        peer = stack.enter_context(
            servers.peer(bench.folder, lake, bench.issuer, placement=servers.DEFAULT)
        )
        tokens = loads.tokens_of(bench.issuer, bench.sizes.users)
        api = loads.of_many_users(tokens, loads.ready(bench.sizes))
        work = [
            (server, name + BY_DEFAULT, load)
            for name, load in api.items()
            for server in (product, peer)
        ]
        return measured(bench, lake, work, "by default")


def measured(bench: Bench, lake: Process | None, work: Work, about: str) -> list[Sample]:
    """Interleaved: in each round every load is put on its server, one after the other."""
    say(f"{about}: warming the servers for {bench.sizes.warm_seconds} s")
    bench.warm([(server, load) for server, _, load in work])
    samples = []
    for turn in range(bench.sizes.rounds):
        say(f"{about}: round {turn + 1} of {bench.sizes.rounds}")
        samples += [
            measure(server, name, load, turn=turn, lake=lake) for server, name, load in work
        ]
    return samples
