"""The log of the API: one line for each request, its failures, and nothing personal or secret."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.factory import create_app
from app.service.errors import StoreUnavailable
from app.settings import Settings
from app.web import log_format
from app.web.access_log import digest_of
from tests import world
from tests.conftest import Client, OpenStore
from tests.issuer import Issuer

KEY = "a key of this test"
NEW = {
    "sessionId": world.session_of(world.RUNNER, 10),
    "status": "completed",
    "actualDistance": 8.5,
}


class Lines:
    """What the API wrote to its log, as JSON lines."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(log_format.JSONLines())

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def take(self) -> list[dict[str, Any]]:
        """The lines since the last call."""
        taken = [json.loads(line) for line in self.text.splitlines()]
        self.stream.seek(0)
        self.stream.truncate()
        return taken

    def request(self) -> dict[str, Any]:
        """The one line since the last call, of a request."""
        (line,) = self.take()
        return line


@pytest.fixture
def lines() -> Iterator[Lines]:
    written = Lines()
    logger = logging.getLogger("app")
    logger.addHandler(written.handler)
    logger.setLevel(logging.INFO)
    yield written
    logger.removeHandler(written.handler)
    logger.setLevel(logging.NOTSET)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, log_user_key=KEY, rate_limit="1000 per hour")


def test_a_line_says_what_was_asked_and_what_became_of_it(lines: Lines, runner: Client) -> None:
    sent = {"X-Request-Id": "my-request-1", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    created = runner.create(NEW, **sent)
    line = lines.request()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line.pop("time"))
    assert line.pop("ms") >= line.pop("store_ms") >= 0
    assert line == {
        "level": "info",
        "logger": "app.web.access_log",
        "message": "POST /api/workout-logs 201",
        "request_id": "my-request-1",
        "trace_id": "a" * 32,
        "route": "/api/workout-logs",
        "method": "POST",
        "status": 201,
        "bytes": len(created.data),
        "store_calls": 3,
        "credential": "JWT",
        "user": digest_of(world.RUNNER, KEY),
        "role": "runner",
        "client_id": "tests",
        "replayed": False,
    }


def test_a_replay_says_so(lines: Lines, runner: Client) -> None:
    key = {"Idempotency-Key": "one-and-the-same"}
    runner.create(NEW, **key)
    runner.create(NEW, **key)
    assert [each["replayed"] for each in lines.take()] == [False, True]


@pytest.mark.parametrize(
    ("path", "route", "code"),
    [
        ("/api/workout-logs/none-of-that-id", "/api/workout-logs/<document_id:log_id>", 404),
        ("/api/nothing-of-the-kind", None, 404),
    ],
)
def test_a_path_is_told_by_its_template(
    lines: Lines, runner: Client, path: str, route: str | None, code: int
) -> None:
    runner.request("GET", path)
    line = lines.request()
    assert (line.get("route"), line["status"], line["code"]) == (route, code, "not-found")
    assert path not in json.dumps(line)


def test_a_method_that_nobody_knows_is_not_repeated(lines: Lines, app: Flask) -> None:
    app.test_client().open("/api/workout-logs", method="SECRET")
    assert lines.request()["message"] == "other - 405"


@pytest.mark.parametrize(
    ("claims", "code", "reason"),
    [
        ({"exp": 1}, "invalid-token", "The token has expired."),
        ({"scope": "openid"}, "insufficient-scope", "needs the scope workout-logs:read"),
        ({"sub": "nobody"}, "unknown-user", "no user has its claim 'sub' as _id"),
    ],
)
def test_a_refusal_says_why(
    lines: Lines,
    sign_in: Callable[..., Client],
    claims: dict[str, Any],
    code: str,
    reason: str,
) -> None:
    sign_in(world.RUNNER, **claims).list()
    line = lines.take()[-1]
    assert line["code"] == code
    assert reason in line["reason"]


def test_a_request_without_a_token_says_why(lines: Lines, sign_in: Callable[..., Client]) -> None:
    sign_in(None).list()
    line = lines.request()
    assert (line["status"], line["code"]) == (401, "missing-token")
    assert "user" not in line


def test_a_limit_says_whose(
    lines: Lines, settings: Settings, open_store: OpenStore, issuer: Issuer
) -> None:
    app = create_app(replace(settings, rate_limit="1 per hour"), open_store(world.club()))
    runner = Client(app.test_client(), issuer.token(world.RUNNER))
    runner.list()
    runner.list()
    line = lines.take()[-1]
    assert (line["status"], line["reason"]) == (429, "more than 1 requests (users)")
    assert line["user"] == digest_of(world.RUNNER, KEY)


def test_probes_that_succeed_are_quiet(lines: Lines, app: Flask) -> None:
    app.test_client().get("/healthz")
    app.test_client().get("/readyz")
    assert lines.take() == []
    logging.getLogger("app").setLevel(logging.DEBUG)
    app.test_client().get("/readyz")
    assert lines.request()["level"] == "debug"


