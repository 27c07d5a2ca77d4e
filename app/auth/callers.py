"""From the user that a valid token names to the `user` document, and so to the caller."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from cachetools import TTLCache

from app.auth.tokens import TokenUser
from app.service.documents import is_published_id
from app.service.errors import AmbiguousUser, UnknownRole, UnknownUser, UnverifiedEmail
from app.service.model import Caller, Role
from app.service.stores.port import StoredUser

MAX_REMEMBERED = 10_000
"""How many callers a process remembers."""

MAX_EMAIL_LENGTH = 254
"""Characters of an address that can receive mail (RFC 5321)."""


class Users(Protocol):
    """The part of the store that finds users."""

    def find_users(
        self, *, user_id: str | None = None, email: str | None = None
    ) -> list[StoredUser]:
        """As in `app.service.stores.port.Store`."""


class CallerResolver:
    """Finds callers, and remembers those found for `cache_seconds` (0: not at all)."""

    def __init__(
        self,
        users: Users,
        *,
        cache_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._users = users
        self._lock = threading.Lock()
        self._remembered: TTLCache[str, Caller] = TTLCache(
            MAX_REMEMBERED, ttl=cache_seconds, timer=clock
        )

    def resolve(self, user: TokenUser) -> Caller:
        """The caller whom a token names; at most one call of the store.

        Raises `UnknownUser`, `AmbiguousUser`, `UnknownRole` or `UnverifiedEmail`, and what the
        store raises.
        """
        value = _lookup_value(user)
        key = user.key
        with self._lock:
            caller = self._remembered.get(key)
        if caller is None:
            caller = self._find(user, value)
            with self._lock:
                self._remembered[key] = caller
        return caller

    def _find(self, user: TokenUser, value: str) -> Caller:
        if user.lookup == "id":
            found = self._users.find_users(user_id=value)
        else:
            found = self._users.find_users(email=value)
        if not found:
            raise UnknownUser
        if len(found) > 1:
            raise AmbiguousUser
        return _caller_of(found[0])


def _lookup_value(user: TokenUser) -> str:
    """The value that the `user` document must have; nothing is guessed."""
    if user.value is None:
        raise UnknownUser
    if user.lookup == "id":
        if not is_published_id(user.value):
            raise UnknownUser
    elif not user.verified:
        raise UnverifiedEmail
    elif not (0 < len(user.value) <= MAX_EMAIL_LENGTH and user.value.isprintable()):
        raise UnknownUser
    return user.value


def _caller_of(user: StoredUser) -> Caller:
    try:
        role = Role(user.document["role"])
    except (KeyError, ValueError):
        raise UnknownRole from None
    coached = user.coached_ids if role is Role.COACH else ()
    return Caller(user.document["_id"], role, frozenset(coached))
