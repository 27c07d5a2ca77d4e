"""Every error response is a problem: what clients get wrong, and what fails behind the API."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.factory import create_app
from app.service import errors
from app.settings import Settings
from app.web.problem_types import CATALOGUE
from app.web.problems import Problem, problem_of
from tests import world
from tests.conftest import Client, OpenStore
from tests.issuer import Issuer
from tests.world import RUNNER, log_of, session_of

PATH = "/api/workout-logs"
BODY = {"sessionId": session_of(RUNNER, 10), "status": "dnf"}


def problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The problem in a response, whose form is the one of all problems."""
    assert response.status_code == status, response.data
    assert response.content_type == "application/problem+json"
    found: dict[str, Any] = response.json
    assert found["code"] == code
    assert found["status"] == status
    assert found["type"] == f"/problems/{code}"
    assert found["title"] == CATALOGUE[code].title
    assert found["detail"]
    assert re.fullmatch(r"/[!-~]*", found["instance"])
    return found


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_token_nothing_else_is_looked_at(
    sign_in: Callable[..., Client], method: str
) -> None:
    nobody = sign_in(None)
    response = nobody.request(method, f"{PATH}?x=1", data="[[[", content_type="text/plain")
    problem(response, 401, "missing-token")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert "error=" not in response.headers["WWW-Authenticate"]


def test_a_bad_token_is_told_as_rfc_6750_says(app: Flask) -> None:
    response = Client(app.test_client(), "x.y.z").list()
    problem(response, 401, "invalid-token")
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("method", "path", "granted", "needed"),
    [
        ("GET", PATH, "workout-logs:write", "workout-logs:read"),
        ("GET", f"{PATH}/x", "workout-logs:write", "workout-logs:read"),
        ("POST", PATH, "workout-logs:read", "workout-logs:write"),
        ("PUT", f"{PATH}/x", "workout-logs:read", "workout-logs:write"),
        ("PATCH", f"{PATH}/x", "workout-logs:read", "workout-logs:write"),
        ("DELETE", f"{PATH}/x", "workout-logs:read openid", "workout-logs:write"),
        ("GET", PATH, "", "workout-logs:read"),
    ],
)
def test_a_missing_scope_is_named(
    sign_in: Callable[..., Client], method: str, path: str, granted: str, needed: str
) -> None:
    response = sign_in(RUNNER, scope=granted).request(method, path)
    assert needed in problem(response, 403, "insufficient-scope")["detail"]
    challenge = response.headers["WWW-Authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert f'scope="{needed}"' in challenge


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/api",
        f"{PATH}/",
        f"{PATH}/a/b",
        "/api/workout-logs%00",
        "/🏃",
        "/<script>",
        "/x//y",
    ],
)
def test_no_route_is_404(app: Flask, path: str) -> None:
    found = problem(app.test_client().get(quote(path, safe="/%")), 404, "not-found")
    assert "<" not in found["instance"]


@pytest.mark.parametrize(
    "log_id",
    ["missing", "drafts.log-runner-ada-1", "versions.r.x", "-x", "a b", "🏃", "x" * 200, "..", "*"],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_no_log_is_404(runner: Client, method: str, log_id: str) -> None:
    body: Any = {} if method == "PUT" else None
    problem(runner.request(method, f"{PATH}/{quote(log_id)}", json=body), 404, "not-found")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (PATH, {"GET", "HEAD", "OPTIONS", "POST"}),
        (f"{PATH}/x", {"GET", "HEAD", "OPTIONS", "PATCH", "PUT", "DELETE"}),
        *(
            (page, {"GET", "HEAD", "OPTIONS"})
            for page in ("/", "/docs", "/docs/", "/reference", "/problems", "/problems/")
        ),
    ],
)
def test_another_method_is_405_and_the_allowed_ones_are_named(
    runner: Client, path: str, allowed: set[str]
) -> None:
    response = runner.request("TRACE", path)
    problem(response, 405, "method-not-allowed")
    assert set(response.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/vnd.api+json",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "x",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_only_json_is_read(runner: Client, method: str, content_type: str | None) -> None:
    path = PATH if method == "POST" else f"{PATH}/{log_of(RUNNER, 1)}"
    response = runner.request(method, path, data=b"{}", content_type=content_type)
    problem(response, 415, "unsupported-media-type")


@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", "Application/JSON"])
def test_json_may_be_named_in_any_case(runner: Client, content_type: str) -> None:
    body = b'{"sessionId": "%s", "status": "dnf"}' % session_of(RUNNER, 10).encode()
    assert runner.request("POST", data=body, content_type=content_type).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{'a': 1}",
        b'{"a": 1} x',
        b'{"a": 1,}',
        b'{"a": 1, "a": 2}',
        b'{"b": {"a": 1, "a": 2}}',
        b'{"temperature": NaN}',
        b'{"temperature": Infinity}',
        b'{"temperature": -Infinity}',
        b'{"temperature": 1e999}',
        b'{"temperature": ' + b"9" * 5000 + b"}",
        b'{"notes": "\\ud800"}',
        b'{"\\udc00": 1}',
        b'{"notes": "\\u0000"}',
        b'{"notes": "\x00"}',
        b'{"notes": "\xff"}',
        b'{"notes": "\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        b'{"notes": "a\nb"}',
        b"[" * 30_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    ],
    ids=lambda body: repr(body[:30]),
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_what_is_not_quite_json_is_400(runner: Client, method: str, body: bytes) -> None:
    path = PATH if method == "POST" else f"{PATH}/{log_of(RUNNER, 1)}"
    response = runner.request(method, path, data=body, content_type="application/json")
    problem(response, 400, "malformed")


