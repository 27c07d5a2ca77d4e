"""Queries show writes late, and the changes are complete all the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.service import instants, sync_tokens
from app.service.documents import log_id_of
from app.service.stores.sanity import changes
from app.service.stores.sanity.changes import MAX_INDEX_LAG, Walk
from tests.conftest import Client
from tests.content_lake import ContentLake
from tests.world import RUNNER, log, log_of, session_of

PATH = "/api/workout-log-changes"
NEW = {"sessionId": session_of(RUNNER, 10), "status": "dnf"}
NEW_ID = log_id_of(RUNNER, session_of(RUNNER, 10))
OLD = log_of(RUNNER, 1)


class Copy:
    """A client's copy of the logs: what each `id` was last told to be, None for deleted."""

    def __init__(self, runner: Client, **query: Any) -> None:
        self._runner, self._query = runner, query
        listed = runner.list().json
        self.logs: dict[str, Any] = {each["id"]: each for each in listed["data"]}
        self.since = listed["pagination"]["syncToken"]
        self.pages = 0

    def page(self) -> bool:
        """Apply one page; whether there is more."""
        response = self._runner.request(
            "GET", PATH, query_string={"since": self.since, **self._query}
        )
        assert response.status_code == 200
        for each in response.json["data"]:
            if each["type"] == "upsert":
                self.logs[each["log"]["id"]] = each["log"]
            else:
                self.logs[each["id"]] = None
        self.pages += 1
        self.since = response.json["pagination"]["next"]
        more: bool = response.json["pagination"]["hasMore"]
        return more

    def follow(self) -> Copy:
        """Apply the changes, to the end."""
        while self.page():
            pass
        return self

    def follow_until(self, done: Callable[[dict[str, Any]], bool]) -> None:
        """Ask again and again; the limit of the test's time ends what never comes."""
        while not done(self.follow().logs):
            pass


@pytest.fixture
def hold(lake: ContentLake) -> Callable[[bool], None]:
    """Keeps queries from seeing writes, acknowledged ones too, or lets them see all of them."""

    def hold(held: bool) -> None:
        lake.switch(sync_ignored=True, index_held=held)

    return hold


Hold = Callable[[bool], None]


class TestLateWrites:
    def test_a_creation(self, runner: Client, hold: Hold) -> None:
        copy = Copy(runner)
        hold(True)
        made = runner.create(NEW).json["data"]
        assert NEW_ID not in copy.follow().logs
        hold(False)
        copy.follow_until(lambda logs: logs.get(NEW_ID) == made)

    def test_an_update(self, runner: Client, hold: Hold) -> None:
        copy = Copy(runner)
        runner.update(OLD, {"notes": "a"})
        assert copy.follow().logs[OLD]["notes"] == "a"
        hold(True)
        runner.update(OLD, {"notes": "b"})
        assert copy.follow().logs[OLD]["notes"] == "a"
        hold(False)
        copy.follow_until(lambda logs: logs[OLD]["notes"] == "b")

    def test_a_deletion(self, runner: Client, hold: Hold) -> None:
        copy = Copy(runner)
        hold(True)
        runner.delete(OLD)
        assert copy.follow().logs[OLD] is not None
        hold(False)
        copy.follow_until(lambda logs: logs[OLD] is None)

    def test_a_log_that_is_created_again(self, runner: Client, hold: Hold) -> None:
        copy = Copy(runner)
        runner.create(NEW)
        runner.delete(NEW_ID)
        assert copy.follow().logs[NEW_ID] is None
        hold(True)
        again = runner.create(NEW | {"notes": "again"}).json["data"]
        assert copy.follow().logs[NEW_ID] is None
        hold(False)
        copy.follow_until(lambda logs: logs[NEW_ID] == again)
        hold(True)
        runner.delete(NEW_ID)
        assert copy.follow().logs[NEW_ID] == again
        hold(False)
        copy.follow_until(lambda logs: logs[NEW_ID] is None)

    def test_one_that_appears_behind_the_place(
        self, lake: ContentLake, runner: Client, hold: Hold
    ) -> None:
        """Later writes are seen already, page by page."""
        copy = Copy(runner, limit=1)
        hold(True)
        made = runner.create(NEW).json["data"]
        later = {"_updatedAt": instant(timedelta(seconds=2))}
        lake.load({**log(RUNNER, 1), "_id": f"ahead-{number}", **later} for number in range(5))
        copy.follow()
        assert "ahead-4" in copy.logs
        assert NEW_ID not in copy.logs
        hold(False)
        copy.follow_until(lambda logs: logs.get(NEW_ID) == made)

    def test_in_the_middle_of_a_walk(self, lake: ContentLake, runner: Client, hold: Hold) -> None:
        later = {"_updatedAt": instant(timedelta(seconds=2))}
        copy = Copy(runner, limit=2)
        lake.load({**log(RUNNER, 1), "_id": f"ahead-{number}", **later} for number in range(5))
        hold(True)
        made = runner.create(NEW).json["data"]
        copy.page()
        hold(False)
        copy.follow_until(lambda logs: logs.get(NEW_ID) == made)

    def test_of_another_program(self, lake: ContentLake, runner: Client, hold: Hold) -> None:
        copy = Copy(runner)
        hold(True)
        lake.mutate({"patch": {"id": OLD, "set": {"notes": "x"}}}, visibility="async")
        assert copy.follow().logs[OLD]["notes"] is None
        hold(False)
        copy.follow_until(lambda logs: logs[OLD]["notes"] == "x")


