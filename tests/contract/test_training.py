"""Training sessions and progress: every store finds what a slow and obvious look at all documents
finds, also among documents that other programs wrote.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from app.service.days import TimeZone
from app.service.documents import reference_id
from app.service.model import SessionState
from app.service.stores import timing
from app.service.stores.port import ProgressQuery, SessionPosition, SessionQuery, Store
from app.service.training_rows import ProgressRows, TrainingRows
from tests.conftest import OpenStore
from tests.plans import Document, Obvious, odd_documents
from tests.world import COACH, OTHER_RUNNER, RUNNER, TEAMMATE

UTC, BANGKOK, NEW_YORK = map(TimeZone, ("UTC", "Asia/Bangkok", "America/New_York"))
AS_OF = "2026-03-08"


@pytest.fixture(params=[1, 2])
def everything(request: pytest.FixtureRequest) -> list[Document]:
    return odd_documents(request.param)


@pytest.fixture
def store(open_store: OpenStore, everything: list[Document]) -> Store:
    return open_store(everything)


RUNNERS: tuple[Any, ...] = (None, (RUNNER,), (RUNNER, TEAMMATE, COACH, "gone", "nobody"), ())
FILTERS: tuple[Mapping[str, Any], ...] = (
    {},
    {"date_from": "2026-03-08"},
    {"date_to": "2026-03-08"},
    {"date_from": "2026-03-08", "date_to": "2026-03-08"},
    {"date_from": "2026-03-09", "date_to": "2026-03-08"},
    {"type": "rest"},
    *({"state": state} for state in SessionState),
    {"state": SessionState.OVERDUE, "type": "easy", "date_from": "2026-03-07"},
    {"state": SessionState.UNSCHEDULED, "date_from": "2026-03-07"},
)


def ids(rows: TrainingRows) -> list[str]:
    return [each.id for each in rows.sessions]


class TestSessions:
    @pytest.mark.parametrize("zone", [UTC, BANGKOK, NEW_YORK], ids=lambda zone: zone.name)
    @pytest.mark.parametrize("runner_ids", RUNNERS, ids=str)
    def test_are_those_that_pass_in_order(
        self, store: Store, everything: list[Document], runner_ids: Any, zone: TimeZone
    ) -> None:
        obvious = Obvious(everything, zone)
        for filters in FILTERS:
            query = SessionQuery(
                runner_ids=runner_ids, zone=zone, as_of=AS_OF, limit=200, with_total=True, **filters
            )
            expected = [each["_id"] for each in obvious.sessions(query)]
            rows = store.list_sessions(query)
            assert ids(rows) == expected, filters
            assert rows.total == len(expected), filters

    @pytest.mark.parametrize("runner_ids", [None, (RUNNER, TEAMMATE)], ids=str)
    @pytest.mark.parametrize("limit", [1, 4, 30])
    def test_go_on_without_a_gap_or_a_repetition(
        self, store: Store, everything: list[Document], runner_ids: Any, limit: int
    ) -> None:
        obvious = Obvious(everything, BANGKOK)
        for filters in ({}, {"date_from": "2026-03-08"}, {"state": SessionState.OVERDUE}):
            query = SessionQuery(
                runner_ids=runner_ids, zone=BANGKOK, as_of=AS_OF, limit=limit, **filters
            )
            seen = [*pages(store.list_sessions, query, obvious)]
            assert seen == [each["_id"] for each in obvious.sessions(query)], filters

    def test_bring_their_plans_runners_and_logs(
        self, store: Store, everything: list[Document]
    ) -> None:
        obvious = Obvious(everything, UTC)
        rows = store.list_sessions(SessionQuery(limit=200))
        for session in map(obvious.by_id.__getitem__, ids(rows)):
            plan = obvious.named(session.get("planId"), "trainingPlan")
            assert plan is None or plan["_id"] in {each.id for each in rows.plans}
            runner = obvious.named(obvious.owner(session), "user")
            assert runner is None or runner["_id"] in {each.id for each in rows.runners}
        sessions = map(obvious.by_id.__getitem__, ids(rows))
        logs = [log for session in sessions for log in obvious.logs_of(session)]
        assert sorted(each.document.id for each in rows.logs) == sorted(log["_id"] for log in logs)
        for row in rows.logs:
            feedback = [
                each
                for each in obvious.of_type("feedback")
                if reference_id(each.get("workoutLogId")) == row.document.id
            ]
            assert len(row.feedback) == len(feedback)

    def test_are_read_one_by_one(self, store: Store, everything: list[Document]) -> None:
        obvious = Obvious(everything, UTC)
        for session in obvious.of_type("trainingSession")[:20]:
            rows = store.get_session(session["_id"])
            assert ids(rows) == [session["_id"]]
            plan = obvious.named(session.get("planId"), "trainingPlan")
            assert [each.id for each in rows.plans] == ([plan["_id"]] if plan else [])
            logs = [log["_id"] for log in obvious.logs_of(session)]
            assert sorted(each.document.id for each in rows.logs) == sorted(logs)

    @pytest.mark.parametrize(
        "session_id", ["nothing", RUNNER, "plan-1", "drafts.session-00", "", "' OR 1=1 --"]
    )
    def test_what_is_none_is_not_found(self, store: Store, session_id: str) -> None:
        assert store.get_session(session_id).sessions == []


def pages(
    list_: Callable[[SessionQuery], TrainingRows], query: SessionQuery, obvious: Obvious
) -> Iterator[str]:
    while page := ids(list_(query)):
        yield from page
        last = obvious.by_id[page[-1]]
        after = SessionPosition(obvious.day(last) or "", last["_id"])
        query = dataclasses.replace(query, after=after)


RANGES = (
    ("2026-03-02", "2026-03-08"),
    ("2026-03-08", "2026-03-08"),
    ("2026-03-31", "2026-04-01"),
    ("1999-12-01", "2026-12-31"),
    ("2030-01-01", "2030-01-31"),
)


class TestProgress:
    @pytest.mark.parametrize("zone", [UTC, BANGKOK, NEW_YORK], ids=lambda zone: zone.name)
    @pytest.mark.parametrize("runner_ids", RUNNERS, ids=str)
    def test_is_that_of_runners_and_of_those_who_are_active(
        self, store: Store, everything: list[Document], runner_ids: Any, zone: TimeZone
    ) -> None:
        obvious = Obvious(everything, zone)
        for first, last in RANGES:
            query = ProgressQuery(
                runner_ids=runner_ids, date_from=first, date_to=last, zone=zone, with_total=True
            )
            rows = store.read_progress(query)
            expected = obvious.runners(query)
            assert [each.id for each in rows.runners] == expected
            assert rows.total == len(expected)
            self.holds_what_counts(rows, query, obvious)

    def holds_what_counts(self, rows: ProgressRows, query: ProgressQuery, obvious: Obvious) -> None:
        runners = [each.id for each in rows.runners]
        sessions = [each["_id"] for runner in runners for each in obvious.planned(runner, query)]
        found = [each.id for each in rows.sessions]
        assert len(found) == len(set(found))
        assert set(sessions) <= set(found)
        foreign = [obvious.by_id[each] for each in set(found) - set(sessions)]
        assert not any(
            obvious.owner(each) in runners and not obvious.is_cancelled(each) for each in foreign
        )
        logs = [each["_id"] for runner in runners for each in obvious.logged(runner, query)]
        assert sorted(each.document.id for each in rows.logs) == sorted(logs)
        plans = {each.id for each in rows.plans}
        for row in rows.logs:
            log = obvious.by_id[row.document.id]
            session = obvious.named(log.get("sessionId"), "trainingSession")
            assert (row.session.id if row.session else None) == (session and session["_id"])
            plan = session and obvious.named(session.get("planId"), "trainingPlan")
            assert plan is None or plan["_id"] in plans
        reviewed = {reference_id(each.get("workoutLogId")) for each in obvious.of_type("feedback")}
        assert set(rows.reviewed) == reviewed & set(logs)

    @pytest.mark.parametrize("runner_ids", [None, (RUNNER, OTHER_RUNNER, COACH)], ids=str)
    def test_comes_in_pages(
        self, store: Store, everything: list[Document], runner_ids: Any
    ) -> None:
        query = ProgressQuery(
            runner_ids=runner_ids, date_from="2026-03-01", date_to="2026-03-31", limit=2
        )
        expected = Obvious(everything, UTC).runners(query)
        for number, from_id in enumerate(expected):
            page = store.read_progress(dataclasses.replace(query, from_id=from_id))
            assert [each.id for each in page.runners] == expected[number : number + 2]
        beyond = store.read_progress(dataclasses.replace(query, from_id="zzz", with_total=True))
        assert (beyond.runners, beyond.total) == ([], len(expected))


def test_each_is_one_call(store: Store) -> None:
    progress = ProgressQuery(date_from="2026-03-01", date_to="2026-03-31", with_total=True)
    state = {"state": SessionState.OVERDUE, "as_of": AS_OF, "with_total": True}
    calls: list[Callable[[], object]] = [
        lambda: store.list_sessions(SessionQuery(runner_ids=[RUNNER], **state)),  # type: ignore[arg-type]  # as above
        lambda: store.get_session("session-01"),
        lambda: store.read_progress(progress),
    ]
    for call in calls:
        spent = timing.start()
        call()
        assert spent.calls == 1


def test_values_are_values(store: Store) -> None:
    for value in ("' OR 1=1 --", '"] | *[', "*", "%", "\\", "$x", "${1}", "\U0001f3c3"):
        assert store.list_sessions(SessionQuery(runner_ids=[value])).sessions == []
        assert store.list_sessions(SessionQuery(type=value)).sessions == []
        query = ProgressQuery(runner_ids=[value], date_from="2026-03-01", date_to="2026-03-31")
        assert store.read_progress(query).runners == []


def test_the_documents_are_odd_enough() -> None:
    """Every state, with plans and without, in each zone."""
    for seed, zone in itertools.product((1, 2), (UTC, BANGKOK, NEW_YORK)):
        obvious = Obvious(odd_documents(seed), zone)
        shown = obvious.sessions(SessionQuery())
        assert {obvious.state(each, AS_OF) for each in shown} == set(SessionState)
        own = [obvious.named(each.get("planId"), "trainingPlan") is None for each in shown]
        assert {True, False} == set(own)
        assert len(shown) < len(obvious.of_type("trainingSession"))
