"""The issuer's metadata and keys: fetched once, rotated, and good through an outage."""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from joserfc.jwk import Key, OctKey

from app.auth import fetch
from app.auth.errors import IssuerUnavailable
from app.auth.fetch import FetchFailed, fetch_json
from app.auth.issuer import (
    COOLDOWN_SECONDS,
    MAX_WAITING,
    OUTAGE_SECONDS,
    REFRESH_SECONDS,
    RETRY_SECONDS,
    RemoteIssuer,
)
from tests.auth import kit
from tests.server import serving

FIRST, SECOND = kit.ec_key("first"), kit.ec_key("second")


@pytest.fixture
def clock() -> kit.Clock:
    return kit.Clock()


@pytest.fixture
def server() -> kit.FakeIssuer:
    return kit.FakeIssuer(FIRST)


@pytest.fixture
def issuer(server: kit.FakeIssuer, clock: kit.Clock) -> RemoteIssuer:
    return RemoteIssuer(kit.ISSUER, kit.AUDIENCE, fetch=server, clock=clock)


def find(issuer: RemoteIssuer, key: Key) -> bool:
    found = issuer.find_key("ES256", key.kid)
    return found is not None and found.thumbprint() == key.thumbprint()


def test_a_cold_start_makes_one_metadata_and_one_key_fetch(
    issuer: RemoteIssuer, server: kit.FakeIssuer
) -> None:
    threads = 20
    all_there = threading.Barrier(threads)

    def look(_: int) -> bool:
        all_there.wait()
        return find(issuer, FIRST)

    with ThreadPoolExecutor(threads) as pool:
        assert all(pool.map(look, range(threads)))
    assert server.requests == {kit.METADATA_URL: 1, kit.JWKS_URL: 1}


def test_a_new_key_is_found_at_its_first_token(
    issuer: RemoteIssuer, server: kit.FakeIssuer, clock: kit.Clock
) -> None:
    assert find(issuer, FIRST)
    clock.advance(1)
    server.keys = [FIRST, SECOND]
    assert find(issuer, SECOND)
    assert server.requests == {kit.METADATA_URL: 1, kit.JWKS_URL: 2}


def test_a_new_key_is_found_by_many_threads_with_one_fetch(
    issuer: RemoteIssuer, server: kit.FakeIssuer, clock: kit.Clock
) -> None:
    assert find(issuer, FIRST)
    clock.advance(1)
    server.keys = [SECOND]
    all_there = threading.Barrier(8)

    def look(_: int) -> bool:
        all_there.wait()
        return find(issuer, SECOND)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(look, range(8)))
    assert server.requests[kit.JWKS_URL] == 2


def test_a_flood_of_unknown_keys_makes_one_fetch_for_each_cooldown(
    issuer: RemoteIssuer, server: kit.FakeIssuer, clock: kit.Clock
) -> None:
    assert find(issuer, FIRST)
    generation = issuer.generation
    for number in range(10 * COOLDOWN_SECONDS):
        clock.advance(0.1)
        assert issuer.find_key("ES256", f"garbage-{number}") is None
    assert server.requests[kit.JWKS_URL] == 2
    clock.advance(COOLDOWN_SECONDS)
    assert issuer.find_key("ES256", "garbage") is None
    assert server.requests[kit.JWKS_URL] == 3
    assert issuer.generation == generation, "the same keys: what was remembered stays good"


def test_an_unknown_key_at_a_cold_start_is_not_looked_for_twice(
    issuer: RemoteIssuer, server: kit.FakeIssuer
) -> None:
    assert issuer.find_key("ES256", "garbage") is None
    assert server.requests[kit.JWKS_URL] == 1


def test_an_old_snapshot_is_refreshed_by_one_thread_while_others_go_on(
    issuer: RemoteIssuer, server: kit.FakeIssuer, clock: kit.Clock
) -> None:
    assert find(issuer, FIRST)
    clock.advance(REFRESH_SECONDS)
    asking, response = threading.Event(), threading.Event()

    def hold(url: str) -> None:
        asking.set()
        assert response.wait(60)

    server.before_response = hold
    server.keys = [SECOND]
    with ThreadPoolExecutor(1) as pool:
        refreshing = pool.submit(find, issuer, SECOND)
        assert asking.wait(60)
        assert find(issuer, FIRST), "the keys of before serve meanwhile"
        response.set()
        assert refreshing.result(60)
    assert server.requests == {kit.METADATA_URL: 2, kit.JWKS_URL: 2}


