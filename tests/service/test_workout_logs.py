"""The operations over a store in memory: what is refused, retried and replayed, at which cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.service import cursor, documents
from app.service.days import UTC_ZONE
from app.service.documents import Document, log_id_of, reference
from app.service.errors import (
    DuplicateLog,
    Forbidden,
    InvalidLog,
    LogInUse,
    NotFound,
    RevisionMismatch,
    StoreUnavailable,
)
from app.service.external_links import ExternalLinks
from app.service.model import Caller, Role, Status
from app.service.operations import WRITE_TRIES
from app.service.rules import Sent
from app.service.stores.port import LogQuery
from app.service.workout_logs import WorkoutLogs
from tests import world
from tests.service.fake_store import FakeStore
from tests.world import log_of, session_of

RUNNER = Caller(world.RUNNER, Role.RUNNER)
COACH = Caller(world.COACH, Role.COACH, frozenset({world.RUNNER, world.TEAMMATE}))
OTHER_RUNNER = Caller(world.OTHER_RUNNER, Role.RUNNER)
ADMIN = Caller(world.ADMIN, Role.ADMIN)
LOG = log_of(world.RUNNER, 1)
NEW = {"session_id": session_of(world.RUNNER, 10), "status": Status.DNF}
NEW_ID = log_id_of(world.RUNNER, session_of(world.RUNNER, 10))


@pytest.fixture
def store() -> FakeStore:
    return FakeStore(world.club())


@pytest.fixture
def service(store: FakeStore) -> WorkoutLogs:
    return WorkoutLogs(store, ExternalLinks(["strava.com"]), UTC_ZONE)  # type: ignore[arg-type]  # it fakes the part of the port that logs need


def sent(**members: Any) -> dict[str, Sent]:
    return {name: Sent(value, value) for name, value in members.items()}


def only(revision: str) -> Callable[[str], bool]:
    """The precondition that the log is at this revision."""
    return lambda current: current == revision


class TestList:
    def test_holds_what_the_caller_may_read(self, service: WorkoutLogs) -> None:
        of = {
            caller.id: {each.runner_id for each in service.list(caller, LogQuery()).data}
            for caller in (RUNNER, COACH, OTHER_RUNNER, ADMIN)
        }
        assert of == {
            world.RUNNER: {world.RUNNER},
            world.COACH: {world.RUNNER, world.TEAMMATE},
            world.OTHER_RUNNER: {world.OTHER_RUNNER},
            world.ADMIN: {world.RUNNER, world.TEAMMATE, world.OTHER_RUNNER},
        }

    @pytest.mark.parametrize("runner_id", [world.OTHER_RUNNER, "nobody"])
    def test_of_somebody_else_is_refused_without_a_look(
        self, service: WorkoutLogs, store: FakeStore, runner_id: str
    ) -> None:
        with pytest.raises(Forbidden):
            service.list(COACH, LogQuery(runner_ids={runner_id}))
        assert store.calls == []

    def test_pages_hold_every_log_once_at_one_call_each(
        self, service: WorkoutLogs, store: FakeStore
    ) -> None:
        whole = service.list(ADMIN, LogQuery(limit=100, with_total=True))
        assert (whole.pagination.total, whole.pagination.next_cursor) == (9, None)
        store.calls.clear()
        page = service.list(ADMIN, LogQuery(limit=3))
        seen = [*page.data]
        while page.pagination.next_cursor:
            assert len(page.data) == 3
            after = cursor.decode(page.pagination.next_cursor)
            page = service.list(ADMIN, LogQuery(limit=3, after=after))
            seen += page.data
        assert seen == whole.data
        assert store.calls == ["list_logs"] * 3


class TestRead:
    @pytest.mark.parametrize("caller", [RUNNER, COACH, ADMIN], ids=lambda each: each.role)
    def test_is_one_call(self, service: WorkoutLogs, store: FakeStore, caller: Caller) -> None:
        assert service.get(caller, LOG).id == LOG
        assert store.calls == ["get_log"]

    def test_of_a_foreign_log_is_that_of_a_missing_one(self, service: WorkoutLogs) -> None:
        for log_id in (LOG, "missing"):
            with pytest.raises(NotFound) as refused:
                service.get(OTHER_RUNNER, log_id)
            assert refused.value.args == ()

    def test_keeps_to_its_precondition(self, service: WorkoutLogs) -> None:
        assert service.get(RUNNER, LOG, only(f"rev-{LOG}")).id == LOG
        with pytest.raises(RevisionMismatch):
            service.get(RUNNER, LOG, only("another"))


class TestCreate:
    def test_stores_the_log_in_two_calls(self, service: WorkoutLogs, store: FakeStore) -> None:
        created = service.create(RUNNER, NEW)
        assert (created.log.id, created.replayed) == (NEW_ID, False)
        assert store.calls == ["read_for_create", "write_logs"]
        document = store.documents[NEW_ID]
        assert document["runnerId"] == reference(world.RUNNER)
        assert document["_rev"] == created.log.revision

    @pytest.mark.parametrize("caller", [RUNNER, COACH], ids=lambda each: each.role)
    def test_for_somebody_else_is_an_admins(
        self, service: WorkoutLogs, store: FakeStore, caller: Caller
    ) -> None:
        members = {**NEW, "runner_id": world.TEAMMATE}
        with pytest.raises(Forbidden):
            service.create(caller, members)
        assert store.calls == []
        members["session_id"] = session_of(world.TEAMMATE, 10)
        assert service.create(ADMIN, members).log.runner_id == world.TEAMMATE

    @pytest.mark.parametrize("session_id", [session_of(world.OTHER_RUNNER, 10), "missing", LOG])
    def test_a_foreign_session_is_like_a_missing_one_and_told_with_the_rest(
        self, service: WorkoutLogs, session_id: str
    ) -> None:
        members = {"session_id": session_id, "status": Status.COMPLETED}
        with pytest.raises(InvalidLog) as refused:
            service.create(RUNNER, members)
        found = {each.pointer: each.code for each in refused.value.violations}
        assert found == {
            "/sessionId": "not-found",
            "/actualDistance": "required-when-completed",
        }

    def test_a_second_log_of_the_pair_names_the_first(self, service: WorkoutLogs) -> None:
        with pytest.raises(DuplicateLog) as refused:
            service.create(RUNNER, {**NEW, "session_id": session_of(world.RUNNER, 1)})
        assert refused.value.existing_id == LOG

    def test_the_key_replays_whoever_was_first(
        self, service: WorkoutLogs, store: FakeStore
    ) -> None:
        def another_process() -> None:
            store.before_writing = lambda: None
            service.create(RUNNER, {**NEW, "temperature": 5.0}, "key")

        store.before_writing = another_process
        replay = service.create(RUNNER, {**NEW, "temperature": 5, "notes": None}, "key")
        assert replay.replayed
        assert replay.log == service.create(RUNNER, {**NEW, "temperature": 5}, "key").log
        with pytest.raises(InvalidLog, match="another request"):
            service.create(RUNNER, {**NEW, "temperature": 6}, "key")
        service.update(RUNNER, NEW_ID, sent(notes="changed"))
        with pytest.raises(DuplicateLog):
            service.create(RUNNER, {**NEW, "temperature": 5}, "key")
        service.delete(RUNNER, NEW_ID)
        again = service.create(RUNNER, {**NEW, "temperature": 5}, "key")
        assert not again.replayed
        assert again.log.revision != replay.log.revision


class TestChange:
    def test_an_update_is_two_calls(self, service: WorkoutLogs, store: FakeStore) -> None:
        assert service.update(RUNNER, LOG, sent(notes="x")).notes == "x"
        assert store.calls == ["get_log", "write_logs"]

    def test_a_delete_is_two_calls(self, service: WorkoutLogs, store: FakeStore) -> None:
        service.delete(RUNNER, LOG)
        assert store.calls == ["get_log", "write_logs"]
        assert LOG not in store.documents
        deletion = store.documents[documents.deletion_id_of(LOG)]
        assert (deletion["logId"], deletion["runnerId"]) == (LOG, world.RUNNER)

    @pytest.mark.parametrize(
        ("caller", "error"),
        [(COACH, Forbidden), (OTHER_RUNNER, NotFound)],
        ids=["coach", "other-runner"],
    )
    def test_is_the_runners_own(
        self, service: WorkoutLogs, store: FakeStore, caller: Caller, error: type[Exception]
    ) -> None:
        before = dict(store.documents[LOG])
        with pytest.raises(error):
            service.update(caller, LOG, sent(notes="x"))
        with pytest.raises(error):
            service.delete(caller, LOG)
        assert store.documents[LOG] == before

    def test_of_two_at_once_neither_is_lost(self, service: WorkoutLogs, store: FakeStore) -> None:
        interrupt(store, 3, weather="rain")
        updated = service.update(RUNNER, LOG, sent(notes="mine"))
        assert (updated.notes, updated.weather) == ("mine", "rain")

    def test_the_rules_hold_for_what_somebody_else_made_of_it(
        self, service: WorkoutLogs, store: FakeStore
    ) -> None:
        interrupt(store, 1, actualDuration=None, actualPace=None)
        with pytest.raises(InvalidLog):
            service.update(RUNNER, LOG, sent(actual_distance=None))

    def test_gives_up_when_others_never_stop(self, service: WorkoutLogs, store: FakeStore) -> None:
        interrupt(store, WRITE_TRIES + 1, weather="rain")
        with pytest.raises(StoreUnavailable):
            service.update(RUNNER, LOG, sent(notes="mine"))
        assert "notes" not in store.documents[LOG]

    def test_keeps_to_its_precondition(self, service: WorkoutLogs, store: FakeStore) -> None:
        with pytest.raises(RevisionMismatch):
            service.update(RUNNER, LOG, sent(notes="x"), only("another"))
        interrupt(store, 1, weather="rain")
        with pytest.raises(RevisionMismatch):
            service.delete(RUNNER, LOG, only(f"rev-{LOG}"))
        assert store.documents[LOG]["weather"] == "rain"

    def test_that_changes_nothing_writes_nothing(
        self, service: WorkoutLogs, store: FakeStore
    ) -> None:
        before = dict(store.documents[LOG])
        service.update(RUNNER, LOG, sent(actual_distance=10, status=Status.COMPLETED))
        assert "write_logs" not in store.calls
        assert store.documents[LOG] == before

    def test_a_log_with_feedback_is_not_deleted(
        self, service: WorkoutLogs, store: FakeStore
    ) -> None:
        feedback: Document = world.document("f-1", "feedback", workoutLogId=reference(LOG))
        store.documents["f-1"] = dict(feedback)
        with pytest.raises(LogInUse):
            service.delete(RUNNER, LOG)
        assert documents.revision_of(store.documents[LOG]) == f"rev-{LOG}"


def interrupt(store: FakeStore, times: int, **fields: Any) -> None:
    """Let somebody else write just before each of the next writes."""
    left = iter(range(times))

    def write() -> None:
        if next(left, None) is not None:
            store.change(LOG, **fields)

    store.before_writing = write
