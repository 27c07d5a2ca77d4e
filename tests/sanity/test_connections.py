"""The connections to the Content Lake, on real sockets: whatever a server sends, or does not."""

from __future__ import annotations

import gzip
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from requests.adapters import BaseAdapter, HTTPAdapter

from app.service.stores.sanity.transport import Connections, NotConnected
from tests.ports import free_port

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


@contextmanager
def client(server: Server, *, max_idle: int = 4) -> Iterator[Connections]:
    made = Connections(server.url, max_idle=max_idle)
    yield made
    made.close()


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


def test_a_request_and_its_response() -> None:
    reply = b"HTTP/1.1 201 Created\r\nX-Kind: Some\r\ncontent-length: 5\r\n\r\nhello"
    with Server(sends(reply)).running() as server, client(server) as made:
        response = send(made, server.url)
    assert (response.status_code, response.content) == (201, b"hello")
    assert response.headers == {"x-kind": "Some", "content-length": "5"}
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == b"body"
    assert head.split(b"\r\n") == [
        b"POST /path?a=b HTTP/1.1",
        b"Host: " + server.url.removeprefix("http://").encode(),
        b"X-Sent: x",
        b"Content-Length: 4",
    ]


def test_what_requests_own_adapter_reads_is_read_here() -> None:
    """The plain way is the reference: with it, only slower, everything works as well."""
    for kind, parts in WHOLE.items():
        if kind == "announced":
            continue  # urllib3 takes Early Hints for the response
        with Server(sends(*parts)).running() as server, client(server) as made:
            plain = HTTPAdapter()
            expected, found = send(plain, server.url), send(made, server.url)
            assert found.status_code == expected.status_code
            assert found.content == expected.content
            plain.close()
        for name in ("Content-Length", "Content-Encoding"):
            assert found.headers.get(name) == expected.headers.get(name)


WHOLE = {
    "in pieces": [b"HTTP/1.1 200 OK\r\nConte", b"nt-Length: 2\r\n\r", b"\n", b"o", b"k"],
    "chunked": [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\no\r\n1;x=y\r\nk\r\n0\r\nTrailer: x\r\n\r\n",
    ],
    "announced": [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n", OK[17:]],
    "gzipped": [
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
        % (len(gzip.compress(b"ok")), gzip.compress(b"ok"))
    ],
}


@pytest.mark.parametrize("kind", WHOLE)
def test_every_form_of_a_response(kind: str) -> None:
    with Server(sends(*WHOLE[kind])).running() as server, client(server) as made:
        for _ in range(2):
            response = send(made, server.url)
            assert (response.status_code, response.content) == (200, b"ok")
            assert "link" not in response.headers
    assert server.connections == 1


LOST = {
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
    "half of the chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "no telling where it ends": b"HTTP/1.1 200 OK\r\n\r\nbody",
    "an announcement only": b"HTTP/1.1 100 Continue\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "not gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
}


@pytest.mark.parametrize("kind", LOST)
def test_a_reply_that_breaks_off_is_lost(kind: str) -> None:
    server = Server(sends(LOST[kind], then="close"))
    with server.running(), client(server) as made:
        for _ in range(2):
            with pytest.raises(requests.ConnectionError):
                send(made, server.url)
    assert (server.connections, len(server.requests)) == (2, 2)


@pytest.mark.parametrize("kind", ["nothing", "half a head", "half a body", "half of the chunks"])
def test_a_reply_that_does_not_come_is_waited_for_so_long(kind: str) -> None:
    server = Server(sends(LOST[kind]))
    with server.running(), client(server) as made:
        with pytest.raises(requests.ReadTimeout):
            send(made, server.url, patience=0.05)
        made.close()


def test_a_reply_that_drips_is_not_waited_for_any_longer() -> None:
    def drip(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        connection.settimeout(0.01)
        for _ in range(1000):
            connection.sendall(b"x")
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                continue

    with (
        Server(drip).running() as server,
        client(server) as made,
        pytest.raises(requests.ReadTimeout),
    ):
        send(made, server.url, patience=0.1)


def test_nobody_there() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(NotConnected):
        send(Connections(url, max_idle=1), url)


def test_connections_are_used_again_unless_the_server_says_otherwise() -> None:
    last = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with Server(sends(OK)).running() as server, client(server) as made:
        assert [send(made, server.url).status_code for _ in range(3)] == [200] * 3
    assert server.connections == 1
    with Server(sends(last)).running() as server, client(server) as made:
        assert [send(made, server.url).status_code for _ in range(3)] == [200] * 3
    assert server.connections == 3


def test_a_connection_that_the_server_has_left_is_not_used_again() -> None:
    server = Server(sends(OK, then="close"))
    with server.running():
        made = Connections(server.url, max_idle=4)
        assert [send(made, server.url).status_code for _ in range(3)] == [200] * 3
        made.close()
    assert server.connections == 3


def test_no_more_connections_rest_than_allowed() -> None:
    with Server(sends(OK)).running() as server, client(server, max_idle=2) as made:
        with ThreadPoolExecutor(8) as threads:
            responses = list(threads.map(lambda _: send(made, server.url), range(200)))
        assert {response.content for response in responses} == {b"ok"}
        before = server.connections
        send(made, server.url)
        assert server.connections == before


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of `localhost`, with its key."""
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
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + signed.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize(
    ("host", "trusted", "succeeds"),
    [("localhost", True, True), ("localhost", False, False), ("127.0.0.1", True, False)],
    ids=["a known certificate", "an unknown one", "one of another host"],
)
def test_tls(certificate: Path, host: str, trusted: bool, succeeds: bool) -> None:
    of_server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    of_server.load_cert_chain(certificate)
    trust = ssl.create_default_context(cafile=certificate) if trusted else None
    with Server(sends(OK), of_server).running() as server:
        url = server.url.replace("127.0.0.1", host)
        made = Connections(url, max_idle=1, tls=trust)
        if succeeds:
            assert [send(made, url).content for _ in range(2)] == [b"ok", b"ok"]
            assert server.connections == 1
        else:
            with pytest.raises(NotConnected):
                send(made, url)
        made.close()
    assert len(server.requests) == (2 if succeeds else 0)