def test_a_withdrawn_key_is_gone_after_the_refresh(
    issuer: RemoteIssuer, server: kit.FakeIssuer, clock: kit.Clock
) -> None:
    assert find(issuer, FIRST)
    server.keys = [SECOND]
    clock.advance(REFRESH_SECONDS)
    assert not find(issuer, FIRST)


def test_known_keys_serve_through_an_outage_of_a_day(
    issuer: RemoteIssuer, server: kit.FakeIssuer, clock: kit.Clock
) -> None:
    assert find(issuer, FIRST)
    server.down = True
    clock.advance(OUTAGE_SECONDS - 1)
    assert find(issuer, FIRST)
    requests = server.requests.total()
    assert find(issuer, FIRST)
    assert issuer.find_key("ES256", "garbage") is None
    assert server.requests.total() == requests + 1, "nobody waits for a dead issuer again and again"
    clock.advance(1)
    with pytest.raises(IssuerUnavailable):
        find(issuer, FIRST)
    server.down = False
    clock.advance(RETRY_SECONDS)
    assert find(issuer, FIRST)


def test_an_issuer_that_is_down_from_the_start_is_asked_now_and_then(
    issuer: RemoteIssuer, server: kit.FakeIssuer, clock: kit.Clock
) -> None:
    server.down = True
    for _ in range(10):
        with pytest.raises(IssuerUnavailable) as caught:
            find(issuer, FIRST)
        assert caught.value.retry_after == RETRY_SECONDS
    assert server.requests.total() == 2, "both places of the metadata, once"
    server.down = False
    clock.advance(RETRY_SECONDS)
    assert find(issuer, FIRST)


@pytest.mark.parametrize("snapshot", [None, "expired", "unknown key"])
def test_an_issuer_that_hangs_holds_few_threads(
    issuer: RemoteIssuer, server: kit.FakeIssuer, clock: kit.Clock, snapshot: str | None
) -> None:
    if snapshot:
        assert find(issuer, FIRST)
        clock.advance(OUTAGE_SECONDS if snapshot == "expired" else 1)
    hanging, released = threading.Event(), threading.Event()

    def hang(_: str) -> None:
        hanging.set()
        assert released.wait(60)

    server.before_response = hang
    server.keys = [FIRST, SECOND]
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(find, issuer, SECOND)
        assert hanging.wait(60)
        others = [pool.submit(find, issuer, SECOND) for _ in range(19)]
        given_up = [each for each in as_completed_but(others, MAX_WAITING - 1) if each.exception()]
        assert len(given_up) == 20 - MAX_WAITING
        assert {type(each.exception()) for each in given_up} == {IssuerUnavailable}
        assert not first.done()
        released.set()
        assert first.result(60)
        assert all(each.result(60) for each in others if each not in given_up)


def as_completed_but(futures: list[Future[bool]], few: int) -> list[Future[bool]]:
    """The futures that end while a few do not."""
    ended: list[Future[bool]] = []
    for each in as_completed(futures, timeout=60):
        ended.append(each)
        if len(ended) == len(futures) - few:
            break
    return ended


def test_the_life_of_keys_can_be_set(server: kit.FakeIssuer, clock: kit.Clock) -> None:
    issuer = RemoteIssuer(
        kit.ISSUER, kit.AUDIENCE, refresh_seconds=60, outage_seconds=120, fetch=server, clock=clock
    )
    assert find(issuer, FIRST)
    server.keys = [SECOND]
    clock.advance(59)
    assert find(issuer, FIRST)
    clock.advance(1)
    assert not find(issuer, FIRST), "a withdrawn key ends with the refresh"
    server.down = True
    clock.advance(119)
    assert find(issuer, SECOND)
    clock.advance(1)
    with pytest.raises(IssuerUnavailable):
        find(issuer, SECOND)


def test_what_is_remembered_of_a_withdrawn_key_ends_with_the_refresh(
    issuer: RemoteIssuer, server: kit.FakeIssuer, clock: kit.Clock
) -> None:
    assert find(issuer, FIRST)
    known = issuer.generation
    server.keys = [SECOND]
    clock.advance(REFRESH_SECONDS - 1)
    assert issuer.generation == known
    clock.advance(1)
    assert issuer.generation != known


