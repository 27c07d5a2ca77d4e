"""What the parts of a run share."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.issuer import Issuer
from bench.measure import Load, drive
from bench.processes import Process
from bench.sizes import Sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """`folder` is temporary; `issuer` is listening."""

    sizes: Sizes
    folder: Path
    issuer: Issuer

    def warm(self, work: Sequence[tuple[Process, Load]]) -> None:
        """Let all servers work at the same time, each on its loads in turn, for `warm_seconds`."""
        servers: dict[Process, list[Load]] = {server: [] for server, _ in work}
        for server, load in work:
            servers[server].append(load)
        with ThreadPoolExecutor(len(servers)) as pool:
            list(pool.map(self._warm, servers, servers.values()))

    def _warm(self, server: Process, loads: Sequence[Load]) -> None:
        for load in loads:
            seconds = self.sizes.warm_seconds / len(loads)
            drive(server, Load(requests=load.requests, clients=load.clients, seconds=seconds))


def say(text: str) -> None:
    """A line of progress."""
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)
