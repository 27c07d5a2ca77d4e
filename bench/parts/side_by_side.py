"""The product on the Content Lake beside the thin proxy and the peer, without upstream latency.

With a CPU for each server, all else on the others; and once more where the scheduler puts them.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack

from bench import documents, servers, traffic
from bench.measure import Load, Sample, measure
from bench.processes import ALL_CPUS, Process
from bench.responses import LOG
from bench.setting import Bench, say
from bench.targets import ON_ANY_CPU
from bench.traffic import CHANGES_PATH, PATH, request


def run(bench: Bench) -> list[Sample]:
    """Interleaved: in each round every operation is put on every server, one after the other."""
    with ExitStack() as stack:
        lake = stack.enter_context(servers.upstream(bench.folder))
        product = stack.enter_context(servers.product_on_sanity(bench.folder, lake, bench.issuer))
        peer = stack.enter_context(servers.peer(bench.folder, lake, bench.issuer))
        thin = stack.enter_context(servers.thin(bench.folder, lake))
        constant = stack.enter_context(servers.constant(bench.folder, lake))
        token = bench.issuer.token(documents.RUNNER_ID)
        api = {server: api_loads(bench, server, token) for server in (product, peer)}
        proxy, canned = thin_loads(bench), thin_loads(bench)
        del canned["write"]
        work: list[tuple[Process, str, Load]] = [
            *((thin, name, load) for name, load in proxy.items()),
            *((constant, name, load) for name, load in canned.items()),
            *((server, name, api[server][name]) for name in api[product] for server in api),
            (product, "changes (100)", changes_load(bench, product, token)),
        ]
        return _measured(bench, lake, work, "side by side", "")


def run_on_any_cpu(bench: Bench) -> list[Sample]:
    """The same for the operations that the targets speak of."""
    anywhere = servers.Placement(1, ALL_CPUS)
    with ExitStack() as stack:
        lake = stack.enter_context(servers.upstream(bench.folder, cpus=ALL_CPUS))
        product = stack.enter_context(
            servers.product_on_sanity(bench.folder, lake, bench.issuer, placement=anywhere)
        )
        peer = stack.enter_context(
            servers.peer(bench.folder, lake, bench.issuer, placement=anywhere)
        )
        thin = stack.enter_context(servers.thin(bench.folder, lake, placement=anywhere))
        token = bench.issuer.token(documents.RUNNER_ID)
        api = {server: api_loads(bench, server, token) for server in (product, peer)}
        work = [
            *((thin, name, load) for name, load in thin_loads(bench).items()),
            *(
                (server, name, api[server][name])
                for name in ("list", "read", "create")
                for server in api
            ),
        ]
        return _measured(bench, lake, work, "on any CPU", ON_ANY_CPU)


def _measured(
    bench: Bench, lake: Process, work: Sequence[tuple[Process, str, Load]], about: str, suffix: str
) -> list[Sample]:
    say(f"{about}: warming the servers for {bench.sizes.warm_seconds} s")
    bench.warm([(server, load) for server, _, load in work])
    samples = []
    for turn in range(bench.sizes.rounds):
        say(f"{about}: round {turn + 1} of {bench.sizes.rounds}")
        samples += [
            measure(server, name + suffix, load, turn=turn, lake=lake)
            for server, name, load in work
        ]
    return samples


def api_loads(bench: Bench, server: Process, token: str) -> dict[str, Load]:
    """A load for each operation of the API, with the tag that the server gives a log."""

    def load(one: str, expect: int = 200) -> Load:
        sizes = bench.sizes
        return Load(requests=[one], expect=expect, clients=sizes.clients, seconds=sizes.seconds)

    log = f"{PATH}/{LOG['_id']}"
    unchanged = {"If-None-Match": etag(server, log, token)}
    return {
        "list": load(request("GET", PATH, token)),
        "list of 100": load(request("GET", f"{PATH}?limit=100", token)),
        "read": load(request("GET", log, token)),
        "read, unchanged": load(request("GET", log, token, headers=unchanged), 304),
        "create": load(traffic.create(token, "session-0001"), 201),
        "update": load(request("PUT", log, token, traffic.CHANGES)),
        "delete": load(request("DELETE", log, token), 204),
    }


def changes_load(bench: Bench, server: Process, token: str) -> Load:
    """A page of 100 changes."""
    url = f"http://127.0.0.1:{server.port}{CHANGES_PATH}?since=now"
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked, timeout=60) as response:
        since = json.load(response)["pagination"]["next"]
    sizes = bench.sizes
    return Load(
        requests=[request("GET", f"{CHANGES_PATH}?since={since}", token)],
        clients=sizes.clients,
        seconds=sizes.seconds,
    )


def etag(server: Process, path: str, token: str) -> str:
    """The tag of what is at this path now."""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{path}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(asked, timeout=60) as response:
        return str(response.headers["ETag"])


def thin_loads(bench: Bench) -> dict[str, Load]:
    """A load for each round trip of the thin proxy."""
    sizes = bench.sizes
    return {
        name: Load(
            requests=[request("GET", f"/{name}", "none")],
            clients=sizes.clients,
            seconds=sizes.seconds,
        )
        for name in ("list", "read", "write")
    }
