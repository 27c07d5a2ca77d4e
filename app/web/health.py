"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

import threading
import time

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.service.errors import StoreError
from app.service.stores.port import Store

NO_STORE = {"Cache-Control": "no-store"}


def create_blueprint(store: Store) -> Blueprint:
    """`/healthz` and `/readyz` over the store."""
    blueprint = Blueprint("health", __name__)
    readiness = Readiness(store)

    @blueprint.get("/healthz")
    def healthz() -> ResponseReturnValue:
        """The process lives."""
        return {"status": "ok"}, NO_STORE

    @blueprint.get("/readyz")
    def readyz() -> ResponseReturnValue:
        """The store answers; else the problem `store-unavailable` or `store-timeout`."""
        readiness.check()
        return {"status": "ready"}, NO_STORE

    return blueprint


class Readiness:
    """Asks the store, one thread at a time.

    Anybody may ask whether the API is ready, so those who ask while the store is being asked share
    the next answer: however many they are, they cost the store one question at a time.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asking = threading.Lock()
        self._asked_at = float("-inf")
        self._failure: StoreError | None = None

    def check(self) -> None:
        """Return if the store answers; else raise `StoreError`."""
        arrived = time.monotonic()
        with self._asking:
            if self._asked_at < arrived:
                self._asked_at = time.monotonic()
                self._failure = self._ask()
            if self._failure:
                raise self._failure

    def _ask(self) -> StoreError | None:
        try:
            self._store.ping()
        except StoreError as failure:
            return failure
        return None
