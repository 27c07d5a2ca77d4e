"""Rules of HTTP: one Host, no WebSocket."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

PATH = "/api/workout-logs"


@pytest.mark.parametrize(
    "host",
    ["", "a.example,b.example", "a.example b.example", "a.example/x", "user@a.example", "a:b"],
)
def test_a_request_without_one_host_is_malformed(app: Flask, host: str) -> None:
    response = app.test_client().get(PATH, environ_overrides={"HTTP_HOST": host})
    assert (response.status_code, response.json["code"]) == (400, "malformed")
    assert "Host" in response.json["detail"]


@pytest.mark.parametrize("host", ["a.example", "a.example:8000", "127.0.0.1", "[::1]:8000", "a_b"])
def test_one_host_is_fine(app: Flask, host: str) -> None:
    assert app.test_client().get(PATH, environ_overrides={"HTTP_HOST": host}).status_code == 401


# The names break the rules of IDNA, which werkzeug, and its test client, decode names by.
@pytest.mark.parametrize(
    "host", ["xn--", "xn--a", "xn--zz.example", "[::1]:8000", "[::ffff:1.2.3.4]"]
)
def test_pages_name_the_host_that_was_asked(app: Flask, host: str) -> None:
    status, resource = asked(app, "/.well-known/oauth-protected-resource", host)
    assert (status, resource["resource_documentation"]) == ("200 OK", f"http://{host}/docs")
    status, catalog = asked(app, "/.well-known/api-catalog", host)
    assert (status, catalog["linkset"][1]["anchor"]) == ("200 OK", f"http://{host}/api")


@pytest.mark.parametrize("path", ["/.well-known/api-catalog", PATH])
@pytest.mark.parametrize("host", ["[:::::]", "[1]", "[1.2.3.4]:80", "[::1", "[::1]x"])
def test_what_is_no_ipv6_address_is_malformed(app: Flask, path: str, host: str) -> None:
    status, refused = asked(app, path, host)
    assert (status, refused["code"]) == ("400 BAD REQUEST", "malformed")


def asked(app: Flask, path: str, host: str) -> tuple[str, Any]:
    """The status and the JSON of the response to a request with this `Host`."""
    environ = EnvironBuilder(path).get_environ() | {"HTTP_HOST": host}
    body, status, _ = run_wsgi_app(app, environ)
    return status, json.loads(b"".join(body))


@pytest.mark.parametrize("protocol", ["HTTP/1.0", "HTTP/1"])
def test_http_1_0_needs_none(app: Flask, protocol: str) -> None:
    old = {"HTTP_HOST": "", "SERVER_PROTOCOL": protocol}
    assert app.test_client().get(PATH, environ_overrides=old).status_code == 401


def test_a_websocket_is_refused_in_words(app: Flask) -> None:
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
    response = app.test_client().get(PATH, headers=upgrade)
    assert (response.status_code, response.json["code"]) == (400, "malformed")
    assert "WebSocket" in response.json["detail"]


def test_another_upgrade_is_ignored(app: Flask) -> None:
    """Java's HTTP client offers HTTP/2 like this."""
    upgrade = {"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings", "HTTP2-Settings": ""}
    assert app.test_client().get(PATH, headers=upgrade).status_code == 401
