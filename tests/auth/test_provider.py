"""Tokens of a real, certified issuer: its kinds of token, its new keys, its outages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.auth import introspection
from app.auth.errors import IssuerUnavailable, TokenRefused
from app.auth.introspection import IntrospectedTokens, ask_issuer
from app.auth.issuer import COOLDOWN_SECONDS, RETRY_SECONDS, RemoteIssuer
from app.auth.jwt import JWTValidator
from app.auth.tokens import TokenValidator
from app.factory import create_app
from app.settings import Settings
from tests import issuers, world
from tests.auth import kit
from tests.conftest import OpenStore, Serve
from tests.issuers import Provider


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with issuers.running_provider(world.RUNNER) as running:
        yield running


@pytest.fixture
def settings(provider: Provider) -> Settings:
    return Settings(
        oauth_issuer=provider.url,
        oauth_audience=issuers.AUDIENCE,
        oauth_introspection_client_id=issuers.CLIENT_ID,
        oauth_introspection_client_secret=issuers.CLIENT_SECRET,
        rate_limit="",
    )


@pytest.fixture
def serve() -> Serve:
    """Each test begins without keys and without tokens that are known."""
    return create_app


def get(app: Flask, token: str) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"}
    return app.test_client().get("/api/workout-logs", headers=headers)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "Ed25519"])
def test_a_jwt_of_each_algorithm_lets_in(app: Flask, provider: Provider, algorithm: str) -> None:
    response = get(app, provider.token(f"jwt.example/{algorithm}"))
    assert {each["runner"]["id"] for each in response.json["data"]} == {world.RUNNER}


@pytest.mark.parametrize("resource", ["jwt.example/ES256", "opaque.example"])
def test_a_user_s_sign_in_lets_in(app: Flask, provider: Provider, resource: str) -> None:
    signed_in = provider.sign_in(world.COACH, resource)
    response = get(app, signed_in["access_token"])
    ids = {each["runner"]["id"] for each in response.json["data"]}
    assert ids == {world.RUNNER, world.TEAMMATE}


def test_a_client_without_a_user_is_unknown(app: Flask, provider: Provider) -> None:
    response = get(app, provider.token("opaque.example"))
    assert (response.status_code, response.json["code"]) == (403, "unknown-user")


@pytest.mark.parametrize("resource", ["jwt.example/RS256", "opaque.example"])
def test_the_scope_is_the_granted_one(app: Flask, provider: Provider, resource: str) -> None:
    response = get(app, provider.token(resource, scope="workout-logs:write"))
    assert (response.status_code, response.json["code"]) == (403, "insufficient-scope")


def test_only_access_tokens_let_in(app: Flask, provider: Provider) -> None:
    signed_in = provider.sign_in(world.COACH, "opaque.example")
    for other in ("refresh_token", "id_token"):
        response = get(app, signed_in[other])
        assert (response.status_code, response.json["code"]) == (401, "invalid-token"), other


def test_new_keys_are_found_and_old_ones_forgotten(app: Flask, provider: Provider) -> None:
    old = provider.token("jwt.example/ES256")
    assert get(app, old).status_code == 200
    provider.rotate()
    assert get(app, provider.token("jwt.example/ES256")).status_code == 200
    assert get(app, old).status_code == 401, "remembered only as long as its key was there"


def test_an_outage_harms_only_who_is_not_known_yet(
    app: Flask, settings: Settings, provider: Provider, open_store: OpenStore
) -> None:
    known, unknown = (provider.token("jwt.example/ES256") for _ in range(2))
    opaque = provider.sign_in(world.COACH, "opaque.example")["access_token"]
    assert get(app, known).status_code == 200
    provider.stop()
    try:
        assert get(app, known).status_code == 200
        assert get(app, unknown).status_code == 200, "the keys are known"
        for response in (get(app, opaque), get(create_app(settings, open_store([])), known)):
            assert (response.status_code, response.json["code"]) == (503, "issuer-unavailable")
            assert int(response.headers["Retry-After"]) == RETRY_SECONDS
    finally:
        provider.start()


def test_an_issuer_that_comes_back_is_found_again(provider: Provider) -> None:
    clock = kit.Clock(time.time())
    issuer = RemoteIssuer(provider.url, issuers.AUDIENCE, clock=clock)
    validator = TokenValidator({"JWT": JWTValidator(issuer)})
    provider.stop()
    try:
        with pytest.raises(IssuerUnavailable):
            validator.authenticate_token(kit.mint(kit.ec_key()))
    finally:
        provider.start()
    clock.advance(RETRY_SECONDS)
    assert validator.authenticate_token(provider.token("jwt.example/ES256"))
    provider.rotate()
    clock.advance(COOLDOWN_SECONDS)
    assert validator.authenticate_token(provider.token("jwt.example/ES256"))


def test_a_revoked_token_stops_working(provider: Provider) -> None:
    clock = kit.Clock(time.time())
    issuer = RemoteIssuer(provider.url, issuers.AUDIENCE)
    ask = ask_issuer(issuer, client_id=issuers.CLIENT_ID, client_secret=issuers.CLIENT_SECRET)
    kind = IntrospectedTokens(issuer, ask, clock=clock)
    validator = TokenValidator({"opaque": kind}, clock=clock)
    token = provider.sign_in(world.COACH, "opaque.example")["access_token"]
    assert validator.authenticate_token(token).user == kit.subject(world.COACH)
    provider.revoke(token)
    clock.advance(introspection.SUCCESS_SECONDS)
    with pytest.raises(TokenRefused, match="not active"):
        validator.authenticate_token(token)


def test_our_own_refused_credentials_are_not_the_caller_s_fault(
    settings: Settings, provider: Provider, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = replace(settings, oauth_introspection_client_secret="something else")
    app = create_app(wrong, open_store([]))
    response = get(app, provider.sign_in(world.COACH, "opaque.example")["access_token"])
    assert (response.status_code, response.json["code"]) == (503, "issuer-unavailable")
    assert "status 401" in caplog.text


def test_garbage_is_kept_from_the_issuer_before_good_tokens_are(
    settings: Settings, provider: Provider, open_store: OpenStore
) -> None:
    app = create_app(replace(settings, rate_limit="8 per minute"), open_store(world.club()))
    known, unknown = (
        provider.sign_in(world.COACH, "opaque.example")["access_token"] for _ in range(2)
    )
    assert get(app, known).status_code == 200
    assert [get(app, f"garbage-{number}").status_code for number in range(4)] == [
        *[401] * 2,
        *[429] * 2,
    ]
    assert get(app, unknown).status_code == 429, "nobody asks for this address any more"
    assert get(app, known).status_code == 200
    assert get(app, provider.token("jwt.example/ES256")).status_code == 200
