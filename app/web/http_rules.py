"""Rules of HTTP that the server leaves to the application."""

from __future__ import annotations

import re

from flask import Flask, request

from app.web.problems import Problem

_host = re.compile(r"([\w.~!$&'()*+;=%-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{0,5})?", re.ASCII)


def register(app: Flask) -> None:
    """Refuse a request whose `Host` is missing or not one, and one that asks for a WebSocket."""

    @app.before_request
    def check() -> None:
        host = request.environ.get("HTTP_HOST")
        # Only HTTP/1.0 knows requests without one (RFC 9112, 3.2). Servers join two with a comma.
        if not (_host.fullmatch(host) if host else _is_http_1_0()):
            raise Problem("malformed", "Send one Host header with one host.")
        if "websocket" in request.environ.get("HTTP_UPGRADE", "").lower():
            raise Problem(
                "malformed", "The API does not speak WebSocket; send plain HTTP requests."
            )


def _is_http_1_0() -> bool:
    return request.environ.get("SERVER_PROTOCOL") in ("HTTP/1.0", "HTTP/1")
