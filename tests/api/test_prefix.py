"""Behind a proxy that has the API below a path, every link leads there."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec
import pytest
import requests
import yaml
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client as WSGIClient
from werkzeug.test import TestResponse

from app.development import wsgi as development_wsgi
from app.development.run import load_sample
from app.factory import create_app
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import import_lines
from app.settings import Settings
from tests import world
from tests.conftest import OpenStore, Serve
from tests.issuer import AUDIENCE, Issuer
from tests.nginx import running_nginx
from tests.server import ROOT, running_server

PREFIX = "/training"
BROWSER = {"Accept": "text/html"}
LOGS = "/api/workout-logs"
HOSTILE = [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "evil",
    "/..",
    "/a/../b",
    "/.",
    "/a//b",
    "/" + "x" * 10_000,
    "/a/" * 30 + "x" * 80,
    "/träning",
    "/training%0d%0aSet-Cookie:a=b",
    "/a b",
    "/a?b",
    "/a#b",
    '/"><script>',
    "/a\tb",
    "/",
    "",
    "/evil, ",
]


class Walk:
    """Follows every link of every response, from one to the next."""

    def __init__(self, base: str, token: str) -> None:
        self.base = base
        self.host = f"{urlsplit(base).scheme}://{urlsplit(base).netloc}"
        self.headers = {"Authorization": f"Bearer {token}"}
        self.seen: dict[str, str] = {}
        """Where each link was found first."""
        self._ahead: deque[str] = deque()

    def follow(self) -> None:
        """Until nothing is new: each link must lead to a page below the prefix."""
        while self._ahead:
            url = self._ahead.popleft()
            for accept in ("text/html", "application/json"):
                headers = {"Accept": accept, **self.headers}
                response = requests.get(url, headers=headers, timeout=60, allow_redirects=False)
                if response.is_redirect:
                    self.take(response)
                else:
                    assert response.ok, f"{url}, found in {self.seen[url]}: {response.status_code}"
                    self.take(response)

    def take(self, response: requests.Response) -> None:
        """Remember the links of a response."""
        for link in links_of(response):
            url = urljoin(response.url, link).partition("#")[0]
            if not url.startswith(f"{self.host}/"):
                continue  # the issuer's
            assert url.startswith(f"{self.base}/"), f"{response.url} leads to {link}"
            # What RFC 9727 calls the API is no page.
            if url not in self.seen and url != f"{self.base}/api":
                self.seen[url] = response.url
                self._ahead.append(url)


def links_of(response: requests.Response) -> Iterator[str]:
    """Every link in the headers and in the body, of whatever type."""
    if "Location" in response.headers:
        yield response.headers["Location"]
    yield from re.findall(r"<([^>]+)>;", response.headers.get("Link", ""))
    media_type = response.headers.get("Content-Type", "").partition(";")[0]
    if media_type == "text/html":
        yield from re.findall(r"(?:href|src|action)=[\"']([^\"']*)", response.text)
    elif media_type.endswith("json"):
        yield from links_in(response.json())
    elif media_type == "application/yaml":
        yield from links_in(yaml.load(response.text, yaml.CSafeLoader))
    elif media_type == "text/css":
        yield from re.findall(r"url\([\"']?(?!data:)([^\"')]+)", response.text)


def links_in(value: Any, name: str = "") -> Iterator[str]:
    """Every text that is a path or a URL, and the links in texts that are Markdown."""
    if isinstance(value, dict):
        for member, each in value.items():
            # A JSON Pointer looks like a path; examples name what need not be here.
            if member not in ("pointer", "paths", "components", "example"):
                yield from links_in(each, member)
    elif isinstance(value, list):
        for each in value:
            yield from links_in(each, name)
    elif isinstance(value, str):
        if re.match(r"/\S*\Z|https?://\S+\Z", value):
            # The document's paths begin where the server's URL ends.
            yield value if name != "url" else f"{value}/"
        yield from re.findall(r"\]\(([^)]+)\)", value)


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[str]:
    """A production server behind nginx, below a path of it; the URL of that."""
    folder = tmp_path_factory.mktemp("production")
    store = SqliteStore(folder / "store.db")
    import_lines(store, map(msgspec.json.encode, world.club()))
    store.close()
    settings = {
        "OAUTH_ISSUER": issuer.url,
        "OAUTH_AUDIENCE": AUDIENCE,
        "SQLITE_PATH": str(folder / "store.db"),
        "RATE_LIMIT": "",
        "TRUSTED_PROXIES": "1",
    }
    with running_server(settings) as server, behind_nginx(folder, server.url) as url:
        yield url


def behind_nginx(folder: Path, server: str) -> Any:
    """nginx as `deploy/nginx.conf` has it for a prefix."""
    example = (ROOT / "deploy" / "nginx.conf").read_text()
    block = re.search(r"^( *)# location /training/ \{\n(?:\1#.*\n)+?\1# \}", example, re.M)
    assert block, "deploy/nginx.conf shows no prefix"
    location = re.sub(r"^ *# ?", "", block[0], flags=re.M)
    assert location.count("http://workout_log_api") == 1
    return running_nginx(folder / "nginx", location.replace("http://workout_log_api", server))


def test_every_link_leads_below_the_prefix(production: str, issuer: Issuer) -> None:
    base = production + PREFIX
    walk = Walk(base, issuer.token(world.ADMIN))
    for path in ("/", "/docs", "/reference", "/.well-known/oauth-protected-resource"):
        walk.take(requests.get(base + path, headers=BROWSER, timeout=60, allow_redirects=False))
    me = {"Authorization": f"Bearer {issuer.token(world.RUNNER)}"}

    def ask(method: str, path: str, status: int, **options: Any) -> requests.Response:
        response = requests.request(
            method, base + path, headers=options.pop("headers", me), timeout=60, **options
        )
        assert response.status_code == status, response.text
        walk.take(response)
        return response

    fresh = {"sessionId": world.session_of(world.RUNNER, 9), "status": "dnf"}
    created = ask("POST", LOGS, 201, json=fresh)
    duplicate = ask("POST", LOGS, 409, json=fresh)
    assert created.headers["Location"] == duplicate.headers["Location"]
    assert created.headers["Location"].startswith(f"{PREFIX}{LOGS}/")
    invalid = ask("POST", LOGS, 422, json={})
    assert invalid.json()["type"] == f"{PREFIX}/problems/validation-failed"
    assert invalid.json()["instance"] == f"{PREFIX}{LOGS}"
    ask("GET", LOGS, 401, headers={})
    ask("DELETE", LOGS, 405)
    results = ask(
        "POST", "/api/workout-log-batches", 200, json={"items": [{"op": "create", "log": fresh}]}
    )
    assert results.json()["data"]["results"][0]["problem"]["instance"] == f"{PREFIX}{LOGS}"
    for path in (LOGS, "/api/training-sessions", "/api/progress"):
        found = ask("GET", f"{path}?limit=1", 200, headers=walk.headers)
        assert found.links["next"]["url"].startswith(f"{PREFIX}{path}?")
        ask("GET", f"{path}?limit=1", 200, headers=walk.headers | {"Accept": "text/csv"})
    walk.follow()
    seen = {url.removeprefix(base).partition("?")[0] for url in walk.seen}
    assert seen >= {"/", "/docs", "/problems/", "/problems/duplicate-workout-log", "/openapi.yaml"}
    assert seen >= {"/openapi.json", "/version", "/readyz", "/changelog", LOGS, "/api/progress"}
    assert sum("/assets/" in each for each in seen) >= 5


def test_examples_and_the_document_name_the_prefix(production: str) -> None:
    base = production + PREFIX
    for each in requests.get(f"{base}/problems/", timeout=60).json()["data"]:
        assert each["example"]["type"] == each["type"]
        assert each["example"]["instance"].startswith(f"{PREFIX}/api/")
    for document in (
        requests.get(f"{base}/openapi.json", timeout=60).json(),
        yaml.load(requests.get(f"{base}/openapi.yaml", timeout=60).text, yaml.CSafeLoader),
    ):
        assert [each["url"] for each in document["servers"]] == [PREFIX]
        assert f"]({PREFIX}/changelog)" in document["info"]["description"]
    # Whoever fakes the header gets a copy of their own from a cache.
    assert "X-Forwarded-Prefix" in requests.get(f"{base}/openapi.json", timeout=60).headers["Vary"]
    here = requests.get(f"{base}/.well-known/oauth-protected-resource", timeout=60).json()
    assert here["resource_documentation"] == f"{base}/docs"


def test_the_pages_of_development_lead_below_the_prefix(tmp_path: Path) -> None:
    settings = {"TRUSTED_PROXIES": "1", "PYTHONPATH": str(ROOT)}
    with (
        running_server(settings, module="app.development.run", cwd=tmp_path) as server,
        behind_nginx(tmp_path, server.url) as url,
    ):
        base = url + PREFIX
        start = requests.get(f"{base}/", headers=BROWSER, timeout=60)
        assert f"{base}/api/workout-logs" in start.text
        # Nobody signs in through a proxy, so these are not there.
        missing = f"{base}/.well-known/oauth-authorization-server"
        assert requests.get(missing, timeout=60).status_code == 404
        tokens = (tmp_path / "instance" / "dev-tokens.env").read_text()
        token = re.search(r"ADMIN_TOKEN=(\S+)", tokens)
        assert token
        walk = Walk(base, token[1])
        walk.seen[missing] = start.url
        walk.take(start)
        walk.take(requests.get(f"{base}/demo", headers=BROWSER, timeout=60))
        walk.follow()
        assert f"{base}/demo/static/demo.js" in walk.seen


@pytest.fixture
def open_store(open_sqlite: OpenStore) -> OpenStore:
    return open_sqlite


class TestWhoMaySayIt:
    @pytest.fixture
    def ask(
        self, settings: Settings, open_store: OpenStore, serve: Serve
    ) -> Callable[..., TestResponse]:
        """A request to the start page, of which every link is a word on the prefix."""
        store = open_store([])

        def ask(sent: str, proxies: int = 1, **environ: str) -> TestResponse:
            app = serve(replace(settings, trusted_proxies=proxies), store)
            environ["HTTP_X_FORWARDED_PREFIX"] = sent.encode().decode("latin-1")
            client = app.test_client()
            found = client.get("/", environ_overrides=environ)
            for path in ("/docs", "/openapi.yaml", "/api/workout-logs", "/reference"):
                response = client.get(path, environ_overrides=environ)
                assert ("evil" in response.text + str(response.headers)) == ("evil" in found.text)
            return found

        return ask

    @pytest.mark.parametrize(
        ("sent", "proxies", "prefix"),
        [
            ("/training", 1, "/training"),
            ("/training/", 1, "/training"),
            ("/a/b-c_d.e~f", 1, "/a/b-c_d.e~f"),
            ("/training", 0, ""),
            # Of a chain only one may have a prefix; what a client claims comes first.
            ("/evil, /training", 1, "/training"),
            ("/evil, /training", 2, "/training"),
            ("/training", 2, "/training"),
            *((each, 1, "") for each in HOSTILE),
        ],
    )
    def test_a_trusted_proxy_with_a_plain_path(
        self, ask: Callable[..., TestResponse], sent: str, proxies: int, prefix: str
    ) -> None:
        response = ask(sent, proxies)
        assert response.json["links"]["docs"] == f"{prefix}/docs"
        assert f"<{prefix}/openapi.json>" in response.headers["Link"]

    def test_the_prefix_stands_before_what_the_server_takes_off(
        self, ask: Callable[..., TestResponse]
    ) -> None:
        response = ask("/training", SCRIPT_NAME="/v1")
        assert response.json["links"]["docs"] == "/training/v1/docs"


def test_an_application_below_a_path_of_its_server(
    settings: Settings, open_store: OpenStore
) -> None:
    """`SCRIPT_NAME`, as PEP 3333 says."""
    app = create_app(settings, open_store([]))
    client = WSGIClient(
        DispatcherMiddleware(Flask("other"), {"/träning".encode().decode("latin-1"): app})
    )
    response = client.get("/träning/api/workout-logs")
    assert response.status_code == 401
    assert response.json["type"] == "/tr%C3%A4ning/problems/missing-token"
    assert client.get(response.json["type"]).status_code == 200
    page = client.get("/träning/docs", headers=BROWSER).text
    assert 'data-prefix="/tr%C3%A4ning"' in page
    assert client.get("/träning/openapi.json").json["servers"][0]["url"] == "/tr%C3%A4ning"
    assert client.get("/docs").status_code == 404


def test_development_signs_in_below_a_path(tmp_path: Path) -> None:
    path = str(tmp_path / "store.db")
    load_sample(path)
    app = development_wsgi.create_app(Settings(app_env="development", sqlite_path=path))
    client = WSGIClient(DispatcherMiddleware(Flask("other"), {PREFIX: app}))
    here = {"environ_overrides": {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8000"}}
    found = client.get(f"{PREFIX}/.well-known/openid-configuration", **here).json
    endpoint = f"http://127.0.0.1:8000{PREFIX}/development/authorize"
    assert found["authorization_endpoint"] == endpoint
    document = client.get(f"{PREFIX}/openapi.json").json
    flow = document["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]
    assert flow["authorizationUrl"] == endpoint
    redirect_uri = f"http://127.0.0.1:8000{PREFIX}/demo"
    query = {
        "response_type": "code",
        "client_id": "demo",
        "redirect_uri": redirect_uri,
        "code_challenge": "x" * 43,
        "code_challenge_method": "S256",
    }
    where = {"path": f"{PREFIX}/development/authorize", "query_string": query}
    assert client.get(**where, **here).status_code == 200
    done = client.post(**where, **here, data={"person": "runner-somchai"})
    assert done.status_code == 302
    assert done.headers["Location"].startswith(f"{redirect_uri}?code=")
