"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.service.stores.port import Store

NO_STORE = {"Cache-Control": "no-store"}


def create_blueprint(store: Store) -> Blueprint:
    """`/healthz` and `/readyz` over the store."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> ResponseReturnValue:
        """The process lives."""
        return {"status": "ok"}, NO_STORE

    @blueprint.get("/readyz")
    def readyz() -> ResponseReturnValue:
        """The store answers; else the problem `store-unavailable` or `store-timeout`."""
        store.ping()
        return {"status": "ready"}, NO_STORE

    return blueprint
