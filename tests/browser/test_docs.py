"""The pages as a front-end developer meets them, in Chromium."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from app.development.reset import reset
from app.settings import Settings
from tests.browser.conftest import Watch
from tests.published import published

DESK: ViewportSize = {"width": 1280, "height": 1000}
PHONE: ViewportSize = {"width": 390, "height": 844}

METHODS = {operation["operationId"]: method for _, method, operation in published().operations()}


class SwaggerUI:
    """What a person does in the Swagger UI."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.dialog = page.locator(".modal-ux")

    def sign_in(self, name: str) -> None:
        """Sign in as the person of this name; other names are buttons of the page."""
        self.page.get_by_role("button", name="Authorize").first.click()
        with self.page.expect_popup() as opening:
            self.dialog.locator(".btn.authorize").first.click()
        opening.value.get_by_role("button", name=name).first.click()

    def signed_in(self) -> None:
        """Wait for the dialog to say so, and close it."""
        expect(self.dialog).to_contain_text("Authorized")
        self.dialog.locator(".btn-done").first.click()
        expect(self.page.locator("#caller")).not_to_have_text("Signed in …")

    def open(self, operation_id: str) -> Operation:
        block = self.page.locator(f"[id$='-{operation_id}'].opblock")
        if "is-open" not in (block.get_attribute("class") or ""):
            block.locator(".opblock-summary-control").click()
        return Operation(block)


class Operation:
    """One operation, open."""

    def __init__(self, block: Locator) -> None:
        self.block = block

    def close(self) -> None:
        self.block.locator(".opblock-summary-control").click()

    def fill(self, name: str, value: str) -> None:
        self.block.locator(f"tr[data-param-name='{name}'] input").fill(value)

    def fill_body(self, body: dict[str, Any]) -> None:
        self.block.locator("textarea.body-param__text").fill(json.dumps(body))

    def execute(self) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON of the response, once the page shows it."""
        with self.block.page.expect_response("**/api/**") as responding:
            self.block.locator(".btn.execute").click()
        response = responding.value
        shown = self.block.locator(".live-responses-table tbody .response-col_status").first
        expect(shown).to_contain_text(str(response.status))
        return (
            response.status,
            response.all_headers(),
            response.json() if response.status != 204 else None,
        )


@pytest.fixture
def swagger_ui(page: Page, server: str, watch: Watch) -> SwaggerUI:
    page.goto(f"{server}/docs")
    return SwaggerUI(page)


@pytest.fixture
def runners(swagger_ui: SwaggerUI) -> SwaggerUI:
    """The Swagger UI with the first runner signed in."""
    swagger_ui.sign_in("Somchai")
    swagger_ui.signed_in()
    return swagger_ui


@pytest.fixture
def sample_club(server_folder: Path) -> None:
    """The server's data as on the first day."""
    path = server_folder / "instance" / "workout-logs.db"
    reset(Settings(app_env="development", sqlite_path=str(path)))


@pytest.mark.usefixtures("sample_club")
def test_a_log_lives_its_life_through_try_it_out(
    runners: SwaggerUI, server: str, watch: Watch
) -> None:
    status, headers, created = runners.open("createWorkoutLog").execute()
    assert (status, created["data"]["runnerId"]) == (201, "user-somchai")
    log_id, first_etag = created["data"]["id"], headers["etag"]

    read = runners.open("getWorkoutLog")
    read.fill("logId", log_id)
    status, headers, response = read.execute()
    assert (status, headers["etag"], response) == (200, first_etag, created)

    update = runners.open("updateWorkoutLog")
    update.fill("logId", log_id)
    update.fill("If-Match", first_etag)
    update.fill_body({"notes": "วิ่งกับเพื่อน, très agréable"})
    status, headers, response = update.execute()
    assert (status, response["data"]["notes"]) == (200, "วิ่งกับเพื่อน, très agréable")
    assert headers["etag"] != first_etag

    status, _, problem = update.execute()
    assert (status, problem["code"]) == (412, "precondition-failed")

    delete = runners.open("deleteWorkoutLog")
    delete.fill("logId", log_id)
    assert delete.execute()[0] == 204
    assert read.execute()[0] == 404

    assert watch.foreign(server) == []
    assert watch.complaints == []


@pytest.mark.usefixtures("sample_club")
def test_every_example_succeeds_at_the_first_click(runners: SwaggerUI) -> None:
    statuses = {}
    for operation_id, method in METHODS.items():
        if method != "delete":
            operation = runners.open(operation_id)
            statuses[operation_id] = operation.execute()[0]
            operation.close()
    assert statuses.pop("createWorkoutLog") == 201
    assert set(statuses.values()) == {200}, statuses


def test_the_logs_come_first(swagger_ui: SwaggerUI) -> None:
    tags = swagger_ui.page.locator(".opblock-tag")
    expect(tags.first).to_have_attribute("data-tag", "workout-logs")
    assert tags.count() == len(published().document["tags"])


def test_a_delete_is_never_one_click_away(runners: SwaggerUI) -> None:
    delete = runners.open("deleteWorkoutLog")
    log_id = delete.block.locator("tr[data-param-name='logId'] input")
    expect(log_id).to_have_value("")
    sent: list[str] = []
    runners.page.on("request", lambda request: sent.append(request.method))
    delete.block.locator(".btn.execute").click()
    expect(log_id).to_have_class(re.compile("invalid"))
    assert "DELETE" not in sent


SOMCHAI = "สมชาย ใจดี (Somchai Jaidee) (runner)"


