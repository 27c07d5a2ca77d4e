"""Access tokens that only their issuer can read, or revoke: token introspection (RFC 7662).

While the issuer hangs, at most `MAX_ASKING` threads wait for it at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

import requests
from cachetools import TTLCache

from app.auth.claims import AccessTokenRules, check_purpose, client_of, strict_rules, words_of
from app.auth.errors import IssuerUnavailable, TokenRefused
from app.auth.fetch import FetchFailed, is_safe, read_json
from app.auth.jwt import LEEWAY, JWTValidator
from app.auth.keys import Issuer
from app.auth.tokens import AccessToken

logger = logging.getLogger(__name__)

SUCCESS_SECONDS = 30
"""Seconds for which a revoked token can still count as valid."""

FAILURE_SECONDS = 10
MAX_FAILURES = 4096
RETRY_SECONDS = 5
"""Seconds without a further request after the issuer failed to respond."""

MAX_ASKING = 16
MAX_QUEUE_SECONDS = 1.0
"""How long a further thread waits for its turn to ask."""

_BEARER = frozenset({"bearer", "access_token"})
"""`token_type` is as in RFC 6749, but some servers mean the kind of token by it."""

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
    checks = ("active", "type", "purpose", "issuer", "audience", "expiry")
    cache_seconds = SUCCESS_SECONDS
    generation = 0

    def __init__(
        self,
        issuer: Issuer,
        ask: Ask,
        rules: AccessTokenRules | None = None,
        *,
        before_asking: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`rules` are those of RFC 9068 with the issuer's audience, unless given.

        `clock` is what tokens' times are compared with, `timer` only measures.
        """
        self._ask = ask
        self._issuer = issuer
        self._rules = rules or strict_rules(issuer.audience)
        self._before_asking = before_asking
        self._clock = clock
        self._timer = timer
        self._failed_at = float("-inf")
        self._lock = threading.Lock()
        self._asking = threading.BoundedSemaphore(MAX_ASKING)
        self._refused: TTLCache[bytes, TokenRefused] = TTLCache(
            MAX_FAILURES, ttl=FAILURE_SECONDS, timer=timer
        )

    def check(self, token: str) -> AccessToken:
        """The active token. Raises `TokenRefused` or `IssuerUnavailable`."""
        return self.check_with({}, token)

    def check_with(self, claims: Mapping[str, Any], token: str) -> AccessToken:
        """The same for a token whose own claims are known; the issuer's word replaces them."""
        digest = sha256(token.encode()).digest()
        with self._lock:
            refused = self._refused.get(digest)
        if refused:
            raise TokenRefused(refused.check, refused.description)
        try:
            return self._judge(_merged(claims, self._introspect(token)))
        except TokenRefused as error:
            with self._lock:
                self._refused[digest] = error
            raise

    def _introspect(self, token: str) -> Mapping[str, Any]:
        self._refuse_after_a_failure()
        if self._before_asking:
            self._before_asking()
        if not self._asking.acquire(timeout=MAX_QUEUE_SECONDS):
            raise IssuerUnavailable(RETRY_SECONDS)
        try:
            self._refuse_after_a_failure()
            return self._ask(token)
        except FetchFailed as error:
            logger.warning("the issuer does not introspect: %s", error)
            if error.status in _ABOUT_THE_TOKEN:
                raise TokenRefused("active", "The issuer cannot read the token.") from None
            if error.status in _ABOUT_EVERYBODY or (error.status or 0) >= 500:
                self._failed_at = self._timer()
            raise IssuerUnavailable(RETRY_SECONDS) from None
        finally:
            self._asking.release()

    def _refuse_after_a_failure(self) -> None:
        if self._timer() - self._failed_at < RETRY_SECONDS:
            raise IssuerUnavailable(RETRY_SECONDS)

    def _judge(self, response: Mapping[str, Any]) -> AccessToken:
        """Only an active access token for this API, which works for whoever bears it."""
        if response.get("active") is not True:
            raise TokenRefused("active", "The issuer says that the token is not active.")
        if not _is_bearer(response):
            raise TokenRefused("type", "The issuer does not say that this is a bearer token.")
        check_purpose(response)
        if response.get("iss", self._issuer.url) != self._issuer.url:
            raise TokenRefused("issuer", "The token is another issuer's.")
        self._rules.audience.check(response)
        now = self._clock()
        begin, end = response.get("nbf", 0), response.get("exp", now + SUCCESS_SECONDS)
        if not (_is_number(begin) and _is_number(end) and begin - LEEWAY <= now < end):
            raise TokenRefused("expiry", "The token has expired, or is not valid yet.")
        return AccessToken(
            user=self._rules.user.read(response),
            scopes=self._rules.scope.read(response),
            expires_at=end,
            client_id=client_of(response),
        )


class IntrospectedJWTs:
    """The check of JWTs that the issuer is asked about as well (`OAUTH_INTROSPECT_JWT`).

    The issuer is asked only about tokens that it signed. What the token leaves out, such as the
    user of Keycloak's lightweight tokens, the issuer adds; a revoked token ends within
    `SUCCESS_SECONDS`.
    """

    name = "OAuth 2.0 access token (JWT, and introspection)"
    cache_seconds = SUCCESS_SECONDS

    def __init__(self, jwts: JWTValidator, introspected: IntrospectedTokens) -> None:
        """`jwts` must not be `complete`."""
        self._jwts = jwts
        self._introspected = introspected

    @property
    def checks(self) -> tuple[str, ...]:
        return (*self._jwts.checks, *self._introspected.checks)

    @property
    def generation(self) -> int:
        return self._jwts.generation

    def check(self, token: str) -> AccessToken:
        """The valid and active token. Raises `TokenRefused` or `IssuerUnavailable`."""
        claims = self._jwts.claims_of(token)
        checked = self._introspected.check_with(claims, token)
        return replace(checked, expires_at=min(checked.expires_at, claims["exp"]))


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


def _merged(claims: Mapping[str, Any], response: Mapping[str, Any]) -> Mapping[str, Any]:
    """The issuer's word replaces the token's, which cannot say of itself that it is active.

    A token's `email_verified` vouches for the address in the token, and for no later one. That it
    vouches for nothing stays.
    """
    outdated = {f"{name}_verified" for name, value in response.items() if value != claims.get(name)}
    kept = {
        name: value
        for name, value in claims.items()
        if name not in outdated or not (value is True or value == "true")
    }
    return {**kept, **response, "active": response.get("active")}


def _is_bearer(response: Mapping[str, Any]) -> bool:
    """Whether the token works for whoever bears it. RFC 7662 lets an issuer name no type.

    Some then leave out the type of refresh tokens only (oidc-provider): those name no audience, and
    were granted `offline_access`.
    """
    if "cnf" in response:  # it is bound to a key
        return False
    if "token_type" in response:
        return str(response["token_type"]).lower() in _BEARER
    return "aud" in response or "offline_access" not in words_of(response.get("scope"))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
