"""Who may do what: role × operation × ownership, and what one may not see does not exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.factory import create_app
from app.service.documents import log_id_of, reference
from app.service.stores import timing
from app.service.stores.port import Store
from app.settings import Settings
from tests import world
from tests.conftest import Client, OpenStore, told
from tests.issuer import Issuer
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

SignIn = Callable[..., Client]

OWN, COACHED, FOREIGN = "own", "coached", "foreign"

WHOSE = {
    (RUNNER, RUNNER): OWN,
    (RUNNER, TEAMMATE): FOREIGN,
    (RUNNER, OTHER_RUNNER): FOREIGN,
    (COACH, COACH): OWN,
    (COACH, RUNNER): COACHED,
    (COACH, TEAMMATE): COACHED,
    (COACH, OTHER_RUNNER): FOREIGN,
    (OTHER_COACH, RUNNER): FOREIGN,
    (ADMIN, ADMIN): OWN,
    (ADMIN, RUNNER): FOREIGN,
    (ADMIN, OTHER_RUNNER): FOREIGN,
}
ALLOWED = {"read": 200, "update": 200, "delete": 204}
UNSEEN = dict.fromkeys(ALLOWED, 404)
EXPECTED = {
    ("runner", OWN): ALLOWED,
    ("runner", FOREIGN): UNSEEN,
    ("coach", OWN): ALLOWED,
    ("coach", COACHED): {"read": 200, "update": 403, "delete": 403},
    ("coach", FOREIGN): UNSEEN,
    ("admin", OWN): ALLOWED,
    ("admin", FOREIGN): ALLOWED,
}
ROLES = {RUNNER: "runner", COACH: "coach", OTHER_COACH: "coach", ADMIN: "admin"}
MATRIX = [
    (caller, owner, operation, status)
    for (caller, owner), whose in WHOSE.items()
    for operation, status in EXPECTED[ROLES[caller], whose].items()
]


@pytest.fixture
def documents() -> list[dict[str, Any]]:
    """The club, with a log of a coach and of the admin, too."""
    return [*world.club(), *(world.log(person, 1) for person in (COACH, ADMIN))]


def do(client: Client, operation: str, log_id: str) -> TestResponse:
    if operation == "read":
        return client.get(log_id)
    if operation == "update":
        return client.update(log_id, {"notes": "changed"})
    return client.delete(log_id)


@pytest.mark.parametrize(("caller", "owner", "operation", "status"), MATRIX)
def test_the_access_table_holds(
    sign_in: SignIn, caller: str, owner: str, operation: str, status: int
) -> None:
    log_id = log_of(owner, 1)
    before = sign_in(ADMIN).get(log_id).json
    response = do(sign_in(caller), operation, log_id)
    assert response.status_code == status
    if status >= 400:
        assert response.json["code"] == {403: "forbidden", 404: "not-found"}[status]
        assert sign_in(ADMIN).get(log_id).json == before
    if status == 404:
        missing = do(sign_in(caller), operation, "log-missing")
        assert told(missing) == told(response)
        assert set(missing.headers.keys()) == set(response.headers.keys())


@pytest.mark.parametrize(
    ("caller", "owners"),
    [
        (RUNNER, {RUNNER}),
        (COACH, {COACH, RUNNER, TEAMMATE, ADMIN}),  # the admin's plan names the coach
        (OTHER_COACH, {OTHER_RUNNER}),
        (ADMIN, {RUNNER, TEAMMATE, OTHER_RUNNER, COACH, ADMIN}),
    ],
)
def test_a_list_holds_and_counts_what_the_caller_may_read(
    sign_in: SignIn, caller: str, owners: set[str]
) -> None:
    response = sign_in(caller).list(limit=2, withTotal="true")
    everything = sign_in(caller).list(limit=100, withTotal="true").json
    assert {each["runnerId"] for each in everything["data"]} == owners
    assert response.json["pagination"]["total"] == len(everything["data"])
    per_runner = {RUNNER: 3, TEAMMATE: 3, OTHER_RUNNER: 3, COACH: 1, ADMIN: 1}
    assert len(everything["data"]) == sum(per_runner[each] for each in owners)


@pytest.mark.parametrize(
    ("caller", "runner_id", "status"),
    [
        (RUNNER, RUNNER, 200),
        (RUNNER, TEAMMATE, 403),
        (RUNNER, COACH, 403),
        (RUNNER, "nobody", 403),
        (COACH, RUNNER, 200),
        (COACH, COACH, 200),
        (COACH, OTHER_RUNNER, 403),
        (COACH, "nobody", 403),
        (ADMIN, OTHER_RUNNER, 200),
        (ADMIN, "nobody", 200),
    ],
)
def test_a_filter_on_somebody_elses_runner_is_refused_whether_they_exist_or_not(
    sign_in: SignIn, caller: str, runner_id: str, status: int
) -> None:
    response = sign_in(caller).list(runnerId=runner_id)
    assert response.status_code == status
    if status == 200:
        assert {each["runnerId"] for each in response.json["data"]} <= {runner_id}
    else:
        assert told(response) == told(sign_in(caller).list(runnerId="someone"))


def test_a_filter_on_a_foreign_session_finds_nothing(sign_in: SignIn) -> None:
    response = sign_in(RUNNER).list(sessionId=world.session_of(OTHER_RUNNER, 1), withTotal="true")
    assert response.json["data"] == []
    assert response.json["pagination"]["total"] == 0


def test_a_cursor_of_others_shows_only_ones_own(sign_in: SignIn) -> None:
    cursor = sign_in(ADMIN).list(limit=2).json["pagination"]["nextCursor"]
    response = sign_in(RUNNER).list(cursor=cursor)
    assert {each["runnerId"] for each in response.json["data"]} == {RUNNER}


def test_a_log_without_a_runner_is_the_admins_alone(
    settings: Settings, open_store: OpenStore, issuer: Issuer
) -> None:
    orphan = world.document("log-orphan", "workoutLog", status="dnf")
    app = create_app(settings, open_store([*world.club(), orphan]))
    assert client(app, issuer, ADMIN).get("log-orphan").status_code == 200
    for person in (RUNNER, COACH):
        assert client(app, issuer, person).get("log-orphan").status_code == 404


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ("nobody", "unknown-user"),
        (world.plan_of(RUNNER), "unknown-user"),
        ("x-none", "unknown-role"),
        ("x-odd", "unknown-role"),
        ("drafts.runner-ada", "unknown-user"),
        ("' || true", "unknown-user"),
    ],
)
def test_a_token_that_leads_to_nobody_known_is_refused(
    settings: Settings, open_store: OpenStore, issuer: Issuer, subject: str, code: str
) -> None:
    odd = [world.user("x-odd", "owner"), world.document("x-none", "user", name="x")]
    app = create_app(settings, open_store([*world.club(), *odd]))
    for response in (
        client(app, issuer, subject).list(),
        client(app, issuer, subject).get(log_of(RUNNER, 1)),
        client(app, issuer, subject).create({}),
    ):
        assert (response.status_code, response.json["code"]) == (403, code)


class TestTheEndOfCoaching:
    @pytest.mark.parametrize(("cache_seconds", "still"), [(0, 404), (60, 200)])
    def test_takes_effect_within_the_callers_cache_time(
        self, issuer: Issuer, open_store: OpenStore, cache_seconds: float, still: int
    ) -> None:
        store = _CoachingEnds(open_store(world.club()))
        settings = Settings(
            oauth_issuer=issuer.url,
            oauth_audience="https://workout-logs.example",
            caller_cache_seconds=cache_seconds,
        )
        coach = client(create_app(settings, store), issuer, COACH)
        assert coach.get(log_of(RUNNER, 1)).status_code == 200
        store.ended = True
        assert coach.get(log_of(RUNNER, 1)).status_code == still


class _CoachingEnds:
    """A store in which, once `ended`, nobody is coached any more."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.ended = False

    def find_users(self, **query: Any) -> list[Any]:
        found = self._store.find_users(**query)
        return [each._replace(coached_ids=()) for each in found] if self.ended else found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def client(app: Flask, issuer: Issuer, user_id: str) -> Client:
    return Client(app.test_client(), issuer.token(user_id))


