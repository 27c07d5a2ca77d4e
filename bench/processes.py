"""Processes of the benchmark: started, watched and stopped as trees."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import psutil

from tests.server import environment

ROOT = Path(__file__).resolve().parent.parent

# Only Linux lets a process stay on a CPU; elsewhere there are none to name.
ALL_CPUS: Set[int] = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
ONE_CPU: Set[int] = set(sorted(ALL_CPUS)[:1])


def other_cpus(cpus: Set[int]) -> Set[int]:
    """The CPUs beside these; all, when there are no others."""
    return (ALL_CPUS - cpus) or ALL_CPUS


@contextmanager
def staying_on(cpus: Set[int]) -> Iterator[None]:
    """Processes that this thread starts meanwhile, and their children, stay on these CPUs."""
    if not cpus:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class StartError(Exception):
    """A process ended, or did not listen in time; the message holds the end of its output."""


class Process:
    """`python -m …` listening on `port`, with its children; a context manager that ends them all.

    It stays on `cpus`. The environment is what `environ` says and nothing of the caller's but what
    Python needs.
    """

    def __init__(
        self,
        name: str,
        module: Sequence[str],
        *,
        port: int,
        cpus: Set[int],
        environ: Mapping[str, str],
        log: Path,
    ) -> None:
        self.name = name
        self.port = port
        self.cpus = cpus
        self._command = [sys.executable, "-m", *module]
        self._environ = environment(PYTHONPATH=str(ROOT), **environ)
        self._log = log

    def __enter__(self) -> Process:
        with self._log.open("wb") as output, staying_on(self.cpus):
            self._popen = subprocess.Popen(
                self._command, cwd=self._log.parent, env=self._environ, stdout=output, stderr=output
            )
        self._root = psutil.Process(self._popen.pid)
        self._wait_until_listening(seconds=120)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tree = self._tree()
        self._popen.terminate()
        _, alive = psutil.wait_procs(tree, timeout=5)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=5)
        self._popen.wait()

    def cpu_seconds(self) -> float:
        """User and system time of the tree so far, children that ended included."""
        return sum(sum(each.cpu_times()[:4]) for each in self._tree())

    def worker_pss(self) -> int:
        """Bytes of the largest process of the tree, pages shared with others divided fairly."""
        return max(each.memory_full_info().pss for each in self._tree())

    def tree_pss(self) -> int:
        """Bytes of the whole tree."""
        return sum(each.memory_full_info().pss for each in self._tree())

    def output(self) -> str:
        """The end of what it printed."""
        return self._log.read_text(errors="replace")[-3000:]

    def _tree(self) -> list[psutil.Process]:
        try:
            return [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _wait_until_listening(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._popen.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        self.__exit__(None, None, None)
        raise StartError(f"{self.name} does not listen on port {self.port}:\n{self.output()}")
