"""The production server, `workout-log-api serve`: granian, run as the environment says."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import socket
from functools import partial

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels, logger

from app.cpu_affinity import cpus_for, run_on_cpu
from app.factory import create_store
from app.service.errors import StoreError
from app.settings import Settings, SettingsError
from app.web import log_format
from app.web.admission import threads_for

MAX_CONNECTIONS = 4096
"""Open connections of a worker. With granian's default, 512 for each of two workers, some of 1,000
clients that pause between requests had to wait until others disconnected."""

MAX_SHUTDOWN_SECONDS = 15
"""Time for requests under way to end after a SIGTERM; most platforms kill after 30 s."""


def complaints(settings: Settings) -> list[str]:
    """Why a server cannot run here, a sentence each, although the settings are good."""
    found = []
    try:
        listening_address(settings)
    except SettingsError as error:
        found.append(str(error))
    try:
        # A worker that cannot open its store would be replaced again and again.
        create_store(settings).close()
    except StoreError as error:
        found.append(str(error))
    return found


def serve(settings: Settings) -> None:
    """Serve `app.wsgi:app` until a signal ends it. A worker that dies is replaced by a new one."""
    # All workers write the same digest of a user, also those that take another's place.
    if not settings.log_user_key:
        os.environ["LOG_USER_KEY"] = secrets.token_hex()
    logger.addFilter(is_relevant)
    cpus = cpus_for(settings.workers, settings.cpu_affinity)
    # granian has no public name for what a worker runs; checked with version 2.8.
    run_worker = partial(run_on_cpu, cpus, Granian._spawn_wsgi_worker) if cpus else None
    Granian(
        "app.wsgi:app",
        address=listening_address(settings),
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=threads_for(settings.threads),
        backlog=MAX_CONNECTIONS,
        backpressure=MAX_CONNECTIONS,
        respawn_failed_workers=True,
        workers_kill_timeout=MAX_SHUTDOWN_SECONDS,
        websockets=False,
        log_level=LogLevels(settings.log_level),
        log_dictconfig=log_format.configuration(settings),
    ).serve(run_worker)


def listening_address(settings: Settings) -> str:
    """The IP address of `HOST`, free to listen on at `PORT`. Raises `SettingsError`."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
    except OSError:
        raise SettingsError(f"HOST: there is no address {settings.host}.") from None
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise SettingsError(
                    f"PORT: something else listens on port {settings.port} already; "
                    f"choose another one, such as PORT={settings.port + 1}."
                ) from None
            reason = error.strerror
            raise SettingsError(f"HOST, PORT: {address[:2]} cannot be used: {reason}.") from None
    return str(address[0])


def is_relevant(record: logging.LogRecord) -> bool:
    """Whether a record of granian's log tells an operator anything.

    granian warns of more threads than twice the cores. Ours wait for the data store most of the
    time, so there are more.
    """
    return "Python threads, which seems quite high" not in record.getMessage()
