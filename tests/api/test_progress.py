"""`GET /api/progress`: planned against done, as the lists of sessions and of logs have it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.service.cursor import encode
from app.service.days import TimeZone
from app.service.documents import reference, reference_id
from app.service.planned import read_distance, read_duration
from app.service.stores.port import ProgressQuery, WeekPosition
from app.settings import Settings
from tests import world
from tests.api.test_create import codes
from tests.conftest import Client
from tests.plans import Obvious, odd_documents
from tests.world import ADMIN, COACH, OTHER_COACH, OTHER_RUNNER, RUNNER, TEAMMATE, document

ZONE = "Asia/Bangkok"
AS_OF = "2026-03-08"
FEELINGS = ("excellent", "good", "okay", "tired", "exhausted")

Row = dict[str, Any]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, time_zone=ZONE)


def read(client: Client, **query: Any) -> Any:
    response = client.request("GET", "/api/progress", query_string=query)
    assert response.status_code == 200, response.json
    return response.json


def table(client: Client, **query: Any) -> list[dict[str, str]]:
    headers = {"Accept": "text/csv"}
    response = client.request("GET", "/api/progress", query_string=query, headers=headers)
    assert response.status_code == 200, response.text
    return [*csv.DictReader(io.StringIO(response.text, newline=""), strict=True)]


def pages(client: Client, path: str) -> Iterator[Any]:
    while path:
        response = client.request("GET", path)
        assert response.status_code == 200, response.json
        yield response.json
        path = response.headers.get("Link", "").removeprefix("<").removesuffix('>; rel="next"')


class TestAmongOddDocuments:
    """Every figure follows from what the two lists show."""

    @pytest.fixture(params=[1, 7])
    def documents(self, request: pytest.FixtureRequest) -> list[Row]:
        return odd_documents(request.param)

    @pytest.mark.parametrize(
        ("first", "last"),
        [("2026-03-02", "2026-03-08"), ("2026-03-07", "2026-04-01"), ("1999-12-30", "2000-01-03")],
    )
    def test_agrees_with_the_lists(
        self, admin: Client, documents: list[Row], first: str, last: str
    ) -> None:
        obvious = Obvious(documents, TimeZone(ZONE))
        days = f"dateFrom={first}&dateTo={last}&asOf={AS_OF}"
        sessions = [
            each
            for page in pages(admin, f"/api/training-sessions?limit=100&{days}")
            for each in page["data"]
        ]
        logs = {
            each["id"]: each
            for page in pages(admin, "/api/workout-logs?limit=100")
            for each in page["data"]
        }
        rows = [row for page in pages(admin, f"/api/progress?{days}") for row in page["data"]]
        asked = ProgressQuery(date_from=first, date_to=last, zone=obvious.zone)
        assert [row["runner"]["id"] for row in rows] == obvious.runners(asked)
        for row in rows:
            runner = row["runner"]["id"]
            own = [each for each in sessions if each["runnerId"] == runner]
            apart = {
                logs[log["_id"]]["id"]: obvious.log_day(log)
                for log in obvious.logged(runner, asked)
                if not is_planned(obvious, log)
            }
            for week in row["weeks"]:
                monday = date.fromisoformat(week.pop("weekStart"))
                inside = {str(monday + timedelta(days=number)) for number in range(7)}
                assert week.pop("partial") == (min(inside) < first or max(inside) > last)
                assert week == figures(
                    [each for each in own if each["date"] in inside],
                    [logs[id_] for id_, day in apart.items() if day in inside],
                    logs.values(),
                )
            assert row["total"] == figures(own, [logs[id_] for id_ in apart], logs.values())

    def test_shows_all_that_it_should(self, admin: Client) -> None:
        """The documents are odd enough: no figure is always 0."""
        found: set[str] = set()
        for row in read(admin, dateFrom="2026-03-01", dateTo="2026-04-05", asOf=AS_OF)["data"]:
            total = row["total"]
            found |= {name for name, value in total.items() if value}
            for part in ("sessions", "distance", "duration", "unplanned"):
                found |= {f"{part}.{name}" for name, value in total[part].items() if value}
        assert found >= {
            *("adherence", "injuries", "pendingReviews", "duplicates", "lastLogAt"),
            *(f"sessions.{each}" for each in ("planned", "due", "completed", "dnf", "undone")),
            *(f"sessions.{each}" for each in ("unknown", "unlogged", "upcoming", "rest")),
            *(f"distance.{each}" for each in ("planned", "actual", "plannedUnreadable")),
            *(f"duration.{each}" for each in ("planned", "actual", "plannedUnreadable")),
            *("unplanned.logs", "unplanned.distance"),
        }

    def test_the_table_has_the_same_figures(self, admin: Client) -> None:
        query = {"dateFrom": "2026-03-01", "dateTo": "2026-04-05", "asOf": AS_OF}
        expected = [
            {"runner": row["runner"], **week}
            for row in read(admin, **query)["data"]
            for week in row["weeks"]
        ]
        rows = table(admin, **query)
        assert rows == [flat(each) for each in expected]
        # In pages that end in the middle of a runner's weeks.
        for limit in (1, 4, 7):
            seen: list[dict[str, str]] = []
            path = "/api/progress"
            parameters: dict[str, Any] | None = {**query, "limit": limit}
            while path:
                response = admin.request(
                    "GET", path, query_string=parameters, headers={"Accept": "text/csv"}
                )
                page = [*csv.DictReader(io.StringIO(response.text, newline=""))]
                assert len(page) <= limit
                seen += page
                link = response.headers.get("Link", "")
                path, parameters = link.removeprefix("<").removesuffix('>; rel="next"'), None
            assert seen == rows


def is_planned(obvious: Obvious, log: Row) -> bool:
    session = obvious.named(log.get("sessionId"), "trainingSession")
    own = session is not None and obvious.owner(session) == reference_id(log.get("runnerId"))
    return own and session is not None and not obvious.is_cancelled(session)


def figures(own: list[Row], apart: list[Row], logs: Iterable[Row]) -> Row:
    """Counted from the sessions of a runner, the logs that stand apart, and all logs."""
    training = [each for each in own if each["type"] != "rest"]
    logged = [each["log"] for each in own if each["log"]]
    all_logs = [
        log
        for log in logs
        for each in own
        if (log["sessionId"], log["runnerId"]) == (each["id"], each["runnerId"])
    ]
    by_id = {log["id"]: log for log in all_logs}
    due = [each for each in training if each["date"] <= AS_OF]
    completed = [each for each in due if each["log"] and each["log"]["status"] == "completed"]

    def ended(status: str | None) -> int:
        return len([each for each in training if each["log"] and each["log"]["status"] == status])

    def in_state(*states: str) -> int:
        return len([each for each in training if each["state"] in states])

    return {
        "sessions": {
            "planned": len(training),
            "due": len(due),
            "completed": ended("completed"),
            "dnf": ended("dnf"),
            "undone": ended("undone"),
            "unknown": ended(None),
            "unlogged": in_state("due", "overdue"),
            "upcoming": in_state("upcoming"),
            "rest": len(own) - len(training),
        },
        "adherence": rounded(Fraction(len(completed), len(due))) if due else None,
        "distance": {
            "planned": added(read_distance(each["distance"] or "") for each in own),
            "actual": added(log["actualDistance"] for log in logged),
            "plannedUnreadable": unreadable(read_distance, (each["distance"] for each in own)),
        },
        "duration": {
            "planned": added(read_duration(each["duration"] or "") for each in own),
            "actual": added(log["actualDurationSeconds"] for log in logged),
            "plannedUnreadable": unreadable(read_duration, (each["duration"] for each in own)),
        },
        "feelings": {
            name: len([log for log in logged if log["feeling"] == name]) for name in FEELINGS
        },
        "injuries": len([log for log in logged if by_id[log["id"]]["injuries"]]),
        "pendingReviews": len([log for log in logged if log["feedback"]["count"] == 0]),
        "unplanned": {
            "logs": len(apart),
            "distance": added(log["actualDistance"] for log in apart),
        },
        "duplicates": len(all_logs) - len(logged),
        "lastLogAt": max(
            (log["createdAt"] for log in [*all_logs, *apart] if log["createdAt"]),
            key=datetime.fromisoformat,
            default=None,
        ),
    }


def added(values: Iterable[Any]) -> float:
    return rounded(sum((Fraction(str(each)) for each in values if each is not None), Fraction()))


def rounded(value: Fraction) -> float:
    return int(value * 1000 + Fraction(1, 2)) / 1000


def unreadable(reader: Callable[[str], object], texts: Iterable[str | None]) -> int:
    return len([text for text in texts if text and reader(text) is None])


def flat(row: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """A row of the table: the members' names with dots, the values as text."""
    cells: dict[str, str] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            cells |= flat(value, f"{prefix}{name}.")
        elif isinstance(value, bool):
            cells[prefix + name] = str(value).lower()
        else:
            cells[prefix + name] = "" if value is None else str(value)
    return cells


