"""The pages for people: what they respond with, to whom, and under which policy."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient

from app.development import wsgi as development_wsgi
from app.factory import create_app
from app.openapi.api import Api
from app.openapi.security import SignIn
from app.settings import Settings
from app.web.problem_types import CATALOGUE
from app.web.violations import VIOLATIONS
from tests.conftest import OpenStore
from tests.issuer import Issuer

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGES = ["/", "/docs", "/docs/oauth2-redirect.html", "/problems/"]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def policy_of(response) -> dict[str, str]:
    directives = response.headers["Content-Security-Policy"].split("; ")
    return dict(directive.split(" ", 1) for directive in directives)


@pytest.mark.parametrize("path", [*PAGES, "/problems/malformed"])
def test_a_page_loads_only_what_is_served_here(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers=BROWSER)
    assert response.status_code == 200
    assert response.mimetype == "text/html"
    policy = policy_of(response)
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in policy.get("script-src", "")
    assert not re.search(r"<script(?![^>]* src=)", response.text)
    assert not re.search(r"\son\w+=", response.text)
    addresses = re.findall(r"(?:src|href)=\"([^\"]+)\"", response.text)
    assert addresses
    for address in addresses:
        assert address.startswith("/")
        with client.get(address, headers=BROWSER) as linked:
            assert linked.status_code == 200, address


def test_assets_are_kept_for_good_and_nothing_else_is_served(client: FlaskClient) -> None:
    addresses = set(re.findall(r"/assets/[^\"]+", client.get("/docs").text))
    assert len(addresses) >= 4
    for address in addresses:
        with client.get(address) as asset:
            assert "immutable" in asset.headers["Cache-Control"]
            assert "max-age=31536000" in asset.headers["Cache-Control"]
    assert client.get("/assets/000000000000/docs.css").status_code == 404
    assert client.get("/assets/../factory.py").status_code == 404


def test_a_program_gets_an_index_whose_links_work(client: FlaskClient) -> None:
    for accept in ("application/json", "*/*", ""):
        response = client.get("/", headers={"Accept": accept})
        assert response.mimetype == "application/json"
        assert "Accept" in response.headers["Vary"]
    links = response.json["links"]
    assert client.get(links.pop("workoutLogs")).status_code == 401
    for link in links.values():
        assert client.get(link).status_code == 200, link


def test_the_spec_is_the_same_as_yaml_and_as_json(client: FlaskClient) -> None:
    response = client.get("/openapi.yaml")
    assert response.mimetype == "application/yaml"
    assert yaml.load(response.data, yaml.CSafeLoader) == client.get("/openapi.json").json


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml"])
def test_caches_keep_the_spec_for_a_while_and_ask_whether_it_changed(
    client: FlaskClient, path: str
) -> None:
    first = client.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=60"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert client.get(path, headers={"If-None-Match": '"another"'}).data == first.data


def test_the_spec_is_written_anew_only_when_people_sign_in_elsewhere() -> None:
    app = Flask("app")
    app.config.update(API_TITLE="API", API_VERSION="1", OPENAPI_VERSION="3.1.1")
    here, there = {"oauth2": {"type": "oauth2"}}, {"oauth2": {"type": "openIdConnect"}}
    asked = iter([here, dict(here), there])
    api = Api(app, lambda: SignIn(next(asked), {}))
    first, second, third = api.served_texts(), api.served_texts(), api.served_texts()
    assert first is second
    assert [b"openIdConnect" in text for text in (*first, *third)] == [False, False, True, True]


@pytest.mark.parametrize("url", ["", "https://club.example/help"])
def test_a_deployment_may_name_whom_partners_ask(open_store: OpenStore, url: str) -> None:
    app = create_app(Settings(nextauth_secret=("x" * 16,), api_contact_url=url), open_store([]))
    contact = app.test_client().get("/openapi.json").json["info"].get("contact")
    assert contact == ({"name": "Support", "url": url} if url else None)


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_problem_type_has_its_page(client: FlaskClient, code: str) -> None:
    kind = CATALOGUE[code]
    described = client.get(kind.uri).json["data"]
    assert described["example"].keys() >= {"type", "title", "status", "detail", "instance", "code"}
    assert (described["code"], described["example"]["type"]) == (code, kind.uri)
    page = client.get(kind.uri, headers=BROWSER)
    assert f"<code>{code}</code>" in page.text
    assert "`" not in page.text.split("<h2>Example</h2>")[0]
    assert code in client.get("/problems/", headers=BROWSER).text


class TestWhatProgramsFind:
    """Programs that know only the host find the rest from there."""

    def test_the_start_links_to_the_description(self, client: FlaskClient) -> None:
        for headers in ({}, BROWSER):
            links = client.get("/", headers=headers).headers["Link"]
            for path, relation in (
                ("/openapi.json", "service-desc"),
                ("/docs", "service-doc"),
                ("/.well-known/api-catalog", "api-catalog"),
            ):
                assert f'<{path}>; rel="{relation}"' in links
                assert client.get(path).status_code == 200

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_the_catalog(self, client: FlaskClient, method: str) -> None:
        response = client.open("/.well-known/api-catalog", method=method)
        assert response.status_code == 200
        assert response.mimetype == "application/linkset+json"
        assert "rfc9727" in response.headers["Content-Type"]
        assert response.headers["Link"] == '</.well-known/api-catalog>; rel="api-catalog"'

    def test_every_link_of_the_catalog_leads_somewhere(self, client: FlaskClient) -> None:
        linkset = client.get("/.well-known/api-catalog").get_json(force=True)["linkset"]
        (item,) = linkset[0]["item"]
        assert linkset[1]["anchor"] == item["href"]
        targets = [
            each
            for relation in linkset[1].values()
            if isinstance(relation, list)
            for each in relation
        ]
        assert len(targets) == 5
        for each in targets:
            response = client.get(each["href"])
            assert response.status_code == 200
            assert response.mimetype == each["type"]

    def test_the_catalog_needs_a_host(self, client: FlaskClient) -> None:
        response = client.get("/.well-known/api-catalog", environ_overrides={"HTTP_HOST": "a b"})
        assert response.status_code == 400

    def test_the_catalogue_holds_every_code(self, client: FlaskClient) -> None:
        registry = client.get("/problems/").json
        assert {each["code"] for each in registry["data"]} == set(CATALOGUE)
        assert {each["code"] for each in registry["violations"]} == set(VIOLATIONS)
        page = client.get("/problems/", headers=BROWSER).text
        for code in VIOLATIONS:
            assert f"<code>{code}</code>" in page


@pytest.mark.parametrize("path", ["/problems", "/docs"])
def test_a_page_is_there_with_and_without_a_slash(client: FlaskClient, path: str) -> None:
    responses = [client.get(each, headers={"Host": "a.example"}) for each in (path, f"{path}/")]
    assert [response.status_code for response in responses] == [200, 200]
    assert responses[0].data == responses[1].data


@pytest.mark.parametrize("path", ["/reference", "/reference/"])
def test_the_reference_leads_to_the_swagger_ui(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={**BROWSER, "Host": "a.example"})
    assert (response.status_code, response.headers["Location"]) == (308, "/docs")


def test_no_route_redirects(app: Flask, development: Flask) -> None:
    """werkzeug would do it in HTML, to whatever `Host` the request names."""
    for each in (app, development):
        assert not each.url_map.merge_slashes
        for rule in each.url_map.iter_rules():
            assert rule.redirect_to is None
            assert rule.is_leaf or not rule.strict_slashes, rule


def test_an_unknown_problem_type_is_a_problem(client: FlaskClient) -> None:
    response = client.get("/problems/no-such", headers=BROWSER)
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")


def test_the_swagger_ui_signs_in_at_the_configured_issuer(
    client: FlaskClient, issuer: Issuer
) -> None:
    page = client.get("/docs")
    assert "workout-log-docs" in page.text
    assert policy_of(page)["connect-src"] == f"'self' {issuer.url}"
    schemes = client.get("/openapi.json").json["components"]["securitySchemes"]
    flow = schemes["oauth2"]["flows"]["authorizationCode"]
    assert flow["authorizationUrl"] == f"{issuer.url}/authorize"


@pytest.fixture
def development(open_sqlite: OpenStore) -> Flask:
    settings = Settings(app_env="development", port=8123)
    return development_wsgi.create_app(settings, open_sqlite([]))


@pytest.fixture
def open_app(open_sqlite: OpenStore) -> Callable[..., FlaskClient]:
    return lambda **settings: create_app(Settings(**settings), open_sqlite([])).test_client()


def test_the_docs_are_there_without_an_issuer(open_app: Callable[..., FlaskClient]) -> None:
    page = open_app(nextauth_secret=("0123456789abcdef",)).get("/docs")
    assert "data-sign-in='null'" in page.text
    assert policy_of(page)["connect-src"] == "'self'"


def test_the_docs_are_there_while_the_issuer_is_down(open_app: Callable[..., FlaskClient]) -> None:
    page = open_app(oauth_issuer="http://127.0.0.1:9/realm", oauth_audience="api").get("/docs")
    assert page.status_code == 200
    assert policy_of(page)["connect-src"] == "'self' http://127.0.0.1:9"


def test_development_shows_itself_on_the_start_page_only_there(
    client: FlaskClient, development: Flask
) -> None:
    assert "dev-tokens" not in client.get("/", headers=BROWSER).text
    browser = development.test_client()
    assert "dev-tokens" in browser.get("/", headers=BROWSER).text
    assert "http://127.0.0.1:8123" in policy_of(browser.get("/docs"))["connect-src"]


def test_a_production_process_knows_nothing_of_the_development_sign_in(tmp_path) -> None:
    program = """