def test_feedback_keeps_a_log_from_being_deleted(
    settings: Settings, open_store: OpenStore, issuer: Issuer
) -> None:
    log_id = log_of(RUNNER, 1)
    feedback = world.document(
        "feedback-1", "feedback", workoutLogId=reference(log_id), content="Well done"
    )
    app = create_app(settings, open_store([*world.club(), feedback]))
    for person in (RUNNER, ADMIN):
        response = client(app, issuer, person).delete(log_id)
        assert (response.status_code, response.json["code"]) == (409, "workout-log-in-use")
    assert client(app, issuer, RUNNER).get(log_id).status_code == 200


class TestRoundTrips:
    """A log of somebody else costs as many calls of the store as one that does not exist."""

    FOREIGN, MISSING = (log_id_of(OTHER_RUNNER, session_of(OTHER_RUNNER, each)) for each in (9, 10))

    @pytest.fixture
    def documents(self) -> list[dict[str, Any]]:
        return [*world.club(), world.log(OTHER_RUNNER, 9) | {"_id": self.FOREIGN}]

    @pytest.mark.parametrize("runner_ids", [[RUNNER], [COACH, RUNNER, TEAMMATE], []], ids=str)
    def test_of_a_read(
        self, open_store: OpenStore, documents: list[dict[str, Any]], runner_ids: list[str]
    ) -> None:
        store = open_store(documents)

        def calls(log_id: str) -> int:
            spent = timing.start()
            assert store.get_log(log_id, runner_ids=runner_ids) is None
            batch = store.read_for_batch(log_ids=[log_id], pairs=(), runner_ids=runner_ids)
            assert batch.logs == {}
            return spent.calls

        assert calls(self.FOREIGN) == calls(self.MISSING)
        assert store.get_log(self.FOREIGN, runner_ids=[OTHER_RUNNER])
        assert store.get_log(self.FOREIGN)

    @pytest.mark.parametrize("op", [{"op": "delete"}, {"op": "update", "log": {}}], ids=str)
    def test_of_a_batch_are_told(self, runner: Client, op: dict[str, Any]) -> None:
        def told_calls(log_id: str) -> str:
            body = {"items": [{**op, "id": log_id}]}
            response = runner.request("POST", "/api/workout-log-batches", json=body)
            assert [each["status"] for each in response.json["data"]["results"]] == [404]
            return response.headers["Server-Timing"].partition(";dur=")[0]

        assert told_calls(self.FOREIGN) == told_calls(self.MISSING)
