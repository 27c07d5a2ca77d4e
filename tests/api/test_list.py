"""GET of the collection: pages, cursors, filters, and what a query may not say."""

from __future__ import annotations

from typing import Any

import pytest

from app.service import cursor
from app.service.stores.port import Position
from tests.api.test_create import codes
from tests.conftest import Client
from tests.world import RUNNER, log_of, session_of


def ids(response: Any) -> list[str]:
    assert response.status_code == 200, response.json
    return [each["id"] for each in response.json["data"]]


def newest(*numbers: int) -> list[str]:
    return [log_of(RUNNER, number) for number in numbers]


def test_the_newest_comes_first(runner: Client) -> None:
    response = runner.list()
    assert ids(response) == newest(3, 2, 1)
    pagination = response.json["pagination"]
    assert pagination.pop("syncToken")
    assert pagination == {"limit": 20, "nextCursor": None, "total": None}
    assert "Link" not in response.headers


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_the_link_leads_through_all_pages(admin: Client, limit: int) -> None:
    everything = ids(admin.list(limit=100))
    seen: list[str] = []
    path = f"/api/workout-logs?limit={limit}&status=completed"
    while path:
        response = admin.request("GET", path)
        seen += ids(response)
        link = response.headers.get("Link", "")
        path = link.removeprefix("<").removesuffix('>; rel="next"')
        next_cursor = response.json["pagination"]["nextCursor"]
        assert (next_cursor is None) == (path == "")
        if path:
            assert f"cursor={next_cursor}" in path
            assert "status=completed" in path
    assert seen == everything


def test_what_is_written_meanwhile_is_neither_skipped_nor_repeated(runner: Client) -> None:
    first = runner.list(limit=2)
    runner.create({"sessionId": session_of(RUNNER, 9), "status": "dnf"})
    runner.delete(log_of(RUNNER, 2))
    second = runner.list(limit=2, cursor=first.json["pagination"]["nextCursor"])
    assert ids(first) + ids(second) == newest(3, 2, 1)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"sessionId": session_of(RUNNER, 2)}, [2]),
        ({"runnerId": RUNNER}, [3, 2, 1]),
        ({"status": "completed"}, [3, 2, 1]),
        ({"status": "undone"}, []),
        ({"feeling": "tired"}, []),
        ({"dateFrom": "2026-01-06"}, [3, 2]),
        ({"dateTo": "2026-01-06"}, [2, 1]),
        ({"dateFrom": "2026-01-07", "dateTo": "2026-01-07"}, [3]),
        ({"dateFrom": "2026-01-07", "dateTo": "2026-01-01"}, []),
        ({"dateTo": "2026-01-06", "limit": 1}, [2]),
    ],
    ids=str,
)
def test_filters_are_inclusive_and_all_hold(
    runner: Client, query: dict[str, Any], expected: list[int]
) -> None:
    assert ids(runner.list(**query)) == newest(*expected)
    counted = runner.list(**query, withTotal="true").json["pagination"]["total"]
    assert counted == (2 if "limit" in query else len(expected))


@pytest.mark.parametrize(("asked", "total"), [("true", 3), ("false", None)])
def test_the_total_is_counted_when_asked_for(runner: Client, asked: str, total: int | None) -> None:
    assert runner.list(limit=1, withTotal=asked).json["pagination"]["total"] == total


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        *(("limit", each, "out-of-range") for each in ("0", "101", "999999999")),
        *(
            ("limit", each, "type")
            for each in ("", "-1", "5.0", "1e1", " 5", "+5", "1_0", "٥", "x")
        ),
        *(
            ("cursor", each, "format")
            for each in ("", "x", "W10", "bnVsbA", "e30", "!!", "x" * 600)
        ),
        *(("sessionId", each, "format") for each in ("", "drafts.x", "a b", "-x", "x" * 129)),
        *(("runnerId", each, "format") for each in ("", "versions.r.x", "a/b")),
        *(("status", each, "not-a-choice") for each in ("", "done", "COMPLETED")),
        *(("feeling", each, "not-a-choice") for each in ("", "great")),
        *(
            (name, each, "type")
            for name in ("dateFrom", "dateTo")
            for each in ("", "2026-02-30", "2026-2-3", "20260203", "2026-02-03T00:00:00Z", "x")
        ),
        *(("withTotal", each, "type") for each in ("", "yes", "1", "True")),
        ("offset", "5", "unknown-field"),
        ("_schema", "1", "unknown-field"),
        ("Limit", "5", "unknown-field"),
        ("", "5", "unknown-field"),
    ],
)
def test_a_parameter_that_cannot_be_is_named(
    runner: Client, name: str, value: str, code: str
) -> None:
    assert codes(runner.list(**{name: value})) == {name: code}


def test_all_parameters_at_fault_are_named(runner: Client) -> None:
    response = runner.list(limit="0", status="x", offset="1")
    assert set(codes(response)) == {"limit", "status", "offset"}


def test_a_parameter_given_twice_is_refused(runner: Client) -> None:
    response = runner.request("GET", "/api/workout-logs?status=dnf&status=undone")
    assert list(codes(response)) == ["status"]


@pytest.mark.parametrize(
    "position", [("", "x"), ("2026-01-01T00:00:00Z", "x"), ("2026-01-01T00:00:00.123+02:00", "a.b")]
)
def test_a_cursor_reads_as_it_was_written(position: tuple[str, str]) -> None:
    assert cursor.decode(cursor.encode(Position(*position))) == position


@pytest.mark.parametrize(
    "position", [("now", "x"), ("2026-01-01T00:00:00Z", ""), ("2026-01-01T00:00:00Z", "a b")]
)
def test_a_forged_cursor_is_refused(runner: Client, position: tuple[str, str]) -> None:
    assert codes(runner.list(cursor=cursor.encode(Position(*position)))) == {"cursor": "format"}


def test_a_query_means_the_same_each_time(runner: Client) -> None:
    """Also when what it means is remembered, for everybody who asks alike."""
    for _ in range(3):
        assert ids(runner.list(limit=2)) == newest(3, 2)
        assert runner.list(limit="two").status_code == 422
        assert ids(runner.list(limit=1)) == newest(3)
        assert runner.request("GET", "/api/workout-logs?limit=1&limit=2").status_code == 422


@pytest.mark.parametrize("padding", [0, 240, 250, 1000])
def test_a_long_query_means_what_a_short_one_does(runner: Client, padding: int) -> None:
    path = f"/api/workout-logs?limit=2{'&' * padding}"
    assert ids(runner.request("GET", path)) == newest(3, 2)
    assert runner.request("GET", f"{path}&status=x").status_code == 422
