"""How often one caller may ask: Flask-Limiter, counting in memory or in a shared Redis.

Requests with a valid token count for its person, whoever they come from; those without one count
for their address, whose budget is a quarter. When the Redis is down, requests pass and the log
says so.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from hashlib import sha256
from ipaddress import ip_network
from typing import Any, NamedTuple

from flask import Flask, Response, g, request
from flask_limiter import Limiter, RateLimitExceeded
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.auth.tokens import AccessToken
from app.problems import Problem

IN_MEMORY = "memory://"

STRANGERS_SHARE = 4
"""The budget of an address is that of a caller, divided by this."""

_REDIS_OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": 0.25,
    "socket_timeout": 0.25,
    "wrap_exceptions": True,
    "retry": Retry(NoBackoff(), 0),  # a client waits: better uncounted than late
}

_UNLIMITED = "1000000000 per second"


class RateLimits:
    """The budgets of an app. `per_caller` is like `120 per minute`, several joined by `;`."""

    def __init__(self, app: Flask, per_caller: str, *, storage: str) -> None:
        strangers = "; ".join(_share_of(each) for each in parse_many(per_caller))
        self._budgets = {*parse_many(per_caller), *parse_many(strangers)}
        self._limiter = Limiter(
            address,
            app=app,
            storage_uri=storage,
            storage_options={} if storage == IN_MEMORY else _REDIS_OPTIONS,
            swallow_errors=True,
            # Without its storage the extension counts nothing, and looks for it now and then.
            in_memory_fallback=[_UNLIMITED],
        )
        limit = self._limiter.shared_limit

        @limit(per_caller, scope="callers", key_func=lambda: g.caller_key)
        def count_caller() -> None:
            """One request of a caller."""

        @limit(strangers, scope="addresses")
        def count_stranger() -> None:
            """One request without a valid token."""

        @limit(strangers, scope="addresses", cost=lambda: 0)
        def look_at_stranger() -> None:
            """None yet: only whether there is any budget left."""

        self._count_caller = count_caller
        self._count_stranger = count_stranger
        self._look_at_stranger = look_at_stranger
        app.after_request(self._tell)

    def count_caller(self, token: AccessToken) -> None:
        """Count a request with a valid token. Raises `Problem` too-many-requests."""
        person = f"{token.user_claim}:{token.claims.get(token.user_claim)}"
        # A digest: the storage and the extension's log need not know people's addresses.
        g.caller_key = sha256(person.encode()).hexdigest()
        self._check(self._count_caller)

    def count_stranger(self) -> None:
        """Count a request without a valid token. Raises `Problem` too-many-requests."""
        self._check(self._count_stranger)

    def look_at_stranger(self) -> None:
        """Raise `Problem` too-many-requests if one more bad token would be too many."""
        self._check(self._look_at_stranger)

    def _check(self, count: Callable[[], None]) -> None:
        try:
            count()
        except RateLimitExceeded:
            window = self._window()
            headers = {"Retry-After": str(window.reset)} if window else None
            raise Problem("too-many-requests", headers=headers) from None

    def _tell(self, response: Response) -> Response:
        """The headers of draft-ietf-httpapi-ratelimit-headers: what is left, and until when."""
        window = self._window()
        if window:
            response.headers["RateLimit-Limit"] = str(window.limit)
            response.headers["RateLimit-Remaining"] = str(window.remaining)
            response.headers["RateLimit-Reset"] = str(window.reset)
        return response

    def _window(self) -> _Window | None:
        """The budget that the current request was counted in; None if in none."""
        current = self._limiter.current_limit
        if current is None or current.limit not in self._budgets:
            return None
        try:
            reset = max(1, math.ceil(current.window.reset_time - time.time()))
            return _Window(current.limit.amount, max(0, current.remaining), reset)
        except StorageError:
            return None


class _Window(NamedTuple):
    """A budget: how many requests, how many are left, and in how many seconds it is new."""

    limit: int
    remaining: int
    reset: int


def _share_of(budget: RateLimitItem) -> str:
    amount = max(1, budget.amount // STRANGERS_SHARE)
    return f"{amount} per {budget.multiples} {budget.GRANULARITY.name}"


def address() -> str:
    """The address that a stranger's requests come from: of IPv6, the network of one customer."""
    text = request.remote_addr or "unknown"
    try:
        network = ip_network((text, 64 if ":" in text else 32), strict=False)
    except ValueError:
        return text
    return str(network.network_address)
