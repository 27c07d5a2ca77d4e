"""What makes somebody a coach of a runner: `user.coachId`, an active plan, or both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.factory import create_app
from app.service.documents import reference
from app.settings import CoachRelation, Settings
from tests import world
from tests.conftest import Client, OpenStore
from tests.issuer import Issuer

COACH, FORMER = "coach-now", "coach-former"

BY_USER, BY_PLAN, CHANGED, CANCELLED, GONE, BOTH = (
    "by-user",
    "by-plan",
    "changed",
    "cancelled",
    "coach-gone",
    "both",
)
RUNNERS = {
    BY_USER: (COACH, None, None),
    BY_PLAN: (None, COACH, "active"),
    # The `user` document names the new coach, an old plan still the former one.
    CHANGED: (COACH, FORMER, "active"),
    CANCELLED: (None, COACH, "cancelled"),
    GONE: ("coach-who-left", COACH, "active"),
    BOTH: (COACH, COACH, "active"),
}
"""Each runner's coach by `user.coachId`, coach by plan, and that plan's status."""

COACHED: dict[CoachRelation, dict[str, set[str]]] = {
    "user": {COACH: {BY_USER, CHANGED, BOTH}, FORMER: set()},
    "plan": {COACH: {BY_PLAN, GONE, BOTH}, FORMER: {CHANGED}},
    "either": {COACH: {BY_USER, BY_PLAN, CHANGED, BOTH}, FORMER: set()},
}
MATRIX = [
    (relation, coach, runner, runner in coached)
    for relation, coaches in COACHED.items()
    for coach, coached in coaches.items()
    for runner in RUNNERS
]


def documents() -> list[dict[str, Any]]:
    made = [
        world.user(COACH, "coach"),
        world.user(FORMER, "coach"),
        # An active plan of their own makes nobody the coach of themselves or of an admin's runners.
        world.user("runner-who-plans", "runner"),
        world.plan("self-made", "runner-who-plans")
        | {"runnerId": reference(BY_PLAN), "_id": "plan-by-a-runner"},
    ]
    for runner, (by_user, by_plan, status) in RUNNERS.items():
        made.append(world.user(f"x-{runner}", "runner", by_user) | {"_id": runner})
        if by_plan:
            made.append(world.plan(runner, by_plan) | {"status": status})
        made += [world.session(runner, 1), world.log(runner, 1)]
    return made


@pytest.fixture
def sign_in(settings: Settings, open_store: OpenStore, issuer: Issuer) -> Any:
    store = open_store(documents())

    def sign_in(relation: CoachRelation, user_id: str) -> Client:
        app = create_app(replace(settings, coach_relation=relation), store)
        return Client(app.test_client(), issuer.token(user_id))

    return sign_in


def test_the_default_is_either() -> None:
    assert Settings().coach_relation == "either"


@pytest.mark.parametrize(("relation", "coach", "runner", "coached"), MATRIX)
def test_a_coach_reads_and_never_writes(
    sign_in: Any, relation: CoachRelation, coach: str, runner: str, coached: bool
) -> None:
    client, log_id = sign_in(relation, coach), world.log_of(runner, 1)
    expected = (200, 403, 403) if coached else (404, 404, 404)
    got = (
        client.get(log_id).status_code,
        client.update(log_id, {"notes": "x"}).status_code,
        client.delete(log_id).status_code,
    )
    assert got == expected
    assert client.list(runnerId=runner).status_code == (200 if coached else 403)


@pytest.mark.parametrize(("relation", "coach"), [(r, c) for r in COACHED for c in (COACH, FORMER)])
def test_a_list_holds_the_coached_runners(
    sign_in: Any, relation: CoachRelation, coach: str
) -> None:
    listed = sign_in(relation, coach).list(limit=100).json["data"]
    assert {each["runnerId"] for each in listed} == COACHED[relation][coach]


@pytest.mark.parametrize("relation", COACHED)
def test_a_plan_makes_only_coaches_coach(sign_in: Any, relation: CoachRelation) -> None:
    client = sign_in(relation, "runner-who-plans")
    assert client.get(world.log_of(BY_PLAN, 1)).status_code == 404
