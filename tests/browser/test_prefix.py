"""The pages below a path of a server, as a browser runs their scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from app.development import wsgi
from app.development.run import load_sample
from app.settings import Settings
from tests.browser.conftest import Watch
from tests.ports import free_port
from tests.server import serving

MALI = "มะลิ ศรีสุข (Mali Srisuk)"


@pytest.fixture
def below(tmp_path: Path) -> Iterator[str]:
    """The URL of a development server that has another application at its root."""
    path = str(tmp_path / "store.db")
    load_sample(path)
    settings = Settings(app_env="development", port=free_port(), sqlite_path=path)
    app = DispatcherMiddleware(Flask("other"), {"/training": wsgi.create_app(settings)})
    with serving(make_server("127.0.0.1", settings.port, app, threaded=True)) as url:
        yield f"{url}/training"


def test_the_swagger_ui_signs_in_and_calls(page: Page, below: str, watch: Watch) -> None:
    page.goto(f"{below}/docs")
    page.get_by_role("button", name="Authorize").first.click()
    with page.expect_popup() as opening:
        page.locator(".modal-ux .btn.authorize").first.click()
    opening.value.get_by_role("button", name=f"{MALI} coach").first.click()
    expect(page.locator("#caller")).to_have_text(f"{MALI} (coach)")
    page.locator(".modal-ux .btn-done").first.click()
    block = page.locator("[id$='-listWorkoutLogs'].opblock")
    block.locator(".opblock-summary-control").click()
    with page.expect_response("**/api/workout-logs**") as responding:
        block.locator(".btn.execute").click()
    assert responding.value.status == 200
    assert watch.foreign(below) == []
    assert watch.complaints == []


def test_the_demo_signs_in_and_calls(page: Page, below: str, watch: Watch) -> None:
    page.goto(f"{below}/demo")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=f"{MALI} coach").first.click()
    expect(page.locator("canvas").first).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert watch.foreign(below) == []
    assert watch.complaints == []
