"""The lists as CSV: who reads them finds what JSON says."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from app.service.documents import reference
from tests import world
from tests.api.test_create import codes
from tests.conftest import Client, told
from tests.world import ADMIN, COACH, RUNNER, document, session_of

LOGS, SESSIONS, PROGRESS = "/api/workout-logs", "/api/training-sessions", "/api/progress"
LISTS = (LOGS, SESSIONS, PROGRESS)
DAYS = {"dateFrom": "2026-01-05", "dateTo": "2026-01-18", "asOf": "2026-01-08"}
MANY = 120
"""More than a page of JSON holds."""

Row = dict[str, Any]

NAME = 'สมชาย "Somchai", ใจดี'
NOTES = "วิ่งรอบสวน, \"ลมเย็น\"\nขาสดมาก; 5'30'"
FORMULAS = ("=1+1", "+cmd", "-2 reps", "@SUM(A1)")


@pytest.fixture
def documents() -> list[Row]:
    """The club; a runner with a Thai name, odd texts and many sessions."""
    mine = [
        document(
            f"s-{number:03}",
            "trainingSession",
            runnerId=RUNNER,
            date="2026-02-02",
            distance="-5" if number == 1 else "5-6 km",
            notes=FORMULAS[number] if number < len(FORMULAS) else NOTES,
        )
        for number in range(MANY)
    ]
    logs = [
        document(
            f"l-{number:03}",
            "workoutLog",
            sessionId=reference(f"s-{number:03}"),
            runnerId=reference(RUNNER),
            status="completed",
            actualDuration="0:45:00",
            notes=FORMULAS[number] if number < len(FORMULAS) else NOTES,
            weather="+5",
            injuries=["เข่าซ้าย", "=knee"] if number else ["=knee", "hip"],
        )
        for number in range(MANY)
    ]
    named = [each for each in world.club() if each["_id"] != RUNNER]
    return [*named, world.user(RUNNER, "runner", COACH, name=NAME), *mine, *logs]


def table(client: Client, path: str, **query: Any) -> Any:
    headers = {"Accept": "text/csv"}
    response = client.request("GET", path, query_string=query or None, headers=headers)
    assert response.status_code == 200, response.text
    return response


def rows_of(response: Any) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(response.text, newline=""), strict=True)]


def pages(client: Client, path: str, **query: Any) -> Iterator[Any]:
    """The bodies of all pages of JSON."""
    parameters: Row | None = query
    while path:
        response = client.request("GET", path, query_string=parameters)
        assert response.status_code == 200, response.text
        yield response.json
        link = response.headers.get("Link", "")
        path, parameters = link.removeprefix("<").removesuffix('>; rel="next"'), None


def test_columns_are_those_of_the_contract(runner: Client) -> None:
    """Clients read them by their place: a new one comes last."""
    columns = {path: rows_of(table(runner, path))[0].keys() for path in LISTS}
    assert {path: [*names] for path, names in columns.items()} == {
        LOGS: [
            *("id", "sessionId", "runnerId", "status", "externalLink", "actualDistance"),
            *("actualDuration", "actualPace", "actualDurationSeconds", "actualPaceSeconds"),
            *("notes", "feeling", "injuries", "weather", "temperature", "createdAt", "updatedAt"),
            *("session.id", "session.date", "session.day", "session.type", "session.distance"),
            *("session.duration", "session.pace", "runner.id", "runner.name", "feedback.count"),
            *("feedback.lastAt", "revision"),
        ],
        SESSIONS: [
            *("id", "planId", "runnerId", "date", "day", "type", "distance", "duration", "pace"),
            *("notes", "state", "log.id", "log.status", "log.feeling", "log.actualDistance"),
            *("log.actualDurationSeconds", "log.actualPaceSeconds", "log.feedback.count"),
            *("log.feedback.lastAt", "log.updatedAt", "runner.id", "runner.name"),
        ],
        PROGRESS: [
            *("runner.id", "runner.name", "weekStart", "partial"),
            *(f"sessions.{each}" for each in ("planned", "due", "completed", "dnf", "undone")),
            *(f"sessions.{each}" for each in ("unknown", "unlogged", "upcoming", "rest")),
            "adherence",
            *(f"distance.{each}" for each in ("planned", "actual", "plannedUnreadable")),
            *(f"duration.{each}" for each in ("planned", "actual", "plannedUnreadable")),
            *(f"feelings.{each}" for each in ("excellent", "good", "okay", "tired", "exhausted")),
            *("injuries", "pendingReviews", "unplanned.logs", "unplanned.distance", "duplicates"),
            "lastLogAt",
        ],
    }


@pytest.mark.parametrize("path", LISTS)
def test_a_table_is_a_file_with_a_name(runner: Client, path: str) -> None:
    response = table(runner, path)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    name = path.rpartition("/")[2]
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    assert "Accept" in response.headers.getlist("Vary")
    assert response.data.count(b"\n") > 1
    assert b"\r\n" in response.data
    with_mark = table(runner, path, bom="true").data
    assert with_mark == b"\xef\xbb\xbf" + response.data
    assert table(runner, path, bom="false").data == response.data
    plain = runner.request("GET", path, query_string={"bom": "true"})
    assert plain.headers["Content-Type"] == "application/json"
    assert plain.json["data"] == runner.request("GET", path).json["data"]
    assert "Accept" in plain.headers.getlist("Vary")
    assert "Content-Disposition" not in plain.headers


def cells(value: Any, prefix: str, columns: set[str]) -> Iterator[tuple[str, str]]:
    """What the table should hold of a member, without what guards against formulas."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from cells(member, f"{prefix}.{name}" if prefix else name, columns)
    elif value is None and prefix not in columns:
        for column in columns:
            if column.startswith(f"{prefix}."):
                yield column, ""
    elif isinstance(value, list):
        yield prefix, "; ".join(value)
    elif isinstance(value, bool):
        yield prefix, str(value).lower()
    else:
        yield prefix, "" if value is None else str(value)


