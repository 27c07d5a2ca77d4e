"""OAuth 2.0 access tokens in JWT form: RFC 9068, or what most identity providers make of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import GuestProtocol, Key
from joserfc.jws import JWSRegistry
from joserfc.jwt import ClaimsOption
from joserfc.registry import Header

from app.auth.claims import (
    AccessTokenRules,
    AudienceClaim,
    check_claims,
    check_purpose,
    client_of,
    strict_rules,
)
from app.auth.errors import IssuerUnavailable, TokenRefused
from app.auth.keys import ALGORITHMS, Issuer
from app.auth.tokens import MAX_TOKEN_LENGTH, AccessToken

LEEWAY = 30
"""Seconds that the issuer's clock may run ahead of ours."""

_RFC_9068_TYPES = frozenset({"at+jwt", "application/at+jwt"})
_TYPES = {"rfc9068": _RFC_9068_TYPES, "jwt": _RFC_9068_TYPES | {"jwt", ""}}
"""The accepted `typ` of a header by profile, in lower case; '' stands for none."""

_OKTA_INTERNAL = "application/okta-internal-at+jwt"


class JWTValidator:
    """The check of RFC 9068, section 4; in the profile `jwt`, `typ` may be missing or `JWT`.

    `iss`, `exp`, the audience and `sub` must be there, because something here depends on them;
    issuers that leave out `iat`, `jti` or `client_id` are common and harm nobody. `complete` is
    false when the issuer is asked about the token as well: audience and `sub` may then be missing
    here.
    """

    name = "OAuth 2.0 access token (JWT)"
    checks: tuple[str, ...] = (
        "form",
        "type",
        "header",
        "algorithm",
        "key",
        "signature",
        "purpose",
        "audience",
        "claims",
        "expiry",
    )
    cache_seconds: float = 60

    def __init__(
        self,
        issuer: Issuer,
        rules: AccessTokenRules | None = None,
        *,
        complete: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`rules` are those of RFC 9068 with the issuer's audience, unless given."""
        self._issuer = issuer
        self._rules = rules or strict_rules(issuer.audience)
        # RFC 9068 has one claim for it.
        strict = AudienceClaim(self._rules.audience.values)
        self._audience = strict if self._rules.profile == "rfc9068" else self._rules.audience
        self._complete = complete
        self._clock = clock
        self._registry = _Registry(_TYPES[self._rules.profile])
        essential: ClaimsOption = {"essential": True}
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=LEEWAY,
            iss={"essential": True, "value": issuer.url},
            exp=essential,
            **({"sub": essential} if complete else {}),
        )

    @property
    def generation(self) -> int:
        return self._issuer.generation

    def check(self, token: str) -> AccessToken:
        """The valid token. Raises `TokenRefused` or `IssuerUnavailable`."""
        claims = self.claims_of(token)
        return AccessToken(
            user=self._rules.user.read(claims),
            scopes=self._rules.scope.read(claims),
            expires_at=claims["exp"],
            client_id=client_of(claims),
        )

    def claims_of(self, token: str) -> dict[str, Any]:
        """The valid token's claims. Raises as `check` does."""
        claims = self._verify(token)
        if self._rules.profile != "rfc9068":
            check_purpose(claims)
        if self._complete or self._audience.name in claims or "aud" in claims:
            self._audience.check(claims)
        if "cnf" in claims:
            raise TokenRefused("claims", "A token that is bound to a key is no bearer token.")
        check_claims(self._claims, claims, self._clock())
        return claims

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
    """joserfc's rules for the header, replaced by those of RFC 9068 and of the profile.

    Its own refuse parameters that they do not know, such as a vendor's, and long headers, such as
    those with a certificate chain. Neither chain nor `jku` nor `jwk` is ever looked at.
    """

    max_header_length = MAX_TOKEN_LENGTH

    def __init__(self, types: frozenset[str]) -> None:
        super().__init__()
        self._types = types

    def check_header(self, header: Header) -> None:
        type_ = str(header.get("typ", "")).lower()
        if type_ == _OKTA_INTERNAL:
            raise TokenRefused(
                "type",
                "Okta's org authorization server issues tokens for Okta's own APIs only; "
                "a custom authorization server issues those for others.",
            )
        if type_ not in self._types:
            raise TokenRefused("type", "The token's type is not that of an access token.")
        if not header.keys().isdisjoint({"crit", "b64", "zip"}):
            raise TokenRefused("header", "The token demands an extension that is not supported.")
        if header["alg"] not in ALGORITHMS:
            raise TokenRefused("algorithm", "The token's algorithm is not accepted.")
        if not isinstance(header.get("kid", ""), str):
            raise TokenRefused("header", "The token's key id is not a string.")

    def get_alg(self, name: str) -> JWSAlgModel:
        # One algorithm with two names: only the one of RFC 9864 does not warn.
        return self.algorithms["Ed25519" if name == "EdDSA" else name]
