"""Rate limits: the library `limits`, counting in memory or in a shared Redis.

Requests with a valid token count for its user, from wherever they come; those of anonymous clients
count for their address, which has a quarter of a user's limit. While the Redis is down, requests
pass and the log says so.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from ipaddress import ip_network
from typing import Any, NamedTuple, cast

from flask import request
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import SlidingWindowCounterSupport, storage_from_string

from app.web.problems import Problem
from app.web.rate_limit_memory import MemoryCounts
from app.web.request_context import note, set_headers

logger = logging.getLogger(__name__)

IN_MEMORY = "memory://"

ANONYMOUS_DIVISOR = 4
"""The limit of an address is that of a user, divided by this."""

BACK_OFF_SECONDS = 5
"""How long nothing is counted after the storage failed: clients must not wait for it each time."""

MAX_RESET = 86_400
"""Seconds that a response tells at most: those of the longest window."""


class Window(NamedTuple):
    """A limit now: requests in all, requests left, if it holds; `reset`, the seconds until the
    current window ends or, if the limit does not hold, until the same request would pass.
    """

    limit: int
    remaining: int
    reset: int
    holds: bool


class RateLimits:
    """The limits of an app. `per_user` is like `120 per minute`, several joined by `;`.

    A request is counted when its token has been checked. Flask-Limiter, which is built on `limits`,
    would look at every request before and after that.
    """

    def __init__(
        self, per_user: str, *, storage: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._of_user = parse_many(per_user)
        self._of_address = [_anonymous(limit) for limit in self._of_user]
        self._counts = cast(
            "SlidingWindowCounterSupport",
            MemoryCounts(clock=clock) if storage == IN_MEMORY else _redis(storage),
        )
        self._backing_off_until = float("-inf")

    def count_user(self, key: str) -> None:
        """Count a request of the user whom `key` names. Raises `Problem` too-many-requests."""
        self._count(self._of_user, "users", _digest(key))

    def count_further(self, key: str, requests: int) -> None:
        """Count what a request, counted already, costs beyond itself: as many further `requests`,
        but no more than a limit holds. Raises `Problem` too-many-requests, and has then counted
        none of them.
        """
        self._count(self._of_user, "users", _digest(key), cost=requests, further=True)

    def check_user(self, key: str) -> None:
        """Raise `Problem` too-many-requests if the user whom `key` names has used up the limit."""
        self._count(self._of_user, "users", _digest(key), cost=0)

    def count_anonymous(self) -> None:
        """Count a request without a valid token. Raises `Problem` too-many-requests."""
        self._count(self._of_address, "addresses", address())

    def check_anonymous(self) -> None:
        """Raise `Problem` too-many-requests if the address has used up its limit."""
        self._count(self._of_address, "addresses", address(), cost=0)

    def _count(
        self,
        limits: Sequence[RateLimitItem],
        *who: str,
        cost: int = 1,
        further: bool = False,
    ) -> None:
        if time.monotonic() < self._backing_off_until:
            return
        try:
            keys = [(limit, limit.key_for(*who)) for limit in limits]
            if further:
                windows = self._hit_all(keys, cost)
            else:
                windows = [self._hit(limit, key, cost) for limit, key in keys]
        except StorageError as error:
            self._backing_off_until = time.monotonic() + BACK_OFF_SECONDS
            logger.warning("the rate limits' storage fails, requests pass: %s", error)
            return
        tightest = min(windows, key=lambda each: (each.holds, each.remaining))
        # draft-ietf-httpapi-ratelimit-headers-06: every window, and what is left of the tightest.
        set_headers(
            {
                "RateLimit-Policy": ", ".join(
                    f"{limit.amount};w={limit.get_expiry()}" for limit in limits
                ),
                "RateLimit-Limit": str(tightest.limit),
                "RateLimit-Remaining": str(tightest.remaining),
                "RateLimit-Reset": str(tightest.reset),
            }
        )
        if not tightest.holds:
            note(reason=f"more than {tightest.limit} requests ({who[0]})", limit=who[0])
            raise Problem("too-many-requests", headers={"Retry-After": str(tightest.reset)})

    def _hit_all(self, keys: Sequence[tuple[RateLimitItem, str]], cost: int) -> Sequence[Window]:
        """Count the cost, as far as each limit can hold it, in all windows or in none."""
        costs = [min(cost, limit.amount - 1) for limit, _ in keys]
        windows = [
            self._look(limit, key, needed=each)
            for (limit, key), each in zip(keys, costs, strict=True)
        ]
        if not all(window.holds for window in windows):
            return windows
        return [
            self._hit(limit, key, each) if each else window
            for (limit, key), each, window in zip(keys, costs, windows, strict=True)
        ]

    def _hit(self, limit: RateLimitItem, key: str, cost: int) -> Window:
        """Sliding windows, as `SlidingWindowCounterRateLimiter` of `limits` counts them.

        At no `cost`, it holds if one more request would.
        """
        if not cost:
            return self._look(limit, key, needed=1)
        holds = self._counts.acquire_sliding_window_entry(
            key, limit.amount, limit.get_expiry(), cost
        )
        return self._look(limit, key, needed=cost, holds=holds)

    def _look(
        self, limit: RateLimitItem, key: str, *, needed: int, holds: bool | None = None
    ) -> Window:
        """The window, which holds if `needed` requests are left, where nothing else is known."""
        expiry = limit.get_expiry()
        counts = self._counts.get_sliding_window(key, expiry)
        before, weighted_seconds, now, seconds = counts
        remaining = max(0, limit.amount - int(before * weighted_seconds / expiry) - now)
        if holds is None:
            holds = remaining >= needed
        reset = seconds if holds else _seconds_until(limit, needed, counts)
        return Window(limit.amount, remaining, min(math.floor(reset) + 1, MAX_RESET), holds)


def _seconds_until(limit: RateLimitItem, cost: int, counts: tuple[int, float, int, float]) -> float:
    """When there is room for the cost, if nobody sends anything: the count of the window before
    counts less with every second, and then that of the current one.
    """
    before, weighted_seconds, now, seconds = counts
    room, expiry = limit.amount - cost + 1, limit.get_expiry()
    if now < room:
        return weighted_seconds - (room - now) * expiry / before if before else 0
    return seconds + expiry * max(0, 1 - room / now)


def storage_responds(storage: str) -> bool:
    """Whether the Redis at this URL responds."""
    return bool(_redis(storage).check())


def _redis(url: str) -> Any:
    """The storage of `limits` at this URL."""
    # Imported only here: it costs each process 5 MB and a tenth of a second.
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    options: dict[str, Any] = {
        "socket_connect_timeout": 0.25,
        "socket_timeout": 0.25,
        "retry": Retry(NoBackoff(), 0),
        "wrap_exceptions": True,
    }
    return storage_from_string(url, **options)


def _digest(key: str) -> str:
    """The storage need not hold e-mail addresses."""
    return sha256(key.encode()).hexdigest()


def _anonymous(limit: RateLimitItem) -> RateLimitItem:
    return type(limit)(max(1, limit.amount // ANONYMOUS_DIVISOR), limit.multiples)


def address() -> str:
    """The address of an anonymous client; of IPv6, the network of one customer (/64).

    What a proxy forwards may be no address. Then it is that of the proxy: a client must not choose
    whom it is counted as.
    """
    before_proxies = request.environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR")
    for text in (request.remote_addr, before_proxies):
        try:
            network = ip_network((text or "", 64 if ":" in (text or "") else 32), strict=False)
        except ValueError:
            continue
        return str(network.network_address)
    return "unknown"
