"""A dataset as it really is: every log is read, and a change changes only what it says.

`tests/data/as-it-is.ndjson` has documents in the forms that an application's routes, its front end
and Sanity Studio write.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from app.service.stores.port import Store
from app.service.stores.sqlite import queries
from app.service.stores.sqlite.store import SqliteStore
from app.settings import Settings
from tests import world
from tests.api.test_create import codes
from tests.conftest import Client, OpenStore
from tests.published import ROOT

DATASET = [
    json.loads(line)
    for line in (ROOT / "tests/data/as-it-is.ndjson").read_text("utf-8").splitlines()
]
LOGS = {
    each["_id"]: each
    for each in DATASET
    if each["_type"] == "workoutLog" and not each["_id"].startswith("drafts.")
}
SYSTEM = {"_rev", "_updatedAt", "updatedAt"}

BREAKS_A_RULE = "tsRoute0000000000000L2"
"""Undone by default, although there is a distance."""

ONLY_A_LINK = "5d1e0000-0000-4000-8000-0000000000b3"
HTTP_LINK = "tsRoute0000000000000L7"
TYPED_BY_HAND = "5d1e0000-0000-4000-8000-0000000000b4"


@pytest.fixture
def documents() -> list[dict[str, Any]]:
    return [*DATASET, world.user(world.ADMIN, "admin")]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, time_zone="Asia/Bangkok")


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store([])


def stored(store: Store, log_id: str) -> dict[str, bytes]:
    """Each field of the document as the store has it, to the byte where the store keeps bytes."""
    if isinstance(store, SqliteStore):
        with store.reading() as connection:
            (body,) = connection.execute(queries.BODY, {"id": log_id}).fetchone()
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        return {name: bytes(raw) for name, raw in fields.items()}
    found = store.get_log(log_id)
    assert found
    return {name: msgspec.json.encode(value) for name, value in found.document.items()}


def differing(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {name for name in before | after if before.get(name) != after.get(name)}


def test_every_log_is_listed_as_it_is_read(admin: Client) -> None:
    listed = admin.list(limit=100).json["data"]
    assert sorted(each["id"] for each in listed) == sorted(LOGS)
    for each in listed:
        assert admin.get(each["id"]).json["data"] == each


@pytest.mark.parametrize("log_id", LOGS)
def test_a_log_that_is_sent_back_as_it_reads_stays_as_it_is(
    admin: Client, store: Store, log_id: str
) -> None:
    before, read = stored(store, log_id), admin.get(log_id)
    response = admin.update(log_id, read.json["data"])
    assert (response.status_code, response.json) == (200, read.json)
    assert response.headers["ETag"] == read.headers["ETag"]
    assert stored(store, log_id) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [("weather", "windy"), ("notes", None), ("injuries", ["calf"]), ("feeling", "tired")],
)
@pytest.mark.parametrize("log_id", LOGS)
def test_a_change_of_one_field_changes_nothing_else(
    admin: Client, store: Store, log_id: str, name: str, value: Any
) -> None:
    before, read = stored(store, log_id), admin.get(log_id).json["data"]
    response = admin.update(log_id, read | {name: value})
    assert response.status_code == 200
    changed = {name} if read[name] != value else set()
    written = response.json["data"]
    renewed = {"revision", "updatedAt"} if changed else set()
    assert {each for each in read if read[each] != written[each]} == changed | renewed
    assert differing(before, stored(store, log_id)) == changed | (SYSTEM if changed else set())


class TestALogThatBrokeARuleBefore:
    def test_can_be_changed_where_the_rule_does_not_reach(self, admin: Client) -> None:
        response = admin.update(BREAKS_A_RULE, {"externalLink": "https://strava.com/activities/1"})
        assert response.status_code == 200
        assert response.json["data"]["status"] == "undone"

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"actualDistance": 9}, ["/actualDistance", "/actualDuration"]),
            ({"actualPace": "5:00"}, ["/actualDistance", "/actualDuration", "/actualPace"]),
            ({"actualDistance": None}, ["/actualDuration"]),
        ],
        ids=str,
    )
    def test_must_keep_it_where_it_does(
        self, admin: Client, change: dict[str, Any], expected: list[str]
    ) -> None:
        found = codes(admin.update(BREAKS_A_RULE, change))
        assert found == dict.fromkeys(expected, "not-allowed-when-undone")

    def test_can_be_mended(self, admin: Client) -> None:
        mended = {"actualDistance": None, "actualDuration": None}
        data = admin.update(BREAKS_A_RULE, mended).json["data"]
        assert (data["status"], data["actualDistance"], data["actualPace"]) == (
            "undone",
            None,
            None,
        )
        assert admin.update(BREAKS_A_RULE, {"status": "dnf"}).status_code == 200


class TestCompleted:
    def test_a_link_is_enough(self, admin: Client) -> None:
        assert admin.get(ONLY_A_LINK).json["data"]["externalLink"] is not None
        for status in ("dnf", "completed"):
            assert admin.update(ONLY_A_LINK, {"status": status}).status_code == 200
        found = codes(admin.update(ONLY_A_LINK, {"externalLink": None}))
        assert found == {"/actualDistance": "required-when-completed"}

    def test_a_link_that_cannot_be_read_counts_as_one(self, admin: Client) -> None:
        assert admin.get(HTTP_LINK).json["data"]["externalLink"] is None
        cleared = {"actualDistance": None, "actualDuration": None}
        response = admin.update(HTTP_LINK, cleared)
        assert response.status_code == 200
        assert response.json["data"]["actualPace"] is None


def test_what_people_type_is_read(admin: Client) -> None:
    data = admin.get(TYPED_BY_HAND).json["data"]
    assert (data["actualDuration"], data["actualPace"]) == ("0:45:00", "5:30")
    first = admin.get("tsRoute0000000000000L1").json["data"]
    assert (first["actualDuration"], first["actualPace"]) == ("0:52:30", "5:09")
    assert first["injuries"] == ["ตึงน่องซ้าย"]
    assert first["feedback"] == {"count": 1, "lastAt": "2025-09-11T12:00:01Z"}
    of_a_route = admin.get("tsRoute0000000000000L6").json["data"]["session"]
    assert (of_a_route["date"], of_a_route["distance"]) == ("2025-09-23", "8.5 km")
