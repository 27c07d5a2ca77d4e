"""RFC 9068 access tokens: what is accepted, and that everything else is refused."""

import base64
import contextlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import Key

from app.auth.claims import AccessTokenRules, AudienceClaim
from app.auth.errors import TokenRefused
from app.auth.jwt import JWTValidator
from app.auth.tokens import AccessToken, TokenValidator
from tests.auth import kit

RSA, EC, ED = kit.rsa_key(), kit.ec_key(), kit.ed_key()


def check(token: str, *keys: Key, now: float = kit.NOW) -> AccessToken:
    kind = JWTValidator(kit.InMemoryIssuer(*(keys or (RSA, EC, ED))), clock=lambda: now)
    return TokenValidator({"JWT": kind}, clock=lambda: now).authenticate_token(token)


def refused(token: str, *keys: Key, now: float = kit.NOW) -> str:
    """The name of the check that a token fails."""
    with pytest.raises(TokenRefused) as caught:
        check(token, *keys, now=now)
    return str(caught.value.check)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256"), (ED, "EdDSA"), (ED, "Ed25519")],
)
def test_a_token_of_each_algorithm_is_valid(key: Key, algorithm: str) -> None:
    token = check(kit.mint(key, header={"alg": algorithm}))
    assert token.user == kit.subject("user-1")
    assert token.scopes == {"workout-logs:read", "workout-logs:write"}
    assert token.expires_at == kit.LATER


CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
LONGER = [
    *((RSA, f"{family}{bits}") for family in ("RS", "PS") for bits in (384, 512)),
    *((kit.ec_key(name, curve), name) for name, curve in CURVES.items()),
]


@pytest.mark.parametrize(("key", "algorithm"), LONGER, ids=[name for _, name in LONGER])
def test_a_token_of_each_longer_algorithm_is_valid(key: Key, algorithm: str) -> None:
    assert check(kit.mint(key, header={"alg": algorithm}), key)


@pytest.mark.parametrize("algorithm", CURVES)
@pytest.mark.parametrize("other", CURVES)
def test_an_algorithm_is_bound_to_its_curve(algorithm: str, other: str) -> None:
    key = kit.ec_key("ec", CURVES[algorithm])
    token = kit.mint(key, header={"alg": algorithm})
    head = _segment({"alg": other, "typ": "at+jwt", "kid": "ec"})
    changed = ".".join([head, *token.split(".")[1:]])
    if other == algorithm:
        assert check(token, key)
    else:
        assert refused(changed, key) == "key"


@pytest.mark.parametrize("algorithm", ["ES256K", "HS384", "HS512", "Ed448", "none", "RSA-OAEP", ""])
def test_other_algorithms_are_refused(algorithm: str) -> None:
    head = _segment({"alg": algorithm, "typ": "at+jwt", "kid": RSA.kid})
    assert refused(f"{head}.{_segment(kit.claims())}.AA") in {"algorithm", "form"}


def with_profile_jwt(token: str, complete: bool = True) -> AccessToken:
    rules = AccessTokenRules(AudienceClaim(frozenset({kit.AUDIENCE})), profile="jwt")
    kind = JWTValidator(kit.InMemoryIssuer(RSA), rules, complete=complete, clock=lambda: kit.NOW)
    return kind.check(token)


@pytest.mark.parametrize("type_", ["JWT", "jwt", None, "at+jwt", "application/at+jwt"])
def test_the_profile_jwt_takes_what_most_providers_issue(type_: str | None) -> None:
    assert with_profile_jwt(kit.mint(RSA, header={"typ": type_}))


@pytest.mark.parametrize(
    ("header", "changes", "check_name"),
    [
        ({"typ": "dpop+jwt"}, {}, "type"),
        ({"typ": "logout+jwt"}, {}, "type"),
        ({"typ": "application/okta-internal-at+jwt"}, {}, "type"),
        ({"typ": ["JWT"]}, {}, "type"),
        ({"typ": 5}, {}, "type"),
        ({"crit": ["exp"]}, {}, "header"),
        ({}, {"nonce": "x"}, "purpose"),
        ({}, {"at_hash": "x"}, "purpose"),
        ({}, {"typ": "ID"}, "purpose"),
        ({}, {"token_use": "id"}, "purpose"),
        ({}, {"aud": "https://other.example"}, "audience"),
        ({}, {"aud": None}, "audience"),
        ({}, {"iss": "https://other.example"}, "claims"),
        ({}, {"sub": None}, "claims"),
        ({}, {"cnf": {"jkt": "x"}}, "claims"),
        ({}, {"exp": None}, "claims"),
        ({}, {"exp": kit.NOW}, "expiry"),
    ],
    ids=str,
)
def test_the_profile_jwt_checks_all_else(
    header: dict[str, Any], changes: dict[str, Any], check_name: str
) -> None:
    with pytest.raises(TokenRefused) as caught:
        with_profile_jwt(kit.mint(RSA, header={"typ": "JWT", **header}, **changes))
    assert caught.value.check == check_name


