"""Cookie mode: the session cookie of NextAuth.js and Auth.js as the credential, safe from CSRF.

SameSite=Lax is no protection here: a page on another port or a sibling subdomain is same-site.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping

from flask import Request

from app.auth.errors import TokenRefused
from app.auth.nextauth import SECURE_PREFIXES, V4_COOKIE, V5_COOKIE
from app.auth.tokens import token_format_of
from app.web.problems import Problem

MAX_COOKIE_CHUNKS = 4
"""How many cookies a session may be cut into: what a token's size limit has room for."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class SessionCookies:
    """Finds the session in a request's cookies, if the request may use it.

    `origins` are those whose pages may write, exactly as browsers send them. `secure_only` leaves
    only cookie names that browsers keep from being set over plain http.
    """

    def __init__(self, origins: Collection[str], *, secure_only: bool) -> None:
        self._origins = frozenset(origins)
        prefixes = SECURE_PREFIXES if secure_only else (*SECURE_PREFIXES, "")
        self._names = [prefix + name for name in (V5_COOKIE, V4_COOKIE) for prefix in prefixes]

    def find(self, request: Request) -> str | None:
        """The session token, or None when there is no session cookie.

        Raises `Problem` csrf, and `TokenRefused` when the session is not one that can be checked.
        """
        sessions = (_join(request.cookies, name) for name in self._names)
        session = next(filter(None, sessions), None)
        if session is None:
            return None
        self._refuse_foreign_pages(request)
        if token_format_of(session) != "JWE":
            raise TokenRefused("form", "The cookie holds no session token that can be checked.")
        return session

    def _refuse_foreign_pages(self, request: Request) -> None:
        site = request.headers.get("Sec-Fetch-Site")
        if request.method in SAFE_METHODS:
            if site == "cross-site":
                raise Problem("csrf")
            return
        origin = request.headers.get("Origin")
        allowed = site == "same-origin" if origin is None else origin in self._origins
        if not allowed:
            raise Problem("csrf")
        if _has_body(request) and request.mimetype != "application/json":
            raise Problem("csrf", "With the session cookie, a body must be application/json.")


def _has_body(request: Request) -> bool:
    """Whether a body was sent, or announced by its type."""
    headers = request.headers
    length = headers.get("Content-Length", "0")
    return length != "0" or "Transfer-Encoding" in headers or bool(headers.get("Content-Type"))


def _join(cookies: Mapping[str, str], name: str) -> str | None:
    """The cookie's value, or that of its chunks `name.0`, `name.1`, … put together."""
    if name in cookies:
        return cookies[name]
    chunks = (f"{name}.{number}" for number in range(MAX_COOKIE_CHUNKS))
    present = itertools.takewhile(cookies.__contains__, chunks)
    return "".join(cookies[chunk] for chunk in present) or None
