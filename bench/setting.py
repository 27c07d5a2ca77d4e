"""What the parts of a run share."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from bench.issuer import Issuer
from bench.measure import Load, drive
from bench.processes import Process
from bench.sizes import Sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """`folder` is temporary; `issuer` is listening. `whole`: every combination is measured."""

    sizes: Sizes
    folder: Path
    issuer: Issuer
    whole: bool = False

    def warm(self, work: Sequence[tuple[Process, Load]], seconds: float | None = None) -> None:
        """Let all servers work at the same time, each on its loads in turn, for `seconds`, by
        default `warm_seconds`.
        """
        servers: dict[Process, list[Load]] = {server: [] for server, _ in work}
        for server, load in work:
            servers[server].append(load)
        seconds = min(seconds or math.inf, self.sizes.warm_seconds)
        with ThreadPoolExecutor(len(servers)) as pool:
            list(pool.map(lambda server: _warm(server, servers[server], seconds), servers))


def _warm(server: Process, loads: Sequence[Load], seconds: float) -> None:
    for each in loads:
        drive(server, replace(each, seconds=seconds / len(loads), count=None))


def say(text: str) -> None:
    """A line of progress."""
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)
