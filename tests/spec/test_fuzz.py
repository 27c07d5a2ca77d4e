"""Schemathesis on every operation and both stores; proof that defects are found out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request

from app.development import club
from app.factory import create_app
from app.service.stores.port import DeleteLog, Store
from app.service.stores.sanity.client import Limits
from app.settings import Settings
from tests.api import test_problems
from tests.conftest import Client, OpenStore, Serve
from tests.issuer import AUDIENCE, Issuer
from tests.published import LOG_ID, RUNNER_ID, SESSION_ID
from tests.spec import fuzz

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "")
"""How many requests to make up for each operation: `make fuzz` asks for more."""

MODEST = {
    "sqlite": {"phases": "examples,coverage,fuzzing", "requests": "20", "lives": "60"},
    # The coverage phase is about the shapes of requests, which no store ever sees.
    "sanity": {"phases": "examples,fuzzing", "requests": "10", "lives": "20"},
}

Run = Callable[..., fuzz.Outcome]


@pytest.fixture
def settings(issuer: Issuer) -> Settings:
    return Settings(oauth_issuer=issuer.url, oauth_audience=AUDIENCE, rate_limit="")


@pytest.fixture
def serve() -> Serve:
    """Each test has an application of its own, which it may spoil."""
    return create_app


@pytest.fixture
def sanity_limits() -> Limits:
    """A stand-in that has to wait for its turn on a busy machine is no defect."""
    return Limits(read_timeout=50, deadline=55)


@pytest.fixture
def documents() -> list[dict[str, Any]]:
    return fuzz.documents(more_sessions=150 if EXAMPLES else 40)


@pytest.fixture
def amount(request: pytest.FixtureRequest) -> dict[str, str]:
    modest = MODEST[request.node.callspec.params["open_store"]]
    more = dict.fromkeys(("requests", "lives"), EXAMPLES) if EXAMPLES else {}
    return modest | more


@pytest.fixture
def run(tmp_path: Path, issuer: Issuer, documents: list[dict[str, Any]]) -> Run:
    """Runs Schemathesis on an app that holds the documents."""

    def run(app: Flask, *arguments: str) -> fuzz.Outcome:
        pace = () if EXAMPLES else ("--seed", "3")
        tokens = {name: issuer.token(id_, exp=4e9) for name, id_ in fuzz.RUNNERS.items()}
        return fuzz.run(tmp_path, app, tokens, documents, *pace, *arguments)

    return run


def test_every_operation_keeps_its_promises(app: Flask, run: Run, amount: dict[str, str]) -> None:
    outcome = run(app, "--phases", amount["phases"], "--max-examples", amount["requests"])
    assert not outcome.failures, outcome.output


def test_the_life_of_a_log_holds_together(app: Flask, run: Run, amount: dict[str, str]) -> None:
    outcome = run(app, *fuzz.LIFE, "--max-examples", amount["lives"])
    assert not outcome.failures, outcome.output


class TestSeededDefects:
    """By Schemathesis, by the judge of every response (`tests.published`) or a test of the API."""

    BODY = {"sessionId": SESSION_ID, "status": "dnf"}

    @pytest.fixture
    def open_store(self, open_sqlite: OpenStore) -> OpenStore:
        return open_sqlite

    @pytest.fixture
    def runner(self, sign_in: Callable[..., Client]) -> Client:
        return sign_in(RUNNER_ID)

    def test_a_delete_that_does_nothing(
        self, settings: Settings, open_store: OpenStore, documents: list[dict[str, Any]], run: Run
    ) -> None:
        # Schemathesis ends when it sees nothing new, with some seeds before it has seen the defect.
        for seed in map(str, range(1, 9)):
            app = create_app(settings, _Keeping(open_store(documents)))
            outcome = run(app, *fuzz.LIFE, "--max-examples", "300", "--seed", seed)
            if outcome.failures:
                break
        assert outcome.failures == {"UseAfterFree"}, outcome.output

    def test_a_missing_owner_check(self, app: Flask, issuer: Issuer, run: Run) -> None:
        everybodys = f"Bearer {issuer.token(club.ADMIN, exp=4e9)}"

        @app.before_request
        def read_as_an_admin() -> None:
            if request.method == "GET" and request.view_args and request.authorization:
                request.environ["HTTP_AUTHORIZATION"] = everybodys

        outcome = run(app, *fuzz.LIFE, "--max-examples", "60")
        # A bad token is taken for an admin's, too.
        assert outcome.failures >= {"ObjectLevelAuthorizationViolation"}

    def test_a_missing_location(self, app: Flask, runner: Client) -> None:
        @app.after_request
        def forget(response: Response) -> Response:
            del response.headers["Location"]
            return response

        with pytest.raises(AssertionError, match="no location"):
            runner.create(self.BODY)

    def test_a_lost_field(self, app: Flask, runner: Client) -> None:
        @app.after_request
        def lose(response: Response) -> Response:
            response.data = response.data.replace(b'"weather":', b'"whether":')
            return response

        with pytest.raises(AssertionError, match="weather"):
            runner.get(LOG_ID)

    def test_a_fault_on_a_deep_array(self, app: Flask, runner: Client) -> None:
        @app.before_request
        def overflow() -> None:
            if b"[" * 1000 in request.get_data():
                raise RecursionError

        with pytest.raises(AssertionError):
            test_problems.test_what_is_not_quite_json_is_400(runner, "POST", b"[" * 60_000)


class _Keeping:
    """A store that says it has deleted."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write_logs(self, writes: Any, **kwargs: Any) -> Any:
        """All but deletes."""
        if any(isinstance(each, DeleteLog) for each in writes):
            return [{}] * len(writes)
        return self._store.write_logs(writes, **kwargs)
