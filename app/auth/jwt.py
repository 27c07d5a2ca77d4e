"""OAuth 2.0 access tokens in JWT form (RFC 9068)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import GuestProtocol, Key
from joserfc.jws import JWSRegistry
from joserfc.registry import Header

from app.auth.claims import SUBJECT, UserClaim, check_claims, scopes_of
from app.auth.errors import IssuerUnavailable, TokenRefused
from app.auth.keys import ALGORITHMS, Issuer
from app.auth.tokens import MAX_TOKEN_LENGTH, AccessToken

LEEWAY = 30
"""Seconds that the issuer's clock may run ahead of ours."""

_TYPES = frozenset({"at+jwt", "application/at+jwt"})


class JWTValidator:
    """The check of RFC 9068, section 4.

    `iss`, `aud`, `exp` and `sub` must be there, because something here depends on them; issuers
    that leave out `iat`, `jti` or `client_id` are common and harm nobody.
    """

    name = "OAuth 2.0 access token (JWT, RFC 9068)"
    checks: tuple[str, ...] = (
        "form",
        "type",
        "header",
        "algorithm",
        "key",
        "signature",
        "claims",
        "expiry",
    )
    cache_seconds: float = 60

    def __init__(
        self,
        issuer: Issuer,
        *,
        user_claim: UserClaim = SUBJECT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer = issuer
        self._user_claim = user_claim
        self._clock = clock
        self._registry = _Registry()
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=LEEWAY,
            iss={"essential": True, "value": issuer.url},
            aud={"essential": True, "value": issuer.audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    @property
    def generation(self) -> int:
        return self._issuer.generation

    def check(self, token: str) -> AccessToken:
        """The valid token. Raises `TokenRefused` or `IssuerUnavailable`."""
        claims = self._verify(token)
        if "cnf" in claims:
            raise TokenRefused("claims", "A token that is bound to a key is no bearer token.")
        check_claims(self._claims, claims, self._clock())
        return AccessToken(
            user=self._user_claim.read(claims),
            scopes=scopes_of(claims.get("scope")),
            expires_at=claims["exp"],
        )

    def _verify(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, self._find_key, registry=self._registry).claims
        except (TokenRefused, IssuerUnavailable):
            raise
        except BadSignatureError:
            raise TokenRefused("signature", "The signature is not the issuer's.") from None
        except Exception:  # a hostile token can break the decoding in any way
            raise TokenRefused("form", "The token is not a well-formed JWT.") from None

    def _find_key(self, token: GuestProtocol) -> Key:
        header = token.headers()
        key = self._issuer.find_key(header["alg"], header.get("kid"))
        if key is None:
            raise TokenRefused("key", "The issuer has no key for this token.")
        return key


class _Registry(JWSRegistry):
    """joserfc's rules for the header, replaced by those of RFC 9068.

    Its own refuse parameters that they do not know, such as a vendor's, and long headers, such as
    those with a certificate chain. Neither chain nor `jku` nor `jwk` is ever looked at.
    """

    max_header_length = MAX_TOKEN_LENGTH

    def check_header(self, header: Header) -> None:
        if str(header.get("typ")).lower() not in _TYPES:
            raise TokenRefused("type", "The token's type is not at+jwt.")
        if not header.keys().isdisjoint({"crit", "b64", "zip"}):
            raise TokenRefused("header", "The token demands an extension that is not supported.")
        if header["alg"] not in ALGORITHMS:
            raise TokenRefused("algorithm", "The token's algorithm is not accepted.")
        if not isinstance(header.get("kid", ""), str):
            raise TokenRefused("header", "The token's key id is not a string.")

    def get_alg(self, name: str) -> JWSAlgModel:
        # One algorithm with two names: only the one of RFC 9864 does not warn.
        return self.algorithms["Ed25519" if name == "EdDSA" else name]
