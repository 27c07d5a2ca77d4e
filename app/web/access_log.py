"""The access log: one line for each request, when its response is ready.

A line names the request by its route, never by its path or query, and the user by a keyed digest:
no token, cookie, name, address or content is in it. Other modules add what they know with
`request_context.note`:

    code                 the code of the problem
    reason               why a request got 401, 403 or 429; how the store failed
    limit                whose limit a 429 is about: `users`, `addresses` or `concurrency`
    user, role           the caller; of the `_id` in `user` only the digest is written
    client_id            the OAuth client
    credential           `JWT`, `JWE` or `opaque`
    cookie               whether the credential was a cookie
    replayed             whether the response is a replay (`Idempotency-Key`)
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import Flask, request

from app.service.stores import timing
from app.web import request_context
from app.web.request_context import RequestContext

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
PROBES = frozenset({"/healthz", "/readyz"})
"""Routes whose successes are logged at the level debug."""


def register(app: Flask) -> None:
    """Tell the request's context which route it takes; before all that may refuse the request."""

    @app.before_request
    def tell_route() -> None:
        context = request_context.current()
        if context and request.url_rule:
            context.route = request.url_rule.rule


def method_of(environ: WSGIEnvironment) -> str:
    """The request's method, or `other` for those that only a client knows."""
    method: str = environ["REQUEST_METHOD"]
    return method if method in METHODS else "other"


def digest_of(user_id: str, key: str) -> str:
    """What stands for a user in every line: 16 characters."""
    return hashlib.blake2b(user_id.encode(), digest_size=8, key=key.encode()[:64]).hexdigest()


class AccessLog:
    """Writes the lines. `key` is secret, or the digests could be made from a list of users."""

    def __init__(self, key: str) -> None:
        self._key = key

    def write(
        self, environ: WSGIEnvironment, context: RequestContext, size: int, seconds: float
    ) -> None:
        """Write the line of a request that took `seconds` to a response of `size` bytes."""
        quiet = context.route in PROBES and context.status < 500
        level = logging.DEBUG if quiet else logging.INFO
        if not logger.isEnabledFor(level):
            return
        method = method_of(environ)
        message = f"{method} {context.route or '-'} {context.status}"
        logger.log(level, message, extra={"facts": self._facts(method, context, size, seconds)})

    def _facts(
        self, method: str, context: RequestContext, size: int, seconds: float
    ) -> Mapping[str, Any]:
        spent = timing.spent()
        facts = {
            "method": method,
            "route": context.route,
            "status": context.status,
            "ms": round(seconds * 1000, 1),
            "bytes": size,
            "store_calls": spent.calls,
            "store_ms": round(spent.seconds * 1000, 1),
            **context.facts,
        }
        if user_id := facts.get("user"):
            facts["user"] = digest_of(user_id, self._key)
        return facts
