"""What the kinds of token have in common: how their claims are read and checked.

The settings of an identity provider (`OAUTH_…`) become an `AccessTokenRules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from joserfc.errors import ClaimError, ExpiredTokenError
from joserfc.jwt import JWTClaimsRegistry

from app.auth.errors import TokenRefused
from app.auth.tokens import TokenUser, UserLookup
from app.settings import SCOPES

Claims = Mapping[str, Any]

TokenProfile = Literal["rfc9068", "jwt"]

MAX_CLIENT_ID_LENGTH = 128
"""Characters of a client's id that the log shows."""

_SCOPE_CLAIMS = ("scope", "scp")
"""RFC 8693 and RFC 9068 say `scope`; Okta, Entra and Ory Hydra say `scp`."""


@dataclass(frozen=True, slots=True)
class UserClaim:
    """Which claim names the user, and which member of the `user` document it is compared with.

    `verified` is whether an e-mail address counts only if the issuer says that it verified it
    (`required`), or also if the issuer says nothing (`assumed`). `setting` is the one that names
    the claim.
    """

    name: str = "sub"
    lookup: UserLookup = "id"
    verified: Literal["required", "assumed"] = "required"
    setting: str = "OAUTH_USER_CLAIM"

    def read(self, claims: Claims) -> TokenUser:
        """The user of a token with these claims."""
        value = claims.get(self.name)
        return TokenUser(
            lookup=self.lookup,
            claim=self.name,
            value=value if isinstance(value, str) else None,
            verified=self.lookup == "id" or self._is_verified(claims),
            setting=self.setting,
        )

    def _is_verified(self, claims: Claims) -> bool:
        """Only the claim's own flag vouches for it: `email_verified` says nothing of a user name,
        which people choose. A flag that says no counts whatever its name.
        """
        flags = [claims.get(f"{self.name}_verified"), claims.get("email_verified")]
        if self.verified == "required":
            return flags[0] is True and flags[1] in (None, True)
        return all(each is None or each is True or each == "true" for each in flags)


SUBJECT = UserClaim()
"""The token's `sub` is the `_id` of the `user` document."""


@dataclass(frozen=True, slots=True)
class AudienceClaim:
    """Which claim says for whom a token is, and the values that name this API."""

    values: frozenset[str]
    name: str = "aud"

    def check(self, claims: Claims) -> None:
        """Raise `TokenRefused` unless the token is for this API.

        A token that names an audience is for that audience only, whatever its other claims. One
        whose audience is the client that it was issued to is an ID token, where `aud` is not the
        claim that names us.
        """
        if self.name not in claims or not self._names_us(claims[self.name]):
            raise TokenRefused("audience", "The token is for another API.")
        if self.name != "aud" and "aud" in claims:
            others = self.values.difference(_texts(claims[self.name]))
            if not others & _texts(claims["aud"]):
                raise TokenRefused("audience", "The token is for another API, or for its client.")

    def _names_us(self, value: object) -> bool:
        return bool(self.values & _texts(value))


def _texts(value: object) -> frozenset[str]:
    """A text, or those of a list; none where anything else is among them."""
    values = value if isinstance(value, list) else [value]
    return frozenset(values if all(isinstance(each, str) for each in values) else ())


@dataclass(frozen=True, slots=True)
class ScopeClaim:
    """Which claim holds the granted scopes, and what ours are called in it.

    `names` are the issuer's names by ours. `default` are granted by a token without any scope
    claim.
    """

    name: str = "scope"
    names: Mapping[str, str] = field(default_factory=lambda: {each: each for each in SCOPES})
    default: frozenset[str] = frozenset()

    def read(self, claims: Claims) -> frozenset[str]:
        """Our scopes that a token with these claims was granted."""
        present = {name for name in {self.name, *_SCOPE_CLAIMS} if claims.get(name) is not None}
        if not present:
            return self.default
        name = "scp" if self.name == "scope" and "scope" not in present else self.name
        granted = words_of(claims.get(name))
        return frozenset(ours for ours, theirs in self.names.items() if theirs in granted)


@dataclass(frozen=True, slots=True)
class AccessTokenRules:
    """What an issuer's access tokens must be like, and how they are read."""

    audience: AudienceClaim
    scope: ScopeClaim = field(default_factory=ScopeClaim)
    user: UserClaim = SUBJECT
    profile: TokenProfile = "rfc9068"


def strict_rules(audience: str) -> AccessTokenRules:
    """The rules of an issuer that follows RFC 9068."""
    return AccessTokenRules(AudienceClaim(frozenset({audience})))


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


def check_purpose(claims: Claims) -> None:
    """Raise `TokenRefused` for what its issuer made for something else than calling an API.

    That is an ID token (OpenID Connect Core, sections 2 and 3.3.2.11), a logout token or another
    security event (RFC 8417), or a token whose own claims say so, as those of Keycloak and Rauthy
    (`typ`), Amazon Cognito and Ory Hydra (`token_use`) and FusionAuth (`tty`) do.
    """
    kinds = (("typ", {"bearer"}), ("token_use", {"access", "access_token"}), ("tty", {"at"}))
    says_so = not claims.keys().isdisjoint({"nonce", "at_hash", "c_hash", "events"})
    if says_so or not all(
        str(claims[name]).lower() in accepted for name, accepted in kinds if name in claims
    ):
        raise TokenRefused("purpose", "The token is not an access token.")


def client_of(claims: Claims) -> str | None:
    """The client's id: `client_id` (RFC 9068, RFC 7662), or `azp` as many issuers call it."""
    named = (claims.get("client_id"), claims.get("azp"))
    return next((each[:MAX_CLIENT_ID_LENGTH] for each in named if isinstance(each, str)), None)


def words_of(value: object) -> set[str]:
    """The scopes of a space-separated string, or of the list that some issuers make of it."""
    words = value.split() if isinstance(value, str) else value
    return {each for each in words if isinstance(each, str)} if isinstance(words, list) else set()
