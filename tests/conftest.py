"""What many tests stand on: a store of each kind, an issuer, and the API over them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import hypothesis
import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.factory import create_app
from app.service.stores.port import Store
from app.service.stores.sanity.client import Limits
from app.service.stores.sanity.store import SanityStore
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import import_lines
from app.settings import Settings
from tests import world
from tests.content_lake import ContentLake, running_content_lake
from tests.issuer import AUDIENCE, Issuer, running_issuer
from tests.published import published

# Busy machines are slow, which is no fault; and a run should find what the run before found.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.load_profile("suite")

# What started the tests may ignore signals, as nohup and a shell's background do, and every program
# that a test starts would, too.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are CPUs: some tests only wait, such as for a store that hangs."""
    return (os.cpu_count() or 1) + 1


OpenStore = Callable[[Iterable[dict[str, Any]]], Store]
Serve = Callable[[Settings, Store], Flask]


@lru_cache(maxsize=8)
def sqlite_file(lines: tuple[bytes, ...]) -> bytes:
    """An embedded store with these documents; most tests begin with the same."""
    with TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "store.db")
        import_lines(store, lines, on_existing="replace")
        store.close()
        return store.path.read_bytes()


@pytest.fixture
def open_sqlite(tmp_path: Path) -> Iterator[OpenStore]:
    """Makes an embedded store; called again, it writes documents as another program would."""
    path = tmp_path / "store.db"
    opened: list[SqliteStore] = []

    def open_store(documents: Iterable[dict[str, Any]]) -> Store:
        lines = tuple(map(msgspec.json.encode, documents))
        if opened:
            import_lines(opened[0], lines, on_existing="replace")
        else:
            path.write_bytes(sqlite_file(lines))
            opened.append(SqliteStore(path))
        return opened[0]

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture(scope="session")
def content_lake() -> Iterator[ContentLake]:
    with running_content_lake() as running:
        yield running


@pytest.fixture
def sanity_limits() -> Limits:
    """The patience with the stand-in of the Content Lake; a test module may have more."""
    return Limits()


@pytest.fixture
def open_sanity(content_lake: ContentLake, sanity_limits: Limits) -> Iterator[OpenStore]:
    """Makes a store in the stand-in of the Content Lake; called again, it writes documents as
    another program would.
    """
    content_lake.reset()
    store = SanityStore(content_lake.client(limits=sanity_limits))

    def open_store(documents: Iterable[dict[str, Any]]) -> Store:
        content_lake.load(documents)
        return store

    yield open_store
    store.close()


@pytest.fixture(params=["sqlite", "sanity"])
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    """Makes a store of each kind in turn, with documents: a new kind joins by its fixture."""
    opened: OpenStore = request.getfixturevalue(f"open_{request.param}")
    return opened


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture
def settings(issuer: Issuer) -> Settings:
    """Those of `app`; many tests count together."""
    return Settings(
        oauth_issuer=issuer.url,
        oauth_audience=AUDIENCE,
        caller_cache_seconds=0,
        rate_limit="1000000 per minute",
    )


@pytest.fixture
def documents() -> list[dict[str, Any]]:
    """What the store of `app` holds; a test module may say otherwise."""
    return world.club()


class CurrentStore:
    """Whatever store it is given last, for an application that outlives the test."""

    store: Store

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def forward(*args: Any, **kwargs: Any) -> Any:
            return getattr(self.store, operation)(*args, **kwargs)

        return forward


@pytest.fixture(scope="module")
def serve() -> Serve:
    """Makes an application over a store. Tests of a module with the same settings have the same one
    in turn, since making it takes longer than most of them. It keeps the counts of requests, what
    it has logged already, and the issuer's keys; where that matters, or where a test changes its
    application, the fixture is `create_app` itself.
    """
    served: dict[Settings, tuple[Flask, CurrentStore]] = {}

    def serve(settings: Settings, store: Store) -> Flask:
        if settings not in served:
            current = CurrentStore()
            served[settings] = create_app(settings, cast("Store", current)), current
        app, current = served[settings]
        current.store = store
        return app

    return serve


@pytest.fixture
def app(
    serve: Serve, settings: Settings, open_store: OpenStore, documents: list[dict[str, Any]]
) -> Flask:
    return serve(settings, open_store(documents))


def told(response: TestResponse) -> dict[str, Any]:
    """A problem without the members that name the request."""
    return {
        name: value
        for name, value in response.json.items()
        if name not in ("instance", "requestId")
    }


class Client:
    """A client of the API, signed in as a person. Every response must be one that is documented."""

    def __init__(self, flask_client: FlaskClient, token: str | None) -> None:
        self._client = flask_client
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def request(self, method: str, path: str = "/api/workout-logs", **kwargs: Any) -> TestResponse:
        headers = {**self._headers, **kwargs.pop("headers", {})}
        if "json" in kwargs:
            # Not by the app's own JSON, which cannot write all that a client can.
            content_type = kwargs.get("content_type", "application/json")
            kwargs |= {"data": json.dumps(kwargs.pop("json")), "content_type": content_type}
        response = self._client.open(path, method=method, headers=headers, **kwargs)
        published().check(
            method, response.request.path, response.status_code, response.headers, response.data
        )
        return response

    def list(self, **query: Any) -> TestResponse:
        return self.request("GET", query_string=query)

    def create(self, body: Any = None, **headers: str) -> TestResponse:
        return self.request("POST", json=body, headers=headers)

    def get(self, log_id: str, **headers: str) -> TestResponse:
        return self.request("GET", f"/api/workout-logs/{log_id}", headers=headers)

    def update(self, log_id: str, body: Any, **headers: str) -> TestResponse:
        return self.request("PUT", f"/api/workout-logs/{log_id}", json=body, headers=headers)

    def patch(self, log_id: str, body: Any, **headers: str) -> TestResponse:
        return self.request(
            "PATCH",
            f"/api/workout-logs/{log_id}",
            json=body,
            content_type="application/merge-patch+json",
            headers=headers,
        )

    def delete(self, log_id: str, **headers: str) -> TestResponse:
        return self.request("DELETE", f"/api/workout-logs/{log_id}", headers=headers)


@pytest.fixture
def sign_in(app: Flask, issuer: Issuer) -> Callable[..., Client]:
    """A client for a person of the club; None is nobody."""

    def sign_in(user_id: str | None, **claims: Any) -> Client:
        return Client(app.test_client(), issuer.token(user_id, **claims) if user_id else None)

    return sign_in


@pytest.fixture
def runner(sign_in: Callable[..., Client]) -> Client:
    return sign_in(world.RUNNER)


@pytest.fixture
def coach(sign_in: Callable[..., Client]) -> Client:
    return sign_in(world.COACH)


@pytest.fixture
def admin(sign_in: Callable[..., Client]) -> Client:
    return sign_in(world.ADMIN)
