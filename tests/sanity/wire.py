"""Real sockets under the client of the Content Lake: a server that does what a test wants, over TLS
too, and requests of one adapter.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from requests.adapters import BaseAdapter

Handler = Callable[[socket.socket, bytes], None]
"""What a server does with a connection and a request on it."""

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Reads requests and lets `handle` do what it likes; counts connections."""

    def __init__(self, handle: Handler, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._handle = handle
        self._tls = tls
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._accept)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    @contextmanager
    def running(self) -> Iterator[Server]:
        self._thread.start()
        try:
            yield self
        finally:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._thread.join()

    def _accept(self) -> None:
        with ThreadPoolExecutor() as workers:
            while True:
                try:
                    connection, _ = self._listener.accept()
                except OSError:
                    return
                self.connections += 1
                workers.submit(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            connection.settimeout(60)
            self._open.append(connection)
            while data := connection.recv(65536):
                self.requests.append(data)
                self._handle(connection, data)
        except OSError:
            pass
        finally:
            connection.close()


def send(made: BaseAdapter, url: str, *, patience: float = 60) -> requests.Response:
    request = requests.Request("POST", f"{url}/path?a=b", headers={"X-Sent": "x"}, data=b"body")
    return made.send(request.prepare(), timeout=(60, patience))


def sends(*parts: bytes, then: str = "wait") -> Handler:
    def handle(connection: socket.socket, _: bytes) -> None:
        # The end in one packet with the response: who has read the one can see the other.
        flags = socket.MSG_MORE if then == "close" else 0
        for part in parts:
            connection.sendall(part, flags)
        if then == "close":
            connection.close()

    return handle


def make_certificate(path: Path) -> None:
    """Write a self-signed certificate of `localhost` with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + signed.public_bytes(Encoding.PEM))


def tls_of(certificate: Path) -> ssl.SSLContext:
    """For a server with this certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context
