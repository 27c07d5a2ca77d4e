"""From the user that a valid token names to the `user` document, and so to the caller."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Protocol

from cachetools import TTLCache

from app.auth.tokens import TokenUser
from app.service import policy
from app.service.documents import is_published_id
from app.service.errors import (
    AmbiguousUser,
    CallerRefused,
    UnknownRole,
    UnknownUser,
    UnverifiedEmail,
)
from app.service.model import Caller, Role
from app.service.stores.port import StoredUser
from app.settings import CoachRelation
from app.web import request_context

logger = logging.getLogger(__name__)

MAX_REMEMBERED = 10_000
"""How many callers a process remembers."""

MAX_EMAIL_LENGTH = 254
"""Characters of an address that can receive mail (RFC 5321)."""

LOG_PAUSE_SECONDS = 60
"""How long the same refusal of the same user is not logged again."""


class Users(Protocol):
    """The part of the store that finds users."""

    def find_users(
        self, *, user_id: str | None = None, email: str | None = None
    ) -> list[StoredUser]:
        """As in `app.service.stores.port.Store`."""


class CallerResolver:
    """Finds callers, and remembers those found for `cache_seconds` (0: not at all).

    `before_asking` is called with a user's key before the store is asked, and may raise.
    `tell_lookup` is told of each user whether they were remembered.
    """

    def __init__(
        self,
        users: Users,
        *,
        cache_seconds: float,
        coach_relation: CoachRelation = "either",
        before_asking: Callable[[str], None] | None = None,
        tell_lookup: Callable[[bool], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._users = users
        self._coach_relation = coach_relation
        self._before_asking = before_asking
        self._tell_lookup = tell_lookup
        self._lock = threading.Lock()
        self._remembered: TTLCache[str, Caller] = TTLCache(
            MAX_REMEMBERED, ttl=cache_seconds, timer=clock
        )
        self._logged: TTLCache[str, bool] = TTLCache(
            MAX_REMEMBERED, ttl=LOG_PAUSE_SECONDS, timer=clock
        )

    def resolve(self, user: TokenUser) -> Caller:
        """The caller whom a token names; at most one call of the store.

        Raises `UnknownUser`, `AmbiguousUser`, `UnknownRole` or `UnverifiedEmail`, what the store
        raises, and what `before_asking` raises.
        """
        try:
            _check(user)
            key = user.key
            with self._lock:
                caller = self._remembered.get(key)
            if self._tell_lookup:
                self._tell_lookup(caller is not None)
            if caller is None:
                if self._before_asking:
                    self._before_asking(key)
                caller = self._ask(user)
                with self._lock:
                    self._remembered[key] = caller
        except CallerRefused as refusal:
            request_context.note(reason=reason(user, refusal))
            self._log(user, refusal)
            raise
        return caller

    def find(self, user: TokenUser) -> Caller:
        """The same without a cache, a limit or a line in the log."""
        _check(user)
        return self._ask(user)

    def _ask(self, user: TokenUser) -> Caller:
        if user.lookup == "id":
            found = self._users.find_users(user_id=user.value)
        else:
            found = self._users.find_users(email=user.value)
        if not found:
            raise UnknownUser
        if len(found) > 1:
            raise AmbiguousUser
        return self._caller_of(found[0])

    def _caller_of(self, user: StoredUser) -> Caller:
        try:
            role = Role(user.document["role"])
        except (KeyError, ValueError):
            raise UnknownRole from None
        id_, name = user.document["_id"], user.document.get("name")
        coached = policy.coached_ids(self._coach_relation, user) if role is Role.COACH else ()
        return Caller(
            id_, role, frozenset(coached) - {id_}, name if isinstance(name, str) else None
        )

    def _log(self, user: TokenUser, refusal: CallerRefused) -> None:
        """Tell the operator, without personal data: the digest tells one user from another."""
        key = f"{type(refusal).__name__} {user.key}"
        with self._lock:
            if key in self._logged:
                return
            self._logged[key] = True
        digest = sha256((user.value or "").encode(errors="replace")).hexdigest()
        about = f" (SHA-256 of its value: {digest})" if user.value else ""
        logger.warning("a valid token is refused: %s%s", reason(user, refusal), about)


def _check(user: TokenUser) -> None:
    """Refuse a user whom no document can match; nothing is guessed."""
    if not user.value:
        raise UnknownUser
    if user.lookup == "id":
        if not is_published_id(user.value):
            raise UnknownUser
    elif not user.verified:
        raise UnverifiedEmail
    elif len(user.value) > MAX_EMAIL_LENGTH or not user.value.isprintable():
        raise UnknownUser


def reason(user: TokenUser, refusal: CallerRefused) -> str:
    """Why a valid token leads to no caller, and which setting would help; without the value."""
    member = "_id" if user.lookup == "id" else "email"
    match refusal:
        case UnknownUser() if not user.value:
            return f"its claim {user.claim!a} is missing or no text; see {user.setting}"
        case UnknownUser() if user.lookup == "id" and not is_published_id(user.value or ""):
            return f"its claim {user.claim!a} cannot be a document's _id; see {user.setting}"
        case UnknownUser():
            return f"no user has its claim {user.claim!a} as {member}; see {user.setting}"
        case AmbiguousUser():
            return (
                f"several users have its claim {user.claim!a} as {member}: `store check` counts "
                f"them; {user.setting} can name a claim that holds the _id"
            )
        case UnverifiedEmail():
            return (
                f"the issuer does not vouch for the address in its claim {user.claim!a}; "
                f"see {user.setting} and OAUTH_EMAIL_VERIFIED"
            )
    return f"the user with its claim {user.claim!a} as {member} has no known role"
