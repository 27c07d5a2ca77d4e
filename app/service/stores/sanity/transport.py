"""How requests are sent to Sanity: an adapter for `requests`, over kept HTTP/1.1 connections.

Own code for its price: `docs/architecture.md` has the CPU and the memory of other clients. The hard
parts are those of libraries: `http.client` connects, through a proxy too, TLS is Python's `ssl`,
and `httptools`, which is Node.js' parser, reads the responses.
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
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import requests
from httptools import HttpParserError, HttpResponseParser
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy

_CHUNK_BYTES = 64 * 1024


class NotConnected(requests.ConnectionError):
    """There is no connection, so nothing was sent."""


class Connections(BaseAdapter):
    """Sends prepared requests to the host of `url`; `max_idle` connections are kept.

    Safe to share between threads. `tls` replaces the trust in the public authorities. An https URL
    is reached through the proxy that the environment names (`HTTPS_PROXY`, or `ALL_PROXY`), unless
    `NO_PROXY` covers its host. Raises ValueError when that proxy is not an `http://` URL.
    """

    def __init__(self, url: str, *, max_idle: int, tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        parts = urlsplit(url)
        self._host_field = parts.netloc
        self._server = self._first_hop = parts.hostname or "", parts.port
        self._tls = None
        if parts.scheme == "https":
            self._tls = tls or ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
            if proxy := select_proxy(url, get_environ_proxies(url)):
                proxy = proxy if "://" in proxy else f"http://{proxy}"
                hop = urlsplit(proxy)
                if hop.scheme != "http" or not hop.hostname:
                    raise ValueError("the proxy that the environment names is no http:// URL")
                self._first_hop = hop.hostname, hop.port or 80
                self._proxy_credentials = HTTPAdapter().proxy_headers(proxy)
        self._max_idle = max_idle
        self._idle: deque[socket.socket] = deque()

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def send(  # noqa: PLR0917 - as `requests` calls it
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send the request, once, and read the whole response; only `timeout` is looked at.

        It holds the seconds to connect and those to wait for the response. Raises `NotConnected`
        when nothing was sent, else `requests.ReadTimeout` or `requests.ConnectionError`.
        """
        connect_timeout, read_timeout = timeout
        connection = self._take() or self._connect(connect_timeout)
        try:
            response, reusable = self._round_trip(connection, request, read_timeout)
        except TimeoutError:
            connection.close()
            raise requests.ReadTimeout("no response in time", request=request) from None
        except (OSError, HttpParserError, zlib.error) as error:
            connection.close()
            raise requests.ConnectionError(type(error).__name__, request=request) from error
        if reusable and len(self._idle) < self._max_idle:
            self._idle.append(connection)
        else:
            connection.close()
        return response

    def _take(self) -> socket.socket | None:
        """The idle connection that was used last, if there is one that the server has not left."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            # What can be read from an idle connection is its end, or nothing to be trusted.
            poll = select.poll()
            poll.register(connection, select.POLLIN)
            if not poll.poll(0):
                return connection
            connection.close()

    def _connect(self, timeout: float) -> socket.socket:
        host, port = self._first_hop
        if self._tls is None:
            connection = HTTPConnection(host, port, timeout=timeout)
        else:
            connection = HTTPSConnection(host, port, timeout=timeout, context=self._tls)
        if self._first_hop != self._server:
            connection.set_tunnel(*self._server, self._proxy_credentials)
        try:
            connection.connect()
        except (OSError, HTTPException) as error:
            connection.close()
            raise NotConnected(repr(error)) from error
        connected: socket.socket = connection.sock
        return connected

    def _round_trip(
        self, connection: socket.socket, request: requests.PreparedRequest, timeout: float
    ) -> tuple[requests.Response, bool]:
        """The response, and whether the connection can be used again."""
        end = time.monotonic() + timeout
        if connection.gettimeout() != timeout:
            connection.settimeout(timeout)
        connection.sendall(self._bytes_of(request))
        message = _Message()
        parser = HttpResponseParser(message)
        # Interim responses, with a status below 200, may come before the final one.
        while not (message.complete and parser.get_status_code() >= 200):
            data = connection.recv(_CHUNK_BYTES)
            if not data:
                raise ConnectionError("closed before the end of the response")
            parser.feed_data(data)
            if time.monotonic() > end:
                raise TimeoutError
        stays = b"close" not in message.fields.get(b"connection", b"").lower()
        response = _Response(request, parser.get_status_code(), message)
        return response, stays and parser.get_http_version() == "1.1"

    def _bytes_of(self, request: requests.PreparedRequest) -> bytes:
        """The request as it goes over the wire."""
        lines = [f"{request.method} {request.path_url} HTTP/1.1", f"Host: {self._host_field}"]
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


class _Response(requests.Response):
    """A whole response, without the cookie jar that `requests` makes for each: that alone takes
    longer than all the rest. Overrides `_content` and `_content_consumed` of requests 2.34.
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
        self._content = b"".join(message.body)
        if self._fields.get(b"content-encoding") == b"gzip":
            self._content = zlib.decompress(self._content, wbits=zlib.MAX_WBITS | 16)

    @cached_property
    def headers(self) -> CaseInsensitiveDict[str]:  # type: ignore[override]  # an attribute there
        decoded = (
            (name.decode("latin-1"), text.decode("latin-1")) for name, text in self._fields.items()
        )
        return CaseInsensitiveDict(decoded)
