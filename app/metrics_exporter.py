"""The main process's part in metrics: adds up what the workers count, and serves it.

Each worker counts in files of its own, in a folder that PROMETHEUS_MULTIPROC_DIR names. Import this
module when that is set: prometheus_client looks at it when it is imported.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, Metric, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from app.web.metrics import reserve

logger = logging.getLogger(__name__)

MAX_IDLE_SECONDS = 10
"""A connection on which so long nothing comes is closed."""

_ENDED = "ended"
"""Whose files hold what ended workers counted."""

Fold = Callable[[Collection[int]], None]
"""Gets the process ids of the workers that live."""


@contextmanager
def exporting(folder: Path, address: str, port: int) -> Iterator[Fold]:
    """Serve what is counted in the folder until the end of the block.

    Yields what must be called when workers have ended.
    """
    reserve(folder, _ENDED)
    workers = WorkersMetrics(folder)
    registry = CollectorRegistry()
    registry.register(workers)
    server = make_server(
        address,
        port,
        make_wsgi_app(registry),
        server_class(address),
        _Handler,
    )
    # A worker begins with a copy of the socket, and so would keep the port.
    os.register_at_fork(after_in_child=server.socket.close)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield workers.fold
    finally:
        server.shutdown()
        server.server_close()


def server_class(address: str) -> type[ThreadingWSGIServer]:
    """The kind of server that can listen on the IP address."""
    return _ServerV6 if ":" in address else ThreadingWSGIServer


class WorkersMetrics(MultiProcessCollector):
    """The sum of what all workers of a server have counted, those that ended included."""

    def __init__(self, folder: Path) -> None:
        super().__init__(None, str(folder))
        self._folder = folder
        self._lock = threading.Lock()

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            # A worker that has just begun may have an empty file.
            files = [str(each) for each in self._folder.glob("*.db") if each.stat().st_size]
            metrics: Iterable[Metric] = self.merge(files)
            return metrics

    def fold(self, living: Collection[int]) -> None:
        """Add what ended workers counted to one file for all of them. Their gauges are gone."""
        with self._lock:
            for each in self._folder.glob("*_*.db"):
                kind, _, pid = each.stem.rpartition("_")
                if pid == _ENDED or int(pid) in living:
                    continue
                if not kind.startswith("gauge") and each.stat().st_size:
                    try:
                        self._add(each, self._folder / f"{kind}_{_ENDED}.db")
                    except Exception as error:  # whatever it is, the server goes on
                        logger.warning("what an ended worker counted is lost: %r", error)
                each.unlink()

    @staticmethod
    def _add(counted: Path, total: Path) -> None:
        with closing(MmapedDict(str(total))) as totals:
            for key, value, *_ in MmapedDict.read_all_values_from_file(str(counted)):
                before, _ = totals.read_value(key)
                totals.write_value(key, before + value, 0.0)


class _ServerV6(ThreadingWSGIServer):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = MAX_IDLE_SECONDS

    def log_message(self, format: str, *args: object) -> None:
        """Scrapes are no news."""
