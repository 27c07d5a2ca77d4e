"""What the kinds of token have in common: their times, their scopes and their user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.errors import ClaimError, ExpiredTokenError
from joserfc.jwt import JWTClaimsRegistry

from app.auth.errors import TokenRefused
from app.auth.tokens import TokenUser, UserLookup


@dataclass(frozen=True, slots=True)
class UserClaim:
    """Which claim names the user, and which member of the `user` document it is compared with."""

    name: str = "sub"
    lookup: UserLookup = "id"

    def read(self, claims: Mapping[str, Any]) -> TokenUser:
        """The user of a token with these claims."""
        value = claims.get(self.name)
        return TokenUser(
            lookup=self.lookup,
            claim=self.name,
            value=value if isinstance(value, str) else None,
            verified=self.lookup == "id" or claims.get("email_verified") is True,
        )


SUBJECT = UserClaim()
"""The token's `sub` is the `_id` of the `user` document."""


def check_claims(registry: JWTClaimsRegistry, claims: dict[str, Any], now: float) -> None:
    """Hold the claims to the registry, whose leeway is for clocks that run ahead of ours.

    A token never lives past its `exp`. Raises `TokenRefused`.
    """
    try:
        registry.validate(claims)
        if claims["exp"] <= now:
            raise ExpiredTokenError("exp")
    except ExpiredTokenError:
        raise TokenRefused("expiry", "The token has expired.") from None
    except ClaimError as error:
        sentence = f"A claim is missing or not as it must be: {error.claim}."
        raise TokenRefused("claims", sentence) from None


def scopes_of(claim: object) -> frozenset[str]:
    """The scopes of a space-separated string, or of the list that some issuers make of it."""
    words = claim.split() if isinstance(claim, str) else claim
    if not isinstance(words, list):
        return frozenset()
    return frozenset(each for each in words if isinstance(each, str))
