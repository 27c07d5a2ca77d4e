"""For operators: `/healthz`, the process responds; `/readyz`, the store responds as well; and
`/version`, which release this is.
"""

from __future__ import annotations

import threading
import time
from importlib.metadata import version

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.service.errors import StoreError
from app.service.stores.port import Store
from app.web.problems import Problem

is_stopping = False
"""The server is about to stop: it still serves, and `/readyz` says so."""

NO_STORE = {"Cache-Control": "no-store"}


PACKAGE = "workout-log-api"


def create_blueprint(store: Store, commit: str) -> Blueprint:
    """`/healthz`, `/readyz` over the store, and `/version`; `commit` is empty where unknown."""
    blueprint = Blueprint("health", __name__)
    readiness = Readiness(store)

    @blueprint.get("/healthz")
    def healthz() -> ResponseReturnValue:
        """The process responds."""
        return {"status": "ok"}, NO_STORE

    @blueprint.get("/readyz")
    def readyz() -> ResponseReturnValue:
        """The store responds; else the problem `store-unavailable` or `store-timeout`."""
        if is_stopping:
            raise Problem(
                "store-unavailable",
                "This server is about to stop.",
                headers=NO_STORE | {"Retry-After": "5"},
            )
        readiness.check()
        return {"status": "ready"}, NO_STORE

    @blueprint.get("/version")
    def release() -> ResponseReturnValue:
        """The release, and the commit that it was built from, or null."""
        return {"name": PACKAGE, "version": version(PACKAGE), "commit": commit or None}, NO_STORE

    return blueprint


class Readiness:
    """Pings the store, one thread at a time.

    Anybody may send this probe. Probes that arrive during a ping share the next one, so that any
    number of them costs the store one request at a time.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pinging = threading.Lock()
        self._pinged_at = float("-inf")
        self._failure: StoreError | None = None

    def check(self) -> None:
        """Return if the store responds. Raises `StoreError`."""
        arrived = time.monotonic()
        with self._pinging:
            if self._pinged_at < arrived:
                self._pinged_at = time.monotonic()
                self._failure = self._ping()
            if self._failure:
                raise self._failure

    def _ping(self) -> StoreError | None:
        try:
            self._store.ping()
        except StoreError as failure:
            return failure
        return None
