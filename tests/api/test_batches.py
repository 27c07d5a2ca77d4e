"""POST /api/workout-log-batches: each item as the single request, all in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from werkzeug.test import TestResponse

from app.service.documents import log_id_of, reference
from tests import world
from tests.api.test_create import codes
from tests.conftest import Client, OpenStore
from tests.world import ADMIN, COACH, OTHER_RUNNER, RUNNER, TEAMMATE, log, log_of, session_of

BATCHES = "/api/workout-log-batches"
LOGS = "/api/workout-logs"
LOG = log_of(RUNNER, 1)
IN_USE = log_of(RUNNER, 2)
UNDONE = log_of(RUNNER, 3)
FRESH = session_of(RUNNER, 10)
NEW = log_id_of(RUNNER, FRESH)
MINIMAL = {"sessionId": FRESH, "status": "completed", "actualDistance": 10}
HELD, NOT_HELD = f'"rev-{LOG}"', '"another"'

Item = dict[str, Any]
SignIn = Callable[..., Client]


@pytest.fixture
def documents() -> list[dict[str, Any]]:
    undone = log(RUNNER, 3, status="undone")
    for name in ("actualDistance", "actualDuration", "actualPace"):
        del undone[name]
    feedback = world.document("feedback-1", "feedback", workoutLogId=reference(IN_USE))
    return [*(each for each in world.club() if each["_id"] != UNDONE), undone, feedback]


def create(number: int = 10, whose: str = RUNNER, /, **members: Any) -> Item:
    return {"op": "create", "log": {**MINIMAL, "sessionId": session_of(whose, number), **members}}


def update(log_id: str, log: Any, **members: Any) -> Item:
    return {"op": "update", "id": log_id, "log": log, **members}


def delete(log_id: Any, **members: Any) -> Item:
    return {"op": "delete", "id": log_id, **members}


def send(client: Client, *items: Item, key: str | None = None, **members: Any) -> TestResponse:
    headers = {"Idempotency-Key": key} if key else {}
    return client.request("POST", BATCHES, json={"items": items, **members}, headers=headers)


def results(response: TestResponse) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json["data"]["results"]
    return found


def statuses(response: TestResponse) -> list[int]:
    return [each["status"] for each in results(response)]


def told(response: TestResponse) -> list[Any]:
    """Of each result its status, with the code of its problem if it has one."""
    return [
        (each["status"], each["problem"]["code"]) if "problem" in each else each["status"]
        for each in results(response)
    ]


class Case(NamedTuple):
    """An item, and who sends it."""

    item: Item
    who: str = RUNNER


ODD_NAMES: dict[str, Any] = {"a/b~c": 1, "": 2, "_schema": 3}
MANY: dict[str, Any] = {f"unknown{number}": 1 for number in range(150)}

CASES: dict[str, Case] = {
    # What succeeds.
    "create": Case(create()),
    "create, all members": Case(
        create(
            externalLink="https://www.strava.com/activities/1",
            actualDuration="52:30",
            notes=" a\u0007b ",
            feeling="good",
            injuries=["knee"],
            weather="sun",
            temperature=20.5,
        )
    ),
    "create for another": Case(create(runnerId=RUNNER), ADMIN),
    "update": Case(update(LOG, {"notes": "x"})),
    "update, pace follows": Case(update(LOG, {"actualDistance": 12})),
    "update, cleared": Case(update(LOG, {"actualPace": None})),
    "update of nothing": Case(update(LOG, {})),
    "update, same values": Case(update(LOG, {"actualDistance": 10, "status": "completed"})),
    "update, If-Match": Case(update(LOG, {"notes": "x"}, ifMatch=HELD)),
    "update, If-Match *": Case(update(LOG, {"notes": "x"}, ifMatch="*")),
    "update, If-Match with spaces": Case(update(LOG, {"notes": "x"}, ifMatch=f" {HELD} ")),
    "update by an admin": Case(update(LOG, {"notes": "x"}), ADMIN),
    "delete": Case(delete(LOG)),
    "delete, If-Match": Case(delete(LOG, ifMatch=f'W/{HELD}, "y"')),
    # The shape of a new log.
    "create, no object": Case({"op": "create", "log": []}),
    "create, null": Case({"op": "create", "log": None}),
    "create, a text": Case({"op": "create", "log": "x"}),
    "create, empty": Case({"op": "create", "log": {}}),
    "create, unknown member": Case(create(note="x")),
    "create, many violations": Case(create(**MANY)),
    "create, odd names": Case(create(**ODD_NAMES)),
    "create, types": Case(create(actualDistance="10", notes=5, injuries=["", 5, None])),
    "create, ranges": Case(create(actualDistance=0, temperature=99, notes="x" * 2001)),
    "create, formats": Case(create(actualDuration="1h", actualPace="5", feeling="great")),
    "create, link": Case(create(externalLink="http://example.com/")),
    "create, bad session id": Case(create(sessionId="drafts.x")),
    "create, bad runner id": Case(create(runnerId="a b")),
    "create, rules beside limits": Case(create(status="undone", temperature=100)),
    # Its rules.
    "create, completed with nothing": Case(create(actualDistance=None)),
    "create, undone with a distance": Case(create(status="undone")),
    "create, no such session": Case(create(sessionId="missing")),
    "create, another runner's session": Case(create(9, OTHER_RUNNER)),
    "create, session and rules": Case(create(sessionId="missing", status="undone")),
    "create for another by a runner": Case(create(runnerId=TEAMMATE)),
    "create for another by a coach": Case(create(runnerId=RUNNER), COACH),
    "create, no such runner": Case(create(runnerId="nobody"), ADMIN),
    "create, a duplicate": Case(create(1)),
    # A log that cannot be changed.
    "update, no log": Case(update("missing", {"notes": "x"})),
    "update, log of our form missing": Case(update(NEW, {"notes": "x"})),
    "update, another runner's log": Case(update(log_of(OTHER_RUNNER, 1), {"notes": "x"})),
    "update, of a runner by a coach": Case(update(LOG, {"notes": "x"}), COACH),
    "update, another document": Case(update(FRESH, {"notes": "x"})),
    "update, id of a draft": Case(update(f"drafts.{LOG}", {"notes": "x"})),
    "update, id with a dash": Case(update("-x", {"notes": "x"})),
    "update, id with spaces": Case(update("a b", {"notes": "x"})),
    "update, id with an emoji": Case(update("🏃", {"notes": "x"})),
    "update, long id": Case(update("x" * 200, {"notes": "x"})),
    "update, bad id and bad body": Case(update("a b", [])),
    "delete, no log": Case(delete("missing")),
    "delete, another runner's log": Case(delete(log_of(OTHER_RUNNER, 1))),
    "delete, of a runner by a coach": Case(delete(LOG), COACH),
    "delete, in use": Case(delete(IN_USE)),
    # A change that breaks rules.
    "update, no object": Case(update(LOG, [])),
    "update, null": Case(update(LOG, None)),
    "update, unknown member": Case(update(LOG, {"note": 1})),
    "update, limits": Case(update(LOG, {"actualDistance": -1, "notes": "x" * 2001})),
    "update, status cleared": Case(update(LOG, {"status": None})),
    "update, undone": Case(update(LOG, {"status": "undone"})),
    "update, completed with nothing": Case(update(UNDONE, {"status": "completed"})),
    "update, immutable": Case(update(LOG, {"sessionId": FRESH, "runnerId": TEAMMATE})),
    "update, injuries": Case(update(LOG, {"injuries": ["x" * 201] * 21})),
    # Conditions.
    "update, If-Match fails": Case(update(LOG, {"notes": "x"}, ifMatch=NOT_HELD)),
    "update, If-Match fails beside rules": Case(
        update(LOG, {"status": "undone"}, ifMatch=NOT_HELD)
    ),
    "update, If-Match without quotes": Case(update(LOG, {}, ifMatch=f"rev-{LOG}")),
    "update, broken If-Match": Case(update(LOG, {}, ifMatch="\u0001")),
    "update, broken If-Match and body": Case(update(LOG, {"note": 1}, ifMatch="a\tb")),
    "update, empty If-Match": Case(update(LOG, {"notes": "x"}, ifMatch="")),
    "delete, If-Match fails": Case(delete(LOG, ifMatch=NOT_HELD)),
    "delete, broken If-Match": Case(delete(LOG, ifMatch="a\tb")),
    "delete, coach and If-Match": Case(delete(LOG, ifMatch=NOT_HELD), COACH),
}


def single(client: Client, item: Item) -> TestResponse:
    """The single request that an item stands for."""
    headers = {"If-Match": item["ifMatch"]} if "ifMatch" in item else {}
    if item["op"] == "create":
        return client.create(item["log"])
    if item["op"] == "update":
        return client.patch(item["id"], item["log"], **headers)
    return client.delete(item["id"], **headers)


@pytest.mark.parametrize("case", CASES)
def test_an_item_is_told_as_the_single_request(
    sign_in: SignIn, documents: list[dict[str, Any]], open_store: OpenStore, case: str
) -> None:
    item, who = CASES[case]
    client = sign_in(who)
    (dry,) = results(send(client, item, dryRun=True))
    (result,) = results(send(client, item))
    restore(client, open_store, documents)
    expected = single(client, item)
    assert result["status"] == dry["status"] == expected.status_code
    assert ("problem" in result) == (expected.status_code >= 400)
    if "problem" in result:
        assert_same_problem(result["problem"], expected.json)
        assert_same_problem(dry["problem"], expected.json)
    elif expected.status_code != 204:
        assert alike(result["log"]) == alike(expected.json["data"])
    assert "log" not in dry


def restore(client: Client, open_store: OpenStore, documents: list[dict[str, Any]]) -> None:
    """Undo what the batch has done."""
    client.delete(NEW)
    open_store(each for each in documents if each["_type"] == "workoutLog")


def assert_same_problem(one: dict[str, Any], other: dict[str, Any]) -> None:
    """They are the same, but for the id of the request."""
    assert {**one, "requestId": ""} == {**other, "requestId": ""}
    assert list(one) == list(other)


def alike(log: dict[str, Any]) -> dict[str, Any]:
    """The log without what each write makes anew."""
    return {**log, "createdAt": "", "updatedAt": "", "revision": ""}


class TestOfMany:
    def test_each_item_has_its_result_in_order(self, runner: Client) -> None:
        response = send(
            runner,
            create(10),
            delete("missing"),
            update(LOG, {"notes": "x"}),
            create(sessionId="missing"),
            delete(UNDONE),
        )
        assert told(response) == [
            201,
            (404, "not-found"),
            200,
            (422, "validation-failed"),
            204,
        ]
        assert response.json["data"]["dryRun"] is False
        assert results(response)[3]["problem"]["errors"][0]["pointer"] == "/sessionId"
        assert runner.get(NEW).json["data"] == results(response)[0]["log"]
        assert runner.get(LOG).json["data"] == results(response)[2]["log"]
        assert runner.get(UNDONE).status_code == 404

    def test_a_hundred_are_made_in_two_round_trips(self, admin: Client) -> None:
        pairs = [
            (who, number)
            for who in (RUNNER, TEAMMATE, OTHER_RUNNER, COACH, ADMIN)
            for number in range(4, 21)
        ]
        items = [create(number, who, runnerId=who) for who, number in pairs]
        items += [
            update(log_of(who, 1), {"notes": "x"}) for who in (RUNNER, TEAMMATE, OTHER_RUNNER)
        ]
        items += [delete(log_of(who, 3)) for who in (TEAMMATE, OTHER_RUNNER)]
        response = send(admin, *items)
        assert set(statuses(response)) == {200, 201, 204}
        assert 'desc="3 calls"' in response.headers["Server-Timing"], "one is the caller's"
        assert admin.list(withTotal="true").json["pagination"]["total"] == 9 + len(pairs) - 2

    def test_a_log_with_feedback_does_not_stop_the_others(self, runner: Client) -> None:
        response = send(runner, create(10), delete(IN_USE), delete(LOG))
        assert told(response) == [201, (409, "workout-log-in-use"), 204]
        assert runner.get(IN_USE).status_code == 200

    @pytest.mark.parametrize(
        ("items", "expected"),
        [
            ([create(10), create(10)], [201, (422, "duplicate-item")]),
            (
                [update(LOG, {"notes": "x"}), delete(LOG)],
                [200, (422, "duplicate-item")],
            ),
            ([delete(LOG), create(1)], [204, (422, "duplicate-item")]),
            ([create(1), delete(LOG)], [(409, "duplicate-workout-log"), (422, "duplicate-item")]),
            ([create(10), update(NEW, {})], [201, (422, "duplicate-item")]),
            (
                [update("missing", {}), delete("missing")],
                [(404, "not-found"), (422, "duplicate-item")],
            ),
            (
                [update(LOG, {"note": 1}), update(LOG, {"notes": "x"})],
                [(422, "validation-failed"), (422, "duplicate-item")],
            ),
            ([create(10, note=1), create(10)], [(422, "validation-failed"), 201]),
            ([delete("a b"), delete("a b")], [(404, "not-found")] * 2),
        ],
    )
    def test_of_two_for_one_log_the_second_is_refused(
        self, runner: Client, items: list[Item], expected: list[Any]
    ) -> None:
        assert told(send(runner, *items)) == expected

    def test_an_address_of_a_duplicate_item(self, runner: Client) -> None:
        problem = results(send(runner, delete(LOG), delete(LOG)))[1]["problem"]
        assert problem["instance"] == f"{LOGS}/{LOG}"
        page = runner.request("GET", problem["type"])
        assert page.status_code == 200


class TestAtomic:
    def test_all_are_made(self, runner: Client) -> None:
        response = send(runner, create(10), update(LOG, {"notes": "x"}), atomic=True)
        assert statuses(response) == [201, 200]

    @pytest.mark.parametrize(
        ("at_fault", "problem"),
        [
            (update("missing", {}), (404, "not-found")),
            (update(UNDONE, {"note": 1}), (422, "validation-failed")),
            (update(UNDONE, {"status": "completed"}), (422, "validation-failed")),
            (delete(UNDONE, ifMatch=NOT_HELD), (412, "precondition-failed")),
            (create(2), (409, "duplicate-workout-log")),
            (create(runnerId=TEAMMATE), (403, "forbidden")),
            (delete(IN_USE), (409, "workout-log-in-use")),
            (create(10), (422, "duplicate-item")),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("dry", [False, True])
    def test_or_none(
        self, runner: Client, at_fault: Item, problem: tuple[int, str], dry: bool
    ) -> None:
        before = runner.list().json["data"]
        response = send(
            runner,
            create(10),
            update(LOG, {"notes": "x"}),
            at_fault,
            delete(log_of(RUNNER, 1) + "x"),
            update(LOG + "y", {}),
            atomic=True,
            dryRun=dry,
        )
        left = (424, "not-applied")
        missing = (404, "not-found")
        if problem == (409, "workout-log-in-use"):
            # The store alone knows of it, and is not asked where others fail already.
            assert told(response) == [left, left, left, missing, missing]
        else:
            assert told(response) == [left, left, problem, missing, missing]
        assert runner.list().json["data"] == before

    @pytest.mark.parametrize("dry", [False, True])
    def test_what_only_the_store_refuses_stops_all(self, runner: Client, dry: bool) -> None:
        before = runner.list().json["data"]
        response = send(
            runner, create(10), delete(IN_USE), update(LOG, {}), atomic=True, dryRun=dry
        )
        left = (424, "not-applied")
        assert told(response) == [left, (409, "workout-log-in-use"), left]
        assert runner.list().json["data"] == before


class TestDryRun:
    def test_changes_nothing_and_tells_all(self, runner: Client, open_store: OpenStore) -> None:
        before = runner.list().json["data"]
        items = [create(10), update(LOG, {"notes": "x"}), delete(UNDONE), delete(IN_USE)]
        response = send(runner, *items, dryRun=True)
        assert response.json["data"]["dryRun"] is True
        assert told(response) == [201, 200, 204, (409, "workout-log-in-use")]
        assert all("log" not in each for each in results(response))
        assert runner.list().json["data"] == before
        assert told(send(runner, *items)) == told(response)


class TestIdempotencyKey:
    ITEMS = (create(10), create(11), update(LOG, {"notes": "x"}))

    def test_sent_again_creates_replay(self, runner: Client) -> None:
        first = send(runner, *self.ITEMS, key="k")
        again = send(runner, *self.ITEMS, key="k")
        assert statuses(first) == statuses(again) == [201, 201, 200]
        assert results(again) == results(first)
        assert "Idempotent-Replayed" not in first.headers
        assert again.headers["Idempotent-Replayed"] == "true"

    def test_a_quoted_key_and_equal_meaning_are_the_same(self, runner: Client) -> None:
        send(runner, *self.ITEMS, key="k")
        same = (create(10, actualDistance=10.0, notes=None), *self.ITEMS[1:])
        again = send(runner, *same, key='"k"', atomic=False)
        assert statuses(again) == [201, 201, 200]
        assert again.headers["Idempotent-Replayed"] == "true"

    def test_without_it_they_are_duplicates(self, runner: Client) -> None:
        send(runner, *self.ITEMS)
        assert statuses(send(runner, *self.ITEMS)) == [409, 409, 200]

    @pytest.mark.parametrize(
        "other",
        [
            (create(10), create(11)),
            (create(10), create(11), update(LOG, {"notes": "y"})),
            (create(10), create(11), update(LOG, {"notes": "x"}, ifMatch="*")),
            (create(10), create(11, notes="x"), update(LOG, {"notes": "x"})),
        ],
    )
    def test_of_another_batch_is_refused_for_what_it_made(
        self, runner: Client, other: tuple[Item, ...]
    ) -> None:
        send(runner, *self.ITEMS, key="k")
        response = send(runner, *other, key="k")
        for each in results(response)[:2]:
            assert each["status"] == 422
            assert each["problem"]["errors"] == [
                {
                    "header": "Idempotency-Key",
                    "code": "idempotency-key-reused",
                    "detail": "This key was used for another request on the same session.",
                }
            ]

    def test_what_changed_since_is_judged_as_it_is(self, runner: Client) -> None:
        (_, second, _) = results(send(runner, *self.ITEMS, key="k"))
        runner.update(NEW, {"notes": "changed"})
        runner.delete(second["log"]["id"])
        again = send(runner, *self.ITEMS, key="k")
        assert told(again) == [(409, "duplicate-workout-log"), 201, 200]
        assert "Idempotent-Replayed" not in again.headers
        assert results(again)[1]["log"]["revision"] != second["log"]["revision"]

    def test_a_dry_run_tells_what_would_replay(self, runner: Client) -> None:
        send(runner, *self.ITEMS, key="k")
        response = send(runner, *self.ITEMS, key="k", dryRun=True)
        assert statuses(response) == [201, 201, 200]

    def test_of_batches_at_once_exactly_one_is_no_replay(self, runner: Client) -> None:
        runner.list()  # The issuer's keys are known: only so many requests wait for them at once.
        with ThreadPoolExecutor(8) as threads:
            responses = [
                *threads.map(lambda _: send(runner, create(10), create(11), key="k"), range(8))
            ]
        assert {tuple(statuses(each)) for each in responses} == {(201, 201)}
        assert sum("Idempotent-Replayed" not in each.headers for each in responses) == 1

    @pytest.mark.parametrize("key", ["x" * 256, "a b"])
    def test_a_broken_one_is_the_whole_batchs(self, runner: Client, key: str) -> None:
        assert codes(send(runner, create(10), key=key)) == {"Idempotency-Key": "format"}


def test_of_batches_at_once_no_change_is_lost(runner: Client) -> None:
    """Each makes its own log and changes one that all change, in both orders."""

    runner.list()  # As above.

    def batch(number: int) -> TestResponse:
        changes = [update(each, {"notes": str(number)}) for each in (LOG, UNDONE)]
        return send(runner, create(number), *(changes if number % 2 else reversed(changes)))

    with ThreadPoolExecutor(8) as threads:
        responses = [*threads.map(batch, range(5, 13))]
    assert {tuple(sorted(statuses(each))) for each in responses} == {(200, 200, 201)}
    assert runner.list(withTotal="true").json["pagination"]["total"] == 3 + 8
    assert runner.get(LOG).json["data"]["notes"] == runner.get(UNDONE).json["data"]["notes"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], {"": "type"}),
        ({}, {"/items": "required"}),
        ({"items": []}, {"/items": "out-of-range"}),
        ({"items": [create(10)] * 101}, {"/items": "out-of-range"}),
        ({"items": {}}, {"/items": "type"}),
        ({"items": [5]}, {"/items/0": "type"}),
        ({"items": [{}]}, {"/items/0/op": "required"}),
        ({"items": [{"op": "upsert"}]}, {"/items/0/op": "not-a-choice"}),
        ({"items": [{"op": None}]}, {"/items/0/op": "null-not-allowed"}),
        ({"items": [create(10), {"op": "create"}]}, {"/items/1/log": "required"}),
        (
            {"items": [{"op": "update"}]},
            {"/items/0/id": "required", "/items/0/log": "required"},
        ),
        ({"items": [{"op": "delete"}]}, {"/items/0/id": "required"}),
        ({"items": [delete(5)]}, {"/items/0/id": "type"}),
        ({"items": [delete("x" * 1025)]}, {"/items/0/id": "too-long"}),
        ({"items": [delete(LOG, log={})]}, {"/items/0/log": "unknown-field"}),
        (
            {"items": [{**create(10), "id": LOG, "ifMatch": "*"}]},
            {"/items/0/id": "unknown-field", "/items/0/ifMatch": "unknown-field"},
        ),
        ({"items": [delete(LOG, ifMatch=5)]}, {"/items/0/ifMatch": "type"}),
        (
            {"items": [delete(LOG, idempotencyKey="x")]},
            {"/items/0/idempotencyKey": "unknown-field"},
        ),
        ({"items": [delete(LOG)], "atomic": "true"}, {"/atomic": "type"}),
        ({"items": [delete(LOG)], "dryRun": 1}, {"/dryRun": "type"}),
        ({"items": [delete(LOG)], "more": 1}, {"/more": "unknown-field"}),
    ],
    ids=lambda each: str(each)[:40],
)
def test_a_batch_that_breaks_rules_itself_is_refused_whole(
    runner: Client, body: Any, expected: dict[str, str]
) -> None:
    assert codes(runner.request("POST", BATCHES, json=body)) == expected
    assert runner.get(LOG).status_code == 200


class TestSize:
    def test_of_one_mebibyte_is_read(self, runner: Client) -> None:
        body = json.dumps({"items": [create(10)]}).encode()
        padded = body + b" " * (1024 * 1024 - len(body))
        kind = {"content_type": "application/json"}
        assert runner.request("POST", BATCHES, data=padded, **kind).status_code == 200
        response = runner.request("POST", BATCHES, data=padded + b" ", **kind)
        assert (response.status_code, response.json["code"]) == (413, "content-too-large")

    def test_of_other_requests_stays(self, runner: Client) -> None:
        body = b" " * (64 * 1024) + b"{}"
        response = runner.request("POST", data=body, content_type="application/json")
        assert response.status_code == 413

    def test_an_endless_member_name_is_told_in_bounds(self, runner: Client) -> None:
        long = "/" * 500_000
        response = runner.request("POST", BATCHES, json={"items": [create(10)], long: 1})
        assert response.status_code == 422
        (result,) = results(send(runner, {"op": "create", "log": {**MINIMAL, long: 1}}))
        assert result["status"] == 422


def test_it_needs_the_scope_for_writing(sign_in: SignIn) -> None:
    response = send(sign_in(RUNNER, scope="workout-logs:read"), create(10))
    assert (response.status_code, response.json["code"]) == (403, "insufficient-scope")
