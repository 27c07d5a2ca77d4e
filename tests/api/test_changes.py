"""`GET /api/workout-log-changes`: a client that keeps a copy has what the list has."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.service import sync_tokens
from app.service.changes import MARGIN
from app.service.documents import log_id_of, reference
from app.service.stores.port import SyncPoint
from app.settings import Settings
from tests import world
from tests.conftest import Client, OpenStore, told
from tests.world import (
    ADMIN,
    COACH,
    OTHER_COACH,
    OTHER_RUNNER,
    RUNNER,
    TEAMMATE,
    log_of,
    session_of,
)

PATH = "/api/workout-log-changes"
NEW = log_id_of(RUNNER, session_of(RUNNER, 10))


def changes(client: Client, since: str, **query: Any) -> TestResponse:
    return client.request("GET", PATH, query_string={"since": since, **query})


def now(client: Client) -> str:
    response = changes(client, "now")
    assert response.status_code == 200
    assert response.json["data"] == []
    assert response.json["pagination"]["hasMore"] is False
    token: str = response.json["pagination"]["next"]
    return token


def walk(client: Client, since: str, **query: Any) -> Iterator[dict[str, Any]]:
    """The changes, to the end."""
    while True:
        response = changes(client, since, **query)
        assert response.status_code == 200, response.json
        yield from response.json["data"]
        since = response.json["pagination"]["next"]
        if not response.json["pagination"]["hasMore"]:
            return


def summary(found: Iterator[dict[str, Any]]) -> set[str]:
    return {each["log"]["id"] if "log" in each else f"-{each['id']}" for each in found}


def new(runner: str = RUNNER, number: int = 10) -> dict[str, Any]:
    return {"sessionId": session_of(runner, number), "status": "dnf"}


class TestFollowing:
    def test_every_kind_of_change(self, runner: Client) -> None:
        since = now(runner)
        created = runner.create(new()).json["data"]
        updated = runner.update(log_of(RUNNER, 1), {"notes": "x"}).json["data"]
        assert runner.delete(log_of(RUNNER, 2)).status_code == 204
        found = [*walk(runner, since)]
        assert {"type": "upsert", "log": created} in found
        assert {"type": "upsert", "log": updated} in found
        (deleted,) = [each for each in found if each["type"] == "deleted"]
        assert deleted["id"] == log_of(RUNNER, 2)
        assert deleted.keys() == {"type", "id", "deletedAt"}
        assert len(found) == 3

    def test_page_by_page(self, runner: Client) -> None:
        since = now(runner)
        for number in range(10, 15):
            runner.create(new(number=number))
        expected = {log_id_of(RUNNER, session_of(RUNNER, number)) for number in range(10, 15)}
        for limit in (1, 2, 5):
            first = changes(runner, since, limit=limit)
            assert len(first.json["data"]) == limit
            assert first.json["pagination"]["hasMore"] is (limit < 5)
            assert summary(walk(runner, since, limit=limit)) == expected

    def test_a_log_that_is_created_again_is_there(self, runner: Client) -> None:
        since = now(runner)
        for _ in range(2):
            runner.create(new())
            assert summary(walk(runner, since)) == {NEW}
            runner.delete(NEW)
            assert summary(walk(runner, since)) == {f"-{NEW}"}
        runner.create(new())
        assert summary(walk(runner, since)) == {NEW}

    def test_a_refused_delete_is_none(
        self, runner: Client, coach: Client, open_store: OpenStore
    ) -> None:
        since = now(runner)
        feedback = world.document("feedback-1", "feedback", workoutLogId=reference(NEW))
        runner.create(new())
        open_store([feedback])
        assert runner.delete(NEW).status_code == 409
        assert coach.delete(NEW).status_code == 403
        assert runner.delete(NEW, **{"If-Match": '"no"'}).status_code == 412
        assert summary(walk(runner, since)) == {NEW}


class TestTheListsToken:
    def test_is_on_the_first_page_only(self, runner: Client) -> None:
        first = runner.list(limit=2).json["pagination"]
        assert isinstance(first["syncToken"], str)
        second = runner.list(limit=2, cursor=first["nextCursor"]).json["pagination"]
        assert second["syncToken"] is None

    @pytest.mark.parametrize(
        "query",
        [
            {"sessionId": session_of(RUNNER, 1)},
            {"runnerId": RUNNER},
            {"status": "completed"},
            {"feeling": "good"},
            {"dateFrom": "2026-01-01"},
            {"dateTo": "2026-01-01"},
            {"reviewed": "false"},
        ],
        ids=str,
    )
    def test_is_not_on_a_filtered_list(self, runner: Client, query: dict[str, str]) -> None:
        assert runner.list(**query).json["pagination"]["syncToken"] is None

    def test_does_not_mind_how_the_list_is_cut_and_counted(self, runner: Client) -> None:
        assert runner.list(limit=1, withTotal="true").json["pagination"]["syncToken"]

    def test_leads_to_all_that_the_list_lacks(self, runner: Client) -> None:
        first = runner.list(limit=1)
        runner.create(new())
        runner.delete(log_of(RUNNER, 1))
        since = first.json["pagination"]["syncToken"]
        assert {NEW, f"-{log_of(RUNNER, 1)}"} <= summary(walk(runner, since))


class TestWhose:
    @pytest.mark.parametrize(
        ("caller", "visible"),
        [
            (RUNNER, {RUNNER}),
            (TEAMMATE, {TEAMMATE}),
            (OTHER_RUNNER, {OTHER_RUNNER}),
            (COACH, {RUNNER, TEAMMATE}),
            (OTHER_COACH, {OTHER_RUNNER}),
            (ADMIN, {RUNNER, TEAMMATE, OTHER_RUNNER}),
        ],
    )
    def test_those_whose_logs_the_caller_may_read(
        self, sign_in: Callable[..., Client], caller: str, visible: set[str]
    ) -> None:
        client = sign_in(caller)
        since = now(client)
        for each in (RUNNER, TEAMMATE, OTHER_RUNNER):
            them = sign_in(each)
            assert them.create(new(each)).status_code == 201
            assert them.delete(log_of(each, 1)).status_code == 204
        assert summary(walk(client, since)) == {
            text
            for each in visible
            for text in (log_id_of(each, session_of(each, 10)), f"-{log_of(each, 1)}")
        }

    def test_another_callers_token_is_refused(self, sign_in: Callable[..., Client]) -> None:
        for other in (TEAMMATE, COACH, ADMIN):
            assert_expired(changes(sign_in(RUNNER), now(sign_in(other))))

    def test_a_token_of_everybody_is_for_every_admin(
        self, sign_in: Callable[..., Client], open_store: OpenStore
    ) -> None:
        open_store([world.user("admin-gil", "admin")])
        assert changes(sign_in("admin-gil"), now(sign_in(ADMIN))).status_code == 200

    @pytest.mark.parametrize("coach_id", [None, OTHER_COACH])
    def test_a_coach_who_loses_a_runner_begins_anew(
        self, coach: Client, open_store: OpenStore, coach_id: str | None
    ) -> None:
        since = now(coach)
        plan = world.plan(TEAMMATE, OTHER_COACH)
        open_store([world.user(TEAMMATE, "runner", coach_id), plan])
        assert_expired(changes(coach, since))
        listed = coach.list()
        assert {each["runnerId"] for each in listed.json["data"]} == {RUNNER}
        assert changes(coach, listed.json["pagination"]["syncToken"]).status_code == 200

    def test_so_does_one_who_gains_a_runner(self, coach: Client, open_store: OpenStore) -> None:
        since = now(coach)
        open_store([world.user(OTHER_RUNNER, "runner", COACH)])
        assert_expired(changes(coach, since))


class TestEnds:
    def test_what_is_no_token(self, runner: Client) -> None:
        good = now(runner)
        content = json.loads(base64.urlsafe_b64decode(good + "=" * (-len(good) % 4)))
        for bad in [
            "",
            "NOW",
            "x",
            "null",
            good[:-2],
            good + "A",
            good * 10,
            "é",
            "\0",
            "a b",
            *(
                base64.urlsafe_b64encode(each).decode().rstrip("=")
                for each in (
                    b"",
                    b"{}",
                    b"[]",
                    b"[1]",
                    b"\xff",
                    b"[" * 300,
                    json.dumps([*content[:1], "yesterday", *content[2:]]).encode(),
                    json.dumps([*content[:2], *map(str, range(3))]).encode(),
                    json.dumps([*content, ""]).encode(),
                    json.dumps([*content[:-1], 1]).encode(),
                )
            ),
        ]:
            assert_expired(changes(runner, bad))

    def test_a_token_that_is_too_old(
        self, runner: Client, open_store: OpenStore, settings: Settings
    ) -> None:
        point = open_store([]).sync_point()
        kept = timedelta(days=settings.deletions_kept_days)
        ends = datetime.now(UTC) - kept + MARGIN
        for at, status in ((ends - timedelta(minutes=1), 410), (ends + timedelta(hours=1), 200)):
            text = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            token = sync_tokens.encode(SyncPoint(text, point.place), {RUNNER})
            assert changes(runner, token).status_code == status

    def test_the_page_of_the_problem_tells_the_recovery(self, runner: Client) -> None:
        problem = changes(runner, "x").json
        page = runner.request("GET", problem["type"], headers={"Accept": "text/html"})
        assert "drop from your copy every log that was not on the list" in page.text


class TestParameters:
    def test_since_is_required(self, runner: Client) -> None:
        response = runner.request("GET", PATH)
        assert response.status_code == 422
        (error,) = response.json["errors"]
        assert (error["parameter"], error["code"]) == ("since", "required")

    @pytest.mark.parametrize("limit", ["0", "101", "x", "-1", "1.0", ""])
    def test_a_limit_that_is_refused(self, runner: Client, limit: str) -> None:
        response = changes(runner, "now", limit=limit)
        assert response.status_code == 422
        assert {each["parameter"] for each in response.json["errors"]} == {"limit"}

    def test_nothing_else_is_known(self, runner: Client) -> None:
        assert changes(runner, "now", runnerId=RUNNER).status_code == 422


def assert_expired(response: TestResponse) -> None:
    assert response.status_code == 410, response.json
    assert told(response)["code"] == "sync-token-expired"