def test_deep_and_unknown_is_422(runner: Client) -> None:
    body = b'{"a":' + b"[" * 300 + b"]" * 300 + b"}"
    response = runner.request("POST", data=body, content_type="application/json")
    problem(response, 422, "validation-failed")


def test_a_surrogate_pair_is_one_character(runner: Client) -> None:
    body = b'{"sessionId": "%s", "status": "dnf", "notes": "\\ud83c\\udfc3"}'
    data = body % session_of(RUNNER, 10).encode()
    response = runner.request("POST", data=data, content_type="application/json")
    assert response.json["data"]["notes"] == "🏃"


@pytest.mark.parametrize("coding", ["gzip", "br", "x"])
def test_a_compressed_body_is_not_read(runner: Client, coding: str) -> None:
    response = runner.create(BODY, **{"Content-Encoding": coding})
    problem(response, 415, "unsupported-media-type")


@pytest.mark.parametrize("name", ["a\0b", "\0", "\ufffd", "a\nb", "x" * 300])
def test_an_unknown_parameter_is_named_as_far_as_text_can(runner: Client, name: str) -> None:
    [error] = problem(runner.list(**{name: "1"}), 422, "validation-failed")["errors"]
    assert error["code"] == "unknown-field"
    assert error["parameter"] == name.replace("\0", "\ufffd")


class TestSize:
    def test_64_kib_are_read(self, runner: Client) -> None:
        body = b'{"a": "' + b"x" * (64 * 1024 - 9) + b'"}'
        assert len(body) == 64 * 1024
        response = runner.request("POST", data=body, content_type="application/json")
        problem(response, 422, "validation-failed")

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    def test_more_is_413(self, runner: Client, method: str) -> None:
        path = PATH if method == "POST" else f"{PATH}/{log_of(RUNNER, 1)}"
        body = b'{"a": "' + b"x" * (64 * 1024 - 8) + b'"}'
        response = runner.request(method, path, data=body, content_type="application/json")
        problem(response, 413, "content-too-large")

    @pytest.mark.parametrize("sent", [{}, {"Content-Encoding": "gzip"}])
    def test_more_is_413_whatever_it_is(self, runner: Client, sent: dict[str, str]) -> None:
        response = runner.request(
            "POST", data=b" " * 65_537, content_type="text/plain", headers=sent
        )
        problem(response, 413, "content-too-large")

    @pytest.mark.parametrize(("spaces", "status"), [(0, 201), (1, 413), (100_000, 413)])
    def test_a_chunked_body_is_not_cut(self, runner: Client, spaces: int, status: int) -> None:
        body = json.dumps(BODY).encode()
        body += b" " * (64 * 1024 - len(body) + spaces)
        response = runner.request(
            "POST",
            input_stream=io.BytesIO(body),
            content_type="application/json",
            environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
        )
        assert response.status_code == status
        if status == 413:
            problem(response, 413, "content-too-large")

    def test_a_body_that_broke_off_is_not_taken(self, runner: Client) -> None:
        body = json.dumps(BODY).encode()
        response = runner.request(
            "POST",
            input_stream=io.BytesIO(body),
            content_type="application/json",
            environ_overrides={"CONTENT_LENGTH": str(len(body) + 20)},
        )
        problem(response, 400, "malformed")
        assert runner.list(sessionId=BODY["sessionId"]).json["data"] == []

    def test_the_response_to_many_faults_stays_small(self, runner: Client) -> None:
        response = runner.create({f"x{number}": 1 for number in range(4000)})
        assert len(problem(response, 422, "validation-failed")["errors"]) == 100


