"""Rate limits: per user, lower per address for anonymous clients, shared in Redis."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from werkzeug.test import TestResponse

from app.auth.tokens import TokenUser
from app.factory import create_app
from app.openapi.components import COUNT, SECONDS
from app.service.stores.port import StoredUser
from app.service.stores.sqlite.store import SqliteStore
from app.settings import Settings, SettingsError
from app.web.problems import Problem
from app.web.rate_limits import RateLimits
from tests import issuers, world
from tests.conftest import OpenStore, Serve
from tests.issuer import AUDIENCE, Issuer
from tests.ports import free_port
from tests.redis import running_redis
from tests.server import running_server

PATH = "/api/workout-logs"
LIMIT, ANONYMOUS_LIMIT = 8, 2


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, rate_limit=f"{LIMIT} per hour")


@pytest.fixture
def serve() -> Serve:
    """Each test counts from zero."""
    return create_app


def get(
    app: Flask, token: str | None, address: str = "192.0.2.1", path: str = PATH
) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    environ = {"REMOTE_ADDR": address}
    return app.test_client().get(path, headers=headers, environ_base=environ)


def statuses(app: Flask, token: str | None, times: int, **options: str) -> list[int]:
    return [get(app, token, **options).status_code for _ in range(times)]


def test_a_user_has_one_limit_for_all_operations(app: Flask, issuer: Issuer) -> None:
    client = app.test_client()
    for number in range(LIMIT):
        headers = {"Authorization": f"Bearer {issuer.token(world.RUNNER)}"}
        method = ("GET", "POST", "DELETE")[number % 3]
        response = client.open(
            f"{PATH}/x" if method == "DELETE" else PATH, method=method, headers=headers
        )
        assert response.status_code != 429
        assert int(response.headers["RateLimit-Limit"]) == LIMIT
        assert int(response.headers["RateLimit-Remaining"]) == LIMIT - 1 - number
        assert 0 < int(response.headers["RateLimit-Reset"]) <= 3600
        assert response.headers["RateLimit-Policy"] == f"{LIMIT};w=3600"
    response = client.get(PATH, headers=headers)
    assert (response.status_code, response.json["code"]) == (429, "too-many-requests")
    assert response.headers["RateLimit-Remaining"] == "0"
    assert response.headers["Retry-After"] == response.headers["RateLimit-Reset"]
    assert response.content_type == "application/problem+json"


def test_users_do_not_share_a_limit(app: Flask, issuer: Issuer) -> None:
    assert statuses(app, issuer.token(world.RUNNER), LIMIT + 1) == [200] * LIMIT + [429]
    assert get(app, issuer.token(world.TEAMMATE)).status_code == 200
    from_elsewhere = get(app, issuer.token(world.RUNNER), "198.51.100.7")
    assert from_elsewhere.status_code == 429, "a user is one caller from every address"


@pytest.mark.parametrize("token", [None, "garbage", "a.b.c"])
def test_an_address_without_a_valid_token_has_less(app: Flask, token: str | None) -> None:
    assert statuses(app, token, ANONYMOUS_LIMIT + 1) == [401] * ANONYMOUS_LIMIT + [429]
    refused = get(app, token)
    assert refused.headers["RateLimit-Limit"] == str(ANONYMOUS_LIMIT)
    assert refused.headers["RateLimit-Policy"] == f"{ANONYMOUS_LIMIT};w=3600"
    assert int(refused.headers["Retry-After"]) > 0
    assert get(app, token, "192.0.2.2").status_code == 401


def test_a_token_that_nobody_can_check_now_counts_like_none(
    settings: Settings, open_store: OpenStore, issuer: Issuer
) -> None:
    away = replace(settings, oauth_issuer="http://127.0.0.1:1")
    app = create_app(away, open_store([]))
    token = issuer.token(world.RUNNER)
    assert statuses(app, token, ANONYMOUS_LIMIT + 1) == [503] * ANONYMOUS_LIMIT + [429]


def test_anonymous_clients_take_nothing_from_users_at_their_address(
    app: Flask, issuer: Issuer
) -> None:
    statuses(app, "garbage", ANONYMOUS_LIMIT + 1)
    assert get(app, issuer.token(world.RUNNER)).status_code == 200


def test_one_network_of_ipv6_is_one_address(app: Flask) -> None:
    assert statuses(app, None, ANONYMOUS_LIMIT, address="2001:db8::1") == [401] * ANONYMOUS_LIMIT
    assert get(app, None, "2001:db8::ffff:1").status_code == 429
    assert get(app, None, "2001:db8:0:1::1").status_code == 401


def test_unknown_users_have_a_limit_too(app: Flask, issuer: Issuer) -> None:
    assert statuses(app, issuer.token("nobody"), LIMIT + 1) == [403] * LIMIT + [429]


def test_a_user_has_one_limit_whatever_the_credential(
    settings: Settings, open_store: OpenStore, issuer: Issuer
) -> None:
    secret = "the-secret-of-the-front-end"
    email = world.email_of(world.RUNNER)
    both = replace(settings, nextauth_secret=(secret,))
    sessions = [{"email": email.upper()}, {"email": email, "sub": "google-1"}]
    tokens = issuers.mint(
        *({"version": 4, "secret": secret, "token": session} for session in sessions)
    )
    tokens += [issuer.token(world.RUNNER), issuer.token(world.RUNNER, client_id="other")]
    app = create_app(both, open_store(world.club()))
    assert [get(app, token).status_code for token in tokens * 3] == [200] * LIMIT + [429] * 4
    assert get(app, issuer.token(world.TEAMMATE)).status_code == 200


def test_a_user_has_one_limit_for_each_letter_case_of_the_address(
    settings: Settings, open_store: OpenStore, issuer: Issuer
) -> None:
    by_email = replace(settings, oauth_user_claim="email")
    app = create_app(by_email, open_store(world.club()))
    email = world.email_of(world.RUNNER)
    spellings = [email, email.upper(), email.title()]
    tokens = [issuer.token("x", email=each, email_verified=True) for each in spellings]
    assert [get(app, token).status_code for token in tokens * 3] == [200] * LIMIT + [429]


def test_an_unverified_address_takes_nothing_from_its_owner(
    settings: Settings, open_store: OpenStore, issuer: Issuer
) -> None:
    by_email = replace(settings, oauth_user_claim="email")
    app = create_app(by_email, open_store(world.club()))
    email = world.email_of(world.RUNNER)
    pretender = issuer.token("x", email=email, email_verified=False)
    assert statuses(app, pretender, LIMIT + 1) == [403] * LIMIT + [429]
    owner = issuer.token("y", email=email, email_verified=True)
    assert get(app, owner).status_code == 200


def test_an_unknown_user_is_not_asked_for_beyond_the_limit(
    settings: Settings, open_store: OpenStore, issuer: Issuer
) -> None:
    store = open_store(world.club())
    asked = []

    class Counting:
        def find_users(self, **query: Any) -> list[StoredUser]:
            asked.append(query)
            return store.find_users(**query)

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

    app = create_app(settings, Counting())  # type: ignore[arg-type]
    assert statuses(app, issuer.token("nobody"), 2 * LIMIT)[-1] == 429
    assert len(asked) == LIMIT


def test_a_request_without_the_scope_counts_for_its_user(app: Flask, issuer: Issuer) -> None:
    scopeless = issuer.token(world.RUNNER, scope="openid")
    assert statuses(app, scopeless, LIMIT) == [403] * LIMIT
    assert get(app, issuer.token(world.RUNNER)).status_code == 429


def test_odd_names_are_counted_like_others(app: Flask) -> None:
    limits = RateLimits("1 per hour", storage="memory://")
    for value in ("\ud800", "\u0000", None):
        key = TokenUser("id", "sub", value).key
        with app.test_request_context():
            limits.count_user(key)
            with pytest.raises(Problem):
                limits.count_user(key)


def test_health_and_docs_are_not_limited(app: Flask) -> None:
    for path in (
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/docs",
        "/.well-known/oauth-protected-resource",
    ):
        assert set(statuses(app, None, LIMIT + 2, path=path)) == {200}
        assert "RateLimit-Limit" not in get(app, None, path=path).headers


def test_the_address_is_the_one_before_trusted_proxies(
    settings: Settings, open_store: OpenStore
) -> None:
    def ask(app: Flask, forwarded: str) -> int:
        headers = {"X-Forwarded-For": forwarded}
        return app.test_client().get(PATH, headers=headers).status_code

    direct = create_app(settings, open_store([]))
    assert [ask(direct, f"192.0.2.{n}") for n in range(ANONYMOUS_LIMIT + 1)][-1] == 429
    behind = create_app(replace(settings, trusted_proxies=1), open_store([]))
    assert {ask(behind, f"192.0.2.{n}") for n in range(ANONYMOUS_LIMIT + 1)} == {401}
    assert [ask(behind, f"{n}.0.0.1, 198.51.100.1") for n in range(ANONYMOUS_LIMIT + 1)][-1] == 429


def test_an_empty_setting_means_no_limit(
    settings: Settings, open_store: OpenStore, issuer: Issuer
) -> None:
    app = create_app(replace(settings, rate_limit=""), open_store([]))
    response = get(app, "garbage")
    assert response.status_code == 401
    assert "RateLimit-Limit" not in response.headers


def test_several_limits_hold_together(
    settings: Settings, open_store: OpenStore, issuer: Issuer
) -> None:
    both = replace(settings, rate_limit="100 per day; 4 per hour")
    app = create_app(both, open_store(world.club()))
    assert statuses(app, issuer.token(world.RUNNER), 5) == [200] * 4 + [429]
    assert statuses(app, None, 2) == [401, 429]
    counted = get(app, issuer.token(world.TEAMMATE))
    assert counted.headers["RateLimit-Policy"] == "100;w=86400, 4;w=3600"


@pytest.mark.parametrize("rate", ["often", "5", "per minute", "5 per fortnight"])
def test_a_limit_that_cannot_be_read_stops_the_start(rate: str) -> None:
    with pytest.raises(SettingsError, match="RATE_LIMIT"):
        Settings(nextauth_secret=("s" * 32,), rate_limit=rate)


MAX_SECONDS: Any = SECONDS["maximum"]
MAX_COUNT: Any = COUNT["maximum"]


@pytest.mark.parametrize(
    "rate", ["1 per day", f"{MAX_COUNT} per {MAX_SECONDS} seconds; 1 per minute"]
)
def test_a_limit_may_be_as_large_as_the_headers_allow(rate: str) -> None:
    assert Settings(rate_limit=rate).rate_limit == rate


@pytest.mark.parametrize(
    "rate",
    [
        "1000 per 7 day",
        "1 per month",
        f"1 per {MAX_SECONDS + 1} seconds",
        f"{MAX_COUNT + 1} per minute",
        "0 per minute",
        "5 per minute; 0 per hour",
    ],
)
def test_a_limit_beyond_the_headers_stops_the_start(rate: str) -> None:
    with pytest.raises(SettingsError, match=r"RATE_LIMIT: .* at most a day"):
        Settings(rate_limit=rate)


def test_two_servers_share_the_limit_in_redis(tmp_path: Path, issuer: Issuer) -> None:
    SqliteStore(tmp_path / "store.db").close()
    port = free_port()
    environ = {
        "OAUTH_ISSUER": issuer.url,
        "OAUTH_AUDIENCE": AUDIENCE,
        "SQLITE_PATH": str(tmp_path / "store.db"),
        "WORKERS": "2",
        "RATE_LIMIT": "20 per hour",
        "RATE_LIMIT_STORAGE": f"redis://127.0.0.1:{port}/0",
    }
    headers = {"Authorization": f"Bearer {issuer.token('nobody')}"}
    with running_redis(port), running_server(environ) as one, running_server(environ) as other:
        urls = [f"{(one, other)[number % 2].url}{PATH}" for number in range(24)]
        got = [requests.get(url, headers=headers, timeout=60).status_code for url in urls]
    assert got == [403] * 20 + [429] * 4


def test_requests_pass_while_redis_is_down(
    settings: Settings,
    open_store: OpenStore,
    issuer: Issuer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    port = free_port()
    shared = replace(settings, rate_limit_storage=f"redis://127.0.0.1:{port}/0")
    token = issuer.token(world.RUNNER)
    with running_redis(port):
        app = create_app(shared, open_store(world.club()))
        assert statuses(app, token, LIMIT + 1)[-1] == 429
    assert not caplog.records
    assert set(statuses(app, token, 2 * LIMIT)) == {200}
    (record,) = caplog.records
    assert record.getMessage().startswith("the rate limits' storage fails, requests pass")
    assert "RateLimit-Limit" not in get(app, token).headers
    assert get(app, None).status_code == 401


def test_a_server_starts_without_its_redis(
    settings: Settings, open_store: OpenStore, issuer: Issuer
) -> None:
    shared = replace(settings, rate_limit_storage=f"redis://127.0.0.1:{free_port()}/0")
    app = create_app(shared, open_store(world.club()))
    assert set(statuses(app, issuer.token(world.RUNNER), 2 * LIMIT)) == {200}


def test_what_is_forwarded_and_no_address_is_counted_for_the_proxy(
    settings: Settings, open_store: OpenStore
) -> None:
    app = create_app(replace(settings, trusted_proxies=1), open_store([]))

    def ask(forwarded: str, proxy: str) -> int:
        headers = {"X-Forwarded-For": forwarded}
        environ = {"REMOTE_ADDR": proxy}
        return app.test_client().get(PATH, headers=headers, environ_base=environ).status_code

    made_up = [f"made-up-{number}" for number in range(ANONYMOUS_LIMIT + 1)]
    assert [ask(each, "192.0.2.1") for each in made_up][-1] == 429
    assert ask("unknown", "192.0.2.2") == 401
    assert ask("192.0.2.9", "192.0.2.1") == 401


def test_after_the_time_that_a_refusal_tells_a_request_passes(
    app: Flask,
) -> None:
    now = 1_000_000.0
    limits = RateLimits("10 per minute", storage="memory://", clock=lambda: now)

    def reset() -> int:
        """0 when the request passes."""
        with app.test_request_context():
            try:
                limits.count_user("key")
            except Problem as problem:
                return int(problem.headers["Retry-After"])
        return 0

    for pause in (0, 7, 31, 45, 3, 59, 60, 61):
        now += pause
        while not (seconds := reset()):
            pass
        now += seconds
        assert reset() == 0


class TestBatches:
    """A batch counts as many requests as it has items, as far as a limit can hold them."""

    @staticmethod
    def send(app: Flask, issuer: Issuer, items: int) -> TestResponse:
        headers = {"Authorization": f"Bearer {issuer.token(world.RUNNER)}"}
        body = {"items": [{"op": "delete", "id": f"missing-{each}"} for each in range(items)]}
        return app.test_client().post("/api/workout-log-batches", json=body, headers=headers)

    def left(self, app: Flask, issuer: Issuer) -> int:
        """The requests that are left after one more."""
        response = get(app, issuer.token(world.RUNNER))
        return int(response.headers["RateLimit-Remaining"])

    def test_an_item_is_a_request(self, app: Flask, issuer: Issuer) -> None:
        response = self.send(app, issuer, 5)
        assert response.status_code == 200
        assert response.headers["RateLimit-Remaining"] == str(LIMIT - 5)
        assert response.headers["RateLimit-Policy"] == f"{LIMIT};w=3600"
        assert self.send(app, issuer, 1).headers["RateLimit-Remaining"] == str(LIMIT - 6)

    def test_one_that_does_not_fit_is_refused_and_leaves_the_rest(
        self, app: Flask, issuer: Issuer
    ) -> None:
        assert self.send(app, issuer, 5).status_code == 200
        response = self.send(app, issuer, 4)
        assert (response.status_code, response.json["code"]) == (429, "too-many-requests")
        assert int(response.headers["Retry-After"]) > 0
        assert self.left(app, issuer) == LIMIT - 5 - 1 - 1, "the request itself counts"
        assert self.send(app, issuer, 1).status_code == 200
        assert self.send(app, issuer, 1).status_code == 429

    def test_the_largest_costs_the_whole_limit(self, app: Flask, issuer: Issuer) -> None:
        response = self.send(app, issuer, 100)
        assert response.status_code == 200
        assert response.headers["RateLimit-Remaining"] == "0"
        assert get(app, issuer.token(world.RUNNER)).status_code == 429

    def test_of_several_limits_each_has_to_hold_it(
        self, settings: Settings, open_sqlite: OpenStore, issuer: Issuer
    ) -> None:
        both = replace(settings, rate_limit="4 per hour; 20 per day")
        app = create_app(both, open_sqlite(world.club()))
        response = self.send(app, issuer, 15)
        assert response.status_code == 200
        assert response.headers["RateLimit-Policy"] == "4;w=3600, 20;w=86400"
        assert response.headers["RateLimit-Limit"] == "4", "the tightest"
        assert response.headers["RateLimit-Remaining"] == "0"
