"""Browsers on other origins: which pages may call, and which headers they may read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flask import Flask
from flask_cors import CORS

RESOURCES = r"^/(api/|openapi\.json$|\.well-known/oauth-protected-resource$)"

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
)
ANSWER_HEADERS = (
    "ETag",
    "Link",
    "Location",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "Server-Timing",
    "WWW-Authenticate",
)
PREFLIGHT_SECONDS = 600

_loopback = re.compile(r"http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?\Z")


def allow_origins(app: Flask, origins: Iterable[str], *, credentials: bool, loopback: bool) -> None:
    """Let pages of these exact origins call, with their cookies if `credentials` says so.

    With `loopback`, every page on a port of this machine may call as well, never with cookies.
    """
    exact = [re.compile(re.escape(origin) + r"\Z") for origin in origins]
    if loopback:
        _allow(app, [_loopback], credentials=False)
    if exact:
        # The last to be added is the first to be asked: what is listed may have cookies.
        _allow(app, exact, credentials=credentials)


def _allow(app: Flask, origins: list[re.Pattern[str]], *, credentials: bool) -> None:
    CORS(
        app,
        resources=RESOURCES,
        origins=origins,
        methods=METHODS,
        allow_headers=REQUEST_HEADERS,
        expose_headers=ANSWER_HEADERS,
        supports_credentials=credentials,
        max_age=PREFLIGHT_SECONDS,
        always_send=False,
        vary_header=False,  # every answer says it (`app.web.flask_app`)
    )
