"""From a valid token to the person behind it, as the store knows them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from cachetools import TTLCache

from app.auth.tokens import AccessToken, UserClaim
from app.service.documents import is_published_id
from app.service.errors import AmbiguousUser, UnknownRole, UnknownUser, UnverifiedEmail
from app.service.model import Caller, Role
from app.service.stores.port import StoredUser

MAX_REMEMBERED = 10_000
"""How many callers a process remembers."""

MAX_EMAIL_LENGTH = 254
"""Characters of an address that can receive mail (RFC 5321)."""


class Users(Protocol):
    """The part of the store that knows the people."""

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
        self._remembered: TTLCache[tuple[UserClaim, str], Caller] = TTLCache(
            MAX_REMEMBERED, ttl=cache_seconds, timer=clock
        )

    def resolve(self, token: AccessToken) -> Caller:
        """The caller that the token speaks of; one look at the store at most.

        Raises `UnknownUser`, `AmbiguousUser`, `UnknownRole` or `UnverifiedEmail`, and what the
        store raises.
        """
        key = (token.user_claim, _user_of(token))
        with self._lock:
            caller = self._remembered.get(key)
        if caller is None:
            caller = self._find(*key)
            with self._lock:
                self._remembered[key] = caller
        return caller

    def _find(self, claim: UserClaim, value: str) -> Caller:
        if claim == "sub":
            found = self._users.find_users(user_id=value)
        else:
            found = self._users.find_users(email=value)
        if not found:
            raise UnknownUser
        if len(found) > 1:
            raise AmbiguousUser
        return _caller_of(found[0])


def _user_of(token: AccessToken) -> str:
    """The value that the `user` document must have, never guessed."""
    value = token.claims.get(token.user_claim)
    if not isinstance(value, str):
        raise UnknownUser
    if token.user_claim == "sub":
        if not is_published_id(value):
            raise UnknownUser
    elif token.claims.get("email_verified") is not True:
        raise UnverifiedEmail
    elif not (0 < len(value) <= MAX_EMAIL_LENGTH and value.isprintable()):
        raise UnknownUser
    return value


def _caller_of(user: StoredUser) -> Caller:
    try:
        role = Role(user.document["role"])
    except (KeyError, ValueError):
        raise UnknownRole from None
    coached = user.coached_ids if role is Role.COACH else ()
    return Caller(user.document["_id"], role, frozenset(coached))
