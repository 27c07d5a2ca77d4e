"""No page breaks a rule of axe-core, neither in light nor in dark, at any width; operations fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.test_demo import MALI, SOMCHAI, sign_in
from tests.browser.test_docs import METHODS, SIGN_IN, SwaggerUI, too_wide
from tests.node import install

AXE = """async part => {
  const { violations } = await axe.run(part ?? document, { resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target.join(" "))]);
}"""
SHOWN = """dark => {
  const swaggerUI = document.getElementById("swagger-ui");
  const isDark = swaggerUI ? document.documentElement.classList.contains("dark-mode") : dark;
  return isDark === dark && document.getAnimations().length === 0;
}"""
"""Whether a page has changed to dark or light, transitions of colours included."""
Widths = tuple[tuple[Literal["light", "dark"], int], ...]
NARROW_AND_WIDE: Widths = (("light", 1280), ("dark", 390))
WIDTHS: Widths = (
    *(("light", width) for width in (320, 1280)),
    *(("dark", width) for width in (390, 1600)),
)


def violations(page: Page, widths: Widths = WIDTHS, part: Locator | None = None) -> dict[str, Any]:
    """What axe finds in the page, or in a part of it, by scheme and width."""
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=install(Path(__file__).parent) / "axe-core" / "axe.min.js")
    element = part.element_handle() if part else None
    found = {}
    for scheme, width in widths:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 1000})
        page.wait_for_function(SHOWN, arg=scheme == "dark")
        if rules := page.evaluate(AXE, element):
            found[f"{scheme} {width}"] = rules
    return found


@pytest.mark.parametrize(
    "path", ["/", "/problems/", "/problems/validation-failed", SIGN_IN, "/demo"]
)
def test_a_page_is_accessible(restyled_page: Page, server: str, path: str) -> None:
    restyled_page.goto(server + path)
    restyled_page.locator("h1").wait_for()
    assert violations(restyled_page) == {}


def test_the_swagger_ui_is_accessible(restyled_page: Page, server: str) -> None:
    """The list, the dialog, and the list again with an operation open."""
    page = restyled_page
    page.goto(f"{server}/docs")
    swagger_ui = SwaggerUI(page)
    page.get_by_role("button", name="Authorize").first.click()
    swagger_ui.dialog.wait_for()
    assert violations(page, NARROW_AND_WIDE) == {}
    swagger_ui.dialog.get_by_role("button", name="Close").first.click()
    assert violations(page, NARROW_AND_WIDE) == {}
    swagger_ui.open("createWorkoutLog").block.locator(".btn.execute").wait_for()
    assert violations(page, NARROW_AND_WIDE) == {}


@pytest.mark.parametrize("operation_id", METHODS)
def test_an_operation_is_accessible_and_fits(
    restyled_page: Page, server: str, operation_id: str
) -> None:
    """Open, at every width with any font; what only reads is executed, too."""
    # Each on a page of its own: Chromium once stopped drawing a page right after its resizing.
    restyled_page.goto(f"{server}/docs")
    swagger_ui = SwaggerUI(restyled_page)
    if METHODS[operation_id] == "get":
        swagger_ui.sign_in("Somchai")
        swagger_ui.signed_in()
        operation = swagger_ui.open(operation_id)
        operation.execute()
    else:
        operation = swagger_ui.open(operation_id)
        operation.block.locator(".btn.execute").wait_for()
    assert violations(restyled_page, NARROW_AND_WIDE, operation.block) == {}
    assert not too_wide(restyled_page)


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
