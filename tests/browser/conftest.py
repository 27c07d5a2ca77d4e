"""Servers as `make run` and `make serve` start them, and a browser that looks at them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from app.development.run import load_sample
from tests.ports import free_port
from tests.programs import chromium
from tests.server import ROOT, environment
from tests.waiting import until_it_responds

PATIENCE_MS = 180_000
"""A busy machine is slow, which is no fault of a page: beside another run of the tests and
busy loops, a click has waited more than a minute for a frame of Chromium.
"""

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the development server runs."""
    return tmp_path_factory.mktemp("development")


@pytest.fixture(scope="package")
def server(server_folder: Path) -> Iterator[str]:
    """The address of a development server with a fresh sample club."""
    with _running("app.development.run", server_folder, {}) as url:
        yield url


@pytest.fixture(scope="package")
def production_server(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A production server with the sample club, for which the development server is an issuer."""
    folder = tmp_path_factory.mktemp("production")
    load_sample(str(folder / "club.db"))
    settings = {"OAUTH_ISSUER": server, "OAUTH_AUDIENCE": server, "SQLITE_PATH": "club.db"}
    with _running("app.cli serve", folder, settings) as url:
        yield url


@contextmanager
def _running(module: str, folder: Path, settings: dict[str, str]) -> Iterator[str]:
    """Run a server's module, with its arguments, in a folder; the address of the server."""
    port = free_port()
    output = folder / "output.txt"
    with output.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", *module.split()],
            cwd=folder,
            env=environment(PYTHONPATH=str(ROOT), PORT=str(port), THREADS="4") | settings,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            until_it_responds(f"{url}/readyz", process)
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield launched
        launched.close()


class Watch:
    """What a page and its popups asked for and complained of."""

    def __init__(self, page: Page) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.context.on("request", lambda request: self.requests.append(request.url))
        page.context.on("console", lambda message: self._console(message.type, message.text))
        page.context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _console(self, kind: str, text: str) -> None:
        """Chromium reports a response of 412 as an error, which is for a page to judge."""
        if kind in ("error", "warning") and "the server responded with a status of" not in text:
            self.complaints.append(text)

    def foreign(self, *servers: str) -> list[str]:
        """The requests that went to none of these servers."""
        local = (*(f"{server}/" for server in servers), "data:", "blob:")
        return [url for url in self.requests if not url.startswith(local)]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened_page(browser) as opened:
        yield opened


@pytest.fixture
def restyled_page(browser: Browser) -> Iterator[Page]:
    with opened_page(browser, restyled=True) as opened:
        yield opened


@contextmanager
def opened_page(browser: Browser, *, restyled: bool = False) -> Iterator[Page]:
    """A page of its own; one that is `restyled` takes scripts and styles against its content
    security policy.
    """
    viewport: ViewportSize = {"width": 1280, "height": 1000}
    context = browser.new_context(viewport=viewport, bypass_csp=restyled)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    context.close()


@pytest.fixture
def watch(page: Page) -> Watch:
    return Watch(page)
