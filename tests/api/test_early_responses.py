"""A response that needs no body of the request comes through, however large the body is."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from tests.issuer import AUDIENCE, Issuer
from tests.nginx import running_nginx
from tests.server import Server, running_server
from tests.waiting import with_known_keys
from tests.world import RUNNER

LOGS = "/api/workout-logs"
SIZES = [20_000, 70_000, 500_000, 5_000_000]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Server]:
    settings = {
        "OAUTH_ISSUER": issuer.url,
        "OAUTH_AUDIENCE": AUDIENCE,
        "SQLITE_PATH": str(tmp_path_factory.mktemp("store") / "store.db"),
        "RATE_LIMIT": "",
    }
    with running_server(settings) as running:
        yield running


@pytest.fixture(scope="module")
def behind_nginx(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("proxy") / "nginx"
    with running_nginx(folder, f"location / {{ proxy_pass {server.url}; }}") as url:
        yield url


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", LOGS, 401),
        ("POST", "/api/nothing", 404),
        ("DELETE", LOGS, 405),
        ("POST", LOGS, 413),
    ],
)
def test_no_response_becomes_a_502(
    behind_nginx: str, issuer: Issuer, method: str, path: str, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    if status == 413:
        headers["Authorization"] = f"Bearer {issuer.token(RUNNER)}"
    sizes = [each for each in SIZES if status != 413 or each > 65_536]

    def send(size: int) -> int:
        url = behind_nginx + path
        return with_known_keys(
            lambda: requests.request(method, url, data=b"x" * size, headers=headers, timeout=60)
        ).status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(send, sizes * 20))
    # Users are unknown in an empty store.
    assert set(statuses) == {403 if status == 413 else status}


def test_a_body_that_comes_slowly_gets_its_response(server: Server) -> None:
    at = urlsplit(server.url)
    head = f"POST {LOGS} HTTP/1.1\r\nHost: {at.netloc}\r\nContent-Length: 200000\r\n\r\n"
    with socket.create_connection((at.hostname, at.port), timeout=60) as connection:
        connection.sendall(head.encode())
        for _ in range(20):
            connection.sendall(b"x" * 10_000)
        assert connection.recv(12) == b"HTTP/1.1 401"


def test_bodies_that_never_end_do_not_keep_others_from_being_served(server: Server) -> None:
    at = urlsplit(server.url)
    head = f"POST {LOGS} HTTP/1.1\r\nHost: {at.netloc}\r\nContent-Length: 200000\r\n\r\nx"
    held = []
    try:
        for _ in range(200):
            held.append(socket.create_connection((at.hostname, at.port), timeout=60))
            held[-1].sendall(head.encode())
        for _ in range(20):
            assert requests.get(f"{server.url}/healthz", timeout=60).status_code == 200
            assert requests.get(f"{server.url}{LOGS}", timeout=60).status_code == 401
    finally:
        for each in held:
            each.close()
