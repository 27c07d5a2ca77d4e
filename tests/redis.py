"""Debian's redis-server, which tests start and stop."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis

from tests.programs import redis_server
from tests.waiting import until


class Redis:
    """A Redis of this machine; when it starts, there is nothing in it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Return when it responds."""
        program = redis_server()
        assert program, "redis-server is missing: python -m tests.programs"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        options += ["--appendonly", "no"]
        self._process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        client = redis.Redis(port=self.port)

        def responds() -> bool:
            with suppress(redis.ConnectionError):
                return bool(client.ping())
            return False

        until(responds)
        client.close()

    def stop(self) -> None:
        """Return when it is gone; it need not run."""
        if self._process:
            self._process.terminate()
            self._process.wait()
            self._process = None


@contextmanager
def running_redis(port: int) -> Iterator[Redis]:
    """A Redis until the end of the block."""
    running = Redis(port)
    running.start()
    try:
        yield running
    finally:
        running.stop()