def test_okta_s_own_tokens_are_refused_with_the_reason() -> None:
    token = kit.mint(RSA, header={"typ": "application/okta-internal-at+jwt"})
    with pytest.raises(TokenRefused, match="custom authorization server"):
        check(token)


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "AT+JWT"},
        {"typ": "application/at+jwt"},
        {"x5c": ["A" * 3000]},
        {"jku": "https://elsewhere.example/jwks"},
        {"org.example/version": 3},
    ],
    ids=lambda header: next(iter(header)),
)
def test_a_header_may_hold_what_rfc_9068_allows(header: dict[str, Any]) -> None:
    assert check(kit.mint(RSA, header=header))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["https://other.example", kit.AUDIENCE]},
        {"scope": ["workout-logs:read", "workout-logs:write"]},
        {"iat": kit.NOW + 20},
        {"nbf": kit.NOW - 5},
        {"exp": kit.NOW + 0.5},
        {"iat": None, "jti": None, "client_id": None},
        {"email": "a@example.com", "roles": ["x"], "act": {"sub": "y"}},
    ],
    ids=str,
)
def test_claims_may_vary_as_rfc_9068_allows(changes: dict[str, Any]) -> None:
    assert check(kit.mint(RSA, **changes)).scopes == {"workout-logs:read", "workout-logs:write"}


@pytest.mark.parametrize("scope", [None, "", 7, {"a": 1}, [1, None]], ids=repr)
def test_a_token_without_readable_scopes_has_none(scope: object) -> None:
    assert check(kit.mint(RSA, scope=scope)).scopes == frozenset()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"iss": "https://issuer.example/"}, "claims"),
        ({"iss": ["https://issuer.example"]}, "claims"),
        ({"aud": "https://other.example"}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": {kit.AUDIENCE: 1}}, "audience"),
        ({"aud": [kit.AUDIENCE, 1]}, "audience"),
        ({"aud": kit.AUDIENCE + "/"}, "audience"),
        ({"exp": kit.NOW}, "expiry"),
        ({"exp": kit.NOW - 1}, "expiry"),
        ({"exp": str(kit.LATER)}, "claims"),
        ({"exp": True}, "claims"),
        ({"exp": float("nan")}, "claims"),
        ({"exp": float("inf")}, "claims"),
        ({"iat": kit.NOW + 3600}, "claims"),
        ({"nbf": kit.NOW + 3600}, "claims"),
        ({"sub": 5}, "claims"),
        ({"cnf": {"jkt": "x"}}, "claims"),
        ({"aud": None}, "audience"),
        *(({name: None}, "claims") for name in ("iss", "sub")),
        ({"exp": None}, "claims"),
    ],
    ids=str,
)
def test_wrong_claims_are_refused(changes: dict[str, Any], name: str) -> None:
    assert refused(kit.mint(RSA, **changes)) == name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ({"typ": "JWT"}, "type"),
        ({"typ": None}, "type"),
        ({"typ": ["at+jwt"]}, "type"),
        ({"crit": ["exp"]}, "header"),
        ({"crit": 5}, "header"),
        ({"zip": "DEF"}, "header"),
        ({"kid": 7}, "header"),
        ({"kid": "somebody-else"}, "key"),
        ({"kid": ""}, "key"),
    ],
    ids=str,
)
def test_wrong_headers_are_refused(header: dict[str, Any], name: str) -> None:
    assert refused(kit.mint(RSA, header=header)) == name


def test_unencoded_payloads_are_refused() -> None:
    head = _segment({"alg": "RS256", "typ": "at+jwt", "b64": False, "crit": ["b64"]})
    assert refused(f"{head}.{{}}.AA") == "header"