class TestOfTheClub:
    """Twenty sessions of 10 km from 5 to 24 January, the first three logged."""

    def test_counts_what_was_planned_and_done(self, runner: Client) -> None:
        body = read(runner, dateFrom="2026-01-05", dateTo="2026-01-18", asOf="2026-01-09")
        [row] = body["data"]
        assert row["runner"] == {"id": RUNNER, "name": "Ada"}
        first, second = row["weeks"]
        assert (first["weekStart"], second["weekStart"]) == ("2026-01-05", "2026-01-12")
        assert first["sessions"] == {
            **{"planned": 7, "due": 5, "completed": 3, "dnf": 0, "undone": 0, "unknown": 0},
            **{"unlogged": 2, "upcoming": 2, "rest": 0},
        }
        assert (first["adherence"], second["adherence"]) == (0.6, None)
        assert first["distance"] == {"planned": 70, "actual": 30, "plannedUnreadable": 0}
        assert first["duration"] == {"planned": 25200, "actual": 10800, "plannedUnreadable": 0}
        assert row["total"]["sessions"]["planned"] == 14
        assert row["total"]["adherence"] == 0.6
        assert row["total"]["lastLogAt"] == "2026-01-07T18:00:00Z"

    def test_a_completed_log_of_a_session_to_come_is_no_adherence(self, runner: Client) -> None:
        [row] = read(runner, dateFrom="2026-01-05", dateTo="2026-01-11", asOf="2026-01-05")["data"]
        assert row["total"]["sessions"] == {
            **{"planned": 7, "due": 1, "completed": 3, "dnf": 0, "undone": 0, "unknown": 0},
            **{"unlogged": 0, "upcoming": 4, "rest": 0},
        }
        assert row["total"]["adherence"] == 1

    def test_the_range_is_the_week_and_the_three_before_it(self, runner: Client) -> None:
        body = read(runner, asOf="2026-01-14")
        assert (body["asOf"], body["dateFrom"], body["dateTo"]) == (
            "2026-01-14",
            "2025-12-22",
            "2026-01-18",
        )
        mondays = ["2025-12-22", "2025-12-29", "2026-01-05", "2026-01-12"]
        assert [week["weekStart"] for week in body["data"][0]["weeks"]] == mondays
        assert not any(week["partial"] for week in body["data"][0]["weeks"])

    @pytest.mark.parametrize(
        ("query", "first", "last"),
        [
            ({"dateFrom": "2026-01-07"}, "2026-01-07", "2026-02-03"),
            ({"dateTo": "2026-01-07"}, "2025-12-11", "2026-01-07"),
        ],
    )
    def test_one_day_gives_28(
        self, runner: Client, query: Mapping[str, str], first: str, last: str
    ) -> None:
        body = read(runner, asOf="2020-02-02", **query)
        assert (body["dateFrom"], body["dateTo"]) == (first, last)
        weeks = body["data"][0]["weeks"]
        assert [week["partial"] for week in weeks] == [True, False, False, False, True]

    def test_today_is_that_of_the_time_zone(self, runner: Client) -> None:
        before = datetime.now(ZoneInfo(ZONE)).date().isoformat()
        body = read(runner)
        assert before <= body["asOf"] <= datetime.now(ZoneInfo(ZONE)).date().isoformat()
        assert body["dateFrom"] <= body["asOf"] <= body["dateTo"]

    def test_every_runner_has_a_row_also_without_sessions(self, admin: Client) -> None:
        body = read(admin, dateFrom="2020-01-01", dateTo="2020-01-07", withTotal="true")
        assert [row["runner"]["id"] for row in body["data"]] == [RUNNER, TEAMMATE, OTHER_RUNNER]
        assert body["pagination"] == {"limit": 50, "nextCursor": None, "total": 3}
        for row in body["data"]:
            assert row["total"]["sessions"]["planned"] == 0
            assert len(row["weeks"]) == 2

    def test_others_have_one_while_they_train(self, admin: Client) -> None:
        body = read(admin, dateFrom="2026-01-05", dateTo="2026-01-11")
        assert [row["runner"]["id"] for row in body["data"]] == sorted(
            [ADMIN, COACH, RUNNER, TEAMMATE, OTHER_RUNNER]
        )

    def test_nobody_is_no_row(self, admin: Client, coach: Client) -> None:
        assert read(admin, runnerId="nobody")["data"] == []
        assert read(coach, runnerId=COACH, dateFrom="2020-01-01")["data"] == []

    @pytest.mark.parametrize("limit", [1, 2, 3])
    def test_pages_lead_to_all_and_keep_the_day(self, admin: Client, limit: int) -> None:
        query = "dateFrom=2026-01-05&dateTo=2026-01-11&withTotal=true"
        seen = [*pages(admin, f"/api/progress?limit={limit}&{query}&asOf=2026-01-06")]
        assert {page["asOf"] for page in seen} == {"2026-01-06"}
        assert {page["pagination"]["total"] for page in seen} == {5}
        everything = read(admin, dateFrom="2026-01-05", dateTo="2026-01-11", asOf="2026-01-06")
        assert [row for page in seen for row in page["data"]] == everything["data"]
        # Today goes on in the next page, too, though it may be another day by then.
        first = admin.request("GET", "/api/progress?limit=1")
        assert f"asOf={first.json['asOf']}" in first.headers["Link"]

    def test_a_table_goes_on_where_a_runner_has_left(self, admin: Client) -> None:
        """The week in a cursor is that of its runner only."""
        cursor = encode(WeekPosition("2026-01-12", f"{RUNNER}-left"))
        rows = table(admin, dateFrom="2026-01-05", dateTo="2026-01-18", cursor=cursor)
        assert [(row["runner.id"], row["weekStart"]) for row in rows] == [
            (runner, monday)
            for runner in (TEAMMATE, OTHER_RUNNER)
            for monday in ("2026-01-05", "2026-01-12")
        ]


