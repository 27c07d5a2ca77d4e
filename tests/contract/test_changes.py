"""What every store must tell of changes."""

from __future__ import annotations

from typing import Any

import pytest

from app.service.documents import deletion_id_of, log_id_of, reference, revision_of
from app.service.errors import SyncTokenExpired
from app.service.stores.port import (
    ChangePage,
    ChangeQuery,
    Deletion,
    LogQuery,
    Store,
    SyncPoint,
)
from tests import world
from tests.conftest import OpenStore
from tests.world import ADMIN, OTHER_RUNNER, RUNNER, TEAMMATE, document, log, log_of, session_of
from tests.writes import create_log, delete_log, update_log

LONG_AGO = "2020-01-01T00:00:00.000Z"
NEW = log_id_of(RUNNER, session_of(RUNNER, 10))


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store(world.club())


def new_log(number: int = 10, runner: str = RUNNER, **fields: Any) -> dict[str, Any]:
    session_id = session_of(runner, number)
    return {
        "_id": log_id_of(runner, session_id),
        "_type": "workoutLog",
        "sessionId": reference(session_id),
        "runnerId": reference(runner),
        "status": "dnf",
        **fields,
    }


def page(store: Store, since: SyncPoint, *runners: str, **members: Any) -> ChangePage:
    return store.list_changes(
        ChangeQuery(
            **{
                "runner_ids": frozenset(runners) or None,
                "since": since,
                "deletions_since": LONG_AGO,
                **members,
            }
        )
    )


def walk(store: Store, since: SyncPoint, *runners: str, limit: int = 100) -> list[str]:
    """The changes to the end, each as an id, with a `-` before those that were deleted."""
    told, more = [], True
    while more:
        found = page(store, since, *runners, limit=limit)
        assert len(found.changes) <= limit
        assert found.next != since or not found.has_more, "no progress"
        told += [
            f"-{each.log_id}" if isinstance(each, Deletion) else each.document.id
            for each in found.changes
        ]
        since, more = found.next, found.has_more
    return told


def update(store: Store, log_id: str, revision: str, transaction_id: str) -> None:
    update_log(
        store,
        log_id,
        set_fields={"notes": transaction_id},
        unset_fields=[],
        if_revision=revision,
        transaction_id=transaction_id,
    )


