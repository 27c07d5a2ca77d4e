"""Connections to one HTTP/1.1 server, kept open between requests.

Through urllib3, which is what `requests` uses, the round trips were the largest part of what the
API does for a request: 170 to 270 µs of CPU each, here 15 to 30. The hard parts are still those of
libraries: TLS is Python's `ssl`, and replies are parsed by `httptools`, which is Node.js' parser.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
import zlib
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpResponseParser
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from app.service.stores.content_lake_errors import ConnectFailed, ReplyLost, ReplyTimeout

TRUSTED_IDLE_SECONDS = 1
"""After a longer rest, a connection is looked at before it is used: the server may have left."""

_CHUNK = 64 * 1024


class Reply(NamedTuple):
    """A whole reply; the names of the headers are in lower case, the body is decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """Connections to the host of `url`, of which `most_idle` are kept. Safe to share.

    `headers` go with every request. `tls` replaces the trust in the public authorities.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        most_idle: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._address = (self._host, parts.port or (443 if secure else 80))
        if secure and tls is None:
            tls = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
        self._tls = tls if secure else None
        lines = [f"{name}: {value}" for name, value in {"Host": parts.netloc, **headers}.items()]
        if not all(each.isascii() and each.isprintable() for each in lines):
            raise ValueError("a header holds characters that no header can hold")
        self._headers = "\r\n".join(lines).encode()
        self._most_idle = most_idle
        self._idle: deque[tuple[socket.socket, float]] = deque()

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop()[0].close()

    def request(
        self, method: str, path: str, body: bytes, *, connect_timeout: float, read_timeout: float
    ) -> Reply:
        """Send one request, once, and read the whole reply to it. Timeouts are in seconds.

        Raises `ConnectFailed` when nothing was sent, else `ReplyLost` or `ReplyTimeout`.
        """
        connection = self._take() or self._connect(connect_timeout)
        try:
            reply, reusable = self._round_trip(connection, method, path, body, read_timeout)
        except TimeoutError:
            connection.close()
            raise ReplyTimeout("no reply in time") from None
        except (OSError, HttpParserError, zlib.error) as error:
            connection.close()
            raise ReplyLost(type(error).__name__) from error
        if reusable and len(self._idle) < self._most_idle:
            self._idle.append((connection, time.monotonic()))
        else:
            connection.close()
        return reply

    def _take(self) -> socket.socket | None:
        """The connection that rested for the shortest time, if there is one that still works."""
        while True:
            try:
                connection, since = self._idle.pop()
            except IndexError:
                return None
            if time.monotonic() - since < TRUSTED_IDLE_SECONDS or not _has_news(connection):
                return connection
            connection.close()

    def _connect(self, timeout: float) -> socket.socket:
        try:
            connection = socket.create_connection(self._address, timeout)
            try:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._tls is not None:
                    return self._tls.wrap_socket(connection, server_hostname=self._host)
            except BaseException:
                connection.close()
                raise
        except OSError as error:
            raise ConnectFailed(type(error).__name__) from error
        return connection

    def _round_trip(
        self, connection: socket.socket, method: str, path: str, body: bytes, timeout: float
    ) -> tuple[Reply, bool]:
        """The reply, and whether the connection can be used again."""
        end = time.monotonic() + timeout
        if connection.gettimeout() != timeout:
            connection.settimeout(timeout)
        start = f"{method} {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n".encode()
        connection.sendall(b"%b%b\r\n\r\n%b" % (start, self._headers, body))
        message = _Message()
        parser = HttpResponseParser(message)
        # A reply may be announced by others, with a status below 200.
        while not (message.complete and parser.get_status_code() >= 200):
            data = connection.recv(_CHUNK)
            if not data:
                raise ConnectionError("closed before the end of the reply")
            parser.feed_data(data)
            if time.monotonic() > end:
                raise TimeoutError
        content = b"".join(message.body)
        if message.headers.get("content-encoding") == "gzip":
            content = zlib.decompress(content, wbits=zlib.MAX_WBITS | 16)
        stays = "close" not in message.headers.get("connection", "").lower()
        reply = Reply(parser.get_status_code(), message.headers, content)
        return reply, stays and parser.get_http_version() == "1.1"


class _Message:
    """What the parser tells of a message, by the names that it calls."""

    def on_message_begin(self) -> None:
        self.headers: dict[str, str] = {}
        self.body: list[bytes] = []
        self.complete = False

    __init__ = on_message_begin

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, data: bytes) -> None:
        self.body.append(data)

    def on_message_complete(self) -> None:
        self.complete = True


def _has_news(connection: socket.socket) -> bool:
    """Whether an idle connection has something to read: nothing good, mostly that it was closed."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
