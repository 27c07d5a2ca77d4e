"""The main process of the server: granian's, which survives what operators do to it.

Overrides what granian's documentation does not name; checked with version 2.8.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import connection, parent_process
from multiprocessing.process import BaseProcess
from types import SimpleNamespace
from typing import Any

from granian.server import mp

from app.cpu_affinity import run_on_cpu
from app.web import health

logger = logging.getLogger(__name__)

STOPPING = signal.SIGUSR1
"""Tells a worker that the server is about to stop."""

_SIGNALS = {signal.SIGTERM, signal.SIGINT, STOPPING}

_NOTED_SECONDS = 0.001
"""Between two looks at whether another thread has noted the end of a worker."""

_OVERLOOKED_SECONDS = 1
"""A signal that came just before a wait is seen so much later."""


class Supervisor(mp.MPServer):
    """`complaints` says what is wrong with the environment as it is now; `shutdown_delay` is in
    seconds. `tell_living` gets the process ids of the workers when others have ended.
    """

    def __init__(
        self,
        target: str,
        *,
        complaints: Callable[[], Sequence[str]],
        shutdown_delay: float,
        tell_living: Callable[[Collection[int]], None] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(target, **options)
        self._complaints = complaints
        self._shutdown_delay = shutdown_delay
        self._tell_living = tell_living
        self._is_stopping = False
        self.main_loop_interrupt = Waiting()

    def _spawn_worker(self, *args: Any, **kwargs: Any) -> mp.WorkerProcess:
        """A worker that is known to have ended when `join` returns, unless the time is over."""
        worker = super()._spawn_worker(*args, **kwargs)
        worker.join = partial(join, worker.inner)  # type: ignore[method-assign]  # of this worker alone
        return worker

    def _respawn_workers(self, *args: Any, **kwargs: Any) -> None:
        """Replace workers; those that live on are waited for."""
        super()._respawn_workers(*args, **kwargs)
        if self._tell_living:
            self._tell_living({worker._id() for worker in self.wrks})

    def signal_handler_reload(self, *args: Any, **kwargs: Any) -> None:
        """New workers with the environment as it is now, unless they could not run with it."""
        found = self._complaints()
        if found:
            logger.error("SIGHUP: the workers stay as they are. %s", " ".join(found))
        else:
            super().signal_handler_reload(*args, **kwargs)

    def signal_handler_interrupt(self, number: int = 0, *args: Any, **kwargs: Any) -> None:
        """Stop; after the first SIGTERM, only when load balancers had time to see it coming."""
        if number == signal.SIGTERM and self._shutdown_delay and not self._is_stopping:
            self._is_stopping = True
            logger.info("stopping in %g seconds: /readyz says 503", self._shutdown_delay)
            for worker in self.wrks:
                with suppress(ProcessLookupError):
                    os.kill(worker._id(), STOPPING)
            later = threading.Timer(self._shutdown_delay, super().signal_handler_interrupt)
            later.daemon = True
            later.start()
        else:
            super().signal_handler_interrupt(number, *args, **kwargs)


def join(process: BaseProcess, timeout: float | None = None) -> None:
    """Wait until the process has ended, and this process knows it.

    granian lets a thread wait for each worker as well. To whichever of the two does not learn of
    the end, the worker is alive until the other one has taken note; granian killed it then, and
    warned that it had refused to stop.
    """
    process.join(timeout)
    while connection.wait([process.sentinel], 0) and process.is_alive():
        time.sleep(_NOTED_SECONDS)


def keep_signals_while_forking() -> None:
    """Let signals wait that reach a worker before granian listens to them.

    A worker begins with a copy of the main process's handlers, which would lose them.
    """
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS),
    )


def run_worker(cpus: Sequence[int], worker_id: int, *arguments: Any) -> None:
    """Run a worker, on its CPU if there are any, for as long as the main process lives."""
    threading.Thread(target=_end_with_main_process, daemon=True).start()
    signal.signal(STOPPING, lambda *_: health.stopping.set())
    # Of this process alone; what `run` makes of it is what a worker waits for while it serves.
    mp.threading = SimpleNamespace(Event=_Served)  # type: ignore[assignment,attr-defined]  # a module, there
    run = mp.MPServer._spawn_wsgi_worker
    if cpus:
        run_on_cpu(cpus, run, worker_id, *arguments)
    else:
        run(worker_id, *arguments)


class Waiting(threading.Event):
    """Waits so that no signal is overlooked.

    CPython runs the handler of a signal between two steps of the main thread. One that comes after
    the last step before a wait does not interrupt the wait, which may never end.
    """

    def wait(self, timeout: float | None = None) -> bool:
        if timeout is not None:
            return super().wait(timeout)
        while not super().wait(_OVERLOOKED_SECONDS):
            pass
        return True


class _Served(Waiting):
    """Lets the signals come that waited for the server to listen to them."""

    def wait(self, timeout: float | None = None) -> bool:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        return super().wait(timeout)


def _end_with_main_process() -> None:
    main = parent_process()
    if main:
        connection.wait([main.sentinel])
        logger.error("the main process is gone: this worker stops")
        os.kill(os.getpid(), signal.SIGTERM)
