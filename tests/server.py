"""The API as operators run it: real server processes on a free port of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import HTTPServer
from pathlib import Path
from typing import IO

from tests.ports import free_port
from tests.waiting import until_it_responds

ROOT = Path(__file__).parent.parent


# What a program needs to start; where and when it runs, for `make test-everywhere`.
KEPT = ("PATH", "HOME", "LANG", "LOCPATH", "TZ", "LD_PRELOAD", "CLOCK_SHIFT")


def environment(**settings: str) -> dict[str, str]:
    """The settings, and of this machine's environment only what says nothing of the API."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    return kept | {"PYTHONWARNINGS": "error::DeprecationWarning"} | settings


class Server:
    """A running server."""

    def __init__(self, url: str, process: subprocess.Popen[bytes]) -> None:
        self.url = url
        self.process = process

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(each) for each in children.read_text().split()]


@contextmanager
def running_server(
    settings: Mapping[str, str],
    *,
    module: str = "app.cli serve",
    cwd: Path = ROOT,
    output: int | IO[bytes] = subprocess.DEVNULL,
) -> Iterator[Server]:
    """A server with these settings, until the end of the block: a module and its arguments."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", *module.split()],
        cwd=cwd,
        env=environment(PORT=str(port), **settings),
        stdout=output,
    )
    server = Server(f"http://127.0.0.1:{port}", process)
    try:
        until_it_responds(f"{server.url}/healthz", process)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def serving(server: HTTPServer) -> Iterator[str]:
    """The URL of a server of this process, while a thread of it serves."""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