import sys
from app.factory import create_app
from app.settings import Settings
app = create_app(Settings(
    nextauth_secret=("0123456789abcdef",), sqlite_path=sys.argv[1]
))
print([name for name in sys.modules if name.startswith("app.development")])
print([str(rule) for rule in app.url_map.iter_rules() if "development" in str(rule)])
print(app.test_client().get("/.well-known/oauth-authorization-server").status_code)
"""
    store = str(tmp_path / "store.db")
    shown = subprocess.run(
        [sys.executable, "-c", program, store], capture_output=True, check=True, text=True
    ).stdout
    assert shown.splitlines() == ["[]", "[]", "404"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.parametrize(
    "path", [*PAGES, "/problems", "/openapi.json", "/healthz", "/api/workout-logs", "/x"]
)
def test_every_response_carries_what_all_do_and_nothing_twice(
    client: FlaskClient, path: str, method: str
) -> None:
    response = client.open(path, method=method)
    names = [name for name, _ in response.headers if name != "Vary"]
    assert sorted(names) == sorted(set(names))
    assert response.headers.getlist("Vary").count("Origin") == 1
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    timed = response.headers.get("Server-Timing", "").startswith("store;desc=")
    assert timed == (response.status_code != 404)
    assert response.headers["Cache-Control"]
    if method == "HEAD":
        assert response.data == b""
    else:
        assert int(response.headers["Content-Length"]) == len(response.data)


@pytest.mark.parametrize("commit", ["", "0123abc"])
def test_the_version_says_what_runs(open_app: Callable[..., FlaskClient], commit: str) -> None:
    response = open_app(nextauth_secret=("0123456789abcdef",), app_commit=commit).get("/version")
    assert response.json == {
        "name": "workout-log-api",
        "version": version("workout-log-api"),
        "commit": commit or None,
    }
    assert response.headers["Cache-Control"] == "no-store"