class TestFaultsBehind:
    """What the store or a defect does is told without telling anything of it."""

    @pytest.mark.parametrize(
        ("fault", "status", "code", "retry_after"),
        [
            (errors.StoreUnavailable("secret host"), 503, "store-unavailable", "5"),
            (errors.StoreTimeout("secret host"), 504, "store-timeout", None),
            (RuntimeError("secret token"), 500, "internal-error", None),
            (RecursionError("secret"), 500, "internal-error", None),
        ],
        ids=lambda each: type(each).__name__,
    )
    def test_is_a_problem(
        self,
        settings: Settings,
        issuer: Issuer,
        fault: Exception,
        status: int,
        code: str,
        retry_after: str | None,
    ) -> None:
        client = Client(create_app(settings, _Failing(fault)).test_client(), issuer.token(RUNNER))
        for response in (
            client.list(),
            client.get("x"),
            client.create(BODY),
            client.update("x", {}),
            client.delete("x"),
        ):
            problem(response, status, code)
            assert b"secret" not in response.data
            assert response.headers.get("Retry-After") == retry_after

    def test_readiness_follows_the_store(self, settings: Settings, open_store: OpenStore) -> None:
        failing = create_app(settings, _Failing(errors.StoreUnavailable("x"))).test_client()
        problem(failing.get("/readyz"), 503, "store-unavailable")
        assert failing.get("/healthz").json == {"status": "ok"}
        working = create_app(settings, open_store([])).test_client()
        assert working.get("/readyz").json == {"status": "ready"}


class _Failing:
    """A store of which every operation raises the same."""

    def __init__(self, fault: Exception) -> None:
        self._fault = fault

    def __getattr__(self, name: str) -> Any:
        def fail(*_: Any, **__: Any) -> Any:
            raise self._fault

        return fail


def test_an_unavailable_issuer_is_told_as_such(open_store: OpenStore, issuer: Issuer) -> None:
    settings = Settings(oauth_issuer="http://127.0.0.1:9", oauth_audience="x")
    app = create_app(settings, open_store(world.club()))
    response = Client(app.test_client(), issuer.token(RUNNER)).list()
    problem(response, 503, "issuer-unavailable")
    assert int(response.headers["Retry-After"]) > 0


def test_every_error_of_the_service_has_a_problem() -> None:
    def leaves(kind: type[errors.ServiceError]) -> list[type[errors.ServiceError]]:
        below = kind.__subclasses__()
        return [leaf for each in below for leaf in leaves(each)] if below else [kind]

    arguments: dict[type, tuple[Any, ...]] = {
        errors.InvalidLog: ([errors.Violation("x", "y", "/z")],),
        errors.DuplicateLog: ({"_id": "log"},),
        errors.RevisionMismatch: ({"_id": "log"},),
    }
    for kind in leaves(errors.ServiceError):
        assert isinstance(problem_of(kind(*arguments.get(kind, ()))), Problem)


def test_every_protected_route_declares_its_scope(app: Flask) -> None:
    """And every other route is on this short list."""
    public = {
        "static",
        "health.healthz",
        "health.release",
        "health.readyz",
        "protected-resource.protected_resource",
    }
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        methods = {each.lower() for each in rule.methods or ()} - {"head", "options"}
        view_class = getattr(view, "view_class", None)
        for method in methods:
            declared = getattr(getattr(view_class, method, None), "required_scope", None)
            if rule.rule.startswith("/api/"):
                expected = "workout-logs:read" if method == "get" else "workout-logs:write"
                assert declared == expected, rule
            else:
                assert rule.endpoint in public or rule.endpoint.split(".")[0] in (
                    "docs",
                    "assets",
                    "problems",
                )


@pytest.mark.parametrize("value", ["é", "x" * 1025])
@pytest.mark.parametrize(("method", "name"), [("GET", "If-None-Match"), ("DELETE", "If-Match")])
def test_a_broken_condition_is_named(runner: Client, method: str, name: str, value: str) -> None:
    response = runner.request(method, f"{PATH}/{log_of(RUNNER, 1)}", headers={name: value})
    [error] = problem(response, 422, "validation-failed")["errors"]
    assert (error["header"], error["code"]) == (name, "format")


@pytest.mark.parametrize("path", ["/api/" + "x" * 5000, "/api/" + "🏃" * 1000])
def test_a_long_place_is_told_by_its_beginning(runner: Client, path: str) -> None:
    response = runner.request("GET", quote(path))
    instance = problem(response, 404, "not-found")["instance"]
    assert 990 <= len(instance) <= 1000
    assert quote(path).startswith(instance)
    body = {"sessionId": session_of(RUNNER, 10), "status": "dnf", "~" * 2000: 1}
    (error,) = runner.create(body).json["errors"]
    assert ("/" + "~0" * 2000).startswith(error["pointer"])
    assert 990 <= len(error["pointer"]) <= 1000
    (error,) = runner.request("GET", f"{PATH}?{'x' * 2000}=1").json["errors"]
    assert error["parameter"] == "x" * 1000
