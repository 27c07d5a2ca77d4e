"""No page breaks a rule of axe-core, neither in light nor in dark, at any width."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from tests.browser.test_demo import MALI, SOMCHAI, sign_in
from tests.browser.test_docs import OPERATIONS, SIGN_IN, SwaggerUI
from tests.node import install

READING = ("listWorkoutLogs", "getWorkoutLog")
AXE = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target.join(" "))]);
}"""
Widths = tuple[tuple[Literal["light", "dark"], int], ...]
NARROW_AND_WIDE: Widths = (("light", 1280), ("dark", 390))
WIDTHS: Widths = (
    *(("light", width) for width in (320, 1280)),
    *(("dark", width) for width in (390, 1600)),
)


def violations(page: Page, widths: Widths = WIDTHS) -> dict[str, Any]:
    """What axe finds, by scheme and width."""
    page.add_script_tag(path=install(Path(__file__).parent) / "axe-core" / "axe.min.js")
    found = {}
    for scheme, width in widths:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 1000})
        if rules := page.evaluate(AXE):
            found[f"{scheme} {width}"] = rules
    return found


@pytest.mark.parametrize(
    "path", ["/", "/problems/", "/problems/validation-failed", SIGN_IN, "/demo"]
)
def test_a_page_is_accessible(restyled_page: Page, server: str, path: str) -> None:
    restyled_page.goto(server + path)
    restyled_page.locator("h1").wait_for()
    assert violations(restyled_page) == {}


@pytest.mark.timeout(900)  # axe looks at some 10,000 elements
def test_the_swagger_ui_is_accessible(restyled_page: Page, server: str) -> None:
    """The list, the dialog, and every operation on logs, open and executed."""
    page = restyled_page
    page.goto(f"{server}/docs")
    swagger_ui = SwaggerUI(page)
    page.get_by_role("button", name="Authorize").first.click()
    swagger_ui.dialog.wait_for()
    assert violations(page, NARROW_AND_WIDE) == {}
    swagger_ui.dialog.get_by_role("button", name="Close").first.click()
    swagger_ui.sign_in("Somchai")
    swagger_ui.signed_in()
    for operation_id in OPERATIONS:
        operation = swagger_ui.open(operation_id)
        if operation_id in READING:
            operation.execute()
    assert violations(page, NARROW_AND_WIDE) == {}


@pytest.mark.parametrize("person", [f"{MALI} coach", SOMCHAI])
def test_the_demo_is_accessible(restyled_page: Page, server: str, person: str) -> None:
    sign_in(restyled_page, server, person)
    assert violations(restyled_page) == {}


def test_a_keyboard_is_enough(page: Page, server: str) -> None:
    """From the start page to a coach's dashboard."""
    page.goto(f"{server}/demo")
    page.get_by_role("button", name="Sign in").wait_for()
    press_until(page, "Sign in")
    page.keyboard.press("Enter")
    page.get_by_role("button", name=MALI).last.wait_for()
    press_until(page, f"{MALI} coach")
    page.keyboard.press("Enter")
    page.locator("canvas").first.wait_for()


def press_until(page: Page, name: str) -> None:
    """Go on with Tab until the element of this text has the focus, which shows."""
    for _ in range(40):
        page.keyboard.press("Tab")
        text = page.evaluate("document.activeElement.innerText.replace(/\\s+/g, ' ').trim()")
        if text == name:
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"
            return
    pytest.fail(f"no way to {name} by keyboard")