def test_a_public_key_is_no_shared_secret() -> None:
    signed = (
        f"{_segment({'alg': 'HS256', 'typ': 'at+jwt', 'kid': RSA.kid})}.{_segment(kit.claims())}"
    )
    mac = hmac.digest(RSA.as_pem(private=False), signed.encode(), "sha256")
    assert refused(f"{signed}.{_base64(mac)}") == "algorithm"


def test_an_unsigned_token_is_refused() -> None:
    head = _segment({"alg": "none", "typ": "at+jwt", "kid": RSA.kid})
    assert refused(f"{head}.{_segment(kit.claims())}.") == "algorithm"


def test_a_key_in_the_token_is_not_looked_at() -> None:
    theirs = kit.rsa_key("theirs")
    header = {"jwk": theirs.as_dict(private=False)}
    assert refused(kit.mint(theirs, header=header)) == "key"
    assert refused(kit.mint(theirs, header={**header, "kid": RSA.kid})) == "signature"


def test_a_key_serves_only_the_algorithm_that_it_names() -> None:
    named = kit.rsa_key()
    only_pss = type(named).import_key({**named.as_dict(private=True), "alg": "PS256"})
    assert check(kit.mint(only_pss, header={"alg": "PS256"}), only_pss)
    assert refused(kit.mint(named), only_pss) == "key"


def test_the_algorithm_must_be_the_key_s() -> None:
    assert refused(kit.mint(EC, header={"kid": RSA.kid}), RSA, EC) == "key"
    assert refused(kit.mint(kit.rsa_key(), header={"alg": "RS384"})) == "signature"


def test_a_token_without_key_id_needs_a_single_fitting_key() -> None:
    token = kit.mint(RSA, header={"kid": None})
    assert check(token, RSA, EC, ED)
    assert refused(token, RSA, kit.rsa_key("rsa-2")) == "key"


def test_a_changed_token_is_refused() -> None:
    head, _, signature = kit.mint(RSA).split(".")
    assert refused(f"{head}.{_segment(kit.claims(sub='admin'))}.{signature}") == "signature"


def test_a_remembered_token_still_ends_in_time() -> None:
    clock = kit.Clock()
    kind = JWTValidator(kit.InMemoryIssuer(RSA), clock=clock)
    validator = TokenValidator({"JWT": kind}, clock=clock)
    token = kit.mint(RSA, exp=kit.NOW + 10)
    validator.authenticate_token(token)
    clock.advance(10)
    with pytest.raises(TokenRefused, match="expired"):
        validator.authenticate_token(token)


@pytest.mark.parametrize(
    "token", ["", "a", "..", "....", "a.b.c.d.e", "\u00e9.b.c", "." * 9, "x" * 20_000]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refused(token) in {"form", "kind", "size"}


def _segment(value: object) -> str:
    return _base64(json.dumps(value).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
header_values = json_values | st.sampled_from(
    ["at+jwt", "RS256", "EdDSA", "none", "rsa-1", ["b64"]]
)
headers = (
    json_values
    | st.dictionaries(
        st.sampled_from(
            ["alg", "typ", "kid", "crit", "b64", "zip", "jwk", "jku", "x5c", "enc", "cty"]
        ),
        header_values,
    )
    | st.fixed_dictionaries(
        {
            "alg": st.sampled_from(["RS256", "PS256", "ES256", "EdDSA", "none"]),
            "typ": st.just("at+jwt"),
        },
        optional={"kid": header_values, "crit": header_values, "b64": header_values},
    )
)
segments = st.text(alphabet="ABCabc012-_=+/ \u00ff", max_size=40) | headers.map(_segment)
fuzzed = (
    st.text(max_size=60)
    | st.lists(segments, min_size=1, max_size=6).map(".".join)
    | st.tuples(headers.map(_segment), headers.map(_segment), segments).map(".".join)
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(fuzzed)
def test_whatever_a_token_holds_it_is_refused_in_an_orderly_way(token: str) -> None:
    refused(token)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(kit.claims())), json_values, min_size=1))
def test_whatever_the_issuer_signs_is_judged_in_an_orderly_way(changes: dict[str, Any]) -> None:
    token = kit.mint(EC, **changes)
    with contextlib.suppress(TokenRefused):
        check(token)


def test_deep_nesting_is_refused() -> None:
    deep = _base64(b"[" * 9000)
    assert refused(f"{deep}.e30.AA") == "form"
    head = _segment({"alg": "RS256", "typ": "at+jwt"})
    assert refused(f"{head}.{deep}.AA", RSA) == "signature"
