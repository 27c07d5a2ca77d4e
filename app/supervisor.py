"""The main process of the server: granian's, which survives what operators do to it.

Overrides what granian's documentation does not name; checked with version 2.8.

A signal's handler runs between any two steps of the main thread, which may hold any lock. So a
handler only notes that the signal came; a thread does what is to be done.
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
from queue import Empty, SimpleQueue
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
        self._first_sigterm = Wakeup()
        self.main_loop_interrupt = Wakeup()  # type: ignore[assignment]  # no `threading.Event`

    def startup(self, *args: Any, **kwargs: Any) -> None:
        """Spawn the workers, and the thread that will stop them after a delay."""
        super().startup(*args, **kwargs)
        if self._shutdown_delay:
            threading.Thread(target=self._stop_after_delay, daemon=True).start()

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

    def _reload(self, *args: Any, **kwargs: Any) -> None:
        """New workers with the environment as it is now, unless they could not run with it."""
        self.reload_signal = False
        found = self._complaints()
        if found:
            logger.error("SIGHUP: the workers stay as they are. %s", " ".join(found))
        else:
            super()._reload(*args, **kwargs)

    def signal_handler_interrupt(self, number: int = 0, *args: Any, **kwargs: Any) -> None:
        """Stop; after the first SIGTERM, only when load balancers had time to see it coming."""
        if number == signal.SIGTERM and self._shutdown_delay and not self._is_stopping:
            self._is_stopping = True
            self._first_sigterm.set()
        else:
            super().signal_handler_interrupt(number, *args, **kwargs)

    def _stop_after_delay(self) -> None:
        self._first_sigterm.wait()
        logger.info("stopping in %g seconds: /readyz says 503", self._shutdown_delay)
        for worker in list(self.wrks):
            with suppress(ProcessLookupError):
                os.kill(worker._id(), STOPPING)
        time.sleep(self._shutdown_delay)
        super().signal_handler_interrupt()


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
    signal.signal(STOPPING, _say_that_it_stops)
    # Of this process alone; what `run` makes of it is what a worker waits for while it serves.
    mp.threading = SimpleNamespace(Event=_Served)  # type: ignore[assignment,attr-defined]  # a module, there
    run = mp.MPServer._spawn_wsgi_worker
    if cpus:
        run_on_cpu(cpus, run, worker_id, *arguments)
    else:
        run(worker_id, *arguments)


class Wakeup:
    """Ends a wait, in the place of the `threading.Event` for which granian waits.

    A signal's handler may call `set` whatever the thread is doing that it interrupts. An event has
    a lock: a handler that interrupts its `wait`, `clear` or `set` waits for that lock for ever.
    `SimpleQueue.put` may come at any time, says Python's documentation of `queue`.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """End the wait of one thread, or the next wait."""
        self._calls.put(None)

    def wait(self) -> None:
        """Return once `set` has been called since the last wait.

        A signal that comes just before the queue begins to wait does not interrupt it, so that its
        handler does not run before the wait ends.
        """
        while True:
            with suppress(Empty):
                self._calls.get(timeout=_OVERLOOKED_SECONDS)
                return

    def clear(self) -> None:
        """Nothing: granian does this some time after its wait, and a signal may have come since."""


class _Served(Wakeup):
    """Lets the signals come that waited for the server to listen to them."""

    def wait(self) -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        super().wait()


def _say_that_it_stops(*_: object) -> None:
    health.is_stopping = True


def _end_with_main_process() -> None:
    main = parent_process()
    if main:
        connection.wait([main.sentinel])
        logger.error("the main process is gone: this worker stops")
        os.kill(os.getpid(), signal.SIGTERM)
