"""The one bearer validator: it tells the kinds of token apart and remembers the valid ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, NamedTuple, Protocol

from authlib.oauth2.rfc6750 import BearerTokenValidator, InsufficientScopeError
from cachetools import TLRUCache

from app.auth.errors import TokenRefused
from app.service import emails
from app.web import request_context

MAX_TOKEN_LENGTH = 16 * 1024
"""Characters."""

MAX_REMEMBERED = 4096
"""How many valid tokens a process remembers."""

TokenFormat = Literal["JWT", "JWE", "opaque"]

UserLookup = Literal["id", "email"]
"""Which member of a `user` document is compared with a token's claim: `_id` or `email`."""


@dataclass(frozen=True, slots=True)
class TokenUser:
    """The user of a token, in the token's own words.

    `claim` is the claim's name, `value` its text: None when the claim is missing or is no text.
    `verified` says whether the issuer vouches for the value; that can be false for an e-mail only.
    `setting` is the one that names the claim.
    """

    lookup: UserLookup
    claim: str
    value: str | None
    verified: bool = True
    setting: str = "OAUTH_USER_CLAIM"

    @property
    def key(self) -> str:
        """A text that only tokens of the same user have; it holds personal data."""
        folded = emails.fold(self.value or "") if self.lookup == "email" else self.value
        return f"{self.lookup} {self.verified}:{folded!a}"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What counts of a valid token. `expires_at` is in seconds since the epoch; `client_id` is that
    of the OAuth client, where the token names it.
    """

    user: TokenUser
    scopes: frozenset[str]
    expires_at: float
    client_id: str | None = None


class TokenKind(Protocol):
    """The check of one kind of token."""

    @property
    def name(self) -> str:
        """The kind in words."""

    @property
    def checks(self) -> tuple[str, ...]:
        """The names of the checks, in the order in which a token meets them."""

    @property
    def cache_seconds(self) -> float:
        """How long a token that was found valid needs no further look."""

    @property
    def generation(self) -> int:
        """A number that changes whenever tokens must be looked at again."""

    def check(self, token: str) -> AccessToken:
        """The valid token.

        Raises `TokenRefused`, or `IssuerUnavailable` when nobody can tell.
        """


class _Remembered(NamedTuple):
    token: AccessToken
    generation: int
    until: float


class TokenValidator(BearerTokenValidator):  # type: ignore[misc]  # Authlib has no types
    """Authlib's validator of bearer tokens over the kinds that are switched on, by format.

    `tell_lookup` is told of each token whether it was remembered.
    """

    def __init__(
        self,
        kinds: Mapping[TokenFormat, TokenKind],
        *,
        tell_lookup: Callable[[bool], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.kinds = kinds
        self._tell_lookup = tell_lookup
        self._clock = clock
        self._lock = threading.Lock()
        self._remembered: TLRUCache[bytes, _Remembered] = TLRUCache(
            MAX_REMEMBERED, ttu=lambda _, entry, __: entry.until, timer=clock
        )

    def authenticate_token(self, token_string: str) -> AccessToken:
        """The valid token, remembered or checked. Raises as `TokenKind.check` does."""
        kind = self.kind_of(token_string)
        request_context.note(credential=token_format_of(token_string))
        digest = sha256(token_string.encode()).digest()
        generation = kind.generation  # read first: the keys can change during a check
        with self._lock:
            remembered = self._remembered.get(digest)
        hit = remembered is not None and remembered.generation == generation
        if self._tell_lookup:
            self._tell_lookup(hit)
        if remembered and hit:
            return remembered.token
        token = kind.check(token_string)
        until = min(token.expires_at, self._clock() + kind.cache_seconds)
        with self._lock:
            self._remembered[digest] = _Remembered(token, generation, until)
        return token

    def validate_token(self, token: AccessToken, scopes: list[str], _request: object) -> None:
        """Whether the token was granted the scopes. Everything else has been checked before."""
        if not token.scopes.issuperset(scopes):
            raise InsufficientScopeError

    def kind_of(self, token: str) -> TokenKind:
        """The kind of a token. Raises `TokenRefused` when it is none that is switched on."""
        if len(token) > MAX_TOKEN_LENGTH:
            raise TokenRefused("size", "The token is too long.")
        if not token.isascii():
            raise TokenRefused("form", "The token holds characters that no token has.")
        kind = self.kinds.get(token_format_of(token))
        if kind is None:
            raise TokenRefused("kind", "Tokens of this kind are not accepted here.")
        return kind


def token_format_of(token: str) -> TokenFormat:
    """Which kind a token can be: a compact JWS has two dots, a compact JWE four."""
    match token.count("."):
        case 2:
            return "JWT"
        case 4:
            return "JWE"
    return "opaque"
