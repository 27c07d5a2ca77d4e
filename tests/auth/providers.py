"""Access tokens in the shapes of common identity providers, with the settings that accept them.

The shapes are those of the providers' documentation; `docs/authentication.md` has the same settings
with real addresses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.settings import READ_SCOPE, WRITE_SCOPE
from tests import world

USER, EMAIL = world.RUNNER, world.email_of(world.RUNNER)
BOTH = f"{READ_SCOPE} {WRITE_SCOPE}"
JWT = {"typ": "JWT"}
NO_TYPE: dict[str, Any] = {"typ": None}
API, OTHER_API = "https://logs.club.example", "https://shop.club.example"
DEFAULT_SCOPES = {"oauth_default_scopes": (READ_SCOPE, WRITE_SCOPE)}
BY_ADDRESS = {"oauth_user_lookup": "email", "oauth_email_verified": "assumed"}


@dataclass(frozen=True, slots=True)
class Provider:
    """`good` are the claims of an access token for this API besides `iss` and the times; `refused`
    are changes that make another token of the same issuer of it, by what that token is.
    """

    issuer: str
    settings: dict[str, Any]
    good: dict[str, Any]
    refused: dict[str, dict[str, Any]]
    header: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    other_tenant: str = "https://other-tenant.example"


ID_TOKEN = {"nonce": "n-0S6", "at_hash": "MTIzNDU2", "scope": None, "scp": None}
FOR_ANOTHER = {"aud": OTHER_API}

PROVIDERS: dict[str, Provider] = {
    "Auth0": Provider(
        "https://club.eu.auth0.com/",
        {
            "oauth_audience": API,
            "oauth_token_profile": "jwt",
            "oauth_user_claim": "https://club.example/email",
            "oauth_user_lookup": "email",
        },
        {
            "sub": "auth0|65f0c1",
            "aud": [API, "https://club.eu.auth0.com/userinfo"],
            "azp": "web",
            "scope": f"openid profile {BOTH}",
            "https://club.example/email": EMAIL,
            "https://club.example/email_verified": True,
        },
        {
            "ID token": {"aud": "web", **ID_TOKEN},
            "another API": {"aud": [OTHER_API, "https://club.eu.auth0.com/userinfo"]},
            "machine": {"https://club.example/email": None, "gty": "client-credentials"},
            "unverified": {"https://club.example/email_verified": False},
            "silent": {"https://club.example/email_verified": None},
        },
        JWT,
        other_tenant="https://club.us.auth0.com/",
    ),
    "Auth0, RFC 9068 and permissions": Provider(
        "https://club.eu.auth0.com/",
        {
            "oauth_audience": API,
            "oauth_scope_claim": "permissions",
            "oauth_user_claim": "https://club.example/user",
        },
        {
            "sub": "auth0|65f0c1",
            "aud": [API, "https://club.eu.auth0.com/userinfo"],
            "scope": "openid",
            "permissions": [READ_SCOPE, WRITE_SCOPE],
            "https://club.example/user": USER,
        },
        {
            "another API": {"aud": OTHER_API},
            "without permissions": {"permissions": [], "scope": BOTH},
            "ID token": {"aud": "web", **ID_TOKEN},
        },
        {"typ": "at+jwt"},
    ),
    "Okta": Provider(
        "https://club.okta.com/oauth2/default",
        {"oauth_audience": "api://logs", "oauth_token_profile": "jwt", **BY_ADDRESS},
        {
            "ver": 1,
            "sub": EMAIL,
            "uid": "00u1a2b3",
            "cid": "web",
            "aud": "api://logs",
            "scp": ["openid", READ_SCOPE, WRITE_SCOPE],
        },
        {
            "ID token": {"aud": "web", **ID_TOKEN},
            "another API": {"aud": "api://shop"},
            "client": {"sub": "web"},
        },
        NO_TYPE,
        other_tenant="https://club.okta.com/oauth2/aus1shop",
    ),
    "Entra v2": Provider(
        "https://login.microsoftonline.com/3f1c/v2.0",
        {
            "oauth_audience": "app-id",
            "oauth_token_profile": "jwt",
            "oauth_scope_names": (f"{READ_SCOPE}=Logs.Read", f"{WRITE_SCOPE}=Logs.Write"),
            "oauth_user_claim": "preferred_username",
            **BY_ADDRESS,
        },
        {
            "ver": "2.0",
            "sub": "AAAA-pairwise",
            "oid": "7d3e",
            "tid": "3f1c",
            "azp": "web",
            "aud": "app-id",
            "scp": "Logs.Read Logs.Write",
            "preferred_username": EMAIL,
        },
        {
            "ID token": {"aud": "web", **ID_TOKEN},
            "another API": {"aud": "00000003-0000-0000-c000-000000000000"},
            "without a user": {"preferred_username": None, "scp": None, "roles": ["Logs.Read"]},
            "our own scope names": {"scp": BOTH},
        },
        JWT,
        other_tenant="https://login.microsoftonline.com/9999/v2.0",
    ),
    "Entra v1": Provider(
        "https://sts.windows.net/3f1c/",
        {
            "oauth_audience": "api://app-id",
            "oauth_token_profile": "jwt",
            "oauth_scope_names": (f"{READ_SCOPE}=Logs.Read", f"{WRITE_SCOPE}=Logs.Write"),
            "oauth_user_claim": "upn",
            **BY_ADDRESS,
        },
        {
            "ver": "1.0",
            "sub": "AAAA-pairwise",
            "oid": "7d3e",
            "appid": "web",
            "aud": "api://app-id",
            "scp": "Logs.Read Logs.Write",
            "upn": EMAIL,
        },
        {"another API": {"aud": "https://graph.windows.net"}, "ID token": {"aud": "web"}},
        {**JWT, "x5t": "abc"},
        other_tenant="https://sts.windows.net/9999/",
    ),
    "Keycloak": Provider(
        "https://id.club.example/realms/club",
        {
            "oauth_audience": "workout-logs",
            "oauth_token_profile": "jwt",
            "oauth_user_claim": "email",
        },
        {
            "typ": "Bearer",
            "sub": "6fa1",
            "azp": "web",
            "aud": ["workout-logs", "account"],
            "scope": f"openid email {BOTH}",
            "email": EMAIL,
            "email_verified": True,
        },
        {
            "ID token": {"typ": "ID", "aud": "workout-logs"},
            "refresh token": {"typ": "Refresh"},
            "offline token": {"typ": "Offline"},
            "without the mapper": {"aud": "account"},
            "without any audience": {"aud": None},
            "lightweight": {"sub": None, "email": None},
            "unverified": {"email_verified": False},
        },
        JWT,
        other_tenant="https://id.club.example/realms/master",
    ),
    "Cognito": Provider(
        "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Club",
        {
            "oauth_audience": "web, mobile",
            "oauth_audience_claim": "client_id",
            "oauth_token_profile": "jwt",
            "oauth_scope_names": (f"{READ_SCOPE}=logs/read", f"{WRITE_SCOPE}=logs/write"),
        },
        {
            "sub": USER,
            "token_use": "access",
            "client_id": "mobile",
            "scope": "openid logs/read logs/write",
            "username": "ada",
        },
        {
            "ID token": {"token_use": "id", "client_id": None, "aud": "mobile"},
            "ID token with a client": {"token_use": "id"},
            "another client": {"client_id": "shop"},
            "another API": {"aud": OTHER_API},
            "another API's scopes": {"scope": "shop/read shop/write"},
        },
        NO_TYPE,
        other_tenant="https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Shop",
    ),
    "Clerk": Provider(
        "https://clerk.club.example",
        {
            "oauth_audience": "https://app.club.example",
            "oauth_audience_claim": "azp",
            "oauth_token_profile": "jwt",
            "oauth_user_claim": "sanity_id",
            **DEFAULT_SCOPES,
        },
        {"sub": "user_2a", "azp": "https://app.club.example", "sid": "sess_1", "sanity_id": USER},
        {
            "another app": {"azp": "https://evil.example"},
            "no app": {"azp": None},
            "a template for another API": {"aud": OTHER_API},
            "with scopes for something else": {"scope": "profile email"},
        },
        JWT,
    ),
    "Supabase": Provider(
        "https://ref.supabase.co/auth/v1",
        {
            "oauth_audience": "authenticated",
            "oauth_token_profile": "jwt",
            "oauth_user_claim": "email",
            "oauth_email_verified": "assumed",
            **DEFAULT_SCOPES,
        },
        {"sub": "123e4567", "aud": "authenticated", "role": "authenticated", "email": EMAIL},
        {
            "anonymous key": {"aud": None, "sub": None, "role": "anon", "email": None},
            "anonymous sign-in": {"email": "", "is_anonymous": True},
            "anonymous audience": {"aud": "anon"},
        },
        JWT,
        algorithm="ES256",
    ),
    "Firebase": Provider(
        "https://securetoken.google.com/club",
        {
            "oauth_audience": "club",
            "oauth_token_profile": "jwt",
            "oauth_user_claim": "email",
            **DEFAULT_SCOPES,
        },
        {
            "sub": "fb-1",
            "user_id": "fb-1",
            "aud": "club",
            "auth_time": 1_700_000_000,
            "email": EMAIL,
            "email_verified": True,
            "firebase": {"sign_in_provider": "google.com"},
        },
        {
            "another project": {"aud": "shop"},
            "unverified": {"email_verified": False},
            "anonymous": {"email": None, "email_verified": None},
        },
        JWT,
        other_tenant="https://securetoken.google.com/shop",
    ),
    "Zitadel, JWT": Provider(
        "https://club.zitadel.cloud",
        {"oauth_audience": "project-1", "oauth_token_profile": "jwt", **DEFAULT_SCOPES},
        {"sub": USER, "aud": ["web@club", "project-1"], "azp": "web@club"},
        {"another project": {"aud": ["web@club", "project-2"]}, "ID token": {"at_hash": "x"}},
        JWT,
    ),
    "Ory Hydra, JWT": Provider(
        "https://hydra.club.example",
        {"oauth_audience": API, "oauth_token_profile": "jwt"},
        {
            "sub": USER,
            "aud": [API],
            "client_id": "web",
            "scp": [READ_SCOPE, WRITE_SCOPE],
            "ext": {},
        },
        {
            "without an audience": {"aud": []},
            "another API": {"aud": [OTHER_API]},
            "ID token": {"aud": ["web"], **ID_TOKEN},
        },
        JWT,
    ),
    "Logto": Provider(
        "https://club.logto.app/oidc",
        {"oauth_audience": API},
        {"sub": USER, "aud": API, "client_id": "web", "scope": BOTH},
        {"another API": FOR_ANOTHER},
        {"typ": "at+jwt"},
        algorithm="ES384",
    ),
    "Duende": Provider(
        "https://duende.club.example",
        {"oauth_audience": "logs"},
        {
            "sub": USER,
            "aud": "logs",
            "client_id": "web",
            "scope": ["openid", READ_SCOPE, WRITE_SCOPE],
        },
        {"another API": {"aud": "shop"}, "ID token": {"aud": "web", **ID_TOKEN}},
        {"typ": "at+jwt"},
    ),
    "Spring Authorization Server": Provider(
        "https://spring.club.example",
        {"oauth_audience": "web", "oauth_token_profile": "jwt"},
        {
            "sub": USER,
            "aud": "web",
            "nbf": 1_700_000_000,
            "scope": ["openid", READ_SCOPE, WRITE_SCOPE],
        },
        {"another client": {"aud": "shop"}, "ID token": {"azp": "web", **ID_TOKEN}},
        NO_TYPE,
    ),
    "FusionAuth": Provider(
        "https://fusion.club.example",
        {"oauth_audience": "app-1", "oauth_token_profile": "jwt", "oauth_user_claim": "email"},
        {
            "sub": "f1",
            "aud": "app-1",
            "tty": "at",
            "scope": f"offline_access {BOTH}",
            "email": EMAIL,
            "email_verified": True,
        },
        {"another application": {"aud": "app-2"}, "ID token": {"tty": "id", **ID_TOKEN}},
        JWT,
    ),
    "Authentik": Provider(
        "https://authentik.club.example/application/o/logs/",
        {"oauth_audience": "client-1", "oauth_token_profile": "jwt", "oauth_user_claim": "email"},
        {
            "sub": "a1",
            "aud": "client-1",
            "azp": "client-1",
            "scope": f"openid email {BOTH}",
            "email": EMAIL,
            "email_verified": True,
        },
        {"another provider": {"aud": "client-2"}, "ID token": ID_TOKEN},
        JWT,
        other_tenant="https://authentik.club.example/application/o/shop/",
    ),
    "Rauthy": Provider(
        "https://rauthy.club.example/auth/v1",
        {"oauth_audience": "logs", "oauth_token_profile": "jwt"},
        {"sub": USER, "aud": "logs", "azp": "logs", "typ": "Bearer", "scope": BOTH},
        {
            "ID token": {"typ": "Id"},
            "refresh token": {"typ": "Refresh"},
            "another client": {"aud": "shop"},
        },
        {"typ": "JWT"},
        algorithm="EdDSA",
    ),
    "glewlwyd": Provider(
        "https://glewlwyd.club.example/api/oidc",
        {"oauth_audience": READ_SCOPE, "oauth_token_profile": "rfc9068"},
        {"sub": USER, "aud": [READ_SCOPE, WRITE_SCOPE], "client_id": "web", "scope": BOTH},
        {"another API": {"aud": ["shop:read"]}},
        {"typ": "at+jwt"},
    ),
}
