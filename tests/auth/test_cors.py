"""Pages on other origins: who may call, with what, and what they may read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.factory import create_app
from app.settings import Settings
from tests import world
from tests.conftest import OpenStore
from tests.issuer import Issuer

ORIGIN, SECOND = "https://app.example.com", "http://localhost:3000"
PATH = "/api/workout-logs"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, cors_origins=(ORIGIN, SECOND))


def preflight(
    app: Flask, origin: str, method: str = "PUT", headers: str = "authorization"
) -> TestResponse:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }
    return app.test_client().options(PATH, headers=asked)


@pytest.mark.parametrize("origin", [ORIGIN, SECOND])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_a_listed_page_may_ask_before_it_signs_in(app: Flask, origin: str, method: str) -> None:
    wanted = "authorization, content-type, if-match, idempotency-key"
    response = preflight(app, origin, method, wanted)
    assert response.status_code == 200
    assert response.headers.getlist("Access-Control-Allow-Origin") == [origin]
    assert response.headers.getlist("Vary") == ["Origin"]
    assert method in response.headers["Access-Control-Allow-Methods"]
    allowed = response.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert allowed == sorted(wanted.split(", "))
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        f"{ORIGIN}.evil.example",
        f"{ORIGIN}:8443",
        "https://appXexample.com",
        "http://app.example.com",
        "http://localhost:3001",
        "http://localhost",
        "null",
        "",
    ],
)
def test_no_other_page_may(app: Flask, origin: str) -> None:
    for response in (
        preflight(app, origin),
        app.test_client().get(PATH, headers={"Origin": origin}),
    ):
        assert "Access-Control-" not in str(response.headers)
        assert "Origin" in response.headers["Vary"]


def test_errors_can_be_read_as_well(app: Flask, issuer: Issuer) -> None:
    client = app.test_client()
    token = {"Authorization": f"Bearer {issuer.token(world.RUNNER)}", "Origin": ORIGIN}
    responses = {
        401: client.get(PATH, headers={"Origin": ORIGIN}),
        404: client.get(f"{PATH}/nothing", headers=token),
        405: client.patch(PATH, headers=token),
        415: client.post(PATH, headers=token, data="x"),
        200: client.get(PATH, headers=token),
    }
    for status, response in responses.items():
        assert response.status_code == status
        assert response.headers.getlist("Access-Control-Allow-Origin") == [ORIGIN]
        exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
        assert {
            "Accept-Patch",
            "Content-Disposition",
            "ETag",
            "Idempotent-Replayed",
            "Location",
            "Link",
            "WWW-Authenticate",
            "Retry-After",
            "RateLimit-Limit",
            "RateLimit-Policy",
            "RateLimit-Remaining",
            "RateLimit-Reset",
            "Server-Timing",
            "X-Request-Id",
        } == set(exposed)


def test_caches_keep_pages_apart(app: Flask) -> None:
    for path in (PATH, "/healthz", "/openapi.json", "/nothing"):
        assert "Origin" in app.test_client().get(path).headers.getlist("Vary")


def test_a_request_from_no_page_gets_no_headers(app: Flask) -> None:
    headers = app.test_client().get(PATH).headers
    assert "Access-Control-Allow-Origin" not in headers


def test_credentials_are_for_cookie_mode(settings: Settings, open_store: OpenStore) -> None:
    cookies = replace(settings, nextauth_secret=("s" * 32,), nextauth_cookie=True)
    app = create_app(cookies, open_store([]))
    assert preflight(app, ORIGIN).headers["Access-Control-Allow-Credentials"] == "true"
    response = app.test_client().get(PATH, headers={"Origin": ORIGIN})
    assert response.headers["Access-Control-Allow-Credentials"] == "true"


@pytest.fixture
def development(open_store: OpenStore) -> Flask:
    settings = Settings(
        app_env="development",
        cors_origins=(SECOND,),
        nextauth_secret=("s" * 32,),
        nextauth_cookie=True,
    )
    return create_app(settings, open_store([]))


@pytest.mark.parametrize(
    "origin", ["http://localhost:5173", "http://127.0.0.1:4321", "http://localhost"]
)
def test_in_development_every_port_of_this_machine_may_call(
    development: Flask, origin: str
) -> None:
    response = preflight(development, origin)
    assert response.headers.getlist("Access-Control-Allow-Origin") == [origin]
    assert "Access-Control-Allow-Credentials" not in response.headers, "only what is listed"


def test_in_development_only_a_listed_page_has_cookies(development: Flask) -> None:
    response = preflight(development, SECOND)
    assert response.headers.getlist("Access-Control-Allow-Origin") == [SECOND]
    assert response.headers["Access-Control-Allow-Credentials"] == "true"


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost.evil.example:3000",
        "http://127.0.0.1.evil.example",
        "http://evil.example:3000",
        "http://localhost:3000evil",
        "https://127.0.0.2",
    ],
)
def test_in_development_no_other_machine_may(development: Flask, origin: str) -> None:
    response = preflight(development, origin)
    assert "Access-Control-Allow-Origin" not in response.headers
