"""Opaque tokens: which introspection responses suffice, what is cached, what is asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from app.auth.claims import AccessTokenRules, UserClaim, strict_rules
from app.auth.errors import IssuerUnavailable, TokenRefused
from app.auth.fetch import FetchFailed
from app.auth.introspection import (
    FAILURE_SECONDS,
    MAX_ASKING,
    MAX_FAILURES,
    RETRY_SECONDS,
    SUCCESS_SECONDS,
    IntrospectedJWTs,
    IntrospectedTokens,
    ask_issuer,
)
from app.auth.jwt import JWTValidator
from app.auth.tokens import TokenValidator
from tests.auth import kit

ACTIVE = {
    "active": True,
    "token_type": "Bearer",
    "sub": "user-1",
    "aud": kit.AUDIENCE,
    "iss": kit.ISSUER,
    "exp": kit.LATER,
    "scope": "workout-logs:read",
}


class Endpoint:
    """The introspection endpoint: knows some tokens, counts questions, can be down."""

    def __init__(self, **responses: Mapping[str, Any]) -> None:
        self.responses = responses
        self.down = False
        self.statuses: dict[str, int] = {}
        self.asked = 0

    def __call__(self, token: str) -> Mapping[str, Any]:
        self.asked += 1
        if self.down:
            raise FetchFailed("down")
        if token in self.statuses:
            raise FetchFailed("odd", self.statuses[token])
        return self.responses.get(token, {"active": False})


@pytest.fixture
def clock() -> kit.Clock:
    return kit.Clock()


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint(good=ACTIVE)


@pytest.fixture
def validator(endpoint: Endpoint, clock: kit.Clock) -> TokenValidator:
    return validator_of(endpoint, clock)


def validator_of(endpoint: Endpoint, clock: kit.Clock) -> TokenValidator:
    issuer = kit.InMemoryIssuer(kit.ec_key())
    kind = IntrospectedTokens(issuer, endpoint, clock=clock, timer=clock)
    return TokenValidator({"opaque": kind}, clock=clock)


def test_an_active_token_is_valid(validator: TokenValidator) -> None:
    token = validator.authenticate_token("good")
    assert (token.user, token.scopes) == (kit.subject("user-1"), frozenset({"workout-logs:read"}))
    assert token.expires_at == kit.LATER


@pytest.mark.parametrize(
    "changes",
    [
        {"token_type": "bearer"},
        {"aud": ["https://other.example", kit.AUDIENCE]},
        {"iss": None},
        {"exp": None},
        {"nbf": kit.NOW},
        {"nbf": kit.NOW + 30},
        {"username": "x", "client_id": "y"},
        {"token_type": None},
        {"token_type": "access_token", "token_use": "access_token"},
        {"typ": "Bearer"},
        {"sub": None},
        {"scope": None, "scp": ["workout-logs:read"]},
    ],
    ids=str,
)
def test_responses_may_vary_as_rfc_7662_allows(clock: kit.Clock, changes: dict[str, Any]) -> None:
    assert validator_of(Endpoint(good=response(**changes)), clock).authenticate_token("good")


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"active": False}, "active"),
        ({"active": "true"}, "active"),
        ({"active": None}, "active"),
        ({"token_type": None, "aud": None, "scope": "offline_access a"}, "type"),
        ({"token_type": None, "cnf": {"jkt": "x"}}, "type"),
        ({"token_use": "refresh_token"}, "purpose"),
        ({"token_use": "refresh"}, "purpose"),
        ({"typ": "Refresh"}, "purpose"),
        ({"typ": "ID"}, "purpose"),
        ({"nonce": "x"}, "purpose"),
        ({"token_type": "refresh_token"}, "type"),
        ({"token_type": "DPoP"}, "type"),
        ({"cnf": {"jkt": "x"}}, "type"),
        ({"iss": "https://other.example"}, "issuer"),
        ({"aud": None}, "audience"),
        ({"aud": "https://other.example"}, "audience"),
        ({"aud": {kit.AUDIENCE: 1}}, "audience"),
        ({"exp": kit.NOW}, "expiry"),
        ({"exp": str(kit.LATER)}, "expiry"),
        ({"exp": True}, "expiry"),
        ({"exp": float("nan")}, "expiry"),
        ({"nbf": kit.NOW + 31}, "expiry"),
        ({"nbf": "now"}, "expiry"),
    ],
    ids=str,
)
def test_only_active_access_tokens_for_us_are_valid(
    clock: kit.Clock, changes: dict[str, Any], check: str
) -> None:
    with pytest.raises(TokenRefused) as caught:
        validator_of(Endpoint(good=response(**changes)), clock).authenticate_token("good")
    assert caught.value.check == check


def test_a_valid_token_is_asked_about_now_and_then(
    validator: TokenValidator, endpoint: Endpoint, clock: kit.Clock
) -> None:
    validator.authenticate_token("good")
    clock.advance(SUCCESS_SECONDS - 1)
    validator.authenticate_token("good")
    assert endpoint.asked == 1
    endpoint.responses = {}
    clock.advance(1)
    with pytest.raises(TokenRefused):
        validator.authenticate_token("good")


def test_a_refused_token_is_asked_about_now_and_then(
    validator: TokenValidator, endpoint: Endpoint, clock: kit.Clock
) -> None:
    for _ in range(3):
        with pytest.raises(TokenRefused, match="not active"):
            validator.authenticate_token("bad")
    assert endpoint.asked == 1
    endpoint.responses = {"bad": ACTIVE}
    clock.advance(FAILURE_SECONDS)
    assert validator.authenticate_token("bad")


def test_garbage_does_not_push_good_tokens_out(
    validator: TokenValidator, endpoint: Endpoint
) -> None:
    validator.authenticate_token("good")
    for number in range(MAX_FAILURES + 1):
        with pytest.raises(TokenRefused):
            validator.authenticate_token(f"garbage-{number}")
    asked = endpoint.asked
    assert validator.authenticate_token("good")
    assert endpoint.asked == asked


def test_a_burst_of_garbage_can_be_kept_from_the_issuer(
    endpoint: Endpoint, clock: kit.Clock
) -> None:
    class EnoughError(Exception):
        pass

    def enough() -> None:
        if endpoint.asked >= 3:
            raise EnoughError

    issuer = kit.InMemoryIssuer(kit.ec_key())
    kind = IntrospectedTokens(issuer, endpoint, before_asking=enough, clock=clock)
    for number in range(3):
        with pytest.raises(TokenRefused):
            kind.check(f"garbage-{number}")
    with pytest.raises(EnoughError):
        kind.check("garbage-4")
    assert endpoint.asked == 3


def test_an_issuer_that_is_down_is_asked_now_and_then(
    validator: TokenValidator, endpoint: Endpoint, clock: kit.Clock
) -> None:
    endpoint.down = True
    for number in range(3):
        with pytest.raises(IssuerUnavailable):
            validator.authenticate_token(f"token-{number}")
    assert endpoint.asked == 1
    endpoint.down = False
    clock.advance(RETRY_SECONDS)
    assert validator.authenticate_token("good")


@pytest.mark.parametrize("status", [400, 413, 414, 422])
def test_a_token_that_the_issuer_cannot_read_harms_nobody_else(
    validator: TokenValidator, endpoint: Endpoint, status: int
) -> None:
    endpoint.statuses = {"odd": status}
    for _ in range(3):
        with pytest.raises(TokenRefused) as caught:
            validator.authenticate_token("odd")
        assert caught.value.check == "active"
    assert endpoint.asked == 1
    assert validator.authenticate_token("good")


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_an_issuer_that_responses_nobody_is_left_alone(
    validator: TokenValidator, endpoint: Endpoint, status: int
) -> None:
    endpoint.statuses = {"unlucky": status}
    for token in ("unlucky", "good"):
        with pytest.raises(IssuerUnavailable):
            validator.authenticate_token(token)
    assert endpoint.asked == 1


@pytest.mark.parametrize("status", [302, 404, 406])
def test_an_response_that_says_nothing_harms_nobody_else(
    validator: TokenValidator, endpoint: Endpoint, status: int
) -> None:
    endpoint.statuses = {"odd": status}
    with pytest.raises(IssuerUnavailable):
        validator.authenticate_token("odd")
    assert validator.authenticate_token("good")


def test_a_clock_that_is_set_back_shuts_nobody_out(endpoint: Endpoint, clock: kit.Clock) -> None:
    wall = kit.Clock()
    issuer = kit.InMemoryIssuer(kit.ec_key())
    kind = IntrospectedTokens(issuer, endpoint, clock=wall, timer=clock)
    with pytest.raises(TokenRefused):
        kind.check("later")
    endpoint.down = True
    with pytest.raises(IssuerUnavailable):
        kind.check("good")
    endpoint.down = False
    endpoint.responses["later"] = ACTIVE
    wall.advance(-3600)
    clock.advance(max(RETRY_SECONDS, FAILURE_SECONDS))
    assert kind.check("good")
    assert kind.check("later")


KEY = kit.ec_key()


def both(
    endpoint: Endpoint, clock: kit.Clock, rules: AccessTokenRules | None = None
) -> IntrospectedJWTs:
    issuer = kit.InMemoryIssuer(KEY)
    jwts = JWTValidator(issuer, rules, complete=False, clock=clock)
    introspected = IntrospectedTokens(issuer, endpoint, rules, clock=clock, timer=clock)
    return IntrospectedJWTs(jwts, introspected)


def test_a_jwt_is_asked_about_as_well(clock: kit.Clock) -> None:
    token = kit.mint(KEY, exp=kit.NOW + 60)
    endpoint = Endpoint(**{token: ACTIVE})
    validator = TokenValidator({"JWT": both(endpoint, clock)}, clock=clock)
    assert validator.authenticate_token(token).expires_at == kit.NOW + 60
    endpoint.responses = {}
    assert validator.authenticate_token(token), "what is revoked ends within SUCCESS_SECONDS"
    clock.advance(SUCCESS_SECONDS)
    with pytest.raises(TokenRefused, match="not active"):
        validator.authenticate_token(token)


def test_the_issuer_adds_what_a_lightweight_token_leaves_out(clock: kit.Clock) -> None:
    token = kit.mint(KEY, sub=None, aud=None, scope=None)
    kind = both(Endpoint(**{token: ACTIVE}), clock)
    checked = kind.check(token)
    assert (checked.user, checked.scopes) == (
        kit.subject("user-1"),
        frozenset({"workout-logs:read"}),
    )


@pytest.mark.parametrize(
    ("flag", "said", "verified"),
    [
        (True, {}, True),
        (True, {"email": "ada@club.example"}, True),
        (True, {"email": "kim@club.example"}, False),
        (True, {"email": "kim@club.example", "email_verified": True}, True),
        (True, {"email_verified": False}, False),
        (False, {"email": "kim@club.example"}, False),
        ("false", {"email": "kim@club.example"}, False),
        (None, {"email_verified": True}, True),
    ],
)
def test_a_token_vouches_for_no_other_address(
    clock: kit.Clock, flag: object, said: dict[str, Any], verified: bool
) -> None:
    by_email = UserClaim("email", "email")
    rules = replace(strict_rules(kit.AUDIENCE), user=by_email)
    token = kit.mint(KEY, email="ada@club.example", email_verified=flag)
    checked = both(Endpoint(**{token: {**ACTIVE, **said}}), clock, rules).check(token)
    assert checked.user.value == said.get("email", "ada@club.example")
    assert checked.user.verified is verified


@pytest.mark.parametrize(
    ("changes", "said", "check"),
    [
        ({"aud": "https://other.example"}, ACTIVE, "audience"),
        ({"iss": "https://other.example"}, ACTIVE, "claims"),
        ({"exp": kit.NOW}, ACTIVE, "expiry"),
        ({"cnf": {"jkt": "x"}}, ACTIVE, "claims"),
        ({"aud": None}, {**ACTIVE, "aud": "https://other.example"}, "audience"),
        ({"aud": None}, {"active": True}, "audience"),
        ({}, {**ACTIVE, "aud": "https://other.example"}, "audience"),
        ({}, {**ACTIVE, "token_use": "refresh"}, "purpose"),
        ({}, {"active": False}, "active"),
        ({}, {}, "active"),
        ({"active": True}, {}, "active"),
    ],
    ids=str,
)
def test_neither_check_replaces_the_other(
    clock: kit.Clock, changes: dict[str, Any], said: dict[str, Any], check: str
) -> None:
    token = kit.mint(KEY, **changes)
    with pytest.raises(TokenRefused) as caught:
        both(Endpoint(**{token: said}), clock).check(token)
    assert caught.value.check == check


def test_the_issuer_is_asked_only_about_its_own_tokens(clock: kit.Clock) -> None:
    endpoint = Endpoint()
    for token in (kit.mint(kit.ec_key()), "a.b.c"):
        with pytest.raises(TokenRefused):
            both(endpoint, clock).check(token)
    assert endpoint.asked == 0


@pytest.mark.parametrize("url", ["", "http://issuer.example/introspect", "ftp://127.0.0.1/"])
def test_tokens_are_sent_nowhere_unsafe(url: str) -> None:
    issuer = kit.InMemoryIssuer(kit.ec_key())
    ask = ask_issuer(issuer, client_id="a", client_secret="b", url=url)
    with pytest.raises(FetchFailed, match="https"):
        ask("token")


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:1/", "http://localhost/", "https://issuer.example/\n", 5, None]
)
def test_an_issuer_elsewhere_does_not_send_our_secret_to_this_machine(endpoint: object) -> None:
    issuer = kit.InMemoryIssuer(kit.ec_key())
    issuer.metadata = {"introspection_endpoint": endpoint}
    ask = ask_issuer(issuer, client_id="a", client_secret="b")
    with pytest.raises(FetchFailed, match="names no introspection_endpoint"):
        ask("token")


def response(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**ACTIVE, **changes}.items() if value is not None}


def test_a_hanging_issuer_holds_a_bounded_number_of_threads() -> None:
    all_ask, responds = threading.Barrier(MAX_ASKING + 1), threading.Event()

    def hang(_token: str) -> Mapping[str, Any]:
        all_ask.wait()
        responds.wait()
        return ACTIVE

    tokens = IntrospectedTokens(kit.InMemoryIssuer(kit.ec_key()), hang, clock=kit.Clock())
    with ThreadPoolExecutor(MAX_ASKING) as threads:
        checks = [threads.submit(tokens.check, str(each)) for each in range(MAX_ASKING)]
        all_ask.wait()
        with pytest.raises(IssuerUnavailable):
            tokens.check("one too many")
        responds.set()
        assert all(each.result().user == kit.subject("user-1") for each in checks)
