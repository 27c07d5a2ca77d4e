"""The development issuer: its key and the access tokens (RFC 9068) that it signs.

The key is made in memory and never written anywhere. `make run` makes it once and hands it to its
worker processes, so that a token stays good whichever of them answers; under any other server a
process makes its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass

from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from joserfc.jwk import ECKey, KeySet

from app.auth.keys import FixedKeys
from app.development.club import PEOPLE
from app.development.loopback import LoopbackClient
from app.settings import SCOPES, Settings

ALGORITHM = "ES256"
KEY_VARIABLE = "DEVELOPMENT_SIGNING_KEY"
"""Where a worker process finds its launcher's key, as a JSON Web Key."""

AUTHORIZE_PATH = "/development/authorize"
TOKEN_PATH = "/development/token"  # noqa: S105 - a path, not a secret
KEYS_PATH = "/development/jwks.json"

SIGNED_IN_SECONDS = 3600
"""How long the token of a sign-in is valid."""

_emails = {person.id: person.email for person in PEOPLE}


def new_signing_key() -> str:
    """A fresh key, private, as the text of KEY_VARIABLE."""
    return json.dumps(_new_key().as_dict(private=True))


def _new_key() -> ECKey:
    """A fresh key; its `kid` is its thumbprint."""
    return ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)


@dataclass(frozen=True, slots=True)
class Subject:
    """The person of a token, by the `_id` of their `user` document."""

    id: str

    def get_user_id(self) -> str:
        return self.id


class DevelopmentIssuer(FixedKeys):
    """Signs tokens, and is the source of the key that checks them. `url` is its identifier."""

    def __init__(self, url: str, audience: str, key: ECKey) -> None:
        self.url = url
        self.audience = audience
        self.keys = KeySet([key])
        super().__init__(self.keys)

    @classmethod
    def from_settings(cls, settings: Settings) -> DevelopmentIssuer:
        """The issuer of this process, with the launcher's key where there is one."""
        handed = os.environ.get(KEY_VARIABLE)
        key = ECKey.import_key(json.loads(handed)) if handed else _new_key()
        url = f"http://127.0.0.1:{settings.port}"
        return cls(url, settings.oauth_audience or url, key)

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
        """An access token for a person, valid for `lifetime` seconds."""
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
        """The address of a person of the sample club, for OAUTH_USER_CLAIM=email."""
        email = _emails.get(user.id)
        return {"email": email, "email_verified": True} if email else {}