@pytest.mark.parametrize(
    ("path", "query"), [(LOGS, {}), (SESSIONS, {"asOf": "2026-01-08"}), (PROGRESS, DAYS)]
)
@pytest.mark.parametrize("person", [RUNNER, ADMIN])
def test_a_table_holds_what_the_pages_of_json_do(
    sign_in: Callable[[str], Client], person: str, path: str, query: dict[str, str]
) -> None:
    client = sign_in(person)
    data = [each for page in pages(client, path, limit=100, **query) for each in page["data"]]
    if path == PROGRESS:
        data = [{"runner": each["runner"], **week} for each in data for week in each["weeks"]]
    rows = rows_of(table(client, path, **query))
    assert len(rows) == len(data)
    for row, each in zip(rows, data, strict=True):
        expected = dict(cells(each, "", set(row)))
        bare = {
            name: value.removeprefix("'") if value.startswith(("'=", "'+", "'-", "'@")) else value
            for name, value in row.items()
        }
        assert bare == expected


class TestText:
    def test_is_read_as_it_was_written(self, runner: Client) -> None:
        for path, name in ((LOGS, "notes"), (SESSIONS, "notes")):
            rows = rows_of(table(runner, path))
            assert {row["runner.name"] for row in rows} == {NAME}
            assert NOTES in {row[name] for row in rows}

    def test_that_looks_like_a_formula_has_an_apostrophe(self, runner: Client) -> None:
        logs = {row["id"]: row for row in rows_of(table(runner, LOGS))}
        for number, formula in enumerate(FORMULAS):
            assert logs[f"l-{number:03}"]["notes"] == f"'{formula}"
        assert logs["l-000"]["injuries"] == "'=knee; hip"
        assert logs["l-001"]["injuries"] == "เข่าซ้าย; =knee"
        # A number is none, also where a person wrote it.
        assert logs["l-000"]["weather"] == "+5"
        sessions = {row["id"]: row for row in rows_of(table(runner, SESSIONS))}
        assert sessions["s-001"]["distance"] == "-5"

    def test_is_the_same_to_another_reader(self, runner: Client, tmp_path: Path) -> None:
        """DuckDB's, which finds out by itself how a file is written."""
        for path, mark in ((LOGS, "false"), (SESSIONS, "false"), (LOGS, "true")):
            response = table(runner, path, bom=mark)
            file = tmp_path / "table.csv"
            file.write_bytes(response.data)
            with duckdb.connect() as connection:
                found = connection.read_csv(str(file), all_varchar=True)
                columns, rows = found.columns, found.fetchall()
            text = response.data.decode("utf-8-sig")
            header, *expected = csv.reader(io.StringIO(text, newline=""), strict=True)
            assert columns == header
            assert [[cell or "" for cell in row] for row in rows] == expected

    def test_numbers_and_days_are_such_to_another_reader(
        self, runner: Client, tmp_path: Path
    ) -> None:
        file = tmp_path / "table.csv"
        file.write_bytes(table(runner, PROGRESS, **DAYS).data)
        with duckdb.connect() as connection:
            found = connection.read_csv(str(file))
            kinds = dict(zip(found.columns, map(str, found.types), strict=True))
        assert kinds["weekStart"] == "DATE"
        assert kinds["partial"] == "BOOLEAN"
        assert (kinds["sessions.planned"], kinds["distance.planned"]) == ("BIGINT", "DOUBLE")


