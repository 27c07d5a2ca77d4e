"""Sessions as the application's own routes create them: no plan, a runner and a datetime."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.service.documents import reference
from app.settings import Settings
from tests import world
from tests.api.test_create import codes
from tests.conftest import Client, told
from tests.world import OTHER_RUNNER, RUNNER, document


def unplanned(id_: str, runner: Any, **members: Any) -> dict[str, Any]:
    own = {
        "title": "Tempo 8k",
        "type": "run",
        "status": "scheduled",
        "scheduledDate": "2026-01-22T23:00:00.000Z",
        "duration": 45,
        "distance": 8.5,
        "targetPace": "5:30/km",
        "runnerId": runner,
        "coachId": world.COACH,
    }
    return document(id_, "trainingSession", **{**own, **members})


SESSIONS = [
    unplanned("mine", RUNNER),
    unplanned("mine-by-reference", reference(RUNNER)),
    unplanned("mine-of-a-plan-that-is-gone", RUNNER, planId=reference("gone")),
    unplanned("foreign", OTHER_RUNNER),
    unplanned("foreign-by-its-plan", RUNNER, planId=world.plan_of(OTHER_RUNNER)),
    unplanned("nobodys", None),
    unplanned("nobodys-of-a-plan-that-is-gone", None, planId="gone"),
    unplanned("of-something-else", {"_ref": 5}),
]


@pytest.fixture
def documents() -> list[dict[str, Any]]:
    return [*world.club(), *SESSIONS]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, time_zone="Asia/Bangkok")


def new_log(session_id: str) -> dict[str, Any]:
    return {"sessionId": session_id, "status": "completed", "actualDistance": 8.5}


@pytest.mark.parametrize(
    "session_id", [each["_id"] for each in SESSIONS if each["_id"].startswith("mine")]
)
def test_belong_to_the_runner_that_they_name(runner: Client, session_id: str) -> None:
    assert runner.create(new_log(session_id)).status_code == 201


@pytest.mark.parametrize(
    "session_id", [each["_id"] for each in SESSIONS if not each["_id"].startswith("mine")]
)
def test_of_others_are_like_missing_ones(runner: Client, session_id: str) -> None:
    response = runner.create(new_log(session_id))
    assert codes(response) == {"/sessionId": "not-found"}
    assert told(response) == told(runner.create(new_log("missing")))


def test_are_shown_in_words_on_the_day_in_the_zone(runner: Client) -> None:
    created = runner.create(new_log("mine"))
    assert created.json["data"]["session"] == {
        "id": "mine",
        "date": "2026-01-23",
        "day": None,
        "type": None,
        "distance": "8.5 km",
        "duration": "45 min",
        "pace": "5:30/km",
    }
    for day, found in (("2026-01-22", []), ("2026-01-23", [created.json["data"]])):
        assert runner.list(dateFrom=day, dateTo=day).json["data"] == found