def instant(later: timedelta = timedelta(0)) -> str:
    return (datetime.now(UTC) + later).isoformat(timespec="seconds")


class TestAtRest:
    def test_each_poll_ends_also_after_many_writes_of_one_moment(
        self, lake: ContentLake, runner: Client
    ) -> None:
        copy = Copy(runner, limit=10)
        moment = instant()
        logs = [
            {**log(RUNNER, 1), "_id": f"log-{number:03}", "_updatedAt": moment}
            for number in range(95)
        ]
        lake.load(logs)
        for poll in (1, 2, 3):
            copy.follow()
            assert copy.pages == 10 * poll
        assert {each["_id"] for each in logs} <= copy.logs.keys()

    def test_what_is_older_than_the_lag_comes_once(self, lake: ContentLake, runner: Client) -> None:
        copy = Copy(runner)
        old = {"_updatedAt": instant(-3 * MAX_INDEX_LAG)}
        lake.load([{**log(RUNNER, 1), "_id": "log-x", **old}])
        key = lake.client().key
        before = Walk(instant(-4 * MAX_INDEX_LAG)).point(key)
        copy.since = sync_tokens.encode(before, {RUNNER})
        copy.logs.clear()
        assert copy.follow().logs.keys() == {"log-x"}
        copy.logs.clear()
        assert copy.follow().logs == {}


class TestRoundTrips:
    @pytest.mark.parametrize("path", [f"{PATH}?since=now", "/api/workout-logs"])
    def test_a_token_costs_one(self, lake: ContentLake, runner: Client, path: str) -> None:
        assert runner.request("GET", path).status_code == 200
        assert lake.requests() == {"query": 1, "mutate": 0, "doc": 0}

    def test_a_page_costs_one(self, lake: ContentLake, runner: Client) -> None:
        copy = Copy(runner)
        lake.reset_counters()
        copy.follow()
        assert lake.requests() == {"query": 1, "mutate": 0, "doc": 0}

    def test_remembering_a_deletion_costs_none(self, lake: ContentLake, runner: Client) -> None:
        assert runner.create(NEW).status_code == 201
        assert lake.requests() == {"query": 1, "mutate": 1, "doc": 0}
        lake.reset_counters()
        assert runner.delete(NEW_ID).status_code == 204
        assert lake.requests() == {"query": 1, "mutate": 1, "doc": 0}


class Written(NamedTuple):
    """When a document was written, and when queries see it, in seconds."""

    at: float
    seen: float


START = datetime(2026, 1, 1, tzinfo=UTC)
LAG = MAX_INDEX_LAG.total_seconds()


def at(seconds: float, timespec: str = "milliseconds") -> str:
    moment = START + timedelta(seconds=seconds)
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


# Few different moments, so that many things happen at one, and just before and after one.
moments = st.builds(
    lambda whole, part: 20 * whole + part, st.integers(0, 9), st.sampled_from([0, 0.5, 0.999])
)
writes = st.builds(
    lambda at, lag: Written(at, at + lag), moments, st.sampled_from([0, 0, LAG / 2, LAG])
)


@settings(max_examples=1500)
@given(
    st.lists(writes, max_size=8),
    st.lists(moments, max_size=12),
    st.integers(1, 2),
    st.sampled_from(["seconds", "milliseconds"]),
)
@example([Written(20.5, 80.5), Written(20, 20), Written(20, 20)], [80.0], 1, "seconds")
def test_every_write_is_told(
    history: list[Written], polls: list[float], limit: int, timespec: str
) -> None:
    """However late it is seen, up to the lag, and whenever a page is asked for."""
    documents = [(at(each.at, timespec), f"log-{number}") for number, each in enumerate(history)]
    told = set()
    walk = Walk(changes.horizon(at(0)))
    for now in [*sorted(polls), *[1000.0] * (2 * len(history) + 2)]:
        rows = sorted(
            place
            for place, each in zip(documents, history, strict=True)
            if each.seen <= now and sort_key(place) > sort_key((walk.at, walk.id))
        )
        page = rows[:limit]
        told |= {*page}
        more = len(rows) > limit
        last = {"_updatedAt": page[-1][0], "_id": page[-1][1]} if more else None
        walk = walk.following(last, changes.horizon(at(now)))
    assert told == {*documents}


def sort_key(place: tuple[str, str]) -> tuple[str, str]:
    return instants.sort_key(place[0]), place[1]