class TestLimits:
    @pytest.mark.parametrize(
        ("person", "query", "weeks"),
        [
            (RUNNER, {}, 53),
            (RUNNER, {"runnerId": RUNNER}, 53),
            (COACH, {"runnerId": RUNNER}, 53),
            (ADMIN, {"runnerId": "nobody"}, 53),
            (COACH, {}, 13),
            (OTHER_COACH, {}, 13),
            (ADMIN, {}, 13),
        ],
    )
    def test_of_weeks_depend_on_how_many_runners_it_is_about(
        self, sign_in: Callable[[str], Client], person: str, query: Mapping[str, str], weeks: int
    ) -> None:
        client = sign_in(person)
        sunday = date(2026, 1, 4)
        last = sunday + timedelta(weeks=weeks - 2, days=1)  # the Monday of the last week
        body = read(client, **query, dateFrom=sunday, dateTo=last + timedelta(days=6))
        assert all(len(row["weeks"]) == weeks for row in body["data"])
        beyond = client.request(
            "GET",
            "/api/progress",
            query_string={**query, "dateFrom": sunday, "dateTo": last + timedelta(days=7)},
        )
        assert codes(beyond) == {"dateTo": "too-many-weeks"}
        assert f"At most {weeks} weeks" in beyond.json["errors"][0]["detail"]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"dateFrom": "2026-01-06", "dateTo": "2026-01-05"}, {"dateTo": "date-order"}),
            ({"limit": "0"}, {"limit": "out-of-range"}),
            ({"limit": "101"}, {"limit": "out-of-range"}),
            ({"asOf": "today"}, {"asOf": "type"}),
            ({"dateFrom": "2026-02-30"}, {"dateFrom": "type"}),
            ({"runnerId": "drafts.x"}, {"runnerId": "format"}),
            ({"cursor": "W10"}, {"cursor": "format"}),
            ({"cursor": encode(WeekPosition("soon", "x"))}, {"cursor": "format"}),
            ({"state": "due"}, {"state": "unknown-field"}),
        ],
        ids=str,
    )
    def test_of_a_query(
        self, runner: Client, query: Mapping[str, str], expected: Mapping[str, str]
    ) -> None:
        refused = runner.request("GET", "/api/progress", query_string=query)
        assert codes(refused) == expected

    @pytest.mark.parametrize("as_of", ["0001-01-01", "9999-12-31"])
    def test_the_first_and_the_last_day_there_is(self, runner: Client, as_of: str) -> None:
        for query in ({"asOf": as_of}, {"dateFrom": as_of}, {"dateTo": as_of}):
            body = read(runner, **query)
            assert body["dateFrom"] <= body["dateTo"]


