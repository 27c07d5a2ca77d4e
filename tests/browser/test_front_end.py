"""The real app in small: NextAuth.js and Auth.js really run, and hand the API on like Next.js."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urljoin

import msgspec
import pytest
import requests
from playwright.sync_api import Page
from werkzeug.serving import make_server

from app.factory import create_app
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import import_lines
from app.settings import Settings
from tests import issuers, node, world
from tests.issuers import Provider
from tests.server import free_port, serving
from tests.world import RUNNER

SECRET = "the-secret-of-the-front-end"
GOOGLE_ID = "104857600000000000001"
EMAILS = {GOOGLE_ID: world.email_of(RUNNER).title()}
COOKIES = {4: "next-auth.session-token", 5: "authjs.session-token"}

CALL = """async ([method, body, type]) => {
  const headers = type ? {"Content-Type": type} : {};
  const response = await fetch("/api/workout-logs", {method, body, headers});
  const {data, code} = await response.json();
  return {status: response.status, code, runner: data?.[0]?.runner?.id ?? data?.runner?.id};
}"""


class FrontEnd(NamedTuple):
    """A running front end, and the session cookie's name in it."""

    url: str
    cookie: str


@pytest.fixture(scope="module")
def origins() -> dict[int, str]:
    return {version: f"http://127.0.0.1:{free_port()}" for version in COOKIES}


@pytest.fixture(scope="module")
def google(origins: dict[int, str]) -> Iterator[Provider]:
    with issuers.running_provider(RUNNER, origins.values(), EMAILS) as running:
        yield running


@pytest.fixture(scope="module")
def settings(origins: dict[int, str]) -> Settings:
    return Settings(
        app_env="development",  # cookies without the prefix for https
        nextauth_secret=(SECRET,),
        nextauth_cookie=True,
        cors_origins=tuple(origins.values()),
        rate_limit="",
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path_factory.mktemp("front-end") / "store.db")
    import_lines(store, map(msgspec.json.encode, world.club()))
    yield store
    store.close()


@pytest.fixture(scope="module")
def api(settings: Settings, store: SqliteStore) -> Iterator[str]:
    app = create_app(settings, store)
    with serving(make_server("127.0.0.1", 0, app, threaded=True)) as url:
        yield url


@pytest.fixture(scope="module", params=COOKIES)
def front_end(
    request: pytest.FixtureRequest, origins: dict[int, str], google: Provider, api: str
) -> Iterator[FrontEnd]:
    url = origins[request.param]
    configuration = {
        "port": int(url.rpartition(":")[2]),
        "version": request.param,
        "secret": SECRET,
        "issuer": google.url,
        "clientId": url,
        "clientSecret": issuers.CLIENT_SECRET,
        "api": api,
    }
    with _running(configuration):
        yield FrontEnd(url, COOKIES[request.param])


@contextmanager
def _running(configuration: dict[str, Any]) -> Iterator[None]:
    node.install(issuers.FOLDER)
    process = subprocess.Popen(
        [node.node(), "front_end.js", json.dumps(configuration)],
        cwd=issuers.FOLDER,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert process.stdout.readline().strip() == "ready"
        yield
    finally:
        process.terminate()
        process.communicate()


def sign_in(front_end: FrontEnd, user: str) -> requests.Session:
    """A browser that signed in at the front end, with the provider's pages filled in."""
    browser = requests.Session()
    csrf = browser.get(f"{front_end.url}/api/auth/csrf", timeout=10).json()["csrfToken"]
    response = browser.post(
        f"{front_end.url}/api/auth/signin/google",
        data={"csrfToken": csrf, "callbackUrl": front_end.url},
        timeout=10,
    )
    for _ in range(5):
        action = re.search(r'<form[^>]* action="([^"]+)"', response.text)
        if not action:
            break
        prompt = re.search(r'name="prompt" value="(\w+)"', response.text)
        assert prompt, response.text
        form = {"prompt": prompt[1], "login": user, "password": "any"}
        response = browser.post(urljoin(response.url, action[1]), data=form, timeout=10)
    assert response.url.rstrip("/") == front_end.url, response.text
    return browser


@pytest.fixture(scope="module")
def signed_in(front_end: FrontEnd) -> requests.Session:
    return sign_in(front_end, GOOGLE_ID)


def test_a_real_session_is_its_user_by_the_address(
    front_end: FrontEnd, signed_in: requests.Session, settings: Settings, store: SqliteStore
) -> None:
    response = signed_in.get(f"{front_end.url}/api/workout-logs", timeout=10)
    assert {each["runner"]["id"] for each in response.json()["data"]} == {RUNNER}
    # The same token as a bearer token; its `sub` is Google's number, or a random one.
    bearer = {"Authorization": f"Bearer {signed_in.cookies[front_end.cookie]}"}
    statuses = {}
    for claim in ("email", "sub"):
        app = create_app(replace(settings, nextauth_user_claim=claim), store)
        got = app.test_client().get("/api/workout-logs", headers=bearer)
        statuses[claim] = got.status_code, (got.json or {}).get("code")
    assert statuses == {"email": (200, None), "sub": (403, "unknown-user")}


def test_somebody_else_has_no_document(front_end: FrontEnd) -> None:
    browser = sign_in(front_end, "104857600000000000002")
    response = browser.get(f"{front_end.url}/api/workout-logs", timeout=10)
    assert (response.status_code, response.json()["code"]) == (403, "unknown-user")


def test_a_page_reaches_the_api_under_its_own_host(
    front_end: FrontEnd, signed_in: requests.Session, page: Page
) -> None:
    page.context.add_cookies(
        [
            {"name": each.name, "value": each.value, "url": front_end.url}
            for each in signed_in.cookies
        ]
    )
    page.goto(front_end.url)
    number = 9 if front_end.cookie == COOKIES[4] else 10
    log = json.dumps({"sessionId": world.session_of(RUNNER, number), "status": "undone"})
    got = page.evaluate(CALL, ["GET", None, None])
    assert (got["status"], got["runner"]) == (200, RUNNER)
    assert page.evaluate(CALL, ["POST", log, "text/plain"])["code"] == "csrf"
    got = page.evaluate(CALL, ["POST", log, "application/json"])
    assert (got["status"], got["runner"]) == (201, RUNNER)
    page.context.clear_cookies()
    assert page.evaluate(CALL, ["GET", None, None])["code"] == "missing-token"
