"""How often one caller may ask: `limits`, counting in memory or in a shared Redis.

Requests with a valid token count for its person, whoever they come from; those without one count
for their address, whose budget is a quarter. When the Redis is down, requests pass and the log
says so.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from hashlib import sha256
from ipaddress import ip_network
from typing import Any, NamedTuple, cast

from flask import request
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.auth.tokens import AccessToken
from app.web.flask_app import set_headers
from app.web.problems import Problem
from app.web.rate_limit_memory import MemoryCounts

logger = logging.getLogger(__name__)

IN_MEMORY = "memory://"

STRANGERS_SHARE = 4
"""The budget of an address is that of a caller, divided by this."""

REST_SECONDS = 5
"""How long nothing is counted after the storage failed: clients must not wait for it each time."""

_REDIS_OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": 0.25,
    "socket_timeout": 0.25,
    "retry": Retry(NoBackoff(), 0),
    "wrap_exceptions": True,
}


class Window(NamedTuple):
    """A budget at a moment: its size, what is left, the seconds until it is new, if it held."""

    limit: int
    remaining: int
    reset: int
    holds: bool


class RateLimits:
    """The budgets of an app. `per_caller` is like `120 per minute`, several joined by `;`.

    A request is counted when its token has been checked. Flask-Limiter, which is built on `limits`,
    would look at every request before and after that.
    """

    def __init__(self, per_caller: str, *, storage: str) -> None:
        self._callers = parse_many(per_caller)
        self._strangers = [_share_of(budget) for budget in self._callers]
        in_memory = storage == IN_MEMORY
        self._counts = cast(
            "Storage",
            MemoryCounts() if in_memory else storage_from_string(storage, **_REDIS_OPTIONS),
        )
        self._resting_until = float("-inf")

    def count_caller(self, token: AccessToken) -> None:
        """Count a request with a valid token. Raises `Problem` too-many-requests."""
        person = f"{token.user_claim}:{token.claims.get(token.user_claim)!a}"
        # A digest: the storage need not know people's addresses.
        self._count(self._callers, "callers", sha256(person.encode()).hexdigest())

    def count_stranger(self) -> None:
        """Count a request without a valid token. Raises `Problem` too-many-requests."""
        self._count(self._strangers, "addresses", address())

    def look_at_stranger(self) -> None:
        """Raise `Problem` too-many-requests if the address has used up its budget."""
        self._count(self._strangers, "addresses", address(), cost=0)

    def _count(self, budgets: Sequence[RateLimitItem], *who: str, cost: int = 1) -> None:
        if time.monotonic() < self._resting_until:
            return
        try:
            windows = [self._hit(budget, *who, cost=cost) for budget in budgets]
        except StorageError as error:
            self._resting_until = time.monotonic() + REST_SECONDS
            logger.warning("the rate limits' storage fails, requests pass: %s", error)
            return
        tightest = min(windows, key=lambda each: (each.holds, each.remaining))
        # draft-ietf-httpapi-ratelimit-headers: what is left, and until when.
        set_headers(
            {
                "RateLimit-Limit": str(tightest.limit),
                "RateLimit-Remaining": str(tightest.remaining),
                "RateLimit-Reset": str(tightest.reset),
            }
        )
        if not tightest.holds:
            raise Problem("too-many-requests", headers={"Retry-After": str(tightest.reset)})

    def _hit(self, budget: RateLimitItem, *who: str, cost: int) -> Window:
        """As `limits.strategies.FixedWindowRateLimiter` does, with two looks instead of three."""
        key = budget.key_for(*who)
        used = self._counts.incr(key, budget.get_expiry(), amount=cost)
        reset = max(1, math.ceil(self._counts.get_expiry(key) - time.time()))
        remaining = max(0, budget.amount - used)
        return Window(budget.amount, remaining, reset, holds=used <= budget.amount)


def _share_of(budget: RateLimitItem) -> RateLimitItem:
    return type(budget)(max(1, budget.amount // STRANGERS_SHARE), budget.multiples)


def address() -> str:
    """The address that a stranger's requests come from: of IPv6, the network of one customer."""
    text = request.remote_addr or "unknown"
    try:
        network = ip_network((text, 64 if ":" in text else 32), strict=False)
    except ValueError:
        return text
    return str(network.network_address)