def test_who_is_signed_in_stays_so_over_a_reload(
    runners: SwaggerUI, server: str, watch: Watch
) -> None:
    page = runners.page
    caller = page.locator("#caller")
    expect(caller).to_have_text(SOMCHAI)
    page.reload()
    expect(caller).to_have_text(SOMCHAI)
    status, _, response = runners.open("listWorkoutLogs").execute()
    assert (status, response["data"][0]["runnerId"]) == (200, "user-somchai")
    assert page.evaluate("localStorage.length") == 0

    other = page.context.new_page()
    other.goto(f"{server}/docs")
    expect(other.locator(".opblock").first).to_be_visible()
    expect(other.locator("#caller")).to_have_text("Not signed in")
    other.close()

    page.get_by_role("button", name="Sign out").click()
    expect(caller).to_have_text("Not signed in")
    page.reload()
    expect(page.locator(".opblock").first).to_be_visible()
    expect(caller).to_have_text("Not signed in")
    assert watch.complaints == []


def test_a_printed_token_can_be_pasted(swagger_ui: SwaggerUI, server_folder: Path) -> None:
    lines = (server_folder / "instance" / "dev-tokens.env").read_text().splitlines()
    tokens = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    for pasted, shown in (
        (tokens["COACH_TOKEN"], "มะลิ ศรีสุข (Mali Srisuk) (coach)"),
        (f"{tokens['COACH_TOKEN']}x", "The token is not valid"),
    ):
        swagger_ui.page.get_by_role("button", name="Authorize").first.click()
        bearer = swagger_ui.dialog.locator(".auth-container", has_text="accessToken")
        bearer.locator("input").fill(pasted)
        bearer.locator(".btn.authorize").click()
        swagger_ui.signed_in()
        expect(swagger_ui.page.locator("#caller")).to_have_text(shown)
        swagger_ui.page.get_by_role("button", name="Sign out").click()


def test_a_coach_reads_and_does_not_write(swagger_ui: SwaggerUI) -> None:
    swagger_ui.sign_in("มะลิ ศรีสุข (Mali Srisuk) coach")
    swagger_ui.signed_in()
    status, _, response = swagger_ui.open("listWorkoutLogs").execute()
    assert (status, len(response["data"]) > 0) == (200, True)
    update = swagger_ui.open("updateWorkoutLog")
    update.fill("logId", response["data"][0]["id"])
    status, _, problem = update.execute()
    assert (status, problem["code"]) == (403, "forbidden")


def test_the_swagger_ui_signs_in_at_a_configured_issuer(
    page: Page, production_server: str, server: str, watch: Watch
) -> None:
    page.goto(f"{production_server}/docs")
    swagger_ui = SwaggerUI(page)
    swagger_ui.sign_in("José Álvarez")
    swagger_ui.signed_in()
    status, _, response = swagger_ui.open("listWorkoutLogs").execute()
    assert (status, response["data"][0]["runnerId"]) == (200, "user-jose")
    assert watch.foreign(production_server, server) == []
    assert watch.complaints == []


def test_cancelling_the_sign_in_says_so(swagger_ui: SwaggerUI) -> None:
    swagger_ui.sign_in("Cancel")
    expect(swagger_ui.dialog).to_contain_text("access_denied")


@pytest.mark.parametrize(
    ("path", "sign"),
    [
        ("/", "What runners really did"),
        ("/docs", "Authorize"),
        ("/problems/", "duplicate-workout-log"),
        ("/problems/duplicate-workout-log", "existingId"),
    ],
)
def test_a_page_stands_alone(page: Page, server: str, watch: Watch, path: str, sign: str) -> None:
    for viewport in (DESK, PHONE):
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme="light" if viewport is DESK else "dark")
        page.goto(server + path)
        page.get_by_text(sign).first.wait_for(state="attached")
    assert watch.foreign(server) == []
    assert watch.complaints == []


FONTS = {
    "the machine's": "* {}",
    "wide": "* { font-family: monospace !important; letter-spacing: .15em !important; }",
    "narrow": "* { letter-spacing: -.1em !important; }",
    "serif": "* { font-family: serif !important; font-weight: bold !important; }",
}
WIDTHS = (320, 390, 640, 641, 1024, 1200, 1201, 1600)

SIGN_IN = (
    "/development/authorize?response_type=code&client_id=app&redirect_uri=http://localhost/"
    f"&code_challenge={'x' * 43}&code_challenge_method=S256"
)


def too_wide(page: Page) -> dict[tuple[str, int], int]:
    """The width that a restyled page needs, by fonts and width of the window, where it is more."""
    found = {}
    for fonts, style in FONTS.items():
        styled = page.add_style_tag(content=style)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 1000})
            needed = page.evaluate("document.documentElement.scrollWidth")
            if needed > width:
                found[fonts, width] = needed
        styled.evaluate("element => element.remove()")
    return found


@pytest.mark.parametrize(
    ("path", "part"), [("/", "h1"), ("/docs", ".opblock"), ("/problems/", "h1"), (SIGN_IN, "h1")]
)
def test_a_page_fits_every_width_with_any_font(
    restyled_page: Page, server: str, path: str, part: str
) -> None:
    """In the Swagger UI, operations are closed: `test_an_operation_is_accessible_and_fits`."""
    restyled_page.goto(server + path)
    restyled_page.locator(part).first.wait_for()
    assert not too_wide(restyled_page)


def test_the_sign_in_page_names_the_people(page: Page, server: str, watch: Watch) -> None:
    page.goto(server + SIGN_IN)
    expect(page.get_by_role("button", name="Zoë Lindqvist")).to_be_visible()
    assert watch.complaints == []