class TestWhatCounts:
    """One runner, one week, one thing at a time."""

    @pytest.fixture
    def documents(self) -> list[Row]:
        def session(id_: str, plan: str | None = "active", **members: Any) -> Row:
            fields = {"date": "2026-03-04", "type": "easy", "distance": "5", "duration": "30"}
            planned = {"planId": reference(f"plan-{plan}")} if plan else {}
            return document(id_, "trainingSession", **{**fields, **planned, **members})

        def log(id_: str, session_id: str, runner: str = RUNNER, **members: Any) -> Row:
            fields = {"status": "completed", "actualDistance": 1, "actualDuration": "0:05:00"}
            links = {"sessionId": reference(session_id), "runnerId": reference(runner)}
            created = {"_createdAt": "2026-03-04T18:00:00Z"}
            return document(id_, "workoutLog", **{**fields, **links, **created, **members})

        return [
            world.user(RUNNER, "runner", COACH),
            world.user(TEAMMATE, "runner", COACH),
            world.user(COACH, "coach"),
            *(
                {**world.plan(RUNNER, COACH), "_id": f"plan-{status}", "status": status}
                for status in ("active", "draft", "completed", "cancelled")
            ),
            {**world.plan(TEAMMATE, COACH), "_id": "plan-mate", "status": "active"},
            *(session(f"s-{status}", status) for status in ("active", "draft", "completed")),
            session("s-cancelled", "cancelled"),
            session("s-mate", "mate"),
            session("s-undated", date=None),
            session("s-rest", type="rest", distance="2 km", duration=None),
            session(
                "s-alone",
                None,
                runnerId=RUNNER,
                date=None,
                scheduledDate="2026-03-01T20:00:00.000Z",
            ),
            # Monday in Bangkok, where it was still Sunday elsewhere; the week after likewise.
            session("s-monday", date="2026-03-01T17:00:00Z", distance="5-6 km", duration="easy"),
            session("s-next", date="2026-03-08T17:00:00Z"),
            log("l-1", "s-active", feeling="good", injuries=["knee"]),
            log("l-2", "s-active", status="dnf", actualDistance=2, feeling="tired")
            | {"_createdAt": "2026-03-05T18:00:00Z"},
            log("l-rest", "s-rest", feeling="excellent", actualDistance=0.3),
            log("l-rest-2", "s-rest", feeling="okay") | {"_createdAt": "2026-03-03T18:00:00Z"},
            log("l-cancelled", "s-cancelled", actualDistance=10),
            log("l-mate", "s-mate", actualDistance=20),
            log("l-gone", "gone", actualDistance=40) | {"_createdAt": "2026-03-06T18:00:00Z"},
            log("l-gone-too", "gone", actualDistance=80) | {"_createdAt": "2026-03-08T18:00:00Z"},
            log("l-undated", "s-undated", actualDistance=160),
            log("l-unknown", "s-draft", status="done", actualDistance=None),
            document("f", "feedback", workoutLogId=reference("l-2"), authorId=reference(COACH)),
        ]

    @pytest.fixture
    def week(self, runner: Client) -> Row:
        query = {"dateFrom": "2026-03-02", "dateTo": "2026-03-08", "asOf": "2026-03-08"}
        [row] = read(runner, **query)["data"]
        [week] = row["weeks"]
        found: Row = week
        return found

    def test_sessions_of_every_plan_but_cancelled_ones_and_of_none(self, week: Row) -> None:
        # active (its newest log is dnf), draft (a status that nobody knows), completed, alone, and
        # the one that is on Monday.
        assert week["sessions"] == {
            **{"planned": 5, "due": 5, "completed": 0, "dnf": 1, "undone": 0, "unknown": 1},
            **{"unlogged": 3, "upcoming": 0, "rest": 1},
        }
        assert week["adherence"] == 0

    def test_one_log_of_a_session_the_newest(self, week: Row) -> None:
        assert week["distance"]["actual"] == 2.3
        assert week["duration"]["actual"] == 3 * 300
        assert week["duplicates"] == 2
        assert week["feelings"] == {
            **dict.fromkeys(FEELINGS, 0),
            **{"tired": 1, "excellent": 1},
        }
        assert week["injuries"] == 0
        assert week["pendingReviews"] == 2

    def test_planned_texts_with_one_meaning(self, week: Row) -> None:
        assert week["distance"]["planned"] == 4 * 5 + 2
        assert week["distance"]["plannedUnreadable"] == 1
        assert week["duration"] == {
            **{"planned": 4 * 1800, "actual": 900, "plannedUnreadable": 1},
        }

    def test_logs_apart_from_plans(self, week: Row) -> None:
        # Of a cancelled plan, of somebody else's session, of one that is gone; not of a session of
        # their own without a day, and not of the Monday after in Bangkok.
        assert week["unplanned"] == {"logs": 3, "distance": 70}
        assert week["lastLogAt"] == "2026-03-06T18:00:00Z"

    def test_the_next_week_begins_in_the_zone(self, runner: Client) -> None:
        [row] = read(runner, dateFrom="2026-03-09", dateTo="2026-03-15", asOf="2026-03-08")["data"]
        assert row["total"]["sessions"]["upcoming"] == 1
        assert row["total"]["unplanned"] == {"logs": 1, "distance": 80}
        assert row["total"]["adherence"] is None


def test_is_one_round_trip_and_one_for_the_caller(coach: Client) -> None:
    for path in ("/api/progress", "/api/training-sessions?withTotal=true"):
        timing = coach.request("GET", path).headers["Server-Timing"]
        assert 'desc="2 calls"' in timing
