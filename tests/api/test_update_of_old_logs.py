"""PUT of logs that other programs wrote: nothing changes that is not changed, nor is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests import world
from tests.api.test_create import codes
from tests.conftest import Client, OpenStore
from tests.world import RUNNER, log, log_of, session_of


class TestWhatIsSentBackAsItReads:
    """It is no change, and never refused, whatever the limits of today say."""

    ODD = log(
        RUNNER,
        1,
        notes="x" * 3000,
        weather=" w" * 75,
        injuries=["y" * 500, " spaces ", "\u200b", *("z" * 10 for _ in range(30))],
        status="finished",
        actualPace="quick",
        actualDuration="45 min",
        actualDistance=None,
    )

    @pytest.fixture
    def documents(self) -> list[dict[str, Any]]:
        kept = [each for each in world.club() if each["_id"] != self.ODD["_id"]]
        return [*kept, self.ODD]

    def test_changes_nothing(self, runner: Client, open_store: OpenStore) -> None:
        data = runner.get(self.ODD["_id"]).json["data"]
        assert data["status"] is None
        response = runner.update(self.ODD["_id"], data)
        assert (response.status_code, response.json["data"]) == (200, data)
        stored = open_store([]).get_log(self.ODD["_id"])
        assert stored
        assert stored.document == self.ODD

    def test_lets_the_rest_be_changed(self, runner: Client, open_store: OpenStore) -> None:
        data = runner.get(self.ODD["_id"]).json["data"]
        response = runner.update(self.ODD["_id"], {**data, "feeling": "good"})
        assert response.status_code == 200
        stored = open_store([]).get_log(self.ODD["_id"])
        assert stored
        renewed = {name: stored.document[name] for name in ("_rev", "_updatedAt", "updatedAt")}
        assert stored.document == {**self.ODD, "feeling": "good", **renewed}

    @pytest.mark.parametrize(
        ("name", "value", "code"),
        [
            ("notes", "x" * 2999, {"/notes": "too-long"}),
            ("weather", " w" * 76, {"/weather": "too-long"}),
            ("injuries", ["y" * 500], {"/injuries/0": "too-long"}),
            ("injuries", [" ", "a"], {"/injuries/0": "empty"}),
            ("injuries", ["z"] * 21, {"/injuries": "too-many"}),
            ("status", "", {"/status": "not-a-choice"}),
            ("actualPace", "quick", {"/actualPace": "format"}),
            ("actualDuration", "45 min", {"/actualDuration": "format"}),
        ],
        ids=lambda each: str(each)[:30],
    )
    def test_limits_hold_for_what_changes(
        self, runner: Client, name: str, value: Any, code: dict[str, str]
    ) -> None:
        data = runner.get(self.ODD["_id"]).json["data"]
        assert codes(runner.update(self.ODD["_id"], {**data, name: value})) == code
        assert runner.get(self.ODD["_id"]).json["data"] == data

    def test_all_broken_limits_and_rules_are_named_at_once(self, runner: Client) -> None:
        change = {
            "notes": "x" * 2999,
            "injuries": ["y" * 500],
            "status": "undone",
            "actualDistance": 5,
            "sessionId": session_of(RUNNER, 2),
        }
        assert codes(runner.update(self.ODD["_id"], change)) == {
            "/notes": "too-long",
            "/injuries/0": "too-long",
            "/sessionId": "immutable",
            "/actualDistance": "not-allowed-when-undone",
            "/actualDuration": "not-allowed-when-undone",
        }

    def test_a_status_that_can_be_read_cannot_be_cleared(self, runner: Client) -> None:
        found = codes(runner.update(log_of(RUNNER, 2), {"status": None, "notes": "x"}))
        assert found == {"/status": "null-not-allowed"}

    def test_whether_limits_are_broken_is_told_after_who_may_know_and_write(
        self, runner: Client, coach: Client
    ) -> None:
        change = {"notes": "x" * 2999}
        assert runner.update(log_of(world.OTHER_RUNNER, 1), change).status_code == 404
        assert coach.update(log_of(RUNNER, 2), change).status_code == 403
        stale = {"If-Match": '"x"'}
        assert runner.update(log_of(RUNNER, 2), change, **stale).status_code == 412
        assert coach.update(log_of(RUNNER, 2), {"notes": 5}).status_code == 422


class TestWhatCannotBeRead:
    """It counts as a value, until a client clears it."""

    ODD = log(
        RUNNER, 1, actualDistance="far", actualDuration="long", actualPace="quick", feeling="super"
    )

    @pytest.fixture
    def documents(self) -> list[dict[str, Any]]:
        kept = [each for each in world.club() if each["_id"] != self.ODD["_id"]]
        return [*kept, self.ODD]

    def stored(self, open_store: OpenStore) -> dict[str, Any]:
        found = open_store([]).get_log(self.ODD["_id"])
        assert found
        return dict(found.document)

    def test_is_enough_for_a_completed_log(self, runner: Client) -> None:
        for status in ("dnf", "completed"):
            assert runner.update(self.ODD["_id"], {"status": status}).status_code == 200

    def test_null_is_no_change(self, runner: Client, open_store: OpenStore) -> None:
        nulls = dict.fromkeys(("actualDistance", "actualDuration", "actualPace", "feeling"))
        assert runner.update(self.ODD["_id"], nulls).status_code == 200
        assert self.stored(open_store) == self.ODD

    def test_keeps_a_log_from_becoming_undone(self, runner: Client) -> None:
        assert codes(runner.update(self.ODD["_id"], {"status": "undone"})) == dict.fromkeys(
            ("/actualDistance", "/actualDuration", "/actualPace"), "not-allowed-when-undone"
        )

    @pytest.mark.parametrize("duration", [None, ""])
    def test_goes_when_the_log_becomes_undone_and_null_is_sent(
        self, runner: Client, open_store: OpenStore, duration: str | None
    ) -> None:
        nulls = {"actualDistance": None, "actualDuration": duration}
        data = runner.get(self.ODD["_id"]).json["data"]
        assert runner.update(self.ODD["_id"], {"status": "undone", **nulls}).status_code == 200
        stored = self.stored(open_store)
        assert not {"actualDistance", "actualDuration"} & stored.keys()
        assert not stored.get("actualPace")
        assert stored["feeling"] == "super"
        assert runner.get(self.ODD["_id"]).json["data"]["status"] == "undone"
        assert data["status"] == "completed"

    def test_a_pace_goes_with_the_distance_unless_one_is_sent(
        self, runner: Client, open_store: OpenStore
    ) -> None:
        runner.update(self.ODD["_id"], {"actualDistance": 5})
        assert self.stored(open_store)["actualPace"] == "quick"
        runner.update(self.ODD["_id"], {"actualDistance": None})
        assert not self.stored(open_store).get("actualPace")
        runner.update(self.ODD["_id"], {"actualDistance": 5})
        sent = {"actualDistance": None, "actualPace": "5:00"}
        assert runner.update(self.ODD["_id"], sent).json["data"]["actualPace"] == "5:00"


class TestALogWithoutAPace:
    """The old routes wrote none."""

    OLD = log(RUNNER, 1, actualDistance=10, actualDuration=52.5)

    @pytest.fixture
    def documents(self) -> list[dict[str, Any]]:
        old = {name: value for name, value in self.OLD.items() if name != "actualPace"}
        return [*(each for each in world.club() if each["_id"] != old["_id"]), old]

    def test_shows_the_one_that_follows(self, runner: Client) -> None:
        data = runner.get(self.OLD["_id"]).json["data"]
        assert (data["actualPace"], data["actualPaceSeconds"]) == ("5:15", 315)

    def test_gets_it_written_when_a_measurement_changes(
        self, runner: Client, open_store: OpenStore
    ) -> None:
        for change, pace in (({"notes": "x"}, None), ({"actualDistance": 10.5}, "5:00")):
            assert runner.update(self.OLD["_id"], change).status_code == 200
            stored = open_store([]).get_log(self.OLD["_id"])
            assert stored
            assert stored.document.get("actualPace") == pace

    def test_can_have_it_cleared(self, runner: Client) -> None:
        cleared = runner.update(self.OLD["_id"], {"actualPace": None}).json["data"]
        assert cleared["actualPace"] is None
        assert runner.update(self.OLD["_id"], {"notes": "x"}).json["data"]["actualPace"] is None
        longer = runner.update(self.OLD["_id"], {"actualDuration": "55:00"}).json["data"]
        assert longer["actualPace"] == "5:30"


class TestCompletedWithALink:
    LINK = "https://www.strava.com/activities/9"

    def test_needs_no_measurement(self, runner: Client) -> None:
        body = {"sessionId": session_of(RUNNER, 10), "status": "completed"}
        created = runner.create({**body, "externalLink": self.LINK})
        assert created.status_code == 201
        log_id = created.json["data"]["id"]
        assert codes(runner.update(log_id, {"externalLink": ""})) == {
            "/actualDistance": "required-when-completed"
        }
        change = {"externalLink": None, "actualDistance": 5}
        assert runner.update(log_id, change).status_code == 200
