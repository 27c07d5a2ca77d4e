"""The credentials that are switched on, as OpenAPI security schemes, and who needs which scope."""

from __future__ import annotations

from typing import Any

from apispec import APISpec

from app.auth.keys import Issuer
from app.auth.nextauth import SECURE_PREFIXES, V5_COOKIE
from app.settings import READ_SCOPE, WRITE_SCOPE, Settings

SCOPES = {
    READ_SCOPE: "Read the workout logs that the caller may see.",
    WRITE_SCOPE: "Create, change and delete the workout logs that the caller may change.",
}

Scheme = dict[str, Any]


def security_schemes(settings: Settings, issuer: Issuer | None) -> dict[str, Scheme]:
    """The schemes by name; `issuer` is the one of access tokens, if any."""
    schemes = {}
    if issuer:
        schemes["oauth2"] = _oauth2(issuer.url)
    if settings.oauth_introspection_client_id:
        schemes["opaqueToken"] = _bearer("An opaque access token of the same issuer.", "opaque")
    if settings.nextauth_secret:
        schemes["sessionToken"] = _bearer("A NextAuth.js or Auth.js session token.", "JWE")
    if settings.nextauth_cookie:
        schemes["sessionCookie"] = {
            "type": "apiKey",
            "in": "cookie",
            "name": SECURE_PREFIXES[0] + V5_COOKIE,
            "description": (
                "The session cookie of Auth.js, or of NextAuth.js (`next-auth.session-token`), "
                "from a page of a listed origin; long ones are cut into `.0`, `.1`, …"
            ),
        }
    return schemes


def prepare_security_doc(
    doc: dict[str, Any], doc_info: dict[str, Any], *, spec: APISpec, **_: Any
) -> dict[str, Any]:
    """A flask-smorest callback: any scheme of the document will do for what `protect` protects."""
    scope = doc_info.get("required_scope")
    if scope is None:
        return doc
    schemes: dict[str, Scheme] = spec.components.security_schemes
    security = [
        {name: [scope] if scheme["type"] == "oauth2" else []} for name, scheme in schemes.items()
    ]
    return {**doc, "security": security}


def _oauth2(issuer: str) -> Scheme:
    """The endpoints are a custom; clients find the real ones in the issuer's metadata."""
    return {
        "type": "oauth2",
        "description": (
            f"An access token (RFC 9068) of {issuer}; its metadata (RFC 8414) names the endpoints."
        ),
        "flows": {
            "authorizationCode": {
                "authorizationUrl": f"{issuer.rstrip('/')}/authorize",
                "tokenUrl": f"{issuer.rstrip('/')}/token",
                "scopes": SCOPES,
            }
        },
    }


def _bearer(description: str, form: str) -> Scheme:
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": form,
        "description": description,
    }
