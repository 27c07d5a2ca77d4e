"""Cookie mode: the session cookie of NextAuth.js and Auth.js as the credential, safe from CSRF.

SameSite=Lax is no protection here: a page on another port or a sibling subdomain is same-site.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping

from flask import Request

from app.auth.errors import TokenRefused
from app.auth.nextauth import (
    SECURE_PREFIXES,
    V4_CHUNK_LENGTH,
    V4_COOKIE,
    V5_CHUNK_LENGTH,
    V5_COOKIE,
)
from app.auth.tokens import MAX_TOKEN_LENGTH, token_format_of
from app.web.parsing import json_media_types
from app.web.problems import Problem

MAX_COOKIE_CHUNKS = math.ceil(MAX_TOKEN_LENGTH / min(V4_CHUNK_LENGTH, V5_CHUNK_LENGTH))
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

    def find(self, request: Request) -> list[str]:
        """The session tokens in the cookies, those of Auth.js first; [] without such a cookie.

        Front ends that changed from one version to the other leave both cookies behind, of which
        one is out of date. Raises `Problem` csrf, and `TokenRefused` when there is a session, but
        none that can be checked.
        """
        sessions = [each for name in self._names for each in _sessions(request.cookies, name)]
        if not sessions:
            return []
        self._refuse_foreign_pages(request)
        checkable = [each for each in sessions if token_format_of(each) == "JWE"]
        if not checkable:
            raise TokenRefused("form", "The cookie holds no session token that can be checked.")
        return checkable

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
        if _has_body(request) and request.mimetype not in json_media_types(request.method):
            raise Problem("csrf", "With the session cookie, a body must be application/json.")


def _has_body(request: Request) -> bool:
    """Whether a body was sent, or announced by its type."""
    headers = request.headers
    length = headers.get("Content-Length", "0")
    return length != "0" or "Transfer-Encoding" in headers or bool(headers.get("Content-Type"))


def _sessions(cookies: Mapping[str, str], name: str) -> Iterator[str]:
    """The cookie's value, and that of its chunks `name.0`, `name.1`, … put together."""
    chunks = (f"{name}.{number}" for number in range(MAX_COOKIE_CHUNKS))
    present = itertools.takewhile(cookies.__contains__, chunks)
    joined = "".join(cookies[chunk] for chunk in present)
    yield from filter(None, (cookies.get(name), joined))