class Failing:
    """A store that fails at everything."""

    def __getattr__(self, name: str) -> Any:
        def fail(*_: Any, **__: Any) -> None:
            raise StoreUnavailable("the disk is gone")

        return fail


def test_a_failure_of_the_store_is_logged_once_with_its_request(
    lines: Lines, settings: Settings, issuer: Issuer
) -> None:
    app = create_app(settings, Failing())  # type: ignore[arg-type]
    response = Client(app.test_client(), issuer.token(world.RUNNER)).get("some-log")
    failure, request = lines.take()
    assert failure["level"] == "error"
    assert failure["operation"] == "find-users"
    assert failure["cause"] == request["reason"] == "the disk is gone"
    assert failure["route"] == request["route"] == "/api/workout-logs/<document_id:log_id>"
    assert failure["request_id"] == request["request_id"] == response.json["requestId"]
    assert request["code"] == "store-unavailable"


SECRETS = {
    "notes": "My knee hurt at the river",
    "weather": "a weather of my own",
    "injuries": ["an injury of my own"],
    "externalLink": "https://www.strava.com/activities/77777777",
}


def test_no_line_holds_anything_personal_or_secret(
    lines: Lines,
    app: Flask,
    issuer: Issuer,
    sign_in: Callable[..., Client],
) -> None:
    tokens = [issuer.token(person) for person in (world.RUNNER, world.COACH, world.ADMIN)]
    tokens += [issuer.token("an-unknown-user"), "garbage-of-a-caller", f"{tokens[0]}x"]
    for token in tokens:
        client = Client(app.test_client(), token)
        created = client.create(NEW | SECRETS, **{"Idempotency-Key": "key-of-a-client"})
        log_id = (created.json.get("data") or {}).get("id", "an-id-of-mine")
        client.get(log_id, **{"If-None-Match": '"a-tag"'})
        client.update(log_id, {**SECRETS, "unknown-member": "x"})
        client.update(log_id, SECRETS, **{"If-Match": '"a-revision"'})
        client.list(runnerId="a-runner-id", cursor="a-cursor")
        client.list(unknownParameter="a-value")
        client.request("POST", data=b'{"notes": "half a bo', content_type="application/json")
        client.request("GET", f"/api/{log_id}/deeper")
        client.request("GET", "/api/me")
        client.delete(log_id)
        app.test_client().get(
            "/api/workout-logs",
            query_string={"access_token": token},
            headers={"Cookie": f"next-auth.session-token={token}", "User-Agent": "an-agent"},
            environ_base={"REMOTE_ADDR": "198.51.100.77"},
        )
    people = [each for each in world.club() if each["_type"] == "user"]
    hidden = {
        *(each[name] for each in people for name in ("_id", "email")),
        *(str(value) for value in SECRETS.values()),
        *(part for token in tokens for part in token.split(".") if len(part) > 20),
        *("garbage-of-a-caller", "an-unknown-user", "an-id-of-mine", "key-of-a-client", "a-tag"),
        *("a-revision", "a-runner-id", "a-cursor", "a-value", "unknownParameter", "half a bo"),
        *("unknown-member", "an-agent", "198.51.100.77", "river", "77777777", "deeper"),
    }
    written = lines.text
    assert len(written.splitlines()) >= 11 * len(tokens)
    assert [each for each in hidden if each in written] == []
    assert not re.search("|".join(rf"\b{each['name']}\b" for each in people), written)


def test_columns_tell_the_same(lines: Lines, runner: Client) -> None:
    lines.handler.setFormatter(log_format.Columns())
    runner.get("none", **{"X-Request-Id": "my-request-1"})
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d\.\d{3} info +GET /api/workout-logs/<document_id:log_id> 404  "
        r"request_id=my-request-1 ms=[\d.]+ bytes=\d+ .*code=not-found.*\n",
        lines.text,
    )


def test_a_line_break_or_a_lone_surrogate_stays_in_its_line() -> None:
    record = logging.LogRecord("app", logging.WARNING, "", 1, "one\ntwo \ud800", (), None)
    assert json.loads(log_format.JSONLines().format(record))["message"] == "one\ntwo ?"
    assert log_format.Columns().format(record).endswith("one\\ntwo \ud800")


def test_a_fault_has_its_traceback_in_the_line(
    lines: Lines, settings: Settings, open_store: OpenStore
) -> None:
    app = create_app(settings, open_store([]))

    @app.get("/fault")
    def fault() -> str:
        raise RuntimeError("broken")

    app.test_client().get("/fault")
    error, request = lines.take()
    assert "RuntimeError: broken" in error["exception"]
    assert error["request_id"] == request["request_id"]
    assert request["code"] == "internal-error"