def test_an_issuer_without_metadata_has_its_keys_where_the_setting_says(
    server: kit.FakeIssuer,
) -> None:
    server.documents = {"https://keys.example/jwks": {"keys": [FIRST.as_dict(private=False)]}}
    issuer = RemoteIssuer(
        kit.ISSUER, kit.AUDIENCE, jwks_url="https://keys.example/jwks", fetch=server
    )
    assert find(issuer, FIRST)
    assert set(server.requests) == {"https://keys.example/jwks"}


def test_metadata_may_be_openid_s_only() -> None:
    server = kit.FakeIssuer(FIRST)
    server.documents = {kit.OPENID_URL: {"issuer": kit.ISSUER, "jwks_uri": kit.JWKS_URL}}
    assert find(RemoteIssuer(kit.ISSUER, kit.AUDIENCE, fetch=server), FIRST)


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://a.example/t/1", "https://a.example/.well-known/oauth-authorization-server/t/1"),
        ("https://a.example/t/1", "https://a.example/t/1/.well-known/openid-configuration"),
        ("https://a.example/", "https://a.example/.well-known/openid-configuration"),
        ("http://127.0.0.1:9/", "http://127.0.0.1:9/.well-known/oauth-authorization-server"),
    ],
)
def test_metadata_is_where_the_standards_put_it(issuer: str, url: str) -> None:
    server = kit.FakeIssuer(FIRST)
    server.documents = {url: {"issuer": issuer, "jwks_uri": kit.JWKS_URL}}
    assert find(RemoteIssuer(issuer, kit.AUDIENCE, fetch=server), FIRST)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": kit.ISSUER + "/", "jwks_uri": kit.JWKS_URL},
        {"jwks_uri": kit.JWKS_URL},
        {"issuer": kit.ISSUER},
        {"issuer": kit.ISSUER, "jwks_uri": "http://issuer.example/jwks"},
        {"issuer": kit.ISSUER, "jwks_uri": "http://127.0.0.1:9200/jwks"},
        {"issuer": kit.ISSUER, "jwks_uri": "http://localhost/jwks"},
        {"issuer": kit.ISSUER, "jwks_uri": "https://issuer.example/jwks\nfaked: line"},
        {"issuer": kit.ISSUER, "jwks_uri": "https://issuer.example/\x1b[2J"},
        {"issuer": kit.ISSUER, "jwks_uri": "https://issuer.example/\u202ejwks"},
        {"issuer": kit.ISSUER, "jwks_uri": " https://issuer.example/jwks"},
        {"issuer": kit.ISSUER, "jwks_uri": "file:///jwks"},
        {"issuer": kit.ISSUER, "jwks_uri": "https://["},
        {"issuer": kit.ISSUER, "jwks_uri": ["https://issuer.example/jwks"]},
    ],
    ids=str,
)
def test_metadata_that_cannot_be_trusted_is_not_used(
    metadata: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    server = kit.FakeIssuer(FIRST)
    server.documents = {kit.METADATA_URL: metadata}
    with pytest.raises(IssuerUnavailable):
        find(RemoteIssuer(kit.ISSUER, kit.AUDIENCE, fetch=server), FIRST)
    assert set(server.requests) == {kit.METADATA_URL, kit.OPENID_URL}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert caplog.records[0].getMessage().isprintable()


def test_an_issuer_on_this_machine_may_name_this_machine() -> None:
    url = "http://127.0.0.1:9"
    server = kit.FakeIssuer(FIRST)
    server.documents = {
        f"{url}/.well-known/oauth-authorization-server": {
            "issuer": url,
            "jwks_uri": "http://localhost:10/jwks",
        },
        "http://localhost:10/jwks": {"keys": [FIRST.as_dict(private=False)]},
    }
    assert find(RemoteIssuer(url, kit.AUDIENCE, fetch=server), FIRST)


def test_keys_that_must_not_verify_are_dropped_and_the_others_stay() -> None:
    good = FIRST.as_dict(private=False)
    other = kit.ec_key("other").as_dict(private=False)
    server = kit.FakeIssuer(
        OctKey.generate_key(256, {"kid": "oct"}),
        kit.ec_key("curve", "P-384"),
        kit.ed_key("448", "Ed448"),
        _small_rsa_key(),
        {**other, "kid": "encryption", "use": "enc"},
        {**other, "kid": "operations", "key_ops": ["deriveKey"]},
        {**other, "kid": "algorithm", "alg": "ES512"},
        {**other, "kid": "broken", "x": "AAAA"},
        {**other, "kid": 5},
        {"kid": "empty"},
        {"kty": ["EC"]},
        good,
    )
    issuer = RemoteIssuer(kit.ISSUER, kit.AUDIENCE, fetch=server)
    assert find(issuer, FIRST)
    names = [
        "oct",
        "curve",
        "448",
        "small",
        "encryption",
        "operations",
        "algorithm",
        "broken",
        "empty",
    ]
    for algorithm in ("RS256", "PS256", "ES256", "EdDSA", "HS256"):
        assert [issuer.find_key(algorithm, name) for name in names] == [None] * len(names)


@pytest.mark.parametrize("jwks", [{}, {"keys": []}, {"keys": None}, {"keys": {"a": 1}}], ids=str)
def test_an_empty_key_set_does_not_replace_a_good_one(
    jwks: dict[str, object], issuer: RemoteIssuer, server: kit.FakeIssuer, clock: kit.Clock
) -> None:
    assert find(issuer, FIRST)
    clock.advance(REFRESH_SECONDS)
    server.documents[kit.JWKS_URL] = jwks
    assert find(issuer, FIRST)


def _small_rsa_key() -> dict[str, str]:
    """The public part of a key of 1024 bits."""
    return {"kty": "RSA", "kid": "small", "e": "AQAB", "n": "w" + "A" * 169 + "E"}


class _Responses(BaseHTTPRequestHandler):
    served: ClassVar = {
        "/good": (200, {}, b'{"a": 1}'),
        "/list": (200, {}, b"[1]"),
        "/text": (200, {}, b"<html>"),
        "/nested": (200, {}, b"[" * 100_000),
        "/large": (200, {}, b'{"a": "' + b"x" * fetch.MAX_DOCUMENT_BYTES + b'"}'),
        "/moved": (302, {"Location": "/good"}, b""),
        "/broken": (500, {}, b'{"a": 1}'),
    }

    def do_GET(self) -> None:
        if self.path == "/dripping":
            self.drip()
        elif self.path == "/echo":
            self.response(200, {}, json.dumps(dict(self.headers)).encode())
        else:
            self.response(*self.served[self.path])

    def response(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self) -> None:
        """A byte now and then, always before anybody loses patience, until they leave."""
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b" ")
                time.sleep(0.05)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), _Responses)) as url:
        yield url