class TestPages:
    @pytest.mark.parametrize("path", [LOGS, SESSIONS])
    def test_hold_more_than_those_of_json(self, runner: Client, path: str) -> None:
        assert len(rows_of(table(runner, path))) > MANY
        assert len(rows_of(table(runner, path, limit=MANY))) == MANY
        refused = runner.request("GET", path, query_string={"limit": MANY})
        assert codes(refused) == {"limit": "out-of-range"}

    @pytest.mark.parametrize("path", LISTS)
    def test_hold_ten_thousand_at_most(self, runner: Client, path: str) -> None:
        assert rows_of(table(runner, path, limit=10_000)) == rows_of(table(runner, path))
        for limit in ("10001", "0"):
            refused = runner.request(
                "GET", path, query_string={"limit": limit}, headers={"Accept": "text/csv"}
            )
            assert codes(refused) == {"limit": "out-of-range"}
            assert refused.headers["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize(("path", "limit"), [(LOGS, 50), (SESSIONS, 50), (PROGRESS, 3)])
    def test_lead_to_the_next(self, admin: Client, path: str, limit: int) -> None:
        everything = rows_of(table(admin, path))
        seen, url, parameters = [], path, {"limit": limit, "bom": "false"}
        while url:
            response = table(admin, url, **parameters)
            page = rows_of(response)
            assert 0 < len(page) <= limit
            seen += page
            link = response.headers.get("Link", "")
            url, parameters = link.removeprefix("<").removesuffix('>; rel="next"'), {}
            assert not url or f"limit={limit}" in url
        assert seen == everything

    def test_have_filters(self, runner: Client) -> None:
        rows = rows_of(table(runner, LOGS, sessionId=session_of(RUNNER, 1)))
        assert [row["session.date"] for row in rows] == ["2026-01-05"]
        assert rows_of(table(runner, SESSIONS, state="rest")) == []


@pytest.mark.parametrize("accept", ["text/csv", "text/csv" + 100 * ", image/png"])
def test_whatever_else_is_accepted_it_is_a_table(runner: Client, accept: str) -> None:
    for _ in range(2):
        response = runner.request("GET", LOGS, headers={"Accept": accept})
        assert response.mimetype == "text/csv"
        json = runner.request("GET", LOGS, headers={"Accept": accept.replace("csv", "plain")})
        assert json.mimetype == "application/json"


def test_a_table_counts_as_one_request(runner: Client) -> None:
    left = [int(table(runner, LOGS).headers["RateLimit-Remaining"]) for _ in range(2)]
    assert left[0] - left[1] == 1


def test_other_operations_have_no_tables(runner: Client) -> None:
    for path in ("/api/me", f"{SESSIONS}/{session_of(RUNNER, 1)}"):
        response = runner.request("GET", path, headers={"Accept": "text/csv"})
        assert response.headers["Content-Type"] == "application/json"


def test_refusals_are_problems(runner: Client) -> None:
    for path in LISTS:
        query = {"runnerId": ADMIN}
        as_json = runner.request("GET", path, query_string=query)
        as_table = runner.request("GET", path, query_string=query, headers={"Accept": "text/csv"})
        assert as_table.status_code == 403
        assert told(as_table) == told(as_json)
