"""Forged and odd tokens: everything that somebody without the issuer's key may send."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any

from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from tests.auth import kit


def forged(key: Key, header: Mapping[str, Any], claims: Mapping[str, Any]) -> Iterator[str]:
    """Tokens that must be refused, made from the header and the claims of a good one.

    `key` is the issuer's: of it, only what is public is used, or a signature that the issuer made
    for something else.
    """
    good = kit.sign(key, header, claims)
    yield from _signed_by_somebody_else(key, header, claims)
    yield from _signed_with_a_public_key(key, header, good)
    yield from _with_another_header(header, good)
    yield from _changed(claims, good)
    yield from _malformed(good)
    yield from _signed_for_something_else(key, header, claims)


def _signed_by_somebody_else(
    key: Key, header: Mapping[str, Any], claims: Mapping[str, Any]
) -> Iterator[str]:
    theirs = _key_like(key)
    own = theirs.as_dict(private=False)
    for changes in (
        {},
        {"kid": "theirs"},
        {"jwk": own},
        {"jwk": own, "kid": "theirs"},
        {"jku": "https://evil.example/jwks.json"},
        {"x5u": "https://evil.example/cert.pem"},
        {"x5c": ["MIIB"]},
        {"kid": None},
        {"kid": "../../../../dev/null"},
        {"kid": "' OR 1=1 --"},
        {"kid": "\u0000"},
        {"kid": ""},
    ):
        yield kit.sign(theirs, {**header, "kid": key.kid, **changes}, claims)


def _key_like(key: Key) -> Key:
    match key:
        case ECKey():
            return kit.ec_key("theirs", key.curve_name)
        case OKPKey():
            return kit.ed_key("theirs")
    return kit.rsa_key("theirs")


def _signed_with_a_public_key(key: Key, header: Mapping[str, Any], good: str) -> Iterator[str]:
    """As a shared secret, or not signed at all."""
    _, body, signature = good.split(".")
    names: list[Any] = ["none", "None", "NONE", "nOnE", "", None, 0, [], {}, True]
    for name in names:
        for end in ("", signature):
            yield f"{segment({**header, 'alg': name})}.{body}.{end}"
    public = key.as_dict(private=False)
    secrets = [json.dumps(public).encode(), b"", b"secret", str(public.get("n")).encode()]
    if isinstance(key, RSAKey):
        secrets += [key.as_pem(private=False), key.as_pem(private=False).strip()]
    for secret in secrets:
        for name, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
            signed = f"{segment({**header, 'alg': name})}.{body}"
            yield f"{signed}.{encode(hmac.digest(secret, signed.encode(), digest))}"


def _with_another_header(header: Mapping[str, Any], good: str) -> Iterator[str]:
    _, body, signature = good.split(".")
    families = [f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)]
    for name in (*families, "EdDSA", "Ed25519", "Ed448", "ES256K", "RSA1_5", "dir", "A256GCM"):
        if name != header["alg"]:
            yield f"{segment({**header, 'alg': name})}.{body}.{signature}"
    headers: list[dict[str, Any]] = [
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"crit": "exp"},
        {"crit": 5},
        {"kid": 7},
        {"kid": ["x"]},
        {"kid": None},
        {"typ": ["at+jwt"]},
        {"typ": {}},
        {"typ": None},
        {"typ": "x" * 5000},
    ]
    for changes in headers:
        yield f"{segment({**header, **changes})}.{body}.{signature}"


def _changed(claims: Mapping[str, Any], good: str) -> Iterator[str]:
    head, body, signature = good.split(".")
    for changes in ({"sub": "admin-fay"}, {"exp": claims["iat"] + 86_400}, {"scope": "x"}, {}):
        yield f"{head}.{segment({**claims, **changes, 'x': 1})}.{signature}"
    for cut in ("", "AA", signature[:-4], signature[4:], signature[::-1], "A" * len(signature)):
        yield f"{head}.{body}.{cut}"


def _malformed(good: str) -> Iterator[str]:
    head, body, signature = good.split(".")
    for form in ("{}", "[]", "null", '"text"', "5", "true", "", "{", '{"alg":', "[" * 500):
        yield f"{encode(form.encode())}.{body}.{signature}"
        yield f"{head}.{encode(form.encode())}.{signature}"
    yield from (
        f"{head}.{body}",
        f"{head}.{body}.{signature}.",
        f".{body}.{signature}",
        f"{head}..{signature}",
        "..",
        "a.b.c",
        f"{head}=.{body}.{signature}",
        f"{head}.{body}.{signature}.{signature}.{signature}",
        f"{head}.{body}.{signature}" * 2,
        "%2e.%2e.%2e",
        "é.b.c",
        f"{head}.{body}.{'A' * 20_000}",
    )


def _signed_for_something_else(
    key: Key, header: Mapping[str, Any], claims: Mapping[str, Any]
) -> Iterator[str]:
    """By the issuer itself."""
    now = claims["iat"]
    extensions: list[dict[str, Any]] = [{"crit": ["exp"]}, {"crit": []}, {"zip": "DEF"}]
    for extension in extensions:
        yield kit.sign(key, {**header, **extension}, claims)
    for kind in ("dpop+jwt", "logout+jwt", "secevent+jwt", "id_token", "refresh", "JWE", "x", "*"):
        yield kit.sign(key, {**header, "typ": kind}, claims)
    audiences: list[Any] = ["https://evil.example", "", "*", 5, True, {}, [], [""], [None], None]
    for audience in audiences:
        yield kit.sign(key, header, {**claims, "aud": audience}, keep_null=True)
    others: list[dict[str, Any]] = [
        {"iss": "https://evil.example"},
        {"iss": claims["iss"] + "/"},
        {"iss": claims["iss"].upper()},
        {"iss": [claims["iss"]]},
        {"iss": f" {claims['iss']}"},
        {"iss": f"{claims['iss']}\n"},
        {"iss": f"{claims['iss']}#"},
        {"iss": f"https://evil.example/{claims['iss']}"},
        {"iss": None},
        {"exp": now - 1},
        {"exp": None},
        {"exp": str(now + 600)},
        {"exp": True},
        {"exp": 0},
        {"exp": -1},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": [now + 600]},
        {"nbf": now + 600},
        {"nbf": "now"},
        {"iat": now + 600},
        {"iat": {}},
        {"cnf": {"jkt": "x"}},
        {"cnf": None},
    ]
    for changes in others:
        yield kit.sign(key, header, {**claims, **changes}, keep_null="cnf" in changes)


def segment(value: object) -> str:
    return encode(json.dumps(value).encode())


def encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
