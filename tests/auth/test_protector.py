"""The decorator of the views, over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask.views import MethodView
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from app.auth.callers import CallerResolver
from app.auth.issuer import RemoteIssuer
from app.auth.jwt import JWTValidator
from app.auth.keys import Issuer
from app.auth.protector import Protector, protect
from app.auth.tokens import TokenValidator
from app.service.model import Caller
from app.web import problems
from tests.auth import kit

KEY = kit.ec_key()


class Things(MethodView):
    @protect("workout-logs:read")
    def get(self, caller: Caller, thing_id: str) -> dict[str, str]:
        """Read a thing."""
        return {"caller": caller.id, "thing": thing_id, "scopes": " ".join(sorted(caller.scopes))}


def app_with(issuer: Issuer) -> Flask:
    app = Flask(__name__)
    problems.register(app)
    kind = JWTValidator(issuer, clock=lambda: kit.NOW)
    validator = TokenValidator({"JWT": kind}, clock=lambda: kit.NOW)
    callers = CallerResolver(kit.FakeUsers(kit.user("user-1")), cache_seconds=30)
    Protector(validator, callers).init_app(app)
    app.add_url_rule("/things/<thing_id>", view_func=Things.as_view("things"))
    return app


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    with app_with(kit.InMemoryIssuer(KEY)).test_client() as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_the_view_gets_the_caller_first(client: FlaskClient) -> None:
    response = client.get("/things/7", headers=bearer(kit.mint(KEY)))
    scopes = "workout-logs:read workout-logs:write"
    assert response.json == {"caller": "user-1", "thing": "7", "scopes": scopes}


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
def test_the_scheme_s_case_does_not_matter(client: FlaskClient, scheme: str) -> None:
    response = client.get("/things/7", headers={"Authorization": f"{scheme} {kit.mint(KEY)}"})
    assert response.status_code == 200


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Negotiate abc"])
def test_without_a_token_the_challenge_names_no_error(
    client: FlaskClient, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = client.get("/things/7", headers=headers)
    assert (response.status_code, response.json["code"]) == (401, "missing-token")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="workout-logs"'
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("token", ["x", "a.b.c", "a.b.c.d.e", "a,b", "\u00e9", "x" * 20_000, "a b"])
def test_a_bad_token_is_challenged(client: FlaskClient, token: str) -> None:
    response = client.get("/things/7", headers=bearer(token))
    assert (response.status_code, response.json["code"]) == (401, "invalid-token")
    challenge = response.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="workout-logs", error="invalid_token", ')
    assert response.json["detail"] in challenge


def test_an_expired_token_is_told_so(client: FlaskClient) -> None:
    response = client.get("/things/7", headers=bearer(kit.mint(KEY, exp=kit.NOW - 1)))
    assert (response.status_code, response.json["detail"]) == (401, "The token has expired.")


@pytest.mark.parametrize("scope", ["workout-logs:write", "workout-logs", "", None])
def test_a_missing_scope_is_named(client: FlaskClient, scope: str | None) -> None:
    response = client.get("/things/7", headers=bearer(kit.mint(KEY, scope=scope)))
    assert (response.status_code, response.json["code"]) == (403, "insufficient-scope")
    assert "workout-logs:read" in response.json["detail"]
    challenge = response.headers["WWW-Authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="workout-logs:read"' in challenge


def test_the_scope_is_checked_before_the_user(client: FlaskClient) -> None:
    token = kit.mint(KEY, scope="other", sub="nobody")
    assert client.get("/things/7", headers=bearer(token)).json["code"] == "insufficient-scope"


def test_an_unknown_user_is_refused(client: FlaskClient) -> None:
    response = client.get("/things/7", headers=bearer(kit.mint(KEY, sub="nobody")))
    assert (response.status_code, response.json["code"]) == (403, "unknown-user")


def test_two_authorization_headers_are_refused(client: FlaskClient) -> None:
    for second in (f"Bearer {kit.mint(KEY)}", "Basic YTpi", "DPoP abc"):
        headers = Headers([("Authorization", f"Bearer {kit.mint(KEY)}"), ("Authorization", second)])
        response = client.get("/things/7", headers=headers)
        assert (response.status_code, response.json["code"]) == (400, "malformed")
        assert 'error="invalid_request"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("headers", [{}, bearer(kit.mint(KEY))], ids=["alone", "beside"])
def test_a_token_in_the_address_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    response = client.get(f"/things/7?access_token={kit.mint(KEY)}", headers=headers)
    assert (response.status_code, response.json["code"]) == (400, "malformed")
    assert kit.mint(KEY)[:20] not in response.text


def test_an_issuer_that_is_down_is_not_the_caller_s_fault() -> None:
    server = kit.FakeIssuer(KEY)
    server.down = True
    client = app_with(RemoteIssuer(kit.ISSUER, kit.AUDIENCE, fetch=server)).test_client()
    response = client.get("/things/7", headers=bearer(kit.mint(KEY)))
    assert (response.status_code, response.json["code"]) == (503, "issuer-unavailable")
    assert int(response.headers["Retry-After"]) > 0


def test_the_view_is_documented() -> None:
    view: Any = Things.get
    assert view.required_scope == "workout-logs:read"
    assert view.__doc__ == "Read a thing."
    documented = view._apidoc["manual_doc"]["security"]
    assert documented == [{"oauth2": ["workout-logs:read"]}]


headers = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=80)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(headers | headers.map("Bearer {}".format))
def test_whatever_the_header_holds_the_response_is_a_refusal(
    client: FlaskClient, header: str
) -> None:
    response = client.get("/things/7", headers={"Authorization": header})
    assert response.status_code in (400, 401)
    assert response.json["code"] in ("malformed", "missing-token", "invalid-token")
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")
