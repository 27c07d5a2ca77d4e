"""`make pictures`: the README's pictures, taken of `make run` in Chromium.

Not compared by a test: they look different with other fonts.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.test_demo import MALI, sign_in
from tests.programs import chromium
from tests.server import ROOT, running_server

IMAGES = ROOT / "docs" / "images"


def main() -> None:
    """Write them."""
    IMAGES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(
            {"PYTHONPATH": str(ROOT)}, module="app.development.run", cwd=Path(folder)
        ) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 560})
        sign_in(page, server.url, f"{MALI} coach")
        page.screenshot(path=IMAGES / "demo.png")
        page.set_viewport_size({"width": 1100, "height": 820})
        page.goto(f"{server.url}/docs")
        operation = page.locator("[id$='-getProgress'].opblock")
        operation.locator(".opblock-summary-control").click()
        operation.locator(".btn.execute").wait_for()
        page.screenshot(path=IMAGES / "swagger-ui.png")
        browser.close()
    for each in sorted(IMAGES.iterdir()):
        sys.stdout.write(f"{each.relative_to(ROOT)}: {each.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    main()
