"""The development issuer: its key and the access tokens (RFC 9068) that it signs.

The key is made in memory and never written anywhere: tokens are valid as long as the process lives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from joserfc.jwk import ECKey, KeySet

from app.auth.keys import FixedKeys
from app.development.club import PEOPLE
from app.development.loopback import LoopbackClient
from app.settings import SCOPES, Settings, SettingsError

ALGORITHM = "ES256"

AUTHORIZE_PATH = "/development/authorize"
TOKEN_PATH = "/development/token"  # noqa: S105 - a path, not a secret
KEYS_PATH = "/development/jwks.json"

SIGNED_IN_SECONDS = 3600
"""How long the token of a sign-in is valid."""

_emails = {person.id: person.email for person in PEOPLE}


@dataclass(frozen=True, slots=True)
class Subject:
    """The user of a token, by the `_id` of their `user` document."""

    id: str

    def get_user_id(self) -> str:
        return self.id


class DevelopmentIssuer(FixedKeys):
    """Signs tokens, and holds the key that verifies them. `url` is its identifier.

    Raises `SettingsError` outside development and beside a real issuer.
    """

    def __init__(self, settings: Settings) -> None:
        if not settings.development_sign_in:
            raise SettingsError(
                "APP_ENV, OAUTH_ISSUER: `make run` is for development without an issuer; "
                "use `make serve` with yours."
            )
        self.url = f"http://127.0.0.1:{settings.port}"
        self.audience = next(iter(settings.oauth_audiences), self.url)
        # The key's `kid` is its thumbprint.
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
        self.keys = KeySet([key])
        super().__init__(self.keys)

    @property
    def metadata(self) -> dict[str, object]:
        """What clients need to know (RFC 8414)."""
        return {
            "issuer": self.url,
            "authorization_endpoint": self.url + AUTHORIZE_PATH,
            "token_endpoint": self.url + TOKEN_PATH,
            "jwks_uri": self.url + KEYS_PATH,
            "scopes_supported": SCOPES,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
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
        generator = AccessTokens(self, lifetime)
        return generator.access_token_generator(
            LoopbackClient(client_id), "authorization_code", Subject(user_id), " ".join(scopes)
        )


class AccessTokens(JWTBearerTokenGenerator):
    """Authlib's generator of RFC 9068 tokens with the development issuer's key."""

    def __init__(self, issuer: DevelopmentIssuer, lifetime: int = SIGNED_IN_SECONDS) -> None:
        super().__init__(issuer.url, ALGORITHM, expires_generator=lifetime)
        self._issuer = issuer

    def get_jwks(self) -> KeySet:
        return self._issuer.keys

    def get_audiences(self, _client: LoopbackClient, _user: Subject, _scope: str) -> str:
        return self._issuer.audience

    def get_extra_claims(
        self, _client: LoopbackClient, _grant_type: str, user: Subject, _scope: str
    ) -> dict[str, object]:
        """The e-mail address of a user of the sample club, for OAUTH_USER_CLAIM=email."""
        email = _emails.get(user.id)
        return {"email": email, "email_verified": True} if email else {}
