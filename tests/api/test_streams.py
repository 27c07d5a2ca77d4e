"""Files go out in chunks, so that a client that reads slowly does not hold them in memory."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from werkzeug.test import EnvironBuilder

from app.web.streams import CHUNK_BYTES, MAX_STREAMS, Stream, Streams
from tests.conftest import OpenStore
from tests.server import running_server


@pytest.fixture
def open_store(open_sqlite: OpenStore) -> OpenStore:
    return open_sqlite


@pytest.fixture
def bundle(app: Flask) -> str:
    """The path of the largest file."""
    found = re.search(r'"(/assets/[^"]*bundle\.js)"', app.test_client().get("/docs").text)
    assert found
    return found[1]


def ask(app: Flask, path: str, **options: Any) -> tuple[Iterable[bytes], str, dict[str, str]]:
    """What the server gets: the response, its status and its headers."""
    told: list[tuple[str, dict[str, str]]] = []

    def start(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
        told.append((status[:3], dict(headers)))

    response = app(EnvironBuilder(path, **options).get_environ(), start)
    ((status, headers),) = told
    return response, status, headers


def whole(app: Flask, path: str) -> bytes:
    """The file, as a client gets it."""
    with app.test_client().get(path) as response:
        return response.data


def test_a_file_is_sent_in_chunks(app: Flask, bundle: str) -> None:
    response, status, headers = ask(app, bundle)
    assert isinstance(response, Stream)
    chunks = list(response)
    response.close()
    assert {len(each) for each in chunks[:-1]} == {CHUNK_BYTES}
    assert len(chunks) > 10
    assert (status, int(headers["Content-Length"])) == ("200", sum(map(len, chunks)))
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert b"".join(chunks) == whole(app, bundle)


def test_a_part_of_a_file_is_sent_in_chunks(app: Flask, bundle: str) -> None:
    response, status, headers = ask(app, bundle, headers={"Range": "bytes=100-200099"})
    assert isinstance(response, Stream)
    part = b"".join(response)
    response.close()
    assert (status, headers["Content-Length"], len(part)) == ("206", "200000", 200_000)
    assert part == whole(app, bundle)[100:200_100]


def test_what_has_no_body_is_no_stream(app: Flask, bundle: str) -> None:
    with app.test_client().get(bundle) as response:
        tag = response.headers["ETag"]
    for status, options in (
        ("304", {"headers": {"If-None-Match": tag}}),
        ("200", {"method": "HEAD"}),
    ):
        sent, told, _ = ask(app, bundle, **options)
        assert (told, sent) == (status, [b""])


def test_everything_else_is_sent_in_one_piece(app: Flask) -> None:
    for path in ("/", "/docs", "/openapi.json", "/healthz", "/api/workout-logs", "/nothing"):
        response = ask(app, path)[0]
        assert isinstance(response, list)
        assert len(response) == 1


def test_so_many_at_once_and_further_ones_whole() -> None:
    streams = Streams(size=2)
    first, second = streams.begin([b"a", b"b"]), streams.begin([b"c"])
    assert first
    assert second
    assert streams.begin([b"d"]) is None
    assert list(first) == [b"a", b"b"]
    for _ in range(2):  # PEP 3333 says once; a place must not come back twice
        first.close()
    assert streams.begin([b"e"])
    assert streams.begin([b"f"]) is None


def test_a_file_that_finds_no_place_comes_whole(app: Flask, bundle: str) -> None:
    held = [ask(app, bundle)[0] for _ in range(MAX_STREAMS)]
    assert all(isinstance(each, Stream) for each in held)
    further, _, headers = ask(app, bundle)
    assert isinstance(further, list)
    assert len(further[0]) == int(headers["Content-Length"])
    for each in held:
        each.close()  # type: ignore[attr-defined]  # a Stream
    assert whole(app, bundle) == further[0]
    again = ask(app, bundle)[0]
    assert isinstance(again, Stream)
    again.close()


def test_slow_readers_keep_nobody_from_being_served(tmp_path: Path) -> None:
    settings = {
        "NEXTAUTH_SECRET": "x" * 32,
        "SQLITE_PATH": str(tmp_path / "store.db"),
        "RATE_LIMIT": "",
        "WORKERS": "1",
        "THREADS": "4",
    }
    with running_server(settings) as server:
        found = re.search(
            r'"(/assets/[^"]*bundle\.js)"', requests.get(f"{server.url}/docs", timeout=60).text
        )
        assert found
        file = requests.get(server.url + found[1], timeout=60).content
        at = urlsplit(server.url)
        head = f"GET {found[1]} HTTP/1.1\r\nHost: {at.netloc}\r\nConnection: close\r\n\r\n"
        held = []
        try:
            for _ in range(MAX_STREAMS + 20):
                slow = socket.socket()
                slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                slow.settimeout(60)
                slow.connect((at.hostname, at.port))
                slow.sendall(head.encode())
                held.append(slow)
            for each in held:
                assert each.recv(15) == b"HTTP/1.1 200 OK"
            for _ in range(5):
                assert requests.get(f"{server.url}/healthz", timeout=60).status_code == 200
                assert requests.get(f"{server.url}/api/me", timeout=60).status_code == 401
            patient = held.pop(0)
            with patient, patient.makefile("rb") as reading:
                assert reading.read().endswith(b"\r\n\r\n" + file)
        finally:
            for each in held:
                each.close()
        assert requests.get(server.url + found[1], timeout=60).content == file
