"""The production server, `workout-log-api serve`: granian, run as the environment says."""

from __future__ import annotations

import errno
import logging
import os
import resource
import secrets
import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels, logger

from app.cpu_affinity import cpus_for
from app.factory import create_store
from app.service.errors import StoreError
from app.settings import Settings, SettingsError, sends_traces
from app.supervisor import Supervisor, keep_signals_while_forking, run_worker
from app.web import log_format
from app.web.admission import threads_for

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 4096
"""Open connections of a worker. With granian's default, 512 for each of two workers, some of 1,000
clients that pause between requests had to wait until others disconnected."""

MAX_IDLE_SECONDS = 30
"""A connection on which so long nothing comes is closed; a proxy should let go of it before."""

_FURTHER_DESCRIPTORS = 512
"""Files, and connections to the store, the issuer and the Redis."""

MAX_SHUTDOWN_SECONDS = 15
"""Time for requests under way to end after a SIGTERM; most platforms kill after 30 s."""


def complaints(settings: Settings) -> list[str]:
    """Why a server cannot run here, a sentence each, although the settings are good."""
    found = []
    for address in (listening_address, *([metrics_address] if settings.metrics_port else [])):
        try:
            address(settings)
        except SettingsError as error:
            found.append(str(error))
    return found + _store_complaints(settings)


def _store_complaints(settings: Settings) -> list[str]:
    """A worker that cannot open its store would be replaced again and again."""
    try:
        create_store(settings).close()
    except StoreError as error:
        return [str(error)]
    return []


def _reload_complaints() -> list[str]:
    """What is wrong with the environment as it is now."""
    try:
        return _store_complaints(Settings.from_environ(to_serve=True))
    except SettingsError as error:
        return str(error).splitlines()


def about(settings: Settings) -> dict[str, Any]:
    """What runs, over which store, for whose tokens: the first line of the log. Holds no secret."""
    if settings.sanity_project_id:
        store = f"Sanity, {settings.sanity_project_id}/{settings.sanity_dataset}"
    else:
        path = Path(settings.sqlite_path).absolute()
        store = f"SQLite, {path}" + ("" if path.exists() else " (new and empty)")
    sessions = "cookie and bearer" if settings.nextauth_cookie else "bearer"
    return {
        "version": version("workout-log-api"),
        "commit": settings.app_commit or None,
        "environment": settings.app_env,
        "url": f"http://{settings.host}:{settings.port}",
        "metrics": _metrics_url(settings),
        "traces": sends_traces(os.environ),
        "store": store,
        "issuer": settings.oauth_issuer or None,
        "token_profile": settings.oauth_token_profile if settings.oauth_issuer else None,
        "nextauth_sessions": sessions if settings.nextauth_secret else None,
        "rate_limit": settings.rate_limit or None,
        "rate_limit_storage": settings.rate_limit_storage.partition(":")[0],
        "trusted_proxies": settings.trusted_proxies,
        "workers": settings.workers,
        "threads": settings.threads,
        "relaxed": list(settings.relaxed_checks),
    }


def _metrics_url(settings: Settings) -> str | None:
    if not settings.metrics_port:
        return None
    return f"http://{settings.metrics_host}:{settings.metrics_port}/metrics"


def announce(facts: dict[str, Any]) -> None:
    """Write that line, and a warning where nobody should be served."""
    message = f"Workout Log API {facts['version']}: {facts['environment']}, {facts['store']}"
    log.info(message, extra={"facts": facts})
    if facts["environment"] == "development":
        log.warning(
            "APP_ENV=development: checks that protect real data are off. "
            "Never serve anybody else so, and put no proxy in front."
        )


def serve(settings: Settings) -> None:
    """Serve `app.wsgi:app` until a signal ends it. A worker that dies is replaced by a new one."""
    # All workers write the same digest of a user, also those that take another's place.
    if not settings.log_user_key:
        os.environ["LOG_USER_KEY"] = secrets.token_hex()
    logger.addFilter(is_relevant)
    allow_descriptors(MAX_CONNECTIONS + _FURTHER_DESCRIPTORS)
    keep_signals_while_forking()
    cpus = cpus_for(settings.workers, settings.cpu_affinity)
    with ExitStack() as stack:
        tell_living = stack.enter_context(_metrics(settings)) if settings.metrics_port else None
        Supervisor(
            "app.wsgi:app",
            complaints=_reload_complaints,
            shutdown_delay=settings.shutdown_delay,
            tell_living=tell_living,
            address=listening_address(settings),
            port=settings.port,
            interface=Interfaces.WSGI,
            # Only then are connections closed that send nothing.
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=MAX_IDLE_SECONDS * 1000),
            workers=settings.workers,
            blocking_threads=threads_for(settings.threads),
            backlog=MAX_CONNECTIONS,
            backpressure=MAX_CONNECTIONS,
            respawn_failed_workers=True,
            workers_kill_timeout=MAX_SHUTDOWN_SECONDS,
            websockets=False,
            log_level=LogLevels(settings.log_level),
            log_dictconfig=log_format.configuration(settings),
        ).serve(partial(run_worker, cpus))


@contextmanager
def _metrics(settings: Settings) -> Iterator[Callable[[Collection[int]], None]]:
    """Serve metrics; yields what must be called with the workers that live when others ended."""
    with TemporaryDirectory(prefix="workout-log-api-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        from app.metrics_exporter import exporting  # noqa: PLC0415 - it looks at that variable

        with exporting(Path(folder), metrics_address(settings), settings.metrics_port) as fold:
            yield fold


def allow_descriptors(needed: int) -> None:
    """Let this process, and so its workers, open as many files and connections, or warn."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft != unlimited and soft < needed:
        soft = needed if hard == unlimited else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft != unlimited and soft < needed:
        log.warning(
            "at most %d open files (RLIMIT_NOFILE): so many connections stop a worker, which may "
            "need %d; raise `ulimit -n` or LimitNOFILE",
            soft,
            needed,
        )


def listening_address(settings: Settings) -> str:
    """The IP address of `HOST`, free to listen on at `PORT`. Raises `SettingsError`."""
    return _free_address(settings.host, settings.port)


def metrics_address(settings: Settings) -> str:
    """The same of `METRICS_HOST` and `METRICS_PORT`."""
    return _free_address(settings.metrics_host, settings.metrics_port, "METRICS_")


def _free_address(host: str, port: int, prefix: str = "") -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise SettingsError(f"{prefix}HOST: there is no address {host}.") from None
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise SettingsError(
                    f"{prefix}PORT: something else listens on port {port} already; "
                    f"choose another one, such as {prefix}PORT={port + 1}."
                ) from None
            names = f"{prefix}HOST, {prefix}PORT"
            raise SettingsError(
                f"{names}: {address[:2]} cannot be used: {error.strerror}."
            ) from None
    return str(address[0])


def is_relevant(record: logging.LogRecord) -> bool:
    """Whether a record of granian's log tells an operator anything.

    granian warns of more threads than twice the cores. Ours wait for the data store most of the
    time, so there are more.
    """
    return "Python threads, which seems quite high" not in record.getMessage()
