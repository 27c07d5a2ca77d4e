"""The development issuer: its key and the tokens that it signs.

Access tokens as RFC 9068 says, ID tokens of OpenID Connect, and refresh tokens. All are JWTs, so
that they stay good after a restart with the same key.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jwt import JWTClaimsRegistry

from app.auth.keys import FixedKeys
from app.development.club import PEOPLE
from app.development.loopback import IDENTITY_SCOPES, LocalClient, Reach
from app.development.signing_key import ALGORITHM, new_key
from app.settings import SCOPES, Settings, SettingsError
from app.web.prefix import public_path

AUTHORIZE_PATH = "/development/authorize"
TOKEN_PATH = "/development/token"  # noqa: S105 - a path, not a secret
USERINFO_PATH = "/development/userinfo"
KEYS_PATH = "/development/jwks.json"

SIGNED_IN_SECONDS = 3600
"""How long the access token of a sign-in is valid."""

REFRESH_SECONDS = 30 * 24 * 3600
"""How long a refresh token is valid."""

ACCESS_TYPE = "at+jwt"
REFRESH_TYPE = "rt+jwt"

_people = {person.id: person for person in PEOPLE}


@dataclass(frozen=True, slots=True)
class Subject:
    """The user of a token, by the `_id` of their `user` document."""

    id: str

    def get_user_id(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What a refresh token grants, to which client."""

    user_id: str
    client_id: str
    scope: str

    def check_client(self, client: LocalClient) -> bool:
        return client.client_id == self.client_id

    def get_scope(self) -> str:
        return self.scope


class DevelopmentIssuer(FixedKeys):
    """Signs tokens, and holds the key that verifies them. `url` is its identifier.

    Without a `key` it makes one. Raises `SettingsError` outside development and beside a real
    issuer.
    """

    def __init__(self, settings: Settings, key: ECKey | None = None) -> None:
        if not settings.development_sign_in:
            raise SettingsError(
                "APP_ENV, OAUTH_ISSUER: `make run` is for development without an issuer; "
                "use `make serve` with yours."
            )
        self.reach = Reach.of(settings.host)
        self.url = f"http://{self.reach.shown_host}:{settings.port}"
        self.audience = next(iter(settings.oauth_audiences), self.url)
        self.keys = KeySet([key or new_key()])
        super().__init__(self.keys)

    @property
    def metadata(self) -> dict[str, object]:
        """What clients need to know (RFC 8414, OpenID Connect Discovery 1.0)."""
        return {
            "issuer": self.url,
            "authorization_endpoint": self.url + public_path(AUTHORIZE_PATH),
            "token_endpoint": self.url + public_path(TOKEN_PATH),
            "userinfo_endpoint": self.url + public_path(USERINFO_PATH),
            "jwks_uri": self.url + public_path(KEYS_PATH),
            "scopes_supported": [*SCOPES, *IDENTITY_SCOPES],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def mint(
        self,
        user_id: str,
        scopes: Iterable[str] = SCOPES,
        lifetime: int = SIGNED_IN_SECONDS,
        client_id: str = "development",
    ) -> str:
        """An access token for a user, valid for `lifetime` seconds."""
        generator = Tokens(self, lifetime)
        return generator.access_token_generator(
            LocalClient(client_id), "authorization_code", Subject(user_id), " ".join(scopes)
        )

    def sign(self, token_type: str, claims: dict[str, Any]) -> str:
        """A JWT of ours."""
        header = {"alg": ALGORITHM, "typ": token_type, "kid": self.keys.keys[0].kid}
        return jwt.encode(header, {"iss": self.url, **claims}, self.keys, [ALGORITHM])

    def read(self, token: str, token_type: str) -> dict[str, Any] | None:
        """The claims of a token that we signed and that is still valid; None for any other."""
        try:
            found = jwt.decode(token, self.keys, [ALGORITHM])
            JWTClaimsRegistry(iss={"essential": True, "value": self.url}).validate(found.claims)
        except (JoseError, ValueError):
            return None
        return found.claims if found.header.get("typ") == token_type else None

    def refresh_token(self, token: str) -> RefreshToken | None:
        """What a refresh token of ours grants; None for any other token."""
        claims = self.read(token, REFRESH_TYPE)
        if claims is None:
            return None
        return RefreshToken(claims["sub"], claims["client_id"], claims["scope"])


def user_info(user_id: str, scope: str) -> dict[str, object]:
    """What OpenID Connect tells of a user; name and address are known of the sample club only."""
    told: dict[str, object] = {"sub": user_id}
    person = _people.get(user_id)
    if person and "profile" in scope.split():
        told["name"] = person.name
    if person and "email" in scope.split():
        told |= {"email": person.email, "email_verified": True}
    return told


class Tokens(JWTBearerTokenGenerator):
    """Authlib's generator of RFC 9068 tokens with the development issuer's key."""

    def __init__(self, issuer: DevelopmentIssuer, lifetime: int = SIGNED_IN_SECONDS) -> None:
        super().__init__(
            issuer.url,
            ALGORITHM,
            refresh_token_generator=self._refresh_token,
            expires_generator=lifetime,
        )
        self._issuer = issuer

    def get_jwks(self) -> KeySet:
        return self._issuer.keys

    def get_audiences(self, _client: LocalClient, _user: Subject, _scope: str) -> str:
        return self._issuer.audience

    def get_extra_claims(
        self, _client: LocalClient, _grant_type: str, user: Subject, _scope: str
    ) -> dict[str, object]:
        """The e-mail address of a user of the sample club, for OAUTH_USER_CLAIM=email."""
        person = _people.get(user.id)
        return {"email": person.email, "email_verified": True} if person else {}

    def _refresh_token(
        self, client: LocalClient, grant_type: str, user: Subject, scope: str
    ) -> str:
        now = int(time.time())
        claims = {
            "sub": user.id,
            "client_id": client.client_id,
            "scope": scope,
            "iat": now,
            "exp": now + REFRESH_SECONDS,
            "jti": self.get_jti(client, grant_type, user, scope),
        }
        return self._issuer.sign(REFRESH_TYPE, claims)
