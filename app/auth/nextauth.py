"""Session tokens of NextAuth.js v4 and Auth.js v5: JSON encrypted with a secret that is shared.

Both derive the key from the secret by HKDF-SHA256 (v4: `next-auth/jwt`, v5: `@auth/core/jwt`). The
tokens have no issuer, audience or scope. Sign-in's own state, PKCE and nonce tokens are made with
the same secret, in v5 and in later v4 with another salt: they are no sessions and are refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.jwe import JWERegistry
from joserfc.jwk import OctKey
from joserfc.registry import Header

from app.auth.claims import UserClaim, check_claims
from app.auth.errors import TokenRefused
from app.auth.tokens import MAX_TOKEN_LENGTH, AccessToken

LEEWAY = 15
"""Seconds that the front end's clock may run ahead of ours, as NextAuth.js itself allows."""

SECURE_PREFIXES = ("__Secure-", "__Host-")
V4_COOKIE = "next-auth.session-token"
V5_COOKIE = "authjs.session-token"

V4_CHUNK_LENGTH, V5_CHUNK_LENGTH = 3933, 3936
"""Characters of each cookie that a longer session is cut into."""

BY_EMAIL = UserClaim("email", "email", "assumed", "NEXTAUTH_USER_CLAIM")
"""Without an adapter, `sub` is the provider's id (v4) or random (v5). The front end decided who
signs in, and with which address, when it let them in, so an address counts as verified.
"""

_TIMES = frozenset({"exp", "iat", "nbf"})


class SessionTokens:
    """The check of session tokens. Several secrets serve their rotation."""

    name = "NextAuth.js / Auth.js session token (JWE)"
    checks = ("decryption", "claims", "expiry", "purpose", "age")
    cache_seconds = 60
    generation = 0

    def __init__(
        self,
        secrets: Iterable[str],
        *,
        scopes: Iterable[str],
        user_claim: UserClaim = BY_EMAIL,
        max_age: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`scopes` are what a session may do; `max_age` counts seconds since its last renewal."""
        self._keys = [key for secret in secrets for key in derive_keys(secret)]
        self._scopes = frozenset(scopes)
        self._user_claim = user_claim
        self._max_age = max_age
        self._clock = clock
        self._registry = _Registry(algorithms=["dir", "A256GCM", "A256CBC-HS512"])
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=LEEWAY,
            exp={"essential": True},
            iat={"essential": True},
        )

    def check(self, token: str) -> AccessToken:
        """The valid session. Raises `TokenRefused`."""
        claims = self._decrypt(token)
        now = self._clock()
        # Only the times: what else is in a session is the front end's own affair.
        check_claims(self._claims, {each: claims[each] for each in _TIMES & claims.keys()}, now)
        if not any(_names_somebody(claims.get(name)) for name in ("sub", "email")):
            raise TokenRefused("purpose", "The token is not a session: it names nobody.")
        if self._max_age is not None and claims["iat"] + self._max_age <= now:
            raise TokenRefused("age", "The session is too old.")
        return AccessToken(
            # The front end decided who signs in, and with which address, when it let them in.
            user=self._user_claim.read(claims),
            scopes=self._scopes,
            expires_at=self._end(claims),
        )

    def _end(self, claims: dict[str, Any]) -> float:
        end: float = claims["exp"]
        return end if self._max_age is None else min(end, claims["iat"] + self._max_age)

    def _decrypt(self, token: str) -> dict[str, Any]:
        """The claims by whichever key opens the token: encryption and key sizes tell them apart."""
        for key in self._keys:
            try:
                return jwt.decode(token, key, registry=self._registry).claims
            except Exception:  # noqa: S112 - a hostile token can break the decoding in any way
                continue
        raise TokenRefused("decryption", "No secret opens the token as a session.")


class _Registry(JWERegistry):
    """Only what the two libraries write: above all no compression, which could expand at will."""

    max_ciphertext_length = MAX_TOKEN_LENGTH

    def check_header(self, header: Header, _check_more: bool = False) -> None:
        if not header.keys() <= {"alg", "enc", "kid", "typ"}:
            raise TokenRefused("decryption", "The token demands an extension.")


def derive_keys(secret: str) -> Iterator[OctKey]:
    """The keys of a secret: one for v4, one for each name that v5 gives its session cookie."""
    yield _derive(secret, salt="", info="NextAuth.js Generated Encryption Key", length=32)
    for prefix in ("", *SECURE_PREFIXES):
        name = prefix + V5_COOKIE
        info = f"Auth.js Generated Encryption Key ({name})"
        yield _derive(secret, salt=name, info=info, length=64)


def _derive(secret: str, *, salt: str, info: str, length: int) -> OctKey:
    derivation = HKDF(SHA256(), length, salt=salt.encode(), info=info.encode())
    return OctKey.import_key(derivation.derive(secret.encode()))


def _names_somebody(value: object) -> bool:
    """Some sign-ins have numbers for subjects."""
    return (isinstance(value, str) and bool(value)) or type(value) is int
