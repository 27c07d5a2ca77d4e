"""How requests are sent to one HTTP/1.1 server: an adapter for `requests`, over kept connections.

With the adapter that `requests` brings, the round trips were the largest part of what the API does
for a request: 340 to 540 µs of CPU each, here 86 to 105, side by side. The hard parts are those of
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
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import requests
from httptools import HttpParserError, HttpResponseParser
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH

TRUSTED_IDLE_SECONDS = 1
"""After a longer rest, a connection is looked at before it is used: the server may have left."""

_CHUNK = 64 * 1024


class NotConnected(requests.ConnectionError):
    """There is no connection, so nothing was sent."""


class Connections(BaseAdapter):
    """Sends prepared requests to the host of `url`; `most_idle` connections are kept.

    Safe to share between threads. `tls` replaces the trust in the public authorities.
    """

    def __init__(
        self,
        url: str,
        *,
        most_idle: int,
        tls: ssl.SSLContext | None = None,
        trusted_seconds: float = TRUSTED_IDLE_SECONDS,
    ) -> None:
        super().__init__()
        self._trusted_seconds = trusted_seconds
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._authority = parts.netloc
        self._address = (self._host, parts.port or (443 if secure else 80))
        if secure and tls is None:
            tls = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
        self._tls = tls if secure else None
        self._most_idle = most_idle
        self._idle: deque[tuple[socket.socket, float]] = deque()

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop()[0].close()

    def send(  # noqa: PLR0917 - as `requests` calls it
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send the request, once, and read the whole reply; only `timeout` is looked at.

        It holds the seconds for the connection and those for the reply. Raises `NotConnected` when
        nothing was sent, else `requests.ReadTimeout` or `requests.ConnectionError`.
        """
        connect_timeout, read_timeout = timeout
        connection = self._take() or self._connect(connect_timeout)
        try:
            response, reusable = self._round_trip(connection, request, read_timeout)
        except TimeoutError:
            connection.close()
            raise requests.ReadTimeout("no reply in time", request=request) from None
        except (OSError, HttpParserError, zlib.error) as error:
            connection.close()
            raise requests.ConnectionError(type(error).__name__, request=request) from error
        if reusable and len(self._idle) < self._most_idle:
            self._idle.append((connection, time.monotonic()))
        else:
            connection.close()
        return response

    def _take(self) -> socket.socket | None:
        """The connection that rested for the shortest time, if there is one that still works."""
        while True:
            try:
                connection, since = self._idle.pop()
            except IndexError:
                return None
            if time.monotonic() - since < self._trusted_seconds or not _has_news(connection):
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
            raise NotConnected(type(error).__name__) from error
        return connection

    def _round_trip(
        self, connection: socket.socket, request: requests.PreparedRequest, timeout: float
    ) -> tuple[requests.Response, bool]:
        """The response, and whether the connection can be used again."""
        end = time.monotonic() + timeout
        if connection.gettimeout() != timeout:
            connection.settimeout(timeout)
        connection.sendall(self._text(request))
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
        stays = b"close" not in message.fields.get(b"connection", b"").lower()
        reply = _Reply(request, parser.get_status_code(), message)
        return reply, stays and parser.get_http_version() == "1.1"

    def _text(self, request: requests.PreparedRequest) -> bytes:
        """The request as it goes over the wire."""
        lines = [f"{request.method} {request.path_url} HTTP/1.1", f"Host: {self._authority}"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        head = "\r\n".join(lines).encode("latin-1")
        body = request.body or b""
        return b"%b\r\n\r\n%b" % (head, body.encode() if isinstance(body, str) else body)


class _Message:
    """What the parser tells of a message, by the names that it calls. Fields are in lower case."""

    def on_message_begin(self) -> None:
        self.fields: dict[bytes, bytes] = {}
        self.body: list[bytes] = []
        self.complete = False

    __init__ = on_message_begin

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields[name.lower()] = value

    def on_body(self, data: bytes) -> None:
        self.body.append(data)

    def on_message_complete(self) -> None:
        self.complete = True

    def content(self) -> bytes:
        """The body, decompressed."""
        content = b"".join(self.body)
        if self.fields.get(b"content-encoding") == b"gzip":
            return zlib.decompress(content, wbits=zlib.MAX_WBITS | 16)
        return content


class _Reply(requests.Response):
    """A response that is there as a whole, without the jar for cookies that `requests` makes for
    each: that alone takes longer than all the rest.
    """

    encoding = None
    history: list[requests.Response] = []
    raw = None
    reason = ""
    url = ""
    _content_consumed = True

    def __init__(
        self, request: requests.PreparedRequest, status_code: int, message: _Message
    ) -> None:
        self.request = request
        self.status_code = status_code
        self._fields = message.fields
        self._content = message.content()

    @cached_property
    def headers(self) -> CaseInsensitiveDict[str]:  # type: ignore[override]  # an attribute there
        decoded = (
            (name.decode("latin-1"), text.decode("latin-1")) for name, text in self._fields.items()
        )
        return CaseInsensitiveDict(decoded)


def _has_news(connection: socket.socket) -> bool:
    """Whether an idle connection has something to read: nothing good, mostly that it was closed."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
