"""Opaque access tokens, which only their issuer can read: token introspection (RFC 7662)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

import requests
from cachetools import TTLCache

from app.auth.claims import SUBJECT, UserClaim, scopes_of
from app.auth.errors import IssuerUnavailable, TokenRefused
from app.auth.fetch import FetchFailed, is_safe, read_json
from app.auth.keys import Issuer
from app.auth.tokens import AccessToken

logger = logging.getLogger(__name__)

SUCCESS_SECONDS = 30
"""Seconds for which a revoked token can still count as valid."""

FAILURE_SECONDS = 10
MAX_FAILURES = 4096
RETRY_SECONDS = 5
"""Seconds without a further request after the issuer failed to respond."""

_ABOUT_THE_TOKEN = frozenset({400, 413, 414, 422})
"""Statuses about one request: the only part of it that varies is the token."""

_ABOUT_EVERYBODY = frozenset({None, 401, 403, 429})
"""No response, or our own credentials or rate are at fault. Every 5xx belongs here, too."""

Ask = Callable[[str], Mapping[str, Any]]
"""A token to the issuer's introspection response; raises `FetchFailed` or `IssuerUnavailable`."""


class IntrospectedTokens:
    """The check of opaque tokens, by introspection.

    `before_asking` is called before each request to the issuer and may raise, so that a burst of
    garbage does not become a burst of requests.
    """

    name = "opaque OAuth 2.0 access token (introspection, RFC 7662)"
    checks = ("active", "type", "issuer", "audience", "expiry")
    cache_seconds = SUCCESS_SECONDS
    generation = 0

    def __init__(
        self,
        issuer: Issuer,
        ask: Ask,
        *,
        user_claim: UserClaim = SUBJECT,
        before_asking: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` is what tokens' times are compared with, `timer` only measures."""
        self._ask = ask
        self._issuer = issuer
        self._user_claim = user_claim
        self._before_asking = before_asking
        self._clock = clock
        self._timer = timer
        self._failed_at = float("-inf")
        self._lock = threading.Lock()
        self._refused: TTLCache[bytes, TokenRefused] = TTLCache(
            MAX_FAILURES, ttl=FAILURE_SECONDS, timer=timer
        )

    def check(self, token: str) -> AccessToken:
        """The active token. Raises `TokenRefused` or `IssuerUnavailable`."""
        digest = sha256(token.encode()).digest()
        with self._lock:
            refused = self._refused.get(digest)
        if refused:
            raise TokenRefused(refused.check, refused.description)
        try:
            return self._judge(self._introspect(token))
        except TokenRefused as error:
            with self._lock:
                self._refused[digest] = error
            raise

    def _introspect(self, token: str) -> Mapping[str, Any]:
        if self._timer() - self._failed_at < RETRY_SECONDS:
            raise IssuerUnavailable(RETRY_SECONDS)
        if self._before_asking:
            self._before_asking()
        try:
            return self._ask(token)
        except FetchFailed as error:
            logger.warning("the issuer does not introspect: %s", error)
            if error.status in _ABOUT_THE_TOKEN:
                raise TokenRefused("active", "The issuer cannot read the token.") from None
            if error.status in _ABOUT_EVERYBODY or (error.status or 0) >= 500:
                self._failed_at = self._timer()
            raise IssuerUnavailable(RETRY_SECONDS) from None

    def _judge(self, response: Mapping[str, Any]) -> AccessToken:
        """Only an active access token, for us, that whoever holds it may use."""
        now = self._clock()
        end = response.get("exp", now + SUCCESS_SECONDS)
        for check, passes in (
            ("active", response.get("active") is True),
            # A refresh token has no token type, and a bound one (`cnf`) is for its client alone.
            ("type", str(response.get("token_type")).lower() == "bearer" and "cnf" not in response),
            ("issuer", response.get("iss", self._issuer.url) == self._issuer.url),
            ("audience", self._issuer.audience in _texts(response.get("aud"))),
            ("expiry", _is_number(end) and end > now),
            ("expiry", _is_number(response.get("nbf", 0)) and response.get("nbf", 0) <= now),
        ):
            if not passes:
                raise TokenRefused(check, _SENTENCES[check])
        return AccessToken(
            user=self._user_claim.read(response),
            scopes=scopes_of(response.get("scope")),
            expires_at=end,
        )


_SENTENCES = {
    "active": "The issuer says that the token is not active.",
    "type": "The issuer does not say that this is a bearer access token.",
    "issuer": "The token is another issuer's.",
    "audience": "The token is for another API.",
    "expiry": "The token has expired, or is not valid yet.",
}


def ask_issuer(issuer: Issuer, *, client_id: str, client_secret: str, url: str = "") -> Ask:
    """Asks the endpoint at `url`, or else the one that the metadata names, as this client."""
    # RFC 6749, section 2.3.1: id and secret are form-encoded before they become Basic.
    credentials = (quote_plus(client_id), quote_plus(client_secret))

    def ask(token: str) -> Mapping[str, Any]:
        endpoint = url or issuer.metadata.get("introspection_endpoint")
        if not is_safe(endpoint, named_by=None if url else issuer.url):
            raise FetchFailed("the metadata names no introspection_endpoint that is https")
        form = {"token": token, "token_type_hint": "access_token"}
        headers = {"Accept": "application/json"}
        with requests.Session() as session:
            return read_json(session.post, endpoint, data=form, auth=credentials, headers=headers)

    return ask


def _texts(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
