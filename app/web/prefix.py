"""The path prefix under which clients reach the API: `/training` when a proxy, or a server that has
several applications, takes it off the paths of requests.

Every link that a response gives goes through `public_path`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import request
from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_PREFIX_LENGTH = 100

_prefix = re.compile(r"(?:/(?!\.+(?:/|\Z))[A-Za-z0-9._~-]+)+")


class TrustedProxies(ProxyFix):
    """Takes `X-Forwarded-For`, `-Proto` and `-Prefix` from so many proxies.

    Of prefixes the last one counts, which the nearest proxy that has one sent: not every proxy of
    a chain has one. What is no plain path is ignored.
    """

    def __init__(self, app: WSGIApplication, proxies: int) -> None:
        super().__init__(app, x_for=proxies, x_proto=proxies)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        sent = environ.get("HTTP_X_FORWARDED_PREFIX", "").rpartition(",")[2]
        prefix = sent.strip(" \t").removesuffix("/")
        if len(prefix) <= MAX_PREFIX_LENGTH and _prefix.fullmatch(prefix):
            environ["SCRIPT_NAME"] = prefix + environ.get("SCRIPT_NAME", "")
        return super().__call__(environ, start_response)


def public_root() -> str:
    """The API's own address as the current request's client writes it, without a slash at the end.

    Not werkzeug's `root_url`: that decodes the host, and fails on names that cannot be decoded.
    """
    return f"{request.scheme}://{request.host}{public_path('')}"


def public_path(path: str) -> str:
    """A path of the API as its clients reach it; the path itself outside of a request."""
    return quote(request.script_root) + path if request else path
