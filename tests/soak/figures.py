"""Memory, descriptors and threads of the server that nobody restarts."""

from __future__ import annotations

import re
import threading
from dataclasses import astuple, dataclass
from pathlib import Path
from statistics import median

from tests.server import Server


@dataclass(frozen=True)
class Sample:
    """Of the main process and its workers together."""

    mb: float
    descriptors: int
    threads: int


ROOM = Sample(mb=20, descriptors=20, threads=8)
"""How much more the last third of a soak may need than the first: what comes on top of it with
every request would be many times as much.
"""


class Figures:
    """Takes a sample each second until `stopping` is set."""

    def __init__(self, server: Server) -> None:
        self.stopping = threading.Event()
        self.samples: list[Sample] = []
        self._server = server

    def run(self) -> None:
        while not self.stopping.wait(1):
            self.samples.append(sample(self._server))

    def thirds(self) -> tuple[Sample, Sample]:
        """The medians of the first and of the last third."""
        size = max(1, len(self.samples) // 3)
        return _median(self.samples[:size]), _median(self.samples[-size:])


def sample(server: Server) -> Sample:
    """What the server's processes need now."""
    found = [_of_process(pid) for pid in (server.process.pid, *server.workers())]
    return Sample(
        mb=round(sum(each.mb for each in found), 1),
        descriptors=sum(each.descriptors for each in found),
        threads=sum(each.threads for each in found),
    )


def grown(first: Sample, last: Sample) -> list[str]:
    """What is not flat, a sentence each."""
    return [
        f"{name} grew from {before} to {after}"
        for name, before, after, room in zip(
            Sample.__annotations__, astuple(first), astuple(last), astuple(ROOM), strict=True
        )
        if after > before + room
    ]


def _of_process(pid: int) -> Sample:
    status = Path(f"/proc/{pid}/status").read_text()
    told = dict(re.findall(r"^(\w+):\s+(\d+)", status, re.M))
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Sample(int(told["VmRSS"]) / 1024, descriptors, int(told["Threads"]))


def _median(samples: list[Sample]) -> Sample:
    return Sample(
        mb=round(median(each.mb for each in samples), 1),
        descriptors=round(median(each.descriptors for each in samples)),
        threads=round(median(each.threads for each in samples)),
    )