class TestWhatIsTold:
    def test_nothing_from_before(self, store: Store) -> None:
        since = store.sync_point()
        assert walk(store, since) == []

    def test_creations_updates_and_deletions(self, store: Store) -> None:
        since = store.sync_point()
        create_log(store, new_log(), transaction_id="t1")
        update(store, log_of(RUNNER, 1), f"rev-{log_of(RUNNER, 1)}", "t2")
        delete_log(
            store, log_of(RUNNER, 2), if_revision=f"rev-{log_of(RUNNER, 2)}", runner_id=RUNNER
        )
        assert {*walk(store, since)} == {NEW, log_of(RUNNER, 1), f"-{log_of(RUNNER, 2)}"}

    def test_a_log_as_it_is_now_with_all_that_belongs_to_it(self, store: Store) -> None:
        since = store.sync_point()
        create_log(store, new_log(), transaction_id="t1")
        update(store, NEW, "t1", "t2")
        (found,) = {
            each.document.revision: each
            for each in page(store, since).changes
            if not isinstance(each, Deletion)
        }.values()
        (listed,) = store.list_logs(LogQuery(session_id=session_of(RUNNER, 10))).rows
        assert found == listed
        assert (found.document.revision, found.document.notes) == ("t2", "t2")

    def test_a_deletion_names_the_log_and_the_moment(self, store: Store) -> None:
        since = store.sync_point()
        made = create_log(store, new_log(), transaction_id="t1")
        delete_log(store, NEW, if_revision="t1", runner_id=RUNNER)
        (deletion,) = page(store, since).changes
        assert isinstance(deletion, Deletion)
        assert deletion.log_id == NEW
        assert deletion.deleted_at >= made["_createdAt"]

    def test_what_is_created_again_is_no_deletion(self, store: Store) -> None:
        since = store.sync_point()
        for number in range(3):
            create_log(store, new_log(), transaction_id=f"t{number}")
            delete_log(store, NEW, if_revision=f"t{number}", runner_id=RUNNER)
        create_log(store, new_log(), transaction_id="last")
        assert walk(store, since) == [NEW]

    def test_what_another_program_created_again_is_no_deletion(
        self, store: Store, open_store: OpenStore
    ) -> None:
        since = store.sync_point()
        before = log(RUNNER, 1)
        delete_log(store, before["_id"], if_revision=revision_of(before), runner_id=RUNNER)
        (deleted,) = page(store, since).changes
        assert isinstance(deleted, Deletion)
        open_store([before | {"_updatedAt": deleted.deleted_at}])
        assert walk(store, since) == [before["_id"]]

    def test_no_document_of_another_type(self, store: Store, open_store: OpenStore) -> None:
        since = store.sync_point()
        later = {"_updatedAt": _moment_of(store)}
        open_store([world.user(RUNNER, "runner") | later, world.session(RUNNER, 1) | later])
        open_store([{**log(RUNNER, 1), "_id": "drafts.x"} | later])
        assert walk(store, since) == [MOMENT]

    def test_deletions_that_are_too_old_are_not(self, store: Store) -> None:
        since = store.sync_point()
        delete_log(
            store, log_of(RUNNER, 1), if_revision=f"rev-{log_of(RUNNER, 1)}", runner_id=RUNNER
        )
        assert page(store, since, deletions_since="9000-01-01T00:00:00.000Z").changes == []

    @pytest.mark.parametrize(
        "members",
        [{}, {"logId": 5}, {"logId": "drafts.x"}, {"logId": "-"}, {"logId": {"_ref": "log-1"}}],
        ids=str,
    )
    def test_what_is_no_deletion_is_passed_over(
        self, store: Store, open_store: OpenStore, members: dict[str, Any]
    ) -> None:
        since = store.sync_point()
        broken = document("workoutLogDeletion.x", "workoutLogDeletion", **members)
        open_store([broken | {"_updatedAt": _moment_of(store)}])
        assert walk(store, since, limit=1) == [MOMENT]


MOMENT = log_id_of(ADMIN, session_of(ADMIN, 20))


def _moment_of(store: Store) -> str:
    """An `_updatedAt` of now, as the store gives it to the log `MOMENT`."""
    return str(create_log(store, new_log(20, ADMIN), transaction_id="moment")["_updatedAt"])


class TestWhose:
    def test_only_those_of_the_runners(self, store: Store) -> None:
        since = store.sync_point()
        for runner in (RUNNER, TEAMMATE, OTHER_RUNNER):
            create_log(store, new_log(runner=runner), transaction_id=f"t-{runner}")
            delete_log(
                store, log_of(runner, 1), if_revision=f"rev-{log_of(runner, 1)}", runner_id=runner
            )
        for runners in [(RUNNER,), (RUNNER, TEAMMATE), ("nobody",)]:
            expected = {
                each
                for runner in runners
                if runner != "nobody"
                for each in (
                    log_id_of(runner, session_of(runner, 10)),
                    f"-{log_of(runner, 1)}",
                )
            }
            assert {*walk(store, since, *runners)} == expected
            assert {*walk(store, since, *runners, limit=1)} == expected
        assert len({*walk(store, since)}) == 6

    def test_a_deletion_without_a_runner_is_for_everybody_only(self, store: Store) -> None:
        since = store.sync_point()
        delete_log(store, log_of(RUNNER, 1), if_revision=f"rev-{log_of(RUNNER, 1)}", runner_id=None)
        assert walk(store, since, RUNNER) == []
        assert walk(store, since) == [f"-{log_of(RUNNER, 1)}"]