def test_a_document_is_fetched(origin: str) -> None:
    assert fetch_json(f"{origin}/good") == {"a": 1}


@pytest.mark.parametrize("path", ["list", "text", "nested", "large", "moved", "broken"])
def test_what_is_not_a_document_is_not_taken_for_one(origin: str, path: str) -> None:
    with pytest.raises(FetchFailed):
        fetch_json(f"{origin}/{path}")


def test_an_issuer_that_drips_is_given_up(origin: str) -> None:
    with pytest.raises(FetchFailed, match="longer than"):
        fetch_json(f"{origin}/dripping", deadline=0.5)


def test_the_issuer_gets_no_password_of_this_machine_s_user(
    origin: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    passwords = tmp_path / "netrc"
    passwords.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(passwords))
    assert "Authorization" not in fetch_json(f"{origin}/echo")


@pytest.mark.parametrize(("path", "status"), [("moved", 302), ("broken", 500), ("text", None)])
def test_a_failure_tells_the_status_that_is_its_reason(
    origin: str, path: str, status: int | None
) -> None:
    with pytest.raises(FetchFailed) as caught:
        fetch_json(f"{origin}/{path}")
    assert caught.value.status == status


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/", "http://issuer.example/", "ftp://127.0.0.1/", "https://[", "", "a\nb"],
)
def test_what_cannot_be_fetched_is_said_so(url: str) -> None:
    with pytest.raises(FetchFailed) as caught:
        fetch_json(url)
    assert str(caught.value).isprintable()
