"""`GET /api/training-sessions`: what is planned, what became of it, what is left to record."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.service.cursor import encode
from app.service.days import TimeZone
from app.service.documents import reference
from app.service.model import SessionState
from app.service.stores.port import SessionPosition, SessionQuery
from app.settings import Settings
from tests import world
from tests.api.test_create import codes
from tests.conftest import Client, told
from tests.plans import Obvious, odd_documents
from tests.world import ADMIN, COACH, RUNNER, TEAMMATE, document, log_of, plan_of, session_of

PATH = "/api/training-sessions"
ZONE = "Asia/Bangkok"

Row = dict[str, Any]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, time_zone=ZONE)


def read(client: Client, **query: Any) -> Any:
    response = client.request("GET", PATH, query_string=query)
    assert response.status_code == 200, response.json
    return response.json


def ids(body: Any) -> list[str]:
    return [each["id"] for each in body["data"]]


def pages(client: Client, path: str) -> Iterator[Any]:
    while path:
        response = client.request("GET", path)
        assert response.status_code == 200, response.json
        yield response.json
        link = response.headers.get("Link", "")
        assert (response.json["pagination"]["nextCursor"] is None) == (link == "")
        path = link.removeprefix("<").removesuffix('>; rel="next"')


def club(*numbers: int) -> list[str]:
    return [session_of(RUNNER, number) for number in numbers]


class TestOfTheClub:
    """Twenty sessions from 5 to 24 January, the first three logged."""

    def test_a_session_comes_with_its_log_and_runner(self, runner: Client) -> None:
        response = runner.request("GET", f"{PATH}/{session_of(RUNNER, 1)}?asOf=2026-01-05")
        assert response.json == {
            "data": {
                "id": session_of(RUNNER, 1),
                "planId": plan_of(RUNNER),
                "runnerId": RUNNER,
                "date": "2026-01-05",
                "day": "Monday",
                "type": "easy",
                "distance": "10 km",
                "duration": "60 min",
                "pace": "6:00",
                "notes": None,
                "state": "logged",
                "log": {
                    "id": log_of(RUNNER, 1),
                    "status": "completed",
                    "feeling": None,
                    "actualDistance": 10,
                    "actualDurationSeconds": 3600,
                    "actualPaceSeconds": 360,
                    "feedback": {"count": 0, "lastAt": None},
                    "updatedAt": world.CREATED,
                },
                "runner": {"id": RUNNER, "name": "Ada"},
            },
            "asOf": "2026-01-05",
        }

    def test_come_by_date_and_then_by_id(self, runner: Client) -> None:
        body = read(runner, limit=100, asOf="2026-01-10", withTotal="true")
        assert ids(body) == club(*range(1, 21))
        assert body["asOf"] == "2026-01-10"
        assert body["pagination"] == {"limit": 100, "nextCursor": None, "total": 20}
        states = [each["state"] for each in body["data"]]
        assert states == [*["logged"] * 3, *["overdue"] * 2, "due", *["upcoming"] * 14]
        assert read(runner, limit=1)["pagination"]["total"] is None

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"state": "logged"}, [1, 2, 3]),
            ({"state": "overdue"}, [4, 5]),
            ({"state": "due"}, [6]),
            ({"state": "upcoming", "dateTo": "2026-01-12"}, [7, 8]),
            ({"state": "rest"}, []),
            ({"state": "unscheduled"}, []),
            ({"type": "long"}, []),
            ({"type": "easy", "dateFrom": "2026-01-23"}, [19, 20]),
            ({"dateFrom": "2026-01-07", "dateTo": "2026-01-09"}, [3, 4, 5]),
            ({"dateFrom": "2026-01-09", "dateTo": "2026-01-07"}, []),
            ({"runnerId": RUNNER, "dateTo": "2026-01-05"}, [1]),
        ],
        ids=str,
    )
    def test_filters_all_hold(
        self, runner: Client, query: Mapping[str, str], expected: list[int]
    ) -> None:
        body = read(runner, asOf="2026-01-10", withTotal="true", **query)
        assert ids(body) == club(*expected)
        assert body["pagination"]["total"] == len(expected)

    def test_a_new_log_is_seen(self, runner: Client) -> None:
        [overdue, *_] = ids(read(runner, state="overdue", asOf="2026-01-10"))
        created = runner.create({"sessionId": overdue, "status": "dnf", "feeling": "tired"})
        one = runner.request("GET", f"{PATH}/{overdue}").json["data"]
        assert (one["state"], one["log"]["id"]) == ("logged", created.json["data"]["id"])
        assert (one["log"]["status"], one["log"]["feeling"]) == ("dnf", "tired")
        runner.delete(one["log"]["id"])
        one = runner.request("GET", f"{PATH}/{overdue}?asOf=2026-01-10").json["data"]
        assert (one["state"], one["log"]) == ("overdue", None)

    def test_today_is_that_of_the_time_zone(self, runner: Client) -> None:
        for path in (PATH, f"{PATH}/{session_of(RUNNER, 1)}"):
            before = datetime.now(ZoneInfo(ZONE)).date().isoformat()
            as_of = runner.request("GET", path).json["asOf"]
            assert before <= as_of <= datetime.now(ZoneInfo(ZONE)).date().isoformat()

    @pytest.mark.parametrize("limit", [1, 3, 20])
    def test_the_link_leads_through_all_pages_of_the_same_day(
        self, admin: Client, limit: int
    ) -> None:
        """Many are on the same date."""
        seen = [*pages(admin, f"{PATH}?limit={limit}&dateTo=2026-01-09")]
        assert len({page["asOf"] for page in seen}) == 1
        everything = read(admin, limit=100, dateTo="2026-01-09")["data"]
        keys = [(each["date"], each["id"]) for page in seen for each in page["data"]]
        assert keys == sorted((each["date"], each["id"]) for each in everything)
        assert len(keys) == 5 * 5
        first = admin.request("GET", f"{PATH}?limit=1")
        assert f"asOf={first.json['asOf']}" in first.headers["Link"]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            *(({"limit": each}, {"limit": "out-of-range"}) for each in ("0", "101", "10000")),
            ({"state": "done"}, {"state": "not-a-choice"}),
            ({"type": "Easy"}, {"type": "not-a-choice"}),
            ({"asOf": "2026-01-05T00:00:00Z"}, {"asOf": "type"}),
            ({"dateFrom": "2026-02-30"}, {"dateFrom": "type"}),
            ({"runnerId": "a b"}, {"runnerId": "format"}),
            ({"cursor": "W10"}, {"cursor": "format"}),
            ({"cursor": encode(SessionPosition("2026-1-5", "x"))}, {"cursor": "format"}),
            ({"cursor": encode(SessionPosition("2026-01-05", ""))}, {"cursor": "format"}),
            ({"bom": "1"}, {"bom": "type"}),
            ({"status": "dnf"}, {"status": "unknown-field"}),
        ],
        ids=str,
    )
    def test_a_parameter_that_cannot_be_is_named(
        self, runner: Client, query: Mapping[str, str], expected: Mapping[str, str]
    ) -> None:
        assert codes(runner.request("GET", PATH, query_string=query)) == expected

    def test_one_has_its_own_parameter_only(self, runner: Client) -> None:
        path = f"{PATH}/{session_of(RUNNER, 1)}"
        assert codes(runner.request("GET", f"{path}?asOf=x")) == {"asOf": "type"}
        assert codes(runner.request("GET", f"{path}?limit=1")) == {"limit": "unknown-field"}

    def test_what_is_no_session_is_not_found(self, admin: Client) -> None:
        for each in ("nothing", RUNNER, plan_of(RUNNER), log_of(RUNNER, 1)):
            response = admin.request("GET", f"{PATH}/{each}")
            assert (response.status_code, response.json["code"]) == (404, "not-found")

    def test_nothing_is_written_there(self, admin: Client) -> None:
        for path, method in itertools.product(
            (PATH, f"{PATH}/{session_of(RUNNER, 1)}", "/api/progress"),
            ("POST", "PUT", "PATCH", "DELETE"),
        ):
            response = admin.request(method, path)
            assert response.status_code == 405
            assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


class TestAmongOddDocuments:
    @pytest.fixture(params=[5, 6])
    def documents(self, request: pytest.FixtureRequest) -> list[Row]:
        return odd_documents(request.param)

    def test_lists_and_reads_tell_the_same(self, admin: Client, documents: list[Row]) -> None:
        as_of = "2026-03-08"
        obvious = Obvious(documents, TimeZone(ZONE))
        expected = obvious.sessions(SessionQuery(as_of=as_of))
        everything = [
            each for page in pages(admin, f"{PATH}?limit=7&asOf={as_of}") for each in page["data"]
        ]
        assert [each["id"] for each in everything] == [each["_id"] for each in expected]
        for shown, session in zip(everything, expected, strict=True):
            assert shown["state"] == obvious.state(session, as_of)
            assert shown["date"] == obvious.day(session)
            assert shown["runnerId"] == obvious.owner(session)
            path = f"{PATH}/{shown['id']}?asOf={as_of}"
            assert admin.request("GET", path).json["data"] == shown
        for state in SessionState:
            found = [
                each
                for page in pages(admin, f"{PATH}?limit=3&asOf={as_of}&state={state}")
                for each in page["data"]
            ]
            assert found == [each for each in everything if each["state"] == state]
            assert found

    def test_cancelled_ones_are_found_by_nobody(self, admin: Client, documents: list[Row]) -> None:
        obvious = Obvious(documents, TimeZone(ZONE))
        cancelled = [
            each["_id"] for each in obvious.of_type("trainingSession") if obvious.is_cancelled(each)
        ]
        missing = admin.request("GET", f"{PATH}/missing")
        for session_id in cancelled:
            response = admin.request("GET", f"{PATH}/{session_id}")
            assert response.status_code == 404
            assert told(response) == told(missing)
        assert cancelled


class TestWhatBelongsToWhom:
    @pytest.fixture
    def documents(self) -> list[Row]:
        def session(id_: str, **members: Any) -> Row:
            return document(id_, "trainingSession", **{"date": "2026-03-04", **members})

        def log(id_: str, session_id: str, runner: str, created: str) -> Row:
            links = {"sessionId": reference(session_id), "runnerId": runner}
            return document(id_, "workoutLog", status="dnf", _createdAt=created, **links)

        return [
            world.user(RUNNER, "runner", COACH),
            world.user(TEAMMATE, "runner"),
            world.user(COACH, "coach"),
            world.user(ADMIN, "admin"),
            world.plan(RUNNER, COACH) | {"status": "draft"},
            session("s-1", planId=reference(plan_of(RUNNER)), runnerId=TEAMMATE),
            session("s-2", planId=reference("gone"), runnerId=reference(RUNNER)),
            session(
                "s-3",
                runnerId=RUNNER,
                date=None,
                scheduledDate="2026-03-04T23:30:00.000Z",
                distance=8.5,
                duration=45,
                targetPace="5:30/km",
                type="run",
                notes="",
            ),
            session("s-4", planId="gone", date=None),
            session("s-5", planId=plan_of(RUNNER), date=None, type="rest"),
            session("s-6", planId=plan_of(RUNNER), date="soon"),
            session("s-7", runnerId="gone-too"),
            log("l-old", "s-1", RUNNER, "2026-03-04T08:00:00Z"),
            log("l-new", "s-1", RUNNER, "2026-03-04T08:00:00.5Z"),
            log("l-mate", "s-1", TEAMMATE, "2026-03-05T08:00:00Z"),
            log("l-mate-2", "s-2", TEAMMATE, "2026-03-05T08:00:00Z"),
            log("l-tie-b", "s-5", RUNNER, "2026-03-05T08:00:00Z"),
            log("l-tie-a", "s-5", RUNNER, "2026-03-05T08:00:00Z"),
        ]

    def test_sessions_are_their_plans_runners_or_else_the_ones_they_name(
        self, runner: Client, admin: Client
    ) -> None:
        assert ids(read(runner)) == ["s-1", "s-2", "s-3", "s-5", "s-6"]
        assert ids(read(admin, limit=100)) == ["s-1", "s-2", "s-7", "s-3", "s-4", "s-5", "s-6"]
        by_id = {each["id"]: each for each in read(admin)["data"]}
        assert (by_id["s-7"]["runnerId"], by_id["s-7"]["runner"]) == ("gone-too", None)
        assert (by_id["s-4"]["runnerId"], by_id["s-4"]["planId"]) == (None, "gone")
        assert ids(read(admin, runnerId=TEAMMATE)) == []

    def test_the_newest_log_of_the_sessions_own_runner_counts(self, runner: Client) -> None:
        shown = {each["id"]: each for each in read(runner)["data"]}
        assert shown["s-1"]["log"]["id"] == "l-new"
        assert (shown["s-2"]["log"], shown["s-2"]["state"]) == (None, "overdue")
        assert (shown["s-5"]["log"]["id"], shown["s-5"]["state"]) == ("l-tie-b", "logged")
        newest = runner.list(sessionId="s-5").json["data"][0]
        assert newest["id"] == "l-tie-b"

    def test_those_of_the_old_app_are_shown_in_words(self, runner: Client) -> None:
        shown = runner.request("GET", f"{PATH}/s-3?asOf=2026-03-05").json["data"]
        assert shown == {
            **{"id": "s-3", "planId": None, "runnerId": RUNNER, "date": "2026-03-05", "day": None},
            **{"type": None, "distance": "8.5 km", "duration": "45 min", "pace": "5:30/km"},
            **{"notes": None, "state": "due", "log": None},
            "runner": {"id": RUNNER, "name": "Ada"},
        }

    def test_those_without_a_date_come_last(self, runner: Client) -> None:
        body = read(runner, limit=3)
        path = f"{PATH}?limit=1&cursor={body['pagination']['nextCursor']}"
        rest = [each for page in pages(runner, path) for each in page["data"]]
        assert [(each["id"], each["date"], each["state"]) for each in rest] == [
            ("s-5", None, "logged"),
            ("s-6", None, "unscheduled"),
        ]
        assert ids(read(runner, dateFrom="0001-01-01")) == ["s-1", "s-2", "s-3"]
