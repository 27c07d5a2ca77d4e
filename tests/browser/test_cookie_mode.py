"""Cookie mode in a real browser: pages on other ports of localhost, which are all one site."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from playwright.sync_api import Page

from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import import_lines
from tests import issuers, world
from tests.server import running_server, serving

SECRET = "the-secret-of-the-front-end"
COOKIE = "authjs.session-token"

READ = """async url => {
  const response = await fetch(url, {credentials: "include"});
  return {status: response.status, logs: (await response.json()).data.length,
          time: response.headers.get("Server-Timing")};
}"""
WRITE = """async ([url, log, type]) => {
  const response = await fetch(url, {
    method: "POST", credentials: "include", headers: {"Content-Type": type}, body: log,
  });
  return {status: response.status, code: (await response.json()).code};
}"""
FORM = """([url, log]) => {
  const form = document.createElement("form");
  Object.assign(form, {method: "post", action: url, enctype: "text/plain"});
  const input = document.createElement("input");
  Object.assign(input, {name: log.slice(0, -1) + ',"x":"', value: '"}'});
  form.append(input);
  document.body.append(form);
  form.submit();
}"""


class Places(NamedTuple):
    """The API's collection, and the pages of a listed and of another origin."""

    api: str
    listed: str
    other: str


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    folder = tmp_path_factory.mktemp("cookie-mode")
    store = SqliteStore(folder / "store.db")
    import_lines(store, map(msgspec.json.encode, world.club()))
    store.close()
    with ExitStack() as stack:
        listed, other = (stack.enter_context(_pages(folder / name)) for name in ("a", "b"))
        settings = {
            "APP_ENV": "development",
            "SQLITE_PATH": str(folder / "store.db"),
            "NEXTAUTH_SECRET": SECRET,
            "NEXTAUTH_COOKIE": "true",
            "CORS_ORIGINS": listed,
            "WORKERS": "1",
        }
        server = stack.enter_context(running_server(settings))
        api = server.url.replace("127.0.0.1", "localhost") + "/api/workout-logs"
        yield Places(api, listed, other)


@contextmanager
def _pages(folder: Path) -> Iterator[str]:
    """The origin of an empty page."""
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>A page</title><body></body>")
    handler = partial(_Quiet, directory=str(folder))
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as url:
        yield url.replace("127.0.0.1", "localhost")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Requests are not worth a line."""


@pytest.fixture
def signed_in(page: Page, places: Places) -> Page:
    """A page whose browser holds the runner's session cookie, as the front end sets it."""
    session = {
        "version": 5,
        "secret": SECRET,
        "token": {"email": world.email_of(world.RUNNER)},
        "salt": COOKIE,
    }
    (token,) = issuers.mint(session)
    page.context.add_cookies(
        [
            {
                "name": COOKIE,
                "value": token,
                "url": places.api,
                "httpOnly": True,
                "sameSite": "Lax",
            }
        ]
    )
    return page


def log(number: int) -> str:
    session = world.session_of(world.RUNNER, number)
    return f'{{"sessionId":"{session}","status":"undone"}}'


def test_a_listed_page_reads_and_writes(signed_in: Page, places: Places) -> None:
    signed_in.goto(places.listed)
    read = signed_in.evaluate(READ, places.api)
    assert (read["status"], read["logs"]) == (200, 3)
    assert read["time"], "an exposed header"
    written = signed_in.evaluate(WRITE, [places.api, log(4), "application/json"])
    assert written["status"] == 201


def test_another_page_can_neither_read_nor_write(signed_in: Page, places: Places) -> None:
    signed_in.goto(places.other)
    for script, argument in (
        (READ, places.api),
        (WRITE, [places.api, log(5), "application/json"]),
        (WRITE, [places.api, log(5), "text/plain"]),
    ):
        failed = signed_in.evaluate(f"argument => ({script})(argument).catch(String)", argument)
        assert failed == "TypeError: Failed to fetch"
    assert not _exists(signed_in, places, 5)


@pytest.mark.parametrize("page_of", ["other", "listed"])
def test_a_form_cannot_write(signed_in: Page, places: Places, page_of: str) -> None:
    signed_in.goto(getattr(places, page_of))
    with signed_in.expect_response(places.api) as sent, signed_in.expect_navigation():
        signed_in.evaluate(FORM, [places.api, log(6)])
    assert "cookie" in sent.value.request.all_headers(), "SameSite=Lax alone does not protect"
    assert (sent.value.status, sent.value.json()["code"]) == (403, "csrf")
    assert not _exists(signed_in, places, 6)


def _exists(page: Page, places: Places, number: int) -> bool:
    """Whether the runner has a log for this session, asked as a listed page does."""
    page.goto(places.listed)
    session = world.session_of(world.RUNNER, number)
    return bool(page.evaluate(READ, f"{places.api}?sessionId={session}")["logs"])
