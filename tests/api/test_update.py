"""PUT: what is sent changes, null clears, what is left out stays; and the ETag's guard."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests import world
from tests.api.fields import FIELDS, INVALID, VALID
from tests.api.test_create import codes
from tests.conftest import Client, OpenStore
from tests.world import RUNNER, log, log_of, session_of

FULL = {
    "status": "dnf",
    "externalLink": "https://www.strava.com/activities/9",
    "actualDistance": 12,
    "actualDuration": "1:10:00",
    "actualPace": "5:55",
    "notes": "before",
    "feeling": "okay",
    "injuries": ["shin"],
    "weather": "sun",
    "temperature": 9,
}


@pytest.fixture
def full(runner: Client) -> dict[str, Any]:
    """A log in which every member is set."""
    created = runner.create({"sessionId": session_of(RUNNER, 10), **FULL})
    assert created.status_code == 201
    data: dict[str, Any] = created.json["data"]
    return data


def unchanged(before: dict[str, Any], after: dict[str, Any], *but: str) -> bool:
    derived = {
        "actualDuration": {"actualDurationSeconds", "actualPace", "actualPaceSeconds"},
        "actualDistance": {"actualPace", "actualPaceSeconds"},
        "actualPace": {"actualPaceSeconds"},
    }
    may_differ = {"updatedAt", "revision", *but}.union(*(derived.get(name, set()) for name in but))
    return all(after[name] == before[name] for name in before if name not in may_differ)


class TestEachMember:
    @pytest.mark.parametrize("name", FIELDS)
    def test_left_out_it_stays(self, runner: Client, full: dict[str, Any], name: str) -> None:
        other = "notes" if name != "notes" else "weather"
        after = runner.update(full["id"], {other: "after"}).json["data"]
        assert after[name] == full[name]
        assert after[other] == "after"
        assert unchanged(full, after, other)

    @pytest.mark.parametrize("name", [name for name in FIELDS if name != "status"])
    def test_null_clears_it(self, runner: Client, full: dict[str, Any], name: str) -> None:
        response = runner.update(full["id"], {name: None})
        assert response.status_code == 200
        assert response.json["data"][name] == FIELDS[name].cleared
        assert unchanged(full, response.json["data"], name)
        assert runner.get(full["id"]).json == response.json

    @pytest.mark.parametrize(("name", "sent", "read"), VALID, ids=lambda each: str(each)[:40])
    def test_a_valid_value_replaces_it(
        self, runner: Client, full: dict[str, Any], name: str, sent: Any, read: Any
    ) -> None:
        response = runner.update(full["id"], {name: sent})
        assert response.status_code == 200, response.json
        assert response.json["data"][name] == read
        assert unchanged(full, response.json["data"], name)
        assert runner.get(full["id"]).json == response.json

    @pytest.mark.parametrize(("name", "sent", "code"), INVALID, ids=lambda each: str(each)[:40])
    def test_an_invalid_value_is_named_and_changes_nothing(
        self, runner: Client, full: dict[str, Any], name: str, sent: Any, code: str
    ) -> None:
        found = codes(runner.update(full["id"], {name: sent, "weather": "after"} | {name: sent}))
        ((pointer, found_code),) = found.items()
        assert (pointer.split("/")[1], found_code) == (name, code)
        assert runner.get(full["id"]).json["data"] == full


class TestWhatIsReadOnly:
    def test_a_log_that_was_read_can_be_sent_back(
        self, runner: Client, full: dict[str, Any]
    ) -> None:
        etag = runner.get(full["id"]).headers["ETag"]
        response = runner.update(full["id"], full)
        assert (response.status_code, response.json["data"]) == (200, full)
        assert response.headers["ETag"] == etag
        changed = runner.update(full["id"], {**full, "notes": "changed"})
        assert changed.json["data"]["notes"] == "changed"
        assert unchanged(full, changed.json["data"], "notes")

    @pytest.mark.parametrize(
        "name",
        [
            "id",
            "createdAt",
            "updatedAt",
            "session",
            "runner",
            "actualDurationSeconds",
            "actualPaceSeconds",
            "revision",
        ],
    )
    @pytest.mark.parametrize("value", [None, 5, "x", {"a": 1}], ids=str)
    def test_is_ignored(self, runner: Client, full: dict[str, Any], name: str, value: Any) -> None:
        response = runner.update(full["id"], {name: value})
        assert (response.status_code, response.json["data"]) == (200, full)

    @pytest.mark.parametrize("name", ["sessionId", "runnerId"])
    @pytest.mark.parametrize("value", [session_of(RUNNER, 11), world.TEAMMATE, None], ids=str)
    def test_session_and_runner_cannot_change(
        self, runner: Client, full: dict[str, Any], name: str, value: Any
    ) -> None:
        response = runner.update(full["id"], {name: value, "notes": "after"})
        assert codes(response) == {f"/{name}": "immutable"}
        assert runner.get(full["id"]).json["data"] == full

    @pytest.mark.parametrize("name", ["_id", "_rev", "note", "planId", "pace", ""])
    def test_what_is_unknown_is_refused(
        self, runner: Client, full: dict[str, Any], name: str
    ) -> None:
        assert codes(runner.update(full["id"], {name: 1})) == {f"/{name}": "unknown-field"}

    def test_nothing_sent_changes_nothing(self, runner: Client, full: dict[str, Any]) -> None:
        response = runner.update(full["id"], {})
        assert (response.status_code, response.json["data"]) == (200, full)


class TestRulesOnTheWholeLog:
    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            (
                {"status": "undone"},
                dict.fromkeys(
                    ("/actualDistance", "/actualDuration", "/actualPace"),
                    "not-allowed-when-undone",
                ),
            ),
            (
                {
                    "status": "completed",
                    **dict.fromkeys(("actualDistance", "actualDuration", "externalLink")),
                },
                {"/actualDistance": "required-when-completed"},
            ),
            (
                {"status": "undone", "actualDistance": None},
                {"/actualDuration": "not-allowed-when-undone"},
            ),
        ],
        ids=str,
    )
    def test_a_change_that_breaks_them_is_refused(
        self, runner: Client, full: dict[str, Any], change: Any, expected: Any
    ) -> None:
        assert codes(runner.update(full["id"], change)) == expected
        assert runner.get(full["id"]).json["data"] == full

    def test_a_change_that_keeps_them_is_made(self, runner: Client, full: dict[str, Any]) -> None:
        change = {"status": "undone", "actualDistance": None, "actualDuration": None}
        after = runner.update(full["id"], change).json["data"]
        assert (after["status"], after["actualPace"]) == ("undone", None)

    def test_the_last_measure_of_a_completed_log_stays(self, runner: Client) -> None:
        log_id = runner.create(
            {"sessionId": session_of(RUNNER, 10), "status": "completed", "actualDistance": 5}
        ).json["data"]["id"]
        response = runner.update(log_id, {"actualDistance": None})
        assert codes(response) == {"/actualDistance": "required-when-completed"}
        assert runner.update(log_id, {"actualDuration": "30:00"}).status_code == 200
        assert runner.update(log_id, {"actualDistance": None}).status_code == 200


class TestPace:
    """10 km in 50:00 at 5:00, unless said otherwise."""

    @pytest.fixture
    def log_id(self, runner: Client) -> str:
        body = {"status": "completed", "actualDistance": 10, "actualDuration": "50:00"}
        response = runner.create({"sessionId": session_of(RUNNER, 10), **body})
        assert response.json["data"]["actualPace"] == "5:00"
        log_id: str = response.json["data"]["id"]
        return log_id

    @pytest.mark.parametrize(
        ("change", "pace"),
        [
            ({"notes": "x"}, "5:00"),
            ({"actualDistance": 12.5}, "4:00"),
            ({"actualDuration": "1:00:00"}, "6:00"),
            ({"actualDistance": 12.5, "actualPace": "5:00"}, "4:00"),
            ({"actualDistance": 12.5, "actualPace": "5:10"}, "5:10"),
            ({"actualDistance": 12.5, "actualPace": None}, None),
            ({"actualDistance": 10, "actualDuration": "0:50:00"}, "5:00"),
            ({"actualPace": "5:10"}, "5:10"),
            ({"actualPace": None}, None),
            ({"actualDistance": None}, None),
            ({"actualDuration": None}, None),
        ],
        ids=str,
    )
    def test_follows_distance_and_duration(
        self, runner: Client, log_id: str, change: dict[str, Any], pace: str | None
    ) -> None:
        assert runner.update(log_id, change).json["data"]["actualPace"] == pace

    def test_given_by_hand_it_stays_until_the_measures_change(
        self, runner: Client, log_id: str
    ) -> None:
        runner.update(log_id, {"actualPace": "5:10"})
        assert runner.update(log_id, {"notes": "x"}).json["data"]["actualPace"] == "5:10"
        changed = runner.update(log_id, {"actualDuration": "51:00"})
        assert changed.json["data"]["actualPace"] == "5:06"

    def test_cleared_it_stays_cleared_until_the_measures_change(
        self, runner: Client, log_id: str
    ) -> None:
        runner.update(log_id, {"actualPace": None})
        assert runner.update(log_id, {"notes": "x"}).json["data"]["actualPace"] is None
        changed = runner.update(log_id, {"actualDuration": "51:00", "actualPace": None})
        assert changed.json["data"]["actualPace"] == "5:06"

    def test_alone_it_stays_when_a_measure_comes(self, runner: Client) -> None:
        body = {"status": "dnf", "actualPace": "6:00"}
        log_id = runner.create({"sessionId": session_of(RUNNER, 11), **body}).json["data"]["id"]
        changed = runner.update(log_id, {"actualDistance": 3})
        assert changed.json["data"]["actualPace"] == "6:00"


class TestConditions:
    LOG = log_of(RUNNER, 1)

    def test_the_current_etag_lets_an_update_through_once(self, runner: Client) -> None:
        etag = runner.get(self.LOG).headers["ETag"]
        first = runner.update(self.LOG, {"notes": "1"}, **{"If-Match": etag})
        assert first.status_code == 200
        second = runner.update(self.LOG, {"notes": "2"}, **{"If-Match": etag})
        assert (second.status_code, second.json["code"]) == (412, "precondition-failed")
        assert runner.get(self.LOG).json["data"]["notes"] == "1"
        third = runner.update(self.LOG, {"notes": "3"}, **{"If-Match": first.headers["ETag"]})
        assert third.status_code == 200

    @pytest.mark.parametrize("template", ["*", '"x", {}', "{}"])
    def test_if_match_names_any_of_several(self, runner: Client, template: str) -> None:
        etag = runner.get(self.LOG).headers["ETag"]
        response = runner.update(self.LOG, {"notes": "x"}, **{"If-Match": template.format(etag)})
        assert response.status_code == 200

    @pytest.mark.parametrize("template", ['"x"', '"x:{}', '""', "", "x y", "{} x", "W/x"])
    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    def test_if_match_that_does_not_hold_is_412(
        self, runner: Client, method: str, template: str
    ) -> None:
        before = runner.get(self.LOG)
        headers = {"If-Match": template.format(before.headers["ETag"])}
        path = f"/api/workout-logs/{self.LOG}"
        body = {"notes": "x"} if method == "PUT" else None
        response = runner.request(method, path, json=body, headers=headers)
        assert response.status_code == 412
        assert runner.get(self.LOG).json == before.json

    def test_delete_takes_the_current_etag(self, runner: Client) -> None:
        etag = runner.get(self.LOG).headers["ETag"]
        assert runner.delete(self.LOG, **{"If-Match": etag}).status_code == 204
        assert runner.delete(self.LOG, **{"If-Match": etag}).status_code == 404

    @pytest.mark.parametrize("template", ["{}", "W/{}", '"x", {}', "*"])
    def test_if_none_match_saves_the_body(self, runner: Client, template: str) -> None:
        etag = runner.get(self.LOG).headers["ETag"]
        response = runner.get(self.LOG, **{"If-None-Match": template.format(etag)})
        assert (response.status_code, response.data) == (304, b"")
        assert response.headers["ETag"] == etag

    def test_if_none_match_of_another_revision_gets_the_body(self, runner: Client) -> None:
        assert runner.get(self.LOG, **{"If-None-Match": '"x"'}).status_code == 200

    def test_no_update_is_lost_without_a_condition(self, runner: Client) -> None:
        names = ["notes", "weather", "feeling", "temperature", "injuries", "externalLink"]
        values = [FIELDS[name].valid[0] for name in names]

        def change(index: int) -> int:
            return runner.update(self.LOG, {names[index]: values[index][0]}).status_code

        with ThreadPoolExecutor(len(names)) as threads:
            assert set(threads.map(change, range(len(names)))) == {200}
        after = runner.get(self.LOG).json["data"]
        assert [after[name] for name in names] == [read for _, read in values]


class TestOldDocuments:
    """Logs of other programs read as the new shape, and keep theirs where nobody changes them."""

    OLD = log(
        RUNNER,
        1,
        sessionId=session_of(RUNNER, 1),
        runnerId=RUNNER,
        actualDuration=42,
        injuries="left knee",
        actualPace="quick",
        feeling="super",
        temperature="cold",
        externalLink="javascript:alert(1)",
        notes="x" * 3000,
    )

    @pytest.fixture
    def documents(self) -> list[dict[str, Any]]:
        kept = [each for each in world.club() if each["_id"] != self.OLD["_id"]]
        return [*kept, self.OLD, log(RUNNER, 4, status="finished", _rev=5)]

    def test_are_read(self, runner: Client) -> None:
        data = runner.get(self.OLD["_id"]).json["data"]
        expected = {
            "sessionId": session_of(RUNNER, 1),
            "runnerId": RUNNER,
            "status": "completed",
            "actualDuration": "0:42:00",
            "actualDurationSeconds": 2520,
            "injuries": ["left knee"],
            "actualPace": None,
            "feeling": None,
            "temperature": None,
            "externalLink": None,
            "notes": "x" * 3000,
        }
        assert {name: data[name] for name in expected} == expected
        assert data["session"]["id"] == session_of(RUNNER, 1)
        assert data["runner"] == {"id": RUNNER, "name": "Ada"}

    def test_an_update_leaves_the_rest_as_it_was(
        self, runner: Client, open_store: OpenStore
    ) -> None:
        before = runner.get(self.OLD["_id"]).json["data"]
        after = runner.update(self.OLD["_id"], {"weather": "rain"}).json["data"]
        assert unchanged(before, after, "weather")
        stored = open_store([]).get_log(self.OLD["_id"])
        assert stored
        same = set(self.OLD) - {"_rev", "_updatedAt"}
        assert {name: stored.document[name] for name in same} == {
            name: self.OLD[name] for name in same
        }

    def test_a_status_that_nobody_knows_is_null_and_can_be_mended(self, runner: Client) -> None:
        log_id = log_of(RUNNER, 4)
        assert runner.get(log_id).json["data"]["status"] is None
        assert runner.update(log_id, {"notes": "x"}).json["data"]["status"] is None
        assert runner.update(log_id, {"status": "dnf"}).json["data"]["status"] == "dnf"

    def test_can_be_sent_back_but_for_what_breaks_rules_now(self, runner: Client) -> None:
        data = runner.get(self.OLD["_id"]).json["data"]
        response = runner.update(self.OLD["_id"], {**data, "notes": "shorter"})
        assert response.status_code == 200
        assert unchanged(data, response.json["data"], "notes")

    def test_can_be_deleted(self, runner: Client) -> None:
        for number in (1, 4):
            assert runner.delete(log_of(RUNNER, number)).status_code == 204


class TestLongTexts:
    """Beyond the published bounds, a text reads as its beginning; the store keeps it whole."""

    LONG = log(
        RUNNER,
        1,
        notes="n" * 20_000,
        weather="w" * 2_000,
        injuries=["i" * 1_500, *map(str, range(99))],
    )
    ONE_INJURY = log(RUNNER, 2, injuries="i" * 1_500)

    @pytest.fixture
    def documents(self) -> list[dict[str, Any]]:
        ours = {each["_id"]: each for each in (self.LONG, self.ONE_INJURY)}
        return [ours.get(each["_id"], each) for each in world.club()]

    def test_a_long_text_reads_as_its_beginning(self, runner: Client) -> None:
        data = runner.get(self.LONG["_id"]).json["data"]
        assert data["notes"] == "n" * 9_999 + "…"
        assert data["weather"] == "w" * 999 + "…"
        assert data["injuries"] == ["i" * 999 + "…", *map(str, range(49))]
        one = runner.get(self.ONE_INJURY["_id"]).json["data"]
        assert one["injuries"] == ["i" * 999 + "…"]
        listed = runner.list(limit=100).json["data"]
        assert [each for each in listed if each["id"] == data["id"]] == [data]

    def test_an_update_of_another_field_keeps_the_whole_text(
        self, runner: Client, open_store: OpenStore
    ) -> None:
        assert runner.update(self.LONG["_id"], {"feeling": "tired"}).status_code == 200
        stored = open_store([]).get_log(self.LONG["_id"])
        assert stored
        for name in ("notes", "weather", "injuries"):
            assert stored.document[name] == self.LONG[name]


@pytest.mark.parametrize("sent", [-0.0, 0])
def test_zero_has_no_sign(runner: Client, open_store: OpenStore, sent: float) -> None:
    """JavaScript's has none, and so neither has that of the Content Lake."""
    updated = runner.update(log_of(RUNNER, 1), {"temperature": sent})
    assert str(updated.json["data"]["temperature"]) in ("0", "0.0")
    open_store([log(RUNNER, 2, temperature=-0.0)])
    assert ",-0" not in runner.request("GET", headers={"Accept": "text/csv"}).text
