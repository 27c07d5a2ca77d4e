"""Tokens of other authorization servers that really run: sign-in, refresh, revocation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from flask import Flask

from app.auth import introspection
from app.factory import create_app
from app.service.stores.port import Store
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import import_lines
from app.settings import READ_SCOPE, Settings
from tests import world
from tests.issuers import AUDIENCE, CLIENT_ID, SCOPES, servers
from tests.issuers.servers import AuthorizationServer
from tests.world import RUNNER


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = SqliteStore(tmp_path_factory.mktemp("servers") / "store.db")
    import_lines(store, map(msgspec.json.encode, world.club()))
    yield store
    store.close()


@pytest.fixture(scope="module")
def django(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthorizationServer]:
    with servers.running_django(tmp_path_factory.mktemp("django")) as running:
        yield running


@pytest.fixture(scope="module")
def canaille() -> Iterator[AuthorizationServer]:
    with servers.running_canaille(RUNNER) as running:
        yield running


@pytest.fixture(autouse=True)
def _ask_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The issuer is asked at each request, so that a revocation counts at once."""
    monkeypatch.setattr(introspection.IntrospectedTokens, "cache_seconds", 0)
    monkeypatch.setattr(introspection.IntrospectedJWTs, "cache_seconds", 0)


def app_of(server: AuthorizationServer, store: Store, **settings: Any) -> Flask:
    introspecting = Settings(
        oauth_issuer=server.url,
        oauth_audience=AUDIENCE,
        oauth_introspection_client_id=CLIENT_ID,
        oauth_introspection_client_secret=servers.PLAIN_SECRET,
        rate_limit="",
    )
    return create_app(replace(introspecting, **settings), store)


def ask(app: Flask, token: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    response = app.test_client().get("/api/workout-logs", headers=headers)
    body = response.json or {}
    if response.status_code == 200:
        return 200, {each["runner"]["id"] for each in body["data"]}
    return response.status_code, body["code"]


def django_settings(server: AuthorizationServer) -> dict[str, Any]:
    return {"oauth_introspection_url": server.introspection, "oauth_user_claim": "username"}


def test_django_oauth_toolkit(django: AuthorizationServer, store: Store) -> None:
    settings = django_settings(django)
    for_us = app_of(django, store, **settings)
    of_client = app_of(
        django, store, **settings, oauth_audience="browser", oauth_audience_claim="client_id"
    )
    bound = django.sign_in(RUNNER, resource=AUDIENCE)
    unbound = django.sign_in(RUNNER)
    assert ask(for_us, bound["access_token"]) == (200, {RUNNER})
    assert ask(of_client, unbound["access_token"]) == (200, {RUNNER})
    assert ask(for_us, unbound["access_token"]) == (401, "invalid-token"), "names no audience"
    assert ask(of_client, bound["access_token"]) == (401, "invalid-token"), "names another one"
    assert ask(for_us, bound["refresh_token"]) == (401, "invalid-token")
    assert ask(for_us, django.sign_in("nobody", resource=AUDIENCE)["access_token"]) == (
        403,
        "unknown-user",
    )

    refreshed = django.refresh(unbound["refresh_token"])
    assert ask(of_client, refreshed["access_token"]) == (200, {RUNNER})
    django.revoke(refreshed["access_token"])
    assert ask(of_client, refreshed["access_token"]) == (401, "invalid-token")


def test_django_oauth_toolkit_s_scopes(django: AuthorizationServer, store: Store) -> None:
    app = app_of(django, store, **django_settings(django))
    token = django.sign_in(RUNNER, scope=READ_SCOPE, resource=AUDIENCE)["access_token"]
    assert ask(app, token) == (200, {RUNNER})
    created = app.test_client().post(
        "/api/workout-logs", json={}, headers={"Authorization": f"Bearer {token}"}
    )
    assert created.json["code"] == "insufficient-scope"


def canaille_apps(server: AuthorizationServer, store: Store) -> tuple[Flask, Flask, Flask]:
    """With the defaults; for JWTs of any type; and asking the issuer about them as well."""
    settings = {"oauth_audience": CLIENT_ID, "oauth_token_profile": "jwt"}
    return (
        app_of(server, store, oauth_audience=CLIENT_ID),
        app_of(server, store, **settings),
        app_of(server, store, **settings, oauth_introspect_jwt=True),
    )


def test_canaille(canaille: AuthorizationServer, store: Store) -> None:
    """Its JWTs have the type JWT and no scopes; the issuer knows the scopes."""
    strict, relaxed, asking = canaille_apps(canaille, store)
    signed_in = canaille.sign_in(RUNNER, f"openid {SCOPES}")
    token = signed_in["access_token"]
    assert ask(strict, token) == (401, "invalid-token")
    assert ask(relaxed, token) == (403, "insufficient-scope")
    assert ask(asking, token) == (200, {RUNNER})
    # Its ID tokens have the same audience and the same type.
    for app in (strict, relaxed, asking):
        assert ask(app, signed_in["id_token"]) == (401, "invalid-token")
        assert ask(app, signed_in["refresh_token"])[0] == 401

    refreshed = canaille.refresh(signed_in["refresh_token"])["access_token"]
    assert ask(asking, refreshed) == (200, {RUNNER})
    canaille.revoke(refreshed)
    assert ask(asking, refreshed) == (401, "invalid-token")


def test_canaille_without_openid_connect(canaille: AuthorizationServer, store: Store) -> None:
    """Its JWTs then do not even name the user."""
    _, relaxed, asking = canaille_apps(canaille, store)
    token = canaille.sign_in(RUNNER)["access_token"]
    assert ask(relaxed, token) == (401, "invalid-token")
    assert ask(asking, token) == (200, {RUNNER})
