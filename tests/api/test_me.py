"""`GET /api/me`: who calls, whom they coach, who coaches them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.factory import create_app
from app.service.documents import reference
from app.settings import READ_SCOPE, CoachRelation, Settings
from tests import world
from tests.conftest import Client, OpenStore
from tests.issuer import Issuer
from tests.world import ADMIN, COACH, OTHER_COACH, OTHER_RUNNER, RUNNER, TEAMMATE, document

Read = Callable[[str], Any]

LONELY = "runner-gil"
"""A runner without a `coachId`."""


def user(id_: str) -> dict[str, str]:
    return {"id": id_, "name": id_.split("-")[1].title()}


def plan(id_: str, runner: Any, coach: Any, **members: Any) -> dict[str, Any]:
    fields = {"runnerId": runner, "coachId": coach, "status": "active", "weekStart": "2026-01-05"}
    return document(id_, "trainingPlan", **{**fields, **members})


@pytest.fixture
def relation() -> CoachRelation:
    return "either"


@pytest.fixture
def documents() -> list[dict[str, Any]]:
    return [*world.club(), world.user(LONELY, "runner")]


@pytest.fixture
def read(app: Flask, issuer: Issuer) -> Read:
    """What the API says of this user to themselves."""
    return lambda id_: (
        Client(app.test_client(), issuer.token(id_)).request("GET", "/api/me").json["data"]
    )


class TestANameOfAnyLength:
    """Is cut as in logs, so that the published bound holds, by which `read` judges."""

    @pytest.fixture
    def documents(self) -> list[dict[str, Any]]:
        names = {RUNNER: "r" * 5000, COACH: "c" * 5000}
        return [each | {"name": names.get(each["_id"], each.get("name"))} for each in world.club()]

    def test_is_shown_by_its_beginning(self, read: Read) -> None:
        begun = {"r": "r" * 999 + "…", "c": "c" * 999 + "…"}
        runner, coach = read(RUNNER), read(COACH)
        assert (runner["name"], runner["coach"]["name"]) == (begun["r"], begun["c"])
        names = {each["id"]: each["name"] for each in coach["runners"]}
        assert (coach["name"], names[RUNNER]) == (begun["c"], begun["r"])


def test_a_runner_has_a_coach(read: Read) -> None:
    assert read(RUNNER) == {
        "id": RUNNER,
        "name": "Ada",
        "role": "runner",
        "coach": user(COACH),
        "runners": [],
        "scopes": ["workout-logs:read", "workout-logs:write"],
    }


def test_a_coach_has_runners_by_id(read: Read) -> None:
    assert read(COACH)["runners"] == [user(ADMIN), user(RUNNER), user(TEAMMATE)]
    assert read(OTHER_COACH)["runners"] == [user(OTHER_RUNNER)]


def test_nobody_is_their_own_coach(read: Read) -> None:
    me = read(COACH)  # whose own plan names them as its coach
    assert (me["role"], me["coach"]) == ("coach", None)


def test_an_admin_coaches_nobody_and_can_be_coached(read: Read) -> None:
    me = read(ADMIN)
    assert (me["role"], me["coach"], me["runners"]) == ("admin", user(COACH), [])


def test_the_scopes_are_those_of_this_api(app: Flask, issuer: Issuer) -> None:
    token = issuer.token(RUNNER, scope=f"openid {READ_SCOPE} profile")
    me = Client(app.test_client(), token).request("GET", "/api/me").json["data"]
    assert me["scopes"] == [READ_SCOPE]


def test_it_needs_the_scope_to_read(app: Flask, issuer: Issuer) -> None:
    token = issuer.token(RUNNER, scope="workout-logs:write")
    refused = Client(app.test_client(), token).request("GET", "/api/me")
    assert (refused.status_code, refused.json["code"]) == (403, "insufficient-scope")
    assert Client(app.test_client(), None).request("GET", "/api/me").status_code == 401


RELATIONS = {
    # By relation: the coach of somebody with a coachId and another coach's plan, and without one.
    "user": (user(COACH), None),
    "plan": (user(OTHER_COACH), user(OTHER_COACH)),
    "either": (user(COACH), user(OTHER_COACH)),
}


class TestByPlan:
    """The coach follows `COACH_RELATION`, as the right to read does."""

    @pytest.fixture
    def documents(self) -> list[dict[str, Any]]:
        plans = [
            plan("p-1", reference(RUNNER), reference(OTHER_COACH)),
            plan("p-2", LONELY, OTHER_COACH, weekStart="2026-01-12T00:00:00.000Z"),
            plan("p-3", LONELY, COACH, weekStart="2026-01-11"),
            plan(
                "p-4", reference(LONELY), reference(COACH), status="draft", weekStart="2027-01-04"
            ),
            plan("p-5", reference(LONELY), None, weekStart="2027-01-04"),
        ]
        people = [each for each in world.club() if each["_type"] == "user"]
        return [*people, world.user(LONELY, "runner"), *plans]

    @pytest.mark.parametrize("relation", RELATIONS)
    def test_the_coach_follows_the_relation(
        self,
        relation: CoachRelation,
        settings: Settings,
        open_store: OpenStore,
        documents: list[dict[str, Any]],
        issuer: Issuer,
    ) -> None:
        settings = dataclasses.replace(settings, coach_relation=relation)
        client = create_app(settings, open_store(documents)).test_client()
        found = [
            Client(client, issuer.token(id_)).request("GET", "/api/me").json["data"]["coach"]
            for id_ in (RUNNER, LONELY)
        ]
        assert tuple(found) == RELATIONS[relation]

    def test_a_coach_lists_the_runners_whose_logs_they_may_read(self, read: Read) -> None:
        assert read(OTHER_COACH)["runners"] == [user(OTHER_RUNNER), user(LONELY)]


class TestOddDocuments:
    @pytest.fixture
    def documents(self) -> list[dict[str, Any]]:
        return [
            world.user(RUNNER, "runner", coachId="gone", name=7),
            world.user(TEAMMATE, "runner", coachId=COACH, name=""),
            world.user(OTHER_RUNNER, "runner", coachId={"_type": "reference"}),
            world.user(COACH, "coach", name=["x"]),
            plan("p-1", RUNNER, COACH),
            plan("p-2", OTHER_RUNNER, COACH),
            {**plan("drafts.p-3", RUNNER, COACH), "weekStart": "2030-01-07"},
        ]

    def test_a_coach_who_is_gone_is_none(self, read: Read) -> None:
        me = read(RUNNER)
        assert (me["name"], me["coach"]) == (None, None)
        assert read(OTHER_RUNNER)["coach"] is None

    def test_a_name_that_is_no_text_is_null(self, read: Read) -> None:
        assert read(TEAMMATE)["coach"] == {"id": COACH, "name": None}
        assert read(COACH)["runners"] == [{"id": TEAMMATE, "name": None}]
