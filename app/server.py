"""The production server, `make serve`: granian, run as the environment says."""

from __future__ import annotations

import sys

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from app.factory import create_store
from app.service.errors import StoreError
from app.settings import Settings, SettingsError

LONGEST_FAREWELL = 15
"""Seconds that requests under way have to end after a SIGTERM; platforms kill after 30, mostly."""


def serve(settings: Settings) -> None:
    """Serve `wsgi:app` until a signal ends it. A worker that dies is replaced."""
    Granian(
        "wsgi:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        respawn_failed_workers=True,
        workers_kill_timeout=LONGEST_FAREWELL,
        websockets=False,
        log_level=LogLevels(settings.log_level),
    ).serve()


def main() -> None:
    """Serve, or say which settings keep it from that."""
    try:
        settings = Settings.from_environ()
        settings.require_sign_in()
        # A worker that cannot open its store would be replaced for ever: say so once instead.
        create_store(settings).close()
    except (SettingsError, StoreError) as error:
        sys.exit(f"The settings do not describe a way to run:\n{error}")
    serve(settings)


if __name__ == "__main__":
    main()
