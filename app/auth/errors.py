"""What can be wrong with a credential. `app.auth.protector` says each of them in HTTP.

InvalidTokenError (Authlib's)
└── TokenRefused             the token is not valid; `check` names the check that it failed
IssuerUnavailable            the token cannot be checked now: the issuer does not respond
"""

from __future__ import annotations

from authlib.oauth2.rfc6750 import InvalidTokenError


class TokenRefused(InvalidTokenError):  # type: ignore[misc]  # Authlib has no types
    """The token is not valid. `description` is a constant sentence, never the token's content."""

    def __init__(self, check: str, description: str) -> None:
        super().__init__(description)
        self.check = check


class IssuerUnavailable(Exception):
    """The issuer cannot be asked and nothing that it said before is recent enough."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("the issuer is unavailable")
        self.retry_after = retry_after
        """Seconds after which a client may try again."""
