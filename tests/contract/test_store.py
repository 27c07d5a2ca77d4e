"""What every store must do: the port's docstrings, held to each store in turn.

Every test gets `open_store`, so a new kind of store joins by its fixture in `tests/conftest.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.service.cursor import position_of
from app.service.documents import log_id_of, reference, reference_id, revision_of
from app.service.errors import DuplicateLog, LogInUse, NotFound, RevisionMismatch
from app.service.stores import timing
from app.service.stores.port import LogQuery, Position, Store
from tests import world
from tests.conftest import OpenStore
from tests.world import OTHER_RUNNER, RUNNER, TEAMMATE, document, log, log_of, session_of
from tests.writes import create_log, delete_log, update_log

EVERYBODY = LogQuery(runner_ids=None)


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store(world.club())


def new_log(number: int = 10, **fields: Any) -> dict[str, Any]:
    session_id = session_of(RUNNER, number)
    return {
        "_id": log_id_of(RUNNER, session_id),
        "_type": "workoutLog",
        "sessionId": reference(session_id),
        "runnerId": reference(RUNNER),
        "status": "completed",
        "actualDistance": 10.5,
        **fields,
    }


def ids(store: Store, query: LogQuery) -> list[str]:
    return [row.document.id for row in store.list_logs(query).rows]


class TestUsers:
    def test_are_found_by_id(self, store: Store) -> None:
        (found,) = store.find_users(user_id=RUNNER)
        assert (found.document["_id"], found.document["role"]) == (RUNNER, "runner")
        assert list(found.coached_ids) == []

    def test_come_with_those_they_coach(self, store: Store) -> None:
        (found,) = store.find_users(user_id=world.COACH)
        assert sorted(found.coached_ids) == [RUNNER, TEAMMATE]

    @pytest.mark.parametrize("user_id", ["nobody", world.session_of(RUNNER, 1), "*", "' || true"])
    def test_are_not_found_by_what_is_no_users_id(self, store: Store, user_id: str) -> None:
        assert store.find_users(user_id=user_id) == []

    @pytest.mark.parametrize("email", ["runner-ada@club.example", "Runner-Ada@CLUB.example"])
    def test_are_found_by_email_whatever_its_case(self, store: Store, email: str) -> None:
        (found,) = store.find_users(email=email)
        assert found.document["_id"] == RUNNER

    def test_with_one_email_are_both_found(self, open_store: OpenStore) -> None:
        twins = [world.user(id_, "runner", email="twin@club.example") for id_ in ("a-x", "a-y")]
        assert len(open_store(twins).find_users(email="twin@club.example")) == 2

    def test_drafts_are_nobody(self, open_store: OpenStore) -> None:
        coach = world.user("drafts.coach-x", "coach", email="x@club.example")
        runner = world.user("drafts.runner-x", "runner", "coach-y")
        store = open_store([coach, runner, world.user("coach-y", "coach")])
        assert store.find_users(email="x@club.example") == []
        assert store.find_users(user_id="drafts.coach-x") == []
        (found,) = store.find_users(user_id="coach-y")
        assert list(found.coached_ids) == []


class TestRelations:
    def test_are_the_plans_the_coaches_and_those_asked_for(self, open_store: OpenStore) -> None:
        plans = [
            {**world.plan(RUNNER, world.OTHER_COACH), "_id": "p-1"},
            {**world.plan(RUNNER, world.COACH), "_id": "p-2", "status": "completed"},
            {**world.plan(OTHER_RUNNER, world.COACH), "_id": "p-3"},
            {**world.plan(RUNNER, world.COACH), "_id": "drafts.p-4"},
            document("p-5", "trainingPlan", runnerId=RUNNER, coachId="gone", status="active"),
        ]
        people = [each for each in world.club() if each["_type"] == "user"]
        store = open_store([*people, *plans])
        found = store.read_relations(user_id=RUNNER, runner_ids=[TEAMMATE, "nobody", "p-1"])
        assert reference_id(found.user["coachId"]) == world.COACH
        assert {each["_id"] for each in found.plans} == {"p-1", "p-5"}
        others = {each["_id"]: each["name"] for each in found.others}
        assert others == {TEAMMATE: "Bo", world.COACH: "Dee", world.OTHER_COACH: "Eve"}

    def test_of_nobody_are_none(self, store: Store) -> None:
        found = store.read_relations(user_id="nobody", runner_ids=[])
        assert (dict(found.user), list(found.plans), list(found.others)) == ({}, [], [])


class TestLists:
    def test_hold_everybodys_logs_newest_first_then_by_id(self, store: Store) -> None:
        people = sorted((RUNNER, TEAMMATE, OTHER_RUNNER), reverse=True)
        expected = [log_of(runner, number) for number in (3, 2, 1) for runner in people]
        assert ids(store, EVERYBODY) == expected

    def test_hold_the_logs_of_the_runners_named(self, store: Store) -> None:
        query = LogQuery(runner_ids=[RUNNER, OTHER_RUNNER, "nobody"])
        assert set(ids(store, query)) == {
            log_of(runner, number) for runner in (RUNNER, OTHER_RUNNER) for number in (1, 2, 3)
        }
        assert ids(store, LogQuery(runner_ids=[])) == []

    def test_bring_the_session_and_the_runner(self, store: Store) -> None:
        first = store.list_logs(LogQuery(runner_ids=[RUNNER], limit=1)).rows[0]
        assert first.session
        assert first.session.date == "2026-01-07"
        assert first.runner
        assert first.runner.name == "Ada"

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({"session_id": session_of(RUNNER, 2)}, [2]),
            ({"status": "completed"}, [3, 2, 1]),
            ({"status": "dnf"}, []),
            ({"feeling": "good"}, []),
            ({"date_from": "2026-01-06"}, [3, 2]),
            ({"date_to": "2026-01-06"}, [2, 1]),
            ({"date_from": "2026-01-06", "date_to": "2026-01-06"}, [2]),
            ({"date_from": "2026-01-07", "date_to": "2026-01-05"}, []),
            ({"session_id": session_of(RUNNER, 2), "status": "dnf"}, []),
        ],
        ids=str,
    )
    def test_are_filtered(self, store: Store, filters: dict[str, str], expected: list[int]) -> None:
        for runner_ids in ([RUNNER], None):
            query = LogQuery(runner_ids=runner_ids, with_total=True, **filters)  # type: ignore[arg-type]
            page = store.list_logs(query)
            listed = [row.document.id for row in page.rows]
            found = [each for each in listed if each.startswith(f"log-{RUNNER}")]
            assert found == [log_of(RUNNER, number) for number in expected]
            assert page.total == len(page.rows)

    def test_find_feelings(self, open_store: OpenStore) -> None:
        store = open_store([log(RUNNER, 1, feeling="tired"), log(RUNNER, 2, feeling="good")])
        assert ids(store, LogQuery(runner_ids=[RUNNER], feeling="tired")) == [log_of(RUNNER, 1)]

    def test_count_all_matches_whatever_the_page(self, store: Store) -> None:
        query = LogQuery(
            runner_ids=[RUNNER, TEAMMATE],
            limit=2,
            with_total=True,
            after=Position("2026-01-06T00:00:00Z", "x"),
        )
        page = store.list_logs(query)
        assert (len(page.rows), page.total) == (2, 6)
        assert store.list_logs(EVERYBODY).total is None

    @pytest.mark.parametrize("runner_ids", [None, [RUNNER, TEAMMATE, OTHER_RUNNER]], ids=str)
    @pytest.mark.parametrize("limit", [1, 2, 4, 9])
    def test_go_on_after_a_position_without_a_gap_or_a_repetition(
        self, store: Store, limit: int, runner_ids: list[str] | None
    ) -> None:
        everything = ids(store, EVERYBODY)
        seen: list[str] = []
        after = None
        while page := store.list_logs(
            LogQuery(runner_ids=runner_ids, limit=limit, after=after)
        ).rows:
            seen += [row.document.id for row in page]
            after = position_of(page[-1])
        assert seen == everything

    def test_order_instants_by_time_and_not_as_text(self, open_store: OpenStore) -> None:
        instants = [
            "2026-01-01T10:00:00Z",
            "2026-01-01T10:00:00.500Z",
            "2026-01-01T10:00:01Z",
            "2026-01-01T12:00:02+02:00",
        ]
        logs = [log(RUNNER, number, _createdAt=each) for number, each in enumerate(instants, 1)]
        store = open_store(logs)
        newest_first = [log_of(RUNNER, number) for number in (4, 3, 2, 1)]
        assert ids(store, EVERYBODY) == newest_first
        for position, instant in enumerate(reversed(instants)):
            after = Position(instant, newest_first[position])
            query = LogQuery(runner_ids=[RUNNER], after=after)
            assert ids(store, query) == newest_first[position + 1 :]

    def test_leave_out_drafts_and_release_versions(self, open_store: OpenStore) -> None:
        hidden = [
            {**log(RUNNER, 1), "_id": f"{prefix}.{log_of(RUNNER, 1)}"}
            for prefix in ("drafts", "versions.r1")
        ]
        store = open_store([*hidden, log(RUNNER, 2)])
        assert ids(store, EVERYBODY) == [log_of(RUNNER, 2)]
        assert store.list_logs(LogQuery(runner_ids=None, with_total=True)).total == 1
        for each in hidden:
            assert store.get_log(each["_id"]) is None

    def test_take_values_as_values(self, store: Store) -> None:
        hostile = ["' OR 1=1 --", '"] | *[', "*", "%", "\\", "$x", "${1}", "\U0001f3c3"]
        for value in hostile:
            assert ids(store, LogQuery(runner_ids=[value])) == []
            assert ids(store, LogQuery(runner_ids=None, session_id=value)) == []
            assert ids(store, LogQuery(runner_ids=None, status=value)) == []


class TestReading:
    def test_a_log_comes_with_session_and_runner(self, store: Store) -> None:
        found = store.get_log(log_of(RUNNER, 1))
        assert found
        assert found.document == log(RUNNER, 1)
        assert found.session
        assert found.session["_id"] == session_of(RUNNER, 1)
        assert found.runner
        assert found.runner["_id"] == RUNNER

    @pytest.mark.parametrize("log_id", ["nothing", RUNNER, session_of(RUNNER, 1), ""])
    def test_what_is_no_log_is_not_found(self, store: Store, log_id: str) -> None:
        assert store.get_log(log_id) is None

    def test_is_one_call(self, store: Store) -> None:
        calls: list[Callable[[], object]] = [
            lambda: store.find_users(user_id=RUNNER),
            lambda: store.read_relations(user_id=RUNNER, runner_ids=[TEAMMATE]),
            lambda: store.list_logs(LogQuery(runner_ids=[RUNNER], with_total=True)),
            lambda: store.get_log(log_of(RUNNER, 1)),
            lambda: store.read_for_create(runner_id=RUNNER, session_id=session_of(RUNNER, 9)),
            lambda: create_log(store, new_log(), transaction_id="t1"),
            store.ping,
        ]
        for call in calls:
            spent = timing.start()
            call()
            assert spent.calls == 1


class TestReadingCurrentLogs:
    def test_are_those_that_exist_as_they_are(self, store: Store) -> None:
        made = create_log(store, new_log(), transaction_id="t1")
        changed = update_log(
            store,
            log_of(RUNNER, 1),
            set_fields={"notes": "x"},
            unset_fields=[],
            if_revision=f"rev-{log_of(RUNNER, 1)}",
            transaction_id="t2",
        )
        delete_log(store, log_of(RUNNER, 2), if_revision=f"rev-{log_of(RUNNER, 2)}")
        asked = [made["_id"], log_of(RUNNER, 1), log_of(RUNNER, 2), "nothing"]
        assert store.read_current(asked) == {made["_id"]: made, changed["_id"]: changed}

    def test_is_one_round_trip(self, store: Store) -> None:
        measured = timing.start()
        store.read_current([log_of(RUNNER, 1), log_of(RUNNER, 2), "nothing"])
        assert measured.calls == 1

    def test_no_document_of_another_type_is_among_them(self, store: Store) -> None:
        assert store.read_current([RUNNER, session_of(RUNNER, 1)]) == {}


class TestOldDocuments:
    """Shapes that other programs wrote: plain strings for references, members missing or odd."""

    @pytest.fixture
    def store(self, open_store: OpenStore) -> Store:
        strings = {"runnerId": RUNNER, "sessionId": session_of(RUNNER, 1)}
        bare = document("log-bare", "workoutLog")
        odd = document(
            "log-odd",
            "workoutLog",
            runnerId={"_type": "reference"},
            sessionId=["x"],
            status=5,
            feeling={"a": 1},
            actualDuration=True,
            injuries=7,
            externalLink=None,
        )
        dangling = log(RUNNER, 3, sessionId=reference("gone"), runnerId=reference("gone"))
        return open_store(
            [
                *(each for each in world.club() if each["_type"] != "workoutLog"),
                log(RUNNER, 1, actualDuration=42, injuries="left knee", **strings),
                log(RUNNER, 2, sessionId=reference(session_of(RUNNER, 1))),
                dangling,
                bare,
                odd,
            ]
        )

    def test_are_listed_by_what_their_strings_name(self, store: Store) -> None:
        both = [log_of(RUNNER, 2), log_of(RUNNER, 1)]
        assert ids(store, LogQuery(runner_ids=[RUNNER])) == both
        assert ids(store, LogQuery(runner_ids=None, session_id=session_of(RUNNER, 1))) == both
        assert ids(store, LogQuery(runner_ids=[RUNNER], date_to="2026-01-05")) == both

    def test_bring_session_and_runner(self, store: Store) -> None:
        found = store.get_log(log_of(RUNNER, 1))
        assert found
        assert found.session
        assert found.session["_id"] == session_of(RUNNER, 1)
        assert found.runner
        assert found.runner["_id"] == RUNNER

    def test_with_references_to_nothing_come_without_them(self, store: Store) -> None:
        found = store.get_log(log_of(RUNNER, 3))
        assert found
        assert (found.session, found.runner) == (None, None)

    @pytest.mark.parametrize("log_id", ["log-bare", "log-odd"])
    def test_with_next_to_nothing_are_read_all_the_same(self, store: Store, log_id: str) -> None:
        assert log_id in ids(store, EVERYBODY)
        found = store.get_log(log_id)
        assert found
        assert (found.session, found.runner) == (None, None)

    def test_of_one_pair_are_all_existing_oldest_first(self, store: Store) -> None:
        context = store.read_for_create(runner_id=RUNNER, session_id=session_of(RUNNER, 1))
        existing = [each.document["_id"] for each in context.existing]
        assert existing == [log_of(RUNNER, 1), log_of(RUNNER, 2)]

    def test_of_one_pair_those_of_no_time_come_last(self, open_store: OpenStore) -> None:
        undated = {**log(RUNNER, 4, _createdAt="2026-01-03"), "_id": "log-a-undated"}
        store = open_store([*world.club(), log(RUNNER, 4), undated])
        context = store.read_for_create(runner_id=RUNNER, session_id=session_of(RUNNER, 4))
        existing = [each.document["_id"] for each in context.existing]
        assert existing == [log_of(RUNNER, 4), "log-a-undated"]


class TestCreating:
    def test_reads_all_that_decides(self, store: Store) -> None:
        context = store.read_for_create(runner_id=RUNNER, session_id=session_of(RUNNER, 1))
        assert context.session
        assert context.session["_id"] == session_of(RUNNER, 1)
        assert context.plan
        assert context.plan["runnerId"]["_ref"] == RUNNER
        assert context.runner
        assert context.runner["_id"] == RUNNER
        assert [each.document["_id"] for each in context.existing] == [log_of(RUNNER, 1)]

    def test_reads_none_for_what_is_missing(self, store: Store) -> None:
        context = store.read_for_create(runner_id="nobody", session_id="nothing")
        assert context == (None, None, None, [])

    def test_follows_a_plan_named_by_a_string(self, open_store: OpenStore) -> None:
        plain = {**world.session(RUNNER, 1), "planId": world.plan_of(RUNNER)}
        store = open_store([plain, world.plan(RUNNER, world.COACH)])
        context = store.read_for_create(runner_id=RUNNER, session_id=plain["_id"])
        assert context.plan
        assert context.plan["_id"] == world.plan_of(RUNNER)

    def test_responses_with_the_document_as_stored(self, store: Store) -> None:
        created = create_log(store, new_log(notes="\U0001f3c3 โก"), transaction_id="t1")
        assert created["_rev"] == "t1"
        assert created["_createdAt"] == created["_updatedAt"]
        found = store.get_log(created["_id"])
        assert found
        assert found.document == created
        assert ids(store, LogQuery(runner_ids=[RUNNER]))[0] == created["_id"]

    def test_refuses_a_second_log_of_the_id(self, store: Store) -> None:
        created = create_log(store, new_log(notes="first"), transaction_id="t1")
        with pytest.raises(DuplicateLog) as refused:
            create_log(store, new_log(notes="second"), transaction_id="t2")
        assert refused.value.existing_id == created["_id"]
        found = store.get_log(created["_id"])
        assert found
        assert found.document == created

    def test_has_one_winner_among_many(self, store: Store) -> None:
        def create(number: int) -> bool:
            try:
                create_log(store, new_log(notes=str(number)), transaction_id=f"t{number}")
            except DuplicateLog:
                return False
            return True

        with ThreadPoolExecutor(16) as threads:
            assert sum(threads.map(create, range(32))) == 1


class TestUpdating:
    def test_changes_what_is_set_and_unset_and_nothing_else(self, store: Store) -> None:
        before = create_log(store, new_log(notes="x", weather="y"), transaction_id="t1")
        after = update_log(
            store,
            before["_id"],
            set_fields={"notes": "z", "injuries": ["knee", "hip"]},
            unset_fields=["weather", "feeling"],
            if_revision="t1",
            transaction_id="t2",
        )
        kept = {name: each for name, each in before.items() if name != "weather"}
        changed = {"notes": "z", "injuries": ["knee", "hip"], "_rev": "t2"}
        assert after == kept | changed | {"_updatedAt": after["_updatedAt"]}
        found = store.get_log(before["_id"])
        assert found
        assert found.document == after

    def test_refuses_another_revision(self, store: Store) -> None:
        with pytest.raises(RevisionMismatch):
            self.change(store, log_of(RUNNER, 1), "rev-of-yesterday")
        found = store.get_log(log_of(RUNNER, 1))
        assert found
        assert found.document == log(RUNNER, 1)

    def test_of_nothing_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound):
            self.change(store, "nothing", "r1")

    def test_has_one_winner_among_many(self, store: Store) -> None:
        revision = revision_of(log(RUNNER, 1))

        def change(number: int) -> bool:
            try:
                self.change(store, log_of(RUNNER, 1), revision, f"t{number}")
            except RevisionMismatch:
                return False
            return True

        with ThreadPoolExecutor(16) as threads:
            assert sum(threads.map(change, range(32))) == 1

    def change(self, store: Store, log_id: str, revision: str, transaction: str = "t1") -> None:
        update_log(
            store,
            log_id,
            set_fields={"notes": transaction},
            unset_fields=[],
            if_revision=revision,
            transaction_id=transaction,
        )


class TestDeleting:
    def test_takes_the_log_away(self, store: Store) -> None:
        delete_log(store, log_of(RUNNER, 1), if_revision=revision_of(log(RUNNER, 1)))
        assert store.get_log(log_of(RUNNER, 1)) is None
        assert log_of(RUNNER, 1) not in ids(store, EVERYBODY)

    def test_refuses_another_revision(self, store: Store) -> None:
        with pytest.raises(RevisionMismatch):
            delete_log(store, log_of(RUNNER, 1), if_revision="rev-of-yesterday")
        assert store.get_log(log_of(RUNNER, 1))

    def test_of_nothing_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound):
            delete_log(store, "nothing", if_revision="r1")

    def test_refuses_while_feedback_refers_to_the_log(self, open_store: OpenStore) -> None:
        feedback = document(
            "feedback-1",
            "feedback",
            workoutLogId=reference(log_of(RUNNER, 1)),
            authorId=reference(world.COACH),
            content="Well done",
        )
        store = open_store([*world.club(), feedback])
        with pytest.raises(LogInUse):
            delete_log(store, log_of(RUNNER, 1), if_revision=revision_of(log(RUNNER, 1)))
        found = store.get_log(log_of(RUNNER, 1))
        assert found
        assert found.document == log(RUNNER, 1)

    def test_leaves_room_for_a_new_log(self, store: Store) -> None:
        create_log(store, new_log(), transaction_id="t1")
        delete_log(store, new_log()["_id"], if_revision="t1")
        assert create_log(store, new_log(), transaction_id="t2")["_rev"] == "t2"


def test_a_store_that_responses_can_be_pinged(store: Store) -> None:
    store.ping()
