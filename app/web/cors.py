"""Browsers on other origins: which pages may call, and which response headers they may read.

https://fetch.spec.whatwg.org/#http-cors-protocol. Flask-CORS knows one rule on credentials for all
origins of a path; here a listed origin may have them where any loopback origin may call without.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from flask import Flask, Response, request

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
REQUEST_HEADERS = frozenset(
    {
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-none-match",
        "traceparent",
        "x-request-id",
    }
)
RESPONSE_HEADERS = (
    "Accept-Patch",
    "Content-Disposition",
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "RateLimit-Limit",
    "RateLimit-Policy",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "Server-Timing",
    "WWW-Authenticate",
    "X-Request-Id",
)
PREFLIGHT_SECONDS = 600

_paths = re.compile(
    r"/api/|/openapi\.json\Z|/\.well-known/(oauth-protected-resource|api-catalog)\Z"
)
_loopback = re.compile(r"http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?")


def allow_origins(app: Flask, origins: Iterable[str], *, credentials: bool, loopback: bool) -> None:
    """Let pages of these exact origins call, with their cookies if `credentials` says so.

    With `loopback`, every page on a port of this machine may call as well, never with cookies.
    """
    listed = frozenset(origins)

    @app.after_request
    def add_headers(response: Response) -> Response:
        origin = request.headers.get("Origin")
        if origin is None or not _paths.match(request.path):
            return response
        if origin in listed:
            if credentials:
                response.headers["Access-Control-Allow-Credentials"] = "true"
        elif not (loopback and _loopback.fullmatch(origin)):
            return response
        response.headers["Access-Control-Allow-Origin"] = origin
        if request.method == "OPTIONS":
            asked = request.headers.get("Access-Control-Request-Headers", "").lower().split(",")
            allowed = REQUEST_HEADERS.intersection(map(str.strip, asked))
            response.headers["Access-Control-Allow-Headers"] = ", ".join(sorted(allowed))
            response.headers["Access-Control-Allow-Methods"] = METHODS
            response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
        else:
            response.headers["Access-Control-Expose-Headers"] = ", ".join(RESPONSE_HEADERS)
        return response
