"""POST: each member's rules, whose session it may be, one log for a pair, and replays."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.service.documents import log_id_of
from tests import world
from tests.api.fields import INVALID, VALID
from tests.conftest import Client, told
from tests.world import ADMIN, OTHER_RUNNER, RUNNER, session_of

FRESH = session_of(RUNNER, 10)
MINIMAL = {"sessionId": FRESH, "status": "completed", "actualDistance": 10}

SignIn = Callable[..., Client]


def codes(response: Any) -> dict[str, str]:
    """The error codes of a 422 by where they point."""
    assert response.status_code == 422, response.json
    assert response.json["code"] == "validation-failed"
    place = ("pointer", "parameter", "header")
    return {
        next(each[name] for name in place if name in each): each["code"]
        for each in response.json["errors"]
    }


@pytest.mark.parametrize(("name", "sent", "read"), VALID, ids=lambda each: str(each)[:40])
def test_a_valid_member_is_stored_as_it_reads(
    runner: Client, name: str, sent: Any, read: Any
) -> None:
    response = runner.create({**MINIMAL, name: sent})
    assert response.status_code == 201, response.json
    assert response.json["data"][name] == read
    assert runner.get(response.json["data"]["id"]).json["data"][name] == read


@pytest.mark.parametrize(("name", "sent", "code"), INVALID, ids=lambda each: str(each)[:40])
def test_an_invalid_member_is_named(runner: Client, name: str, sent: Any, code: str) -> None:
    found = codes(runner.create({**MINIMAL, name: sent}))
    ((pointer, found_code),) = found.items()
    assert pointer.split("/")[1] == name
    assert found_code == code
    assert runner.list(sessionId=FRESH).json["data"] == []


@pytest.mark.parametrize(
    "name",
    [
        "externalLink",
        "actualDuration",
        "actualPace",
        "notes",
        "feeling",
        "injuries",
        "weather",
        "temperature",
    ],
)
def test_an_optional_member_may_be_null(runner: Client, name: str) -> None:
    response = runner.create({**MINIMAL, name: None})
    assert response.status_code == 201
    assert response.json["data"][name] == ([] if name == "injuries" else None)


def test_all_violations_are_named_at_once(runner: Client) -> None:
    body = {
        "status": "done",
        "actualDistance": "10",
        "injuries": ["", "x", 5],
        "externalLink": "https://example.com/",
        "sesionId": FRESH,
        "id": "x",
    }
    assert codes(runner.create(body)) == {
        "/sessionId": "required",
        "/status": "not-a-choice",
        "/actualDistance": "type",
        "/injuries/0": "empty",
        "/injuries/2": "type",
        "/externalLink": "link",
        "/sesionId": "unknown-field",
        "/id": "unknown-field",
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"status": "undone", "actualDistance": 5, "temperature": 100},
            {"/temperature": "too-large", "/actualDistance": "not-allowed-when-undone"},
        ),
        (
            {"status": "completed", "temperature": 100},
            {"/temperature": "too-large", "/actualDistance": "required-when-completed"},
        ),
        ({"status": "completed", "actualDistance": "far"}, {"/actualDistance": "type"}),
        ({"status": "done", "actualDistance": None}, {"/status": "not-a-choice"}),
    ],
    ids=str,
)
def test_rules_across_members_are_told_beside_those_of_members(
    runner: Client, body: dict[str, Any], expected: dict[str, str]
) -> None:
    assert codes(runner.create({"sessionId": FRESH, **body})) == expected


def test_a_broken_header_is_named_beside_a_broken_body(runner: Client) -> None:
    response = runner.create({**MINIMAL, "status": "done"}, **{"Idempotency-Key": "a b"})
    assert codes(response) == {"/status": "not-a-choice", "Idempotency-Key": "format"}


def test_a_broken_rule_is_named_beside_an_unknown_session(runner: Client) -> None:
    response = runner.create({"sessionId": "missing", "status": "undone", "actualDistance": 1})
    assert codes(response) == {
        "/sessionId": "not-found",
        "/actualDistance": "not-allowed-when-undone",
    }


def test_a_member_may_be_named_like_marshmallows_marker(runner: Client) -> None:
    assert codes(runner.create({**MINIMAL, "_schema": 1})) == {"/_schema": "unknown-field"}


def test_a_pointer_is_escaped(runner: Client) -> None:
    assert "/a~1b~0c" in codes(runner.create({**MINIMAL, "a/b~c": 1}))


@pytest.mark.parametrize("body", [[], "x", 5, None, True])
def test_a_body_that_is_no_object_is_refused(runner: Client, body: Any) -> None:
    response = runner.create(body)
    assert codes(response) == {"": "type"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"status": "completed"}, {"/actualDistance": "required-when-completed"}),
        (
            {"status": "completed", "actualPace": "5:00"},
            {"/actualDistance": "required-when-completed"},
        ),
        (
            {"status": "undone", "actualDistance": 1, "actualDuration": "5:00"},
            dict.fromkeys(("/actualDistance", "/actualDuration"), "not-allowed-when-undone"),
        ),
        ({"status": "undone", "actualPace": "5:00"}, {"/actualPace": "not-allowed-when-undone"}),
    ],
    ids=str,
)
def test_rules_across_members_hold(
    runner: Client, body: dict[str, Any], expected: dict[str, str]
) -> None:
    assert codes(runner.create({"sessionId": FRESH, **body})) == expected


@pytest.mark.parametrize(
    "body",
    [
        {"status": "completed", "actualDuration": "30:00"},
        {"status": "dnf"},
        {"status": "dnf", "actualDistance": 3, "actualPace": "6:00"},
        {"status": "undone", "notes": "ill"},
    ],
    ids=str,
)
def test_rules_across_members_allow(runner: Client, body: dict[str, Any]) -> None:
    assert runner.create({"sessionId": FRESH, **body}).status_code == 201


@pytest.mark.parametrize(
    ("distance", "duration", "sent", "pace"),
    [
        (10, "52:30", "absent", "5:15"),
        (10, "52:30", None, "5:15"),
        (10, "52:30", "5:20", "5:20"),
        (10, "50:05", "absent", "5:01"),
        (10, None, "absent", None),
        (None, "52:30", "absent", None),
        (1000, "0:01", "absent", None),
        (0.001, "99:59:59", "absent", None),
    ],
)
def test_the_pace_is_derived_when_it_is_left_out(
    runner: Client, distance: float | None, duration: str | None, sent: Any, pace: str | None
) -> None:
    body: dict[str, Any] = {"sessionId": FRESH, "status": "completed"}
    body |= {"actualDistance": distance, "actualDuration": duration}
    body |= {} if sent == "absent" else {"actualPace": sent}
    assert runner.create(body).json["data"]["actualPace"] == pace


@pytest.mark.parametrize(
    "session_id", ["missing", session_of(OTHER_RUNNER, 9), world.plan_of(RUNNER)]
)
def test_a_session_of_others_is_treated_like_a_missing_one(runner: Client, session_id: str) -> None:
    response = runner.create({**MINIMAL, "sessionId": session_id})
    assert codes(response) == {"/sessionId": "not-found"}
    missing = runner.create({**MINIMAL, "sessionId": "missing"})
    assert told(response) == told(missing)


@pytest.mark.parametrize(
    "session_id",
    ["", "-x", "drafts.x", "versions.r.x", "a b", "a/b", "x" * 129, "é", 5, None, {"_ref": "x"}],
)
def test_a_session_id_is_a_document_id(runner: Client, session_id: Any) -> None:
    assert list(codes(runner.create({**MINIMAL, "sessionId": session_id}))) == ["/sessionId"]


class TestForWhom:
    def test_the_caller_may_say_that_it_is_for_themselves(self, runner: Client) -> None:
        assert runner.create({**MINIMAL, "runnerId": RUNNER}).status_code == 201

    @pytest.mark.parametrize("who", [world.COACH, world.TEAMMATE])
    @pytest.mark.parametrize("whose", [RUNNER, "nobody"])
    def test_only_an_admin_creates_for_others(self, sign_in: SignIn, who: str, whose: str) -> None:
        response = sign_in(who).create({**MINIMAL, "runnerId": whose})
        assert (response.status_code, response.json["code"]) == (403, "forbidden")

    def test_an_admin_creates_for_a_runner(self, sign_in: SignIn) -> None:
        response = sign_in(ADMIN).create({**MINIMAL, "runnerId": RUNNER})
        assert response.status_code == 201
        assert response.json["data"]["runner"] == {"id": RUNNER, "name": "Ada"}
        assert sign_in(RUNNER).get(response.json["data"]["id"]).status_code == 200

    def test_the_session_must_be_the_runners(self, sign_in: SignIn) -> None:
        response = sign_in(ADMIN).create({**MINIMAL, "runnerId": OTHER_RUNNER})
        assert codes(response) == {"/sessionId": "not-found"}

    def test_the_runner_must_exist(self, sign_in: SignIn) -> None:
        response = sign_in(ADMIN).create({**MINIMAL, "runnerId": "nobody"})
        assert codes(response) == {"/runnerId": "not-found", "/sessionId": "not-found"}

    @pytest.mark.parametrize("who", [world.COACH, ADMIN])
    def test_coaches_and_admins_log_their_own_sessions(self, sign_in: SignIn, who: str) -> None:
        response = sign_in(who).create({**MINIMAL, "sessionId": session_of(who, 1)})
        assert (response.status_code, response.json["data"]["runnerId"]) == (201, who)


class TestOnce:
    def test_a_second_log_of_the_session_is_refused_with_the_first_ones_name(
        self, runner: Client
    ) -> None:
        first = runner.create(MINIMAL).json["data"]["id"]
        again = runner.create({**MINIMAL, "notes": "again"})
        assert (again.status_code, again.json["code"]) == (409, "duplicate-workout-log")
        assert again.json["existingId"] == first
        assert again.headers["Location"] == f"/api/workout-logs/{first}"

    def test_a_log_with_an_old_id_counts(self, runner: Client) -> None:
        again = runner.create({**MINIMAL, "sessionId": session_of(RUNNER, 1)})
        assert (again.status_code, again.json["existingId"]) == (409, world.log_of(RUNNER, 1))

    def test_the_id_follows_from_runner_and_session_and_tells_neither(self, runner: Client) -> None:
        log_id = runner.create(MINIMAL).json["data"]["id"]
        assert log_id == log_id_of(RUNNER, FRESH)
        assert log_id.startswith("workoutLog.")
        assert "ada" not in log_id


class TestIdempotencyKey:
    KEY = {"Idempotency-Key": "4e2f-1"}

    def test_the_same_request_replays_the_first_response(self, runner: Client) -> None:
        first = runner.create(MINIMAL, **self.KEY)
        again = runner.create(MINIMAL, **self.KEY)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json == first.json
        for header in ("ETag", "Location"):
            assert again.headers[header] == first.headers[header]
        assert "Idempotent-Replayed" not in first.headers
        assert again.headers["Idempotent-Replayed"] == "true"
        assert len(runner.list(sessionId=FRESH).json["data"]) == 1

    def test_without_a_key_or_with_another_one_it_is_a_duplicate(self, runner: Client) -> None:
        runner.create(MINIMAL, **self.KEY)
        assert runner.create(MINIMAL).status_code == 409
        assert runner.create(MINIMAL, **{"Idempotency-Key": "other"}).status_code == 409

    def test_the_key_of_another_request_is_refused(self, runner: Client) -> None:
        runner.create(MINIMAL, **self.KEY)
        response = runner.create({**MINIMAL, "actualDistance": 11}, **self.KEY)
        assert codes(response) == {"Idempotency-Key": "idempotency-key-reused"}

    def test_a_log_that_has_changed_since_is_a_duplicate(self, runner: Client) -> None:
        log_id = runner.create(MINIMAL, **self.KEY).json["data"]["id"]
        runner.update(log_id, {"notes": "changed"})
        assert runner.create(MINIMAL, **self.KEY).status_code == 409

    def test_serves_several_sessions(self, runner: Client) -> None:
        for number in (10, 11):
            body = {**MINIMAL, "sessionId": session_of(RUNNER, number)}
            assert runner.create(body, **self.KEY).status_code == 201

    def test_is_the_callers_own(self, sign_in: SignIn) -> None:
        body = {**MINIMAL, "runnerId": RUNNER}
        assert sign_in(RUNNER).create(body, **self.KEY).status_code == 201
        assert sign_in(ADMIN).create(body, **self.KEY).status_code == 409

    @pytest.mark.parametrize("quoted", ['"4e2f-1"', '"\\"4e2f-1"', '"\\\\4e2f-1"'])
    def test_quoted_and_bare_it_is_the_same_key(self, runner: Client, quoted: str) -> None:
        bare = quoted[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        runner.create(MINIMAL, **{"Idempotency-Key": quoted})
        again = runner.create(MINIMAL, **{"Idempotency-Key": bare})
        assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")

    @pytest.mark.parametrize(
        "same",
        [
            {"actualDistance": 10.0},
            {"notes": None},
            {"notes": " \n "},
            {"injuries": None},
            {"injuries": []},
            {"runnerId": RUNNER},
            {"actualDuration": "52:30"},
            {"actualDuration": "0:52:30", "actualPace": "5:15"},
        ],
        ids=str,
    )
    def test_bodies_are_compared_by_their_meaning(
        self, runner: Client, same: dict[str, Any]
    ) -> None:
        first = {**MINIMAL, **({"actualDuration": "00:52:30"} if "actualDuration" in same else {})}
        runner.create(first, **self.KEY)
        again = runner.create({**first, **same}, **self.KEY)
        assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")

    def test_of_requests_at_once_exactly_one_is_no_replay(self, runner: Client) -> None:
        with ThreadPoolExecutor(16) as threads:
            responses = [*threads.map(lambda _: runner.create(MINIMAL, **self.KEY), range(16))]
        assert {each.status_code for each in responses} == {201}
        assert sum("Idempotent-Replayed" not in each.headers for each in responses) == 1
        assert len({each.headers["ETag"] for each in responses}) == 1

    @pytest.mark.parametrize("key", ["x" * 256, "a b", "é", "\t", '""'])
    def test_holds_visible_ascii(self, runner: Client, key: str) -> None:
        response = runner.create(MINIMAL, **{"Idempotency-Key": key})
        assert codes(response) == {"Idempotency-Key": "format"}

    @pytest.mark.parametrize("key", ["x" * 255, "!", '"quoted"'])
    def test_may_be_long_and_odd(self, runner: Client, key: str) -> None:
        assert runner.create(MINIMAL, **{"Idempotency-Key": key}).status_code == 201
