"""How a caller signs in: the security schemes of the published and of a served document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.auth.errors import IssuerUnavailable
from app.auth.fetch import is_safe
from app.auth.keys import Issuer
from app.auth.nextauth import SECURE_PREFIXES, V5_COOKIE
from app.settings import SCOPE_DESCRIPTIONS, Settings

Schemes = dict[str, dict[str, Any]]


class SignIn(NamedTuple):
    """The schemes, and what our scopes are called in them."""

    schemes: Schemes
    scope_names: Mapping[str, str]


def published_sign_in() -> SignIn:
    """OAuth 2.0 at an example issuer: each deployment has its own."""
    issuer = "https://sign-in.workout-logs.example"
    names = {each: each for each in SCOPE_DESCRIPTIONS}
    schemes = {
        "oauth2": _code_grant(names, f"{issuer}/authorize", f"{issuer}/token"),
        "accessToken": _ACCESS_TOKEN,
    }
    return SignIn(schemes, names)


def served_sign_in(settings: Settings, issuer: Issuer | None) -> SignIn:
    """What this deployment has switched on."""
    schemes: Schemes = {}
    if issuer:
        schemes["oauth2"] = _at(issuer, settings.scope_names)
        schemes["accessToken"] = _ACCESS_TOKEN
    if settings.oauth_introspection_client_id:
        schemes["opaqueToken"] = _bearer("An opaque access token of the same issuer.", "opaque")
    if settings.nextauth_secret:
        schemes["sessionToken"] = _bearer("A session token of NextAuth.js or Auth.js.", "JWE")
    if settings.nextauth_cookie:
        schemes["sessionCookie"] = {
            "type": "apiKey",
            "in": "cookie",
            "name": SECURE_PREFIXES[0] + V5_COOKIE,
            "description": (
                "The session cookie of Auth.js, or of NextAuth.js (`next-auth.session-token`), "
                "from a page of a listed origin; long ones are split into chunks `.0`, `.1`, …"
            ),
        }
    return SignIn(schemes, settings.scope_names)


def _bearer(description: str, form: str) -> dict[str, Any]:
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": form,
        "description": description,
    }


_ACCESS_TOKEN = _bearer(
    "The same access token, for clients that get it in their own way: `Authorization: Bearer "
    "<token>`. It must have the operation's scope. Tokens are checked as RFC8725 advises.",
    "JWT",
)


def apply(sign_in: SignIn, document: dict[str, Any]) -> None:
    """Make its schemes those of every operation: any one of them lets a caller in."""
    schemes, names = sign_in
    document["components"]["securitySchemes"] = schemes
    for path in document["paths"].values():
        for operation in path.values():
            if "security" in operation:
                scopes = [names[each] for each in operation["security"][0]["oauth2"]]
                operation["security"] = [
                    {name: scopes if name == "oauth2" else []} for name in schemes
                ]


def code_grant_endpoints(issuer: Issuer) -> tuple[str, str] | None:
    """Where the issuer authorizes and gives tokens; None while it does not say, or not safely."""
    try:
        metadata = issuer.metadata
    except IssuerUnavailable:
        return None
    authorization, token = map(metadata.get, ("authorization_endpoint", "token_endpoint"))
    if is_safe(authorization, named_by=issuer.url) and is_safe(token, named_by=issuer.url):
        return authorization, token
    return None


def _at(issuer: Issuer, scope_names: Mapping[str, str]) -> dict[str, Any]:
    """The issuer's code grant; while it does not say where that is, where it would say it."""
    endpoints = code_grant_endpoints(issuer)
    if endpoints:
        return _code_grant(scope_names, *endpoints)
    return {
        "type": "openIdConnect",
        "description": _SIGN_IN,
        "openIdConnectUrl": f"{issuer.url.rstrip('/')}/.well-known/openid-configuration",
    }


def _code_grant(
    scope_names: Mapping[str, str], authorization_url: str, token_url: str
) -> dict[str, Any]:
    flow = {
        "authorizationUrl": authorization_url,
        "tokenUrl": token_url,
        "scopes": {scope_names[each]: told for each, told in SCOPE_DESCRIPTIONS.items()},
    }
    return {"type": "oauth2", "description": _SIGN_IN, "flows": {"authorizationCode": flow}}


_SIGN_IN = (
    "An access token (RFC 9068) of the authorization server that the API trusts, by the code grant "
    "with PKCE, sent as `Authorization: Bearer <token>`. Tokens are checked as RFC8725 advises: "
    "asymmetric algorithms only; `iss`, `aud`, `exp` and `typ` must match."
)
