"""Session tokens, minted by the real NextAuth.js v4 and Auth.js v5."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwe import JWERegistry
from joserfc.jwk import OctKey

from app.auth.claims import UserClaim
from app.auth.errors import TokenRefused
from app.auth.nextauth import SessionTokens, derive_keys
from app.auth.tokens import AccessToken, TokenUser, TokenValidator
from tests import issuers
from tests.auth import kit

SECRET, OLD_SECRET, OTHER_SECRET = "a secret — ünïcode, 32+ bytes", "the secret before", "x" * 32
ADA = {"sub": "runner-ada", "name": "Ada", "email": "ada@club.example", "picture": None}
DAY = 24 * 3600
NULL = object()
"""Stands for a claim that is there and null."""

MINTED: dict[str, dict[str, Any]] = {
    "v4": {"version": 4, "secret": SECRET, "token": ADA},
    "v4 with the old secret": {"version": 4, "secret": OLD_SECRET, "token": ADA},
    "v5": {"version": 5, "secret": SECRET, "token": ADA, "salt": "authjs.session-token"},
    "v5 secure": {
        "version": 5,
        "secret": [SECRET, OLD_SECRET],
        "token": ADA,
        "salt": "__Secure-authjs.session-token",
    },
    "v5 host": {
        "version": 5,
        "secret": OLD_SECRET,
        "token": ADA,
        "salt": "__Host-authjs.session-token",
    },
    "v4 without sub": {"version": 4, "secret": SECRET, "token": {"email": ADA["email"]}},
    "v4 foreign": {"version": 4, "secret": OTHER_SECRET, "token": ADA},
    "v5 foreign": {
        "version": 5,
        "secret": OTHER_SECRET,
        "token": ADA,
        "salt": "authjs.session-token",
    },
    "v4 state": {
        "version": 4,
        "secret": SECRET,
        "token": {"value": "state", **ADA},
        "salt": "next-auth.state",
        "maxAge": 900,
    },
    "v4 old state": {"version": 4, "secret": SECRET, "token": {"value": "s"}, "maxAge": 900},
    "v5 pkce": {
        "version": 5,
        "secret": SECRET,
        "token": {"value": "verifier", **ADA},
        "salt": "authjs.pkce.code_verifier",
        "maxAge": 900,
    },
    "v5 encoded state": {
        "version": 5,
        "secret": SECRET,
        "token": {"origin": "x", **ADA},
        "salt": "encodedState",
        "maxAge": 900,
    },
    "v4 expired": {"version": 4, "secret": SECRET, "token": ADA, "maxAge": -1},
    "v5 expired": {
        "version": 5,
        "secret": SECRET,
        "token": ADA,
        "salt": "authjs.session-token",
        "maxAge": -1,
    },
}


@pytest.fixture(scope="module")
def minted() -> dict[str, str]:
    return dict(zip(MINTED, issuers.mint(*MINTED.values()), strict=True))


def sessions(*secrets: str, **options: Any) -> SessionTokens:
    return SessionTokens(secrets or (SECRET, OLD_SECRET), scopes=["read"], **options)


@pytest.mark.parametrize("name", ["v4", "v4 with the old secret", "v5", "v5 secure", "v5 host"])
def test_a_session_is_valid(minted: dict[str, str], name: str) -> None:
    token = TokenValidator({"JWE": sessions()}).authenticate_token(minted[name])
    assert token.user == TokenUser("email", "email", ADA["email"], True, "NEXTAUTH_USER_CLAIM")
    assert token.scopes == {"read"}
    assert token.expires_at == pytest.approx(time.time() + 30 * DAY, abs=600)


def test_a_session_without_sub_is_one_by_its_address(minted: dict[str, str]) -> None:
    token = sessions().check(minted["v4 without sub"])
    assert token.user == TokenUser("email", "email", ADA["email"], True, "NEXTAUTH_USER_CLAIM")


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("v4 foreign", "decryption"),
        ("v5 foreign", "decryption"),
        ("v4 state", "decryption"),
        ("v5 pkce", "decryption"),
        ("v5 encoded state", "decryption"),
        ("v4 old state", "purpose"),
        ("v4 expired", "expiry"),
        ("v5 expired", "expiry"),
    ],
)
def test_what_is_no_session_is_refused(minted: dict[str, str], name: str, check: str) -> None:
    assert refused(sessions(), minted[name]) == check


def test_a_secret_that_is_rotated_out_opens_nothing(minted: dict[str, str]) -> None:
    assert refused(sessions(SECRET), minted["v4 with the old secret"]) == "decryption"


def test_a_session_can_be_too_old(minted: dict[str, str]) -> None:
    clock = kit.Clock(time.time())
    limited = sessions(max_age=DAY, clock=clock)
    assert limited.check(minted["v5"]).expires_at == pytest.approx(clock.now + DAY, abs=600)
    clock.advance(DAY)
    assert refused(limited, minted["v5"]) == "age"
    assert sessions(clock=clock).check(minted["v5"])


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"iat": None},
        {"exp": "2030"},
        {"exp": float("nan")},
        {"iat": kit.NOW + 60},
        {"nbf": kit.NOW + 60},
    ],
    ids=str,
)
def test_odd_claims_are_refused(changes: dict[str, Any]) -> None:
    assert refused(sessions(clock=kit.Clock()), encrypt(**changes)) == "claims"


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": 107},
        {"sub": None},
        {"sub": ["x"], "jti": 5, "iss": 1, "aud": {}},
        {"email_verified": True},
        {"email_verified": "true"},
        {"emailVerified": False},
    ],
    ids=str,
)
def test_a_session_may_hold_what_front_ends_write(changes: dict[str, Any]) -> None:
    token = sessions(clock=kit.Clock()).check(encrypt(email=ADA["email"], **changes))
    assert (token.user.value, token.user.verified) == (ADA["email"], True)


def test_a_null_says_nothing() -> None:
    token = sessions(clock=kit.Clock()).check(encrypt(email=ADA["email"], email_verified=NULL))
    assert token.user.verified


@pytest.mark.parametrize("said", [False, "false", 0, 1, "no", ""], ids=repr)
def test_an_address_that_is_not_verified_stays_so(said: object) -> None:
    token = encrypt(email=ADA["email"], email_verified=said)
    assert not sessions(clock=kit.Clock()).check(token).user.verified


@pytest.mark.parametrize("claim", ["sub", "sanityId", "https://club.example/user"])
def test_a_session_s_user_can_be_in_any_claim(claim: str) -> None:
    by_id = UserClaim(claim, "id", "assumed", "NEXTAUTH_USER_CLAIM")
    session = encrypt(None, **{claim: "user-1"})
    token = sessions(user_claim=by_id, clock=kit.Clock()).check(session)
    assert (token.user.lookup, token.user.value) == ("id", "user-1")


@pytest.mark.parametrize("names", [{"sub": ""}, {"email": ["a@b"]}, {}], ids=str)
def test_a_session_names_somebody(names: dict[str, Any]) -> None:
    token = encrypt(**{"sub": None, **names})
    assert refused(sessions(clock=kit.Clock()), token) == "purpose"


@pytest.mark.parametrize(
    "header", [{"zip": "DEF"}, {"crit": ["exp"]}, {"alg": "A256KW"}, {"cty": "JWT"}], ids=str
)
def test_what_the_libraries_never_write_is_refused(header: dict[str, Any]) -> None:
    assert refused(sessions(clock=kit.Clock()), encrypt(header)) == "decryption"


@given(st.lists(st.text(alphabet="eyJhbGciOiJkaXI0-_=é", max_size=30), min_size=5, max_size=5))
def test_garbage_is_refused_in_an_orderly_way(parts: list[str]) -> None:
    refused(sessions(), ".".join(parts))


json_values = st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.integers())


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["sub", "email", "exp", "iat", "nbf", "x"]), json_values))
def test_whatever_the_front_end_writes_is_judged_in_an_orderly_way(claims: dict[str, Any]) -> None:
    token = encrypt(**claims)
    with contextlib.suppress(TokenRefused):
        assert isinstance(sessions(clock=kit.Clock()).check(token), AccessToken)


def refused(kind: SessionTokens, token: str) -> str:
    """The name of the check that a token fails."""
    with pytest.raises(TokenRefused) as caught:
        kind.check(token)
    return str(caught.value.check)


def encrypt(header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A v4 token with these claims, by joserfc; None takes a claim away."""
    key: OctKey = next(derive_keys(SECRET))
    claims = {"sub": "runner-ada", "iat": kit.NOW, "exp": kit.LATER, **changes}
    present = {name: value for name, value in claims.items() if value is not None}
    claims = {name: None if value is NULL else value for name, value in present.items()}
    parameters = {"alg": "dir", "enc": "A256GCM", **(header or {})}
    registry = JWERegistry(algorithms=["dir", "A256KW", "A256GCM", "DEF"])
    registry.check_header = lambda *_: None  # type: ignore[method-assign]
    return jwt.encode(parameters, claims, key, registry=registry, default_type=None)
