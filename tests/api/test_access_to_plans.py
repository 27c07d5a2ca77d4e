"""Who may see whose training sessions and progress: role × endpoint × relation."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.factory import create_app
from app.service.documents import reference
from app.settings import WRITE_SCOPE, CoachRelation, Settings
from tests import world
from tests.conftest import Client, OpenStore, told
from tests.issuer import Issuer
from tests.world import ADMIN, COACH, OTHER_COACH, OTHER_RUNNER, RUNNER, TEAMMATE, session_of

Row = dict[str, Any]

SESSIONS, PROGRESS = "/api/training-sessions", "/api/progress"
DAYS = {"dateFrom": "2026-01-05", "dateTo": "2026-01-11", "asOf": "2026-01-08"}

BY_PLAN = "runner-gil"
"""A runner without a `coachId`, whose active plan names OTHER_COACH."""
IDLE = "runner-hal"
"""A runner of COACH without any plan or session."""
EVERYBODY = {RUNNER, TEAMMATE, OTHER_RUNNER, BY_PLAN, IDLE, COACH, ADMIN}

COACHED: tuple[tuple[CoachRelation, set[str], set[str]], ...] = (
    ("user", {RUNNER, TEAMMATE, IDLE}, {OTHER_RUNNER}),
    ("plan", {RUNNER, TEAMMATE, ADMIN}, {OTHER_RUNNER, BY_PLAN}),
    ("either", {RUNNER, TEAMMATE, IDLE, ADMIN}, {OTHER_RUNNER, BY_PLAN}),
)
"""By relation, whom COACH and OTHER_COACH coach."""
READABLE = {
    relation: {
        **{each: {each} for each in (RUNNER, TEAMMATE, BY_PLAN, IDLE)},
        COACH: {COACH, *coached},
        OTHER_COACH: {OTHER_COACH, *coached_by_other},
        ADMIN: EVERYBODY | {OTHER_COACH},
    }
    for relation, coached, coached_by_other in COACHED
}
"""By relation, whose data each may read: their own, and what the relation gives them."""
TRAINING = EVERYBODY - {IDLE}
"""Who has sessions."""
MATRIX = [
    (relation, caller, owner)
    for relation, readers in READABLE.items()
    for caller in readers
    for owner in sorted(EVERYBODY)
]


@pytest.fixture
def documents() -> list[Row]:
    plan = world.plan(BY_PLAN, OTHER_COACH)
    former = world.plan(OTHER_RUNNER, COACH) | {"_id": "plan-former", "status": "completed"}
    return [
        *world.club(),
        world.user(BY_PLAN, "runner"),
        world.user(IDLE, "runner", COACH),
        plan,
        former,
        world.session(BY_PLAN, 1),
        world.log(BY_PLAN, 1),
    ]


SignIn = Callable[[CoachRelation, str], Client]


@pytest.fixture
def enter(
    settings: Settings, open_store: OpenStore, documents: list[Row], issuer: Issuer
) -> SignIn:
    store = open_store(documents)

    def enter(relation: CoachRelation, user_id: str) -> Client:
        app = create_app(dataclasses.replace(settings, coach_relation=relation), store)
        return Client(app.test_client(), issuer.token(user_id))

    return enter


def rows(client: Client, path: str, **query: str) -> list[dict[str, str]]:
    headers = {"Accept": "text/csv"}
    response = client.request("GET", path, query_string=query, headers=headers)
    assert response.status_code == 200, response.text
    return [*csv.DictReader(io.StringIO(response.text, newline=""))]


@pytest.mark.parametrize(("relation", "caller", "owner"), MATRIX)
def test_one_runners_data_are_for_those_who_may_read_them(
    enter: SignIn, relation: CoachRelation, caller: str, owner: str
) -> None:
    client = enter(relation, caller)
    may_read = owner in READABLE[relation][caller]
    session_id = session_of(owner, 1)
    one = client.request("GET", f"{SESSIONS}/{session_id}")
    if may_read and owner in TRAINING:
        assert one.json["data"]["runnerId"] == owner
    else:
        missing = client.request("GET", f"{SESSIONS}/missing")
        assert one.status_code == 404
        assert told(one) == told(missing)
        assert {*one.headers.keys()} == {*missing.headers.keys()}
    for path in (SESSIONS, PROGRESS):
        asked = client.request("GET", path, query_string={**DAYS, "runnerId": owner})
        table = client.request(
            "GET",
            path,
            query_string={**DAYS, "runnerId": owner},
            headers={"Accept": "text/csv"},
        )
        assert asked.status_code == table.status_code == (200 if may_read else 403)
        if may_read:
            assert whose(asked.json["data"]) <= {owner}
            assert bool(asked.json["data"]) == (owner in TRAINING or path == PROGRESS)
        else:
            query = {**DAYS, "runnerId": "nobody"}
            nobody = client.request("GET", path, query_string=query)
            assert told(asked) == told(nobody) == told(table)
            assert asked.json["code"] == "forbidden"


def whose(data: list[Row]) -> set[str]:
    return {each["runner"]["id"] for each in data}


@pytest.mark.parametrize(
    ("relation", "caller"),
    [(relation, caller) for relation, readers in READABLE.items() for caller in readers],
)
def test_lists_hold_and_count_what_the_caller_may_read(
    enter: SignIn, relation: CoachRelation, caller: str
) -> None:
    client = enter(relation, caller)
    readable = READABLE[relation][caller]
    sessions = {"limit": "100", "withTotal": "true", **DAYS}
    body = client.request("GET", SESSIONS, query_string=sessions).json
    assert whose(body["data"]) == readable & TRAINING
    of_a_week = dict.fromkeys(TRAINING, 7) | {BY_PLAN: 1}
    assert body["pagination"]["total"] == sum(of_a_week[each] for each in readable & TRAINING)
    assert {each["runner.id"] for each in rows(client, SESSIONS)} == readable & TRAINING
    # Runners have a row in any case, others while they train.
    body = client.request("GET", PROGRESS, query_string={"withTotal": "true", **DAYS}).json
    shown = readable - {OTHER_COACH}
    assert whose(body["data"]) == shown
    assert body["pagination"]["total"] == len(shown)
    assert {each["runner.id"] for each in rows(client, PROGRESS, **DAYS)} == shown


@pytest.mark.parametrize("path", [SESSIONS, PROGRESS])
def test_a_cursor_of_others_shows_only_ones_own(enter: SignIn, path: str) -> None:
    query = {"limit": "1", **DAYS}
    page = enter("either", ADMIN).request("GET", path, query_string=query).json
    cursor = page["pagination"]["nextCursor"]
    query = {"cursor": cursor, **DAYS}
    own = enter("either", RUNNER).request("GET", path, query_string=query).json
    assert whose(own["data"]) <= {RUNNER}
    coached = enter("either", OTHER_COACH).request("GET", path, query_string=query).json
    assert whose(coached["data"]) <= {OTHER_RUNNER, BY_PLAN}


@pytest.mark.parametrize("path", [SESSIONS, PROGRESS, f"{SESSIONS}/{session_of(RUNNER, 1)}"])
class TestSigningIn:
    def test_is_needed(self, app: Flask, path: str) -> None:
        assert Client(app.test_client(), None).request("GET", path).status_code == 401

    def test_is_needed_with_the_scope_to_read(self, app: Flask, issuer: Issuer, path: str) -> None:
        token = issuer.token(RUNNER, scope=WRITE_SCOPE)
        refused = Client(app.test_client(), token).request("GET", path)
        assert (refused.status_code, refused.json["code"]) == (403, "insufficient-scope")

    def test_is_for_users(self, app: Flask, issuer: Issuer, path: str) -> None:
        refused = Client(app.test_client(), issuer.token("nobody")).request("GET", path)
        assert (refused.status_code, refused.json["code"]) == (403, "unknown-user")


class TestOneWhoNamesBoth:
    """A session names one runner, its plan another: it is the plan's."""

    @pytest.fixture
    def documents(self) -> list[Row]:
        session = world.session(RUNNER, 1) | {"runnerId": reference(OTHER_RUNNER)}
        return [*world.club(), session | {"_id": "session-of-two"}]

    def test_is_the_plans_runners(self, sign_in: Callable[[str], Client]) -> None:
        path = f"{SESSIONS}/session-of-two"
        assert sign_in(RUNNER).request("GET", path).status_code == 200
        assert sign_in(COACH).request("GET", path).status_code == 200
        assert sign_in(OTHER_RUNNER).request("GET", path).status_code == 404
        assert sign_in(OTHER_COACH).request("GET", path).status_code == 404
