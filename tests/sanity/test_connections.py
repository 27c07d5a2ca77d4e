"""The connections to the Content Lake, on real sockets: whatever a server sends, or does not."""

from __future__ import annotations

import gzip
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter

from app.service.stores.sanity.transport import Connections, NotConnected
from tests.ports import free_port
from tests.sanity.wire import OK, Server, send, sends, tls_of


@contextmanager
def client(server: Server, *, max_idle: int = 4) -> Iterator[Connections]:
    made = Connections(server.url, max_idle=max_idle)
    yield made
    made.close()


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


def test_no_more_connections_stay_idle_than_allowed() -> None:
    with Server(sends(OK)).running() as server, client(server, max_idle=2) as made:
        with ThreadPoolExecutor(8) as threads:
            responses = list(threads.map(lambda _: send(made, server.url), range(200)))
        assert {response.content for response in responses} == {b"ok"}
        before = server.connections
        send(made, server.url)
        assert server.connections == before


@pytest.mark.parametrize(
    ("host", "trusted", "succeeds"),
    [("localhost", True, True), ("localhost", False, False), ("127.0.0.1", True, False)],
    ids=["a known certificate", "an unknown one", "one of another host"],
)
def test_tls(certificate: Path, host: str, trusted: bool, succeeds: bool) -> None:
    trust = ssl.create_default_context(cafile=certificate) if trusted else None
    with Server(sends(OK), tls_of(certificate)).running() as server:
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
