"""Where the CPU time of a request goes: the share of each part of the product."""

from __future__ import annotations

from bench import loads, servers
from bench.measure import Sample
from bench.profiled import Plan
from bench.setting import Bench, say
from bench.targets import PRODUCT, in_part

OPERATIONS = (*loads.BASIC, loads.PROGRESS_OF_30)


def run(bench: Bench) -> list[Sample]:
    """A sample is one operation's time in one part."""
    count = bench.sizes.profiled_requests
    of_one = loads.without_changes(bench.issuer, loads.ready(bench.sizes))
    plan: Plan = {
        "requests": {name: of_one[name].requests[0] for name in OPERATIONS},
        "count": count,
    }
    say(f"profile: {count} requests of {len(OPERATIONS)} operations")
    with servers.upstream(bench.folder) as lake:
        outcome = servers.profile(bench.folder, lake, bench.issuer, plan)
    return [
        Sample(
            server=PRODUCT,
            operation=in_part(operation, part),
            turn=0,
            requests=count,
            failures=0,
            per_second=0,
            cpu_ms=milliseconds,
            p50_ms=0,
            p99_ms=0,
            upstream_calls=None,
            pss_mb=0,
            driver_busy=0,
        )
        for operation, parts in outcome.items()
        for part, milliseconds in parts.items()
    ]
