"""Cookie mode: which cookie is the session, and which pages may use it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from werkzeug.test import TestResponse

from app.factory import create_app
from app.settings import Settings
from tests import issuers, world
from tests.conftest import OpenStore
from tests.server import running_server

SECRET = "the secret of the front end"
ORIGIN = "https://app.example.com"
V4, V5 = "next-auth.session-token", "authjs.session-token"
SECURE_V4, SECURE_V5, HOST_V5 = f"__Secure-{V4}", f"__Secure-{V5}", f"__Host-{V5}"
LOG = {"sessionId": world.session_of(world.RUNNER, 9), "status": "undone"}


def description(name: str, padding: int = 0) -> dict[str, Any]:
    version = 4 if name.endswith(V4) else 5
    claims = {"email": world.email_of(world.RUNNER), "padding": "x" * padding}
    salt = {} if version == 4 else {"salt": name}
    return {"version": version, "secret": SECRET, "token": claims, "chunkAs": name, **salt}


@pytest.fixture(scope="module")
def cookies() -> dict[str, dict[str, str]]:
    """By cookie name, whole; and `… long`, cut into chunks; and `… longest`, into five."""
    wanted = {
        **{name: description(name) for name in (V4, V5, SECURE_V4, SECURE_V5, HOST_V5)},
        f"{SECURE_V4} long": description(SECURE_V4, 4000),
        f"{SECURE_V5} long": description(SECURE_V5, 4000),
        f"{SECURE_V5} longest": description(SECURE_V5, 11_800),
        f"{SECURE_V5} too long": description(SECURE_V5, 16_000),
    }
    return dict(zip(wanted, issuers.mint(*wanted.values()), strict=True))


@pytest.fixture
def settings() -> Settings:
    return Settings(
        nextauth_secret=(SECRET,), nextauth_cookie=True, cors_origins=(ORIGIN,), rate_limit=""
    )


def send(
    app: Flask,
    method: str,
    cookies: dict[str, str],
    headers: dict[str, str] | None = None,
    **options: Any,
) -> TestResponse:
    cookie = "; ".join(f"{name}={value}" for name, value in {"theme": "dark", **cookies}.items())
    return app.test_client(use_cookies=False).open(
        "/api/workout-logs", method=method, headers={"Cookie": cookie, **(headers or {})}, **options
    )


@pytest.mark.parametrize(
    "name",
    [
        SECURE_V4,
        SECURE_V5,
        HOST_V5,
        f"{SECURE_V4} long",
        f"{SECURE_V5} long",
        f"{SECURE_V5} longest",
    ],
)
def test_the_session_cookie_lets_in(
    app: Flask, cookies: dict[str, dict[str, str]], name: str
) -> None:
    response = send(app, "GET", dict(reversed(cookies[name].items())))
    assert {each["runner"]["id"] for each in response.json["data"]} == {world.RUNNER}


def test_the_samples_are_cut_as_meant(cookies: dict[str, dict[str, str]]) -> None:
    names = (SECURE_V4, f"{SECURE_V4} long", f"{SECURE_V5} longest", f"{SECURE_V5} too long")
    assert [len(cookies[name]) for name in names] == [1, 2, 5, 6]


def test_without_cookie_mode_the_cookie_is_nothing(
    settings: Settings, open_store: OpenStore, cookies: dict[str, dict[str, str]]
) -> None:
    app = create_app(replace(settings, nextauth_cookie=False), open_store(world.club()))
    response = send(app, "GET", cookies[SECURE_V5])
    assert (response.status_code, response.json["code"]) == (401, "missing-token")


@pytest.mark.parametrize("name", [V4, V5])
def test_only_development_takes_cookies_that_plain_http_can_set(
    app: Flask,
    settings: Settings,
    cookies: dict[str, dict[str, str]],
    name: str,
    open_store: OpenStore,
) -> None:
    assert send(app, "GET", cookies[name]).json["code"] == "missing-token"
    development = create_app(replace(settings, app_env="development"), open_store([]))
    assert send(development, "GET", cookies[name]).status_code == 200


def test_an_authorization_header_disables_the_cookie(
    app: Flask, cookies: dict[str, dict[str, str]]
) -> None:
    for header, code in (("Bearer x.y.z", "invalid-token"), ("Basic YTpi", "missing-token")):
        response = send(app, "GET", cookies[SECURE_V5], {"Authorization": header})
        assert (response.status_code, response.json["code"]) == (401, code)


@pytest.mark.parametrize(
    "value", ["3f2c9a0e-session-id", "a.b.c", "a.b.c.d.e", "....", "\u00e9", "x" * 5000]
)
def test_a_cookie_that_is_no_session_is_refused(app: Flask, value: str) -> None:
    response = send(app, "GET", {SECURE_V5: value})
    assert (response.status_code, response.json["code"]) == (401, "invalid-token")


def test_chunks_that_are_incomplete_or_too_many_are_refused(
    app: Flask, cookies: dict[str, dict[str, str]]
) -> None:
    first_lost = dict(list(cookies[f"{SECURE_V5} long"].items())[1:])
    last_lost = dict(list(cookies[f"{SECURE_V5} long"].items())[:-1])
    for lost in (last_lost, cookies[f"{SECURE_V5} too long"]):
        assert send(app, "GET", lost).json["code"] == "invalid-token"
    assert send(app, "GET", first_lost).json["code"] == "missing-token"


@pytest.mark.parametrize("stale", ["a.b.c.d.e", "3f2c9a0e-a-session-id", ""], ids=repr)
@pytest.mark.parametrize("other", [SECURE_V4, SECURE_V5, HOST_V5])
@pytest.mark.parametrize("name", [SECURE_V4, SECURE_V5, f"{SECURE_V4} long", f"{SECURE_V5} long"])
def test_a_stale_cookie_beside_a_valid_one_is_passed_over(
    app: Flask, cookies: dict[str, dict[str, str]], name: str, other: str, stale: str
) -> None:
    for order in (1, -1):
        sent = dict([*cookies[name].items(), (f"{other}", stale)][::order])
        if other in cookies[name]:
            continue
        assert send(app, "GET", sent).status_code == 200
    first = {f"{other}.0": stale, **cookies[name]}
    if f"{other}.0" not in cookies[name]:
        assert send(app, "GET", first).status_code == 200


def test_stale_cookies_alone_are_refused(app: Flask) -> None:
    response = send(app, "GET", {SECURE_V4: "a.b.c.d.e", SECURE_V5: "....", HOST_V5: "x"})
    assert (response.status_code, response.json["code"]) == (401, "invalid-token")


READING = [
    ({}, 200),
    ({"Sec-Fetch-Site": "same-origin"}, 200),
    ({"Sec-Fetch-Site": "same-site"}, 200),
    ({"Sec-Fetch-Site": "none"}, 200),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN}, 403),
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("headers", "status"), READING, ids=str)
def test_reading_is_not_for_foreign_sites(
    app: Flask,
    cookies: dict[str, dict[str, str]],
    method: str,
    headers: dict[str, str],
    status: int,
) -> None:
    response = send(app, method, cookies[SECURE_V5], headers)
    assert response.status_code == status


WRITING = [
    ({"Origin": ORIGIN}, 201),
    ({"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"}, 201),
    ({"Sec-Fetch-Site": "same-origin"}, 201),
    ({}, 403),
    ({"Sec-Fetch-Site": "none"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 403),
    ({"Origin": ""}, 403),
    ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
    ({"Origin": "https://other.example.com"}, 403),
    ({"Origin": "http://app.example.com"}, 403),
    ({"Origin": f"{ORIGIN}:443"}, 403),
    ({"Origin": f"{ORIGIN}/"}, 403),
    ({"Origin": f"{ORIGIN}.evil.example"}, 403),
    ({"Origin": ORIGIN.upper()}, 403),
    ({"Origin": f"{ORIGIN}, https://evil.example"}, 403),
]


@pytest.mark.parametrize(("headers", "status"), WRITING, ids=str)
def test_writing_is_for_pages_of_listed_origins(
    app: Flask, cookies: dict[str, dict[str, str]], headers: dict[str, str], status: int
) -> None:
    response = send(app, "POST", cookies[SECURE_V5], headers, json=LOG)
    assert response.status_code == status, response.text
    if status == 403:
        assert response.json["code"] == "csrf"


@pytest.mark.parametrize("content_type", ["application/json", "application/merge-patch+json"])
@pytest.mark.parametrize("headers", [{"Origin": ORIGIN}, {}])
def test_the_json_of_a_patch_can_write_from_a_listed_page(
    app: Flask, cookies: dict[str, dict[str, str]], headers: dict[str, str], content_type: str
) -> None:
    response = app.test_client(use_cookies=False).patch(
        f"/api/workout-logs/{world.log_of(world.RUNNER, 1)}",
        headers={"Cookie": f"{SECURE_V5}={cookies[SECURE_V5][SECURE_V5]}", **headers},
        content_type=content_type,
        data=b'{"notes": "x"}',
    )
    assert response.status_code == (200 if headers else 403), response.text


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
def test_a_form_cannot_write(
    app: Flask, cookies: dict[str, dict[str, str]], method: str, content_type: str
) -> None:
    path = "/api/workout-logs"
    if method != "POST":
        path += f"/{world.log_of(world.RUNNER, 1)}"
    headers = {"Cookie": f"{SECURE_V5}={cookies[SECURE_V5][SECURE_V5]}", "Origin": ORIGIN}
    response = app.test_client(use_cookies=False).open(
        path, method=method, headers=headers, content_type=content_type, data=b'{"a": 1}'
    )
    assert (response.status_code, response.json["code"]) == (403, "csrf")


def test_a_delete_needs_no_body(app: Flask, cookies: dict[str, dict[str, str]]) -> None:
    headers = {"Cookie": f"{SECURE_V5}={cookies[SECURE_V5][SECURE_V5]}", "Origin": ORIGIN}
    path = f"/api/workout-logs/{world.log_of(world.RUNNER, 1)}"
    response = app.test_client(use_cookies=False).delete(path, headers=headers)
    assert response.status_code == 204


def test_the_rule_is_not_for_tokens(app: Flask, cookies: dict[str, dict[str, str]]) -> None:
    headers = {
        "Authorization": f"Bearer {cookies[SECURE_V5][SECURE_V5]}",
        "Sec-Fetch-Site": "cross-site",
        "Origin": "https://evil.example",
    }
    response = app.test_client().post("/api/workout-logs", json=LOG, headers=headers)
    assert response.status_code == 201


def test_scopes_of_sessions_come_from_the_settings(
    settings: Settings, open_store: OpenStore, cookies: dict[str, dict[str, str]]
) -> None:
    reading = replace(settings, nextauth_scopes=("workout-logs:read",))
    app = create_app(reading, open_store(world.club()))
    assert send(app, "GET", cookies[SECURE_V5]).status_code == 200
    response = send(app, "POST", cookies[SECURE_V5], {"Origin": ORIGIN}, json=LOG)
    assert (response.status_code, response.json["code"]) == (403, "insufficient-scope")


def test_the_server_lets_the_longest_cookies_through(
    tmp_path: Path, cookies: dict[str, dict[str, str]]
) -> None:
    settings = {
        "SQLITE_PATH": str(tmp_path / "store.db"),
        "NEXTAUTH_SECRET": SECRET,
        "NEXTAUTH_COOKIE": "true",
        "WORKERS": "1",
    }
    cookie = "; ".join(f"{name}={value}" for name, value in cookies[f"{SECURE_V5} longest"].items())
    with running_server(settings) as server:
        response = requests.get(
            f"{server.url}/api/workout-logs", headers={"Cookie": cookie}, timeout=60
        )
    assert response.json()["code"] == "unknown-user", (
        "the session was read, its user does not exist"
    )


def test_without_an_origin_that_pages_can_write_from_is_warned_of(
    settings: Settings, open_sqlite: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    create_app(settings, open_sqlite([]))
    assert "NEXTAUTH_COOKIE" not in caplog.text
    create_app(replace(settings, cors_origins=()), open_sqlite([]))
    assert "NEXTAUTH_COOKIE: no page can write" in caplog.text
