"""Tokens of common identity providers let their users in, and nothing else of them does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from flask import Flask
from joserfc.jwk import Key

from app.factory import create_app
from app.service.stores.port import Store
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import import_lines
from app.settings import Settings
from tests import world
from tests.auth import attacks, kit
from tests.auth.providers import PROVIDERS, Provider

KEYS: dict[str, Key] = {
    "RS256": kit.rsa_key("rsa"),
    "ES256": kit.ec_key("ec-256"),
    "ES384": kit.ec_key("ec-384", "P-384"),
    "EdDSA": kit.ed_key("ed"),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = SqliteStore(tmp_path_factory.mktemp("providers") / "store.db")
    import_lines(store, map(msgspec.json.encode, world.club()))
    yield store
    store.close()


class Signed(kit.InMemoryIssuer):
    """A provider whose keys are known."""

    def __init__(self, provider: Provider) -> None:
        super().__init__(*KEYS.values())
        self.url = provider.issuer


def app_of(provider: Provider, store: Store) -> Flask:
    settings = Settings(oauth_issuer=provider.issuer, rate_limit="", **provider.settings)
    return create_app(settings, store, Signed(provider))


def header_of(provider: Provider) -> dict[str, Any]:
    key = KEYS[provider.algorithm]
    return {"alg": provider.algorithm, "kid": key.kid, **provider.header}


def claims_of(provider: Provider, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    times = {"iat": now, "exp": now + 600}
    return {"iss": provider.issuer, **times, **provider.good, **changes}


def token_of(provider: Provider, header: dict[str, Any] | None = None, **changes: Any) -> str:
    key = KEYS[provider.algorithm]
    return kit.sign(key, {**header_of(provider), **(header or {})}, claims_of(provider, **changes))


def ask(app: Flask, token: str) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
    response = app.test_client().get("/api/workout-logs", headers=headers)
    return response.status_code, (response.json or {}).get("code", "")


@pytest.mark.parametrize("name", PROVIDERS)
def test_an_access_token_lets_its_user_in(name: str, store: Store) -> None:
    provider = PROVIDERS[name]
    app = app_of(provider, store)
    headers = {"Authorization": f"Bearer {token_of(provider)}"}
    listed = app.test_client().get("/api/workout-logs", headers=headers)
    assert {each["runner"]["id"] for each in listed.json["data"]} == {world.RUNNER}
    created = app.test_client().post(
        "/api/workout-logs", headers=headers, json={"sessionId": "nothing", "status": "undone"}
    )
    assert created.status_code == 422, "the scope for writing was granted, too"


REFUSED = [(name, what) for name, each in PROVIDERS.items() for what in each.refused]


@pytest.mark.parametrize(("name", "what"), REFUSED)
def test_another_token_of_the_provider_is_refused(name: str, what: str, store: Store) -> None:
    provider = PROVIDERS[name]
    status, code = ask(app_of(provider, store), token_of(provider, **provider.refused[what]))
    assert status in (401, 403), (status, code)


@pytest.mark.parametrize("name", PROVIDERS)
def test_another_tenant_s_token_is_refused(name: str, store: Store) -> None:
    provider = PROVIDERS[name]
    token = token_of(provider, iss=provider.other_tenant)
    assert ask(app_of(provider, store), token) == (401, "invalid-token")


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_default_takes_only_what_rfc_9068_describes(name: str, store: Store) -> None:
    provider = PROVIDERS[name]
    strict = Settings(oauth_issuer=provider.issuer, oauth_audience=kit.AUDIENCE, rate_limit="")
    issuer = Signed(provider)
    issuer.audience = kit.AUDIENCE
    status, _ = ask(create_app(strict, store, issuer), token_of(provider, aud=kit.AUDIENCE))
    follows = provider.header["typ"] == "at+jwt"
    assert (status == 401) is not follows


def test_okta_s_org_server_issues_no_tokens_for_others(store: Store) -> None:
    provider = PROVIDERS["Okta"]
    token = token_of(provider, {"typ": "application/okta-internal-at+jwt"})
    assert ask(app_of(provider, store), token) == (401, "invalid-token")


def test_shared_secrets_stay_refused(store: Store) -> None:
    provider = PROVIDERS["Supabase"]
    head = attacks.segment({"alg": "HS256", "typ": "JWT"})
    token = f"{head}.{attacks.segment(claims_of(provider))}.{'A' * 43}"
    assert ask(app_of(provider, store), token) == (401, "invalid-token")


@pytest.mark.parametrize("name", PROVIDERS)
def test_forged_and_odd_tokens_are_refused_whatever_the_settings(name: str, store: Store) -> None:
    provider = PROVIDERS[name]
    app = app_of(provider, store)
    key = KEYS[provider.algorithm]
    tokens = [*attacks.forged(key, header_of(provider), claims_of(provider))]
    assert len(tokens) >= 155
    for token in tokens:
        status, code = ask(app, token)
        assert (status, code) in ((401, "invalid-token"), (401, "missing-token")), token[:300]
