"""Rules of HTTP that the server leaves to the application."""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from ipaddress import AddressValueError, IPv6Address
from typing import TYPE_CHECKING

from flask import Flask, request

from app.web.problems import Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_DRAINED_BYTES = 8 * 1024 * 1024
MAX_DRAINING = 32
"""How many threads read such bodies at once; bodies that come slowly must not hold them all."""

_CHUNK_BYTES = 64 * 1024

_draining = threading.BoundedSemaphore(MAX_DRAINING)

_host = re.compile(r"([\w.~!$&'()*+;=%-]+|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])(:[0-9]{0,5})?", re.ASCII)


def register(app: Flask) -> None:
    """Refuse a request whose `Host` is missing or not one, and one that asks for a WebSocket."""

    @app.before_request
    def check() -> None:
        host = request.environ.get("HTTP_HOST")
        # Only HTTP/1.0 knows requests without one (RFC 9112, 3.2). Servers join two with a comma.
        if not (_is_host(host) if host else _is_http_1_0()):
            raise Problem("malformed", "Send one Host header with one host.")
        if "websocket" in request.environ.get("HTTP_UPGRADE", "").lower():
            raise Problem(
                "malformed", "The API does not speak WebSocket; send plain HTTP requests."
            )


def drain(environ: WSGIEnvironment) -> None:
    """Read what is left of the request's body, before the server sends the response.

    granian closes a connection with an unread body; a proxy that is still sending takes that for a
    failure of the server and makes the response a 502. Other servers do this by themselves.
    """
    has_body = environ.get("CONTENT_LENGTH", "0") not in ("", "0") or (
        "HTTP_TRANSFER_ENCODING" in environ
    )
    # A client that waits for `100 Continue` sends no body unless it is read.
    if not has_body or not environ.get("wsgi.input_terminated") or "HTTP_EXPECT" in environ:
        return
    if _draining.acquire(blocking=False):
        try:
            left, body = MAX_DRAINED_BYTES, environ["wsgi.input"]
            with suppress(OSError):  # the client is gone
                while left > 0 and (chunk := body.read(_CHUNK_BYTES)):
                    left -= len(chunk)
        finally:
            _draining.release()


def _is_host(text: str) -> bool:
    """Whether it is a `Host` (RFC 9110, 7.2): a name or an address, perhaps with a port."""
    found = _host.fullmatch(text)
    if found and found["ipv6"]:
        try:
            IPv6Address(found["ipv6"])
        except AddressValueError:
            return False
    return found is not None


def _is_http_1_0() -> bool:
    return request.environ.get("SERVER_PROTOCOL") in ("HTTP/1.0", "HTTP/1")