class TestPages:
    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
    def test_lead_to_the_end(self, store: Store, limit: int) -> None:
        since = store.sync_point()
        made = [
            create_log(store, new_log(number), transaction_id=f"t{number}")["_id"]
            for number in range(10, 17)
        ]
        for each in (10, 12):
            log_id = log_id_of(RUNNER, session_of(RUNNER, each))
            delete_log(store, log_id, if_revision=f"t{each}", runner_id=RUNNER)
            made[made.index(log_id)] = f"-{log_id}"
        told = walk(store, since, RUNNER, limit=limit)
        assert sorted(told) == sorted(made)

    def test_more_of_one_moment_than_a_page_holds(
        self, store: Store, open_store: OpenStore
    ) -> None:
        since = store.sync_point()
        moment = _moment_of(store)
        logs = [
            {**log(RUNNER, number), "_id": f"same-{number}", "_updatedAt": moment}
            for number in range(1, 20)
        ]
        open_store(logs)
        assert sorted(walk(store, since, RUNNER, limit=4)) == sorted(each["_id"] for each in logs)

    def test_a_page_that_is_full_to_the_last_change(self, store: Store) -> None:
        since = store.sync_point()
        for number in range(10, 14):
            create_log(store, new_log(number), transaction_id=f"t{number}")
        first = page(store, since, limit=2)
        second = page(store, first.next, limit=2)
        assert [len(each.changes) for each in (first, second)] == [2, 2]
        assert [each.has_more for each in (first, second)] == [True, False]

    def test_what_changes_between_pages_comes_after_them(self, store: Store) -> None:
        since = store.sync_point()
        for number in range(10, 14):
            create_log(store, new_log(number), transaction_id=f"t{number}")
        first = page(store, since, limit=1)
        (told,) = first.changes
        assert not isinstance(told, Deletion)
        delete_log(store, told.document.id, if_revision=told.document.revision, runner_id=RUNNER)
        create_log(store, new_log(15), transaction_id="t15")
        # A walk that is at its end may begin the next one a little earlier.
        rest = [*walk(store, first.next, limit=1), *walk(store, page(store, first.next).next)]
        assert {f"-{told.document.id}", log_id_of(RUNNER, session_of(RUNNER, 15))} <= {*rest}

    def test_the_end_is_where_what_comes_next_begins(self, store: Store) -> None:
        point = store.sync_point()
        for number in range(10, 15):
            point = page(store, point).next
            made = create_log(store, new_log(number), transaction_id=f"t{number}")
            assert made["_id"] in walk(store, point)

    def test_a_lists_point_is_before_its_rows(self, store: Store) -> None:
        listed = store.list_logs(LogQuery(with_sync_point=True))
        assert listed.sync_point is not None
        assert walk(store, listed.sync_point) == []
        create_log(store, new_log(), transaction_id="t1")
        assert walk(store, listed.sync_point) == [NEW]
        assert store.list_logs(LogQuery()).sync_point is None


class TestForeignPlaces:
    def test_are_refused(self, store: Store) -> None:
        point = store.sync_point()
        key, *others = point.place
        for place in (
            (),
            (key,),
            ("0" * 16, *others),
            (key, *others, ""),
            (key, "", *others[1:]),
            (key, "x" * 40, *others[1:]),
            (key, "9" * 18, *others[1:]),
            (key, "9" * 30, *others[1:]),
            (key, "-1", *others[1:]),
            (key, others[0], "drafts.x", *others[2:]),
            (key, others[0], "\0", *others[2:]),
        ):
            with pytest.raises(SyncTokenExpired):
                page(store, SyncPoint(point.at, place))


class TestDeletionDocuments:
    def test_hold_ids_only(self, store: Store) -> None:
        create_log(store, new_log(), transaction_id="t1")
        delete_log(store, NEW, if_revision="t1", runner_id=RUNNER)
        assert not store.read_current([deletion_id_of(NEW)]), "it is no log"
