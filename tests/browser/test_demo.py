"""`/demo`: a coach's dashboard and a runner's week show what the API says."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, ViewportSize, expect

from app.development import demo
from tests.browser.conftest import Watch
from tests.node import install

DESK: ViewportSize = {"width": 1280, "height": 1000}
PHONE: ViewportSize = {"width": 390, "height": 844}
FOLDER = Path(__file__).parent
MALI, SOMCHAI = "มะลิ ศรีสุข (Mali Srisuk)", "สมชาย ใจดี (Somchai Jaidee)"


def sign_in(page: Page, server: str, button: str) -> None:
    page.goto(f"{server}/demo")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=button).first.click()
    expect(page.locator("canvas").first).to_be_visible()


def today(page: Page) -> str:
    return str(page.evaluate("new Date().toLocaleDateString('sv')"))


def ask(server: str, folder: Path, token: str, path: str) -> Any:
    """What the API tells the bearer of one of the printed tokens."""
    lines = (folder / "instance" / "dev-tokens.env").read_text().splitlines()
    tokens = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    headers = {"Authorization": f"Bearer {tokens[token]}"}
    return requests.get(f"{server}{path}", headers=headers, timeout=60).json()["data"]


def percent(share: float) -> str:
    """Rounded half up, as browsers round."""
    return f"{math.floor(share * 100 + 0.5)} %"


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_coach_sees_every_runner(
    page: Page, server: str, server_folder: Path, watch: Watch, viewport: ViewportSize
) -> None:
    page.set_viewport_size(viewport)
    sign_in(page, server, f"{MALI} coach")
    expect(page.locator("#who")).to_have_text(f"{MALI} (coach)")
    rows = ask(server, server_folder, "COACH_TOKEN", f"/api/progress?asOf={today(page)}")
    cards = page.locator(".runner")
    expect(cards).to_have_count(len(rows))
    for row, card in zip(rows, cards.all(), strict=True):
        total = row["total"]
        expect(card).to_contain_text(row["runner"]["name"])
        expect(card.locator(".figure")).to_have_text(percent(total["adherence"]))
        expect(card).to_contain_text(f"{total['sessions']['unlogged']} not recorded")
        last = row["weeks"][-1]["distance"]
        told = card.locator(".chart").get_attribute("aria-label")
        assert f"{last['actual']:g} of {last['planned']:g} km" in told
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert watch.foreign(server) == []
    assert watch.complaints == []


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_runner_sees_their_week_and_what_is_left(
    page: Page, server: str, server_folder: Path, watch: Watch, viewport: ViewportSize
) -> None:
    page.set_viewport_size(viewport)
    sign_in(page, server, SOMCHAI)
    path = f"/api/training-sessions?state=overdue&asOf={today(page)}"
    overdue = ask(server, server_folder, "RUNNER_TOKEN", path)
    assert overdue
    expect(page.locator(".overdue li")).to_have_count(len(overdue))
    expect(page.locator(".days").first.locator("li")).to_have_count(6)
    page.reload()
    expect(page.locator("#who")).to_have_text(f"{SOMCHAI} (runner)")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.locator("#who")).to_have_text("")
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert watch.complaints == []


def test_who_cancels_is_not_signed_in(page: Page, server: str, watch: Watch) -> None:
    page.goto(f"{server}/demo")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert watch.complaints == []


def test_the_chart_library_is_the_published_one() -> None:
    published = install(FOLDER) / "uplot"
    static = Path(demo.__file__).parent / "static"
    for ours, theirs in {
        "uplot.js": "dist/uPlot.iife.min.js",
        "uplot.css": "dist/uPlot.min.css",
        "uplot.LICENSE": "LICENSE",
    }.items():
        assert (static / ours).read_bytes() == (published / theirs).read_bytes(), ours
