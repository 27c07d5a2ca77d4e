"""Many writes at once: in one transaction, or none of them, on every store."""

from __future__ import annotations

from typing import Any

import pytest

from app.service.documents import log_id_of, reference
from app.service.errors import DuplicateLog, LogInUse, NotFound, RevisionMismatch, WritesRefused
from app.service.stores import timing
from app.service.stores.port import CreateLog, DeleteLog, LogWrite, Pair, Store, UpdateLog
from tests import world
from tests.conftest import OpenStore
from tests.world import OTHER_RUNNER, RUNNER, document, log_of, session_of
from tests.writes import create_log

IN_USE = log_of(OTHER_RUNNER, 1)


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    feedback = document("feedback-1", "feedback", workoutLogId=reference(IN_USE))
    return open_store([*world.club(), feedback])


def new_log(number: int, **fields: Any) -> dict[str, Any]:
    session_id = session_of(RUNNER, number)
    return {
        "_id": log_id_of(RUNNER, session_id),
        "_type": "workoutLog",
        "sessionId": reference(session_id),
        "runnerId": reference(RUNNER),
        **fields,
    }


def update(log_id: str, revision: str | None = None) -> UpdateLog:
    return UpdateLog(log_id, {"notes": "x"}, ["actualPace"], revision or f"rev-{log_id}")


def delete(log_id: str, revision: str | None = None) -> DeleteLog:
    return DeleteLog(log_id, revision or f"rev-{log_id}", RUNNER)


ONE, TWO, THREE = (log_of(RUNNER, number) for number in (1, 2, 3))
GOOD: list[LogWrite] = [CreateLog(new_log(10)), update(ONE), delete(TWO)]


def state(store: Store) -> dict[str, Any]:
    ids = [new_log(10)["_id"], new_log(11)["_id"], ONE, TWO, THREE, IN_USE]
    return dict(store.read_current(ids))


def test_all_are_made_in_one_transaction_and_one_call(store: Store) -> None:
    measured = timing.start()
    left = store.write_logs(GOOD, transaction_id="t1")
    assert measured.calls == 1
    created, updated, deleted = left
    assert (created["_id"], created["_rev"]) == (new_log(10)["_id"], "t1")
    assert (updated["_id"], updated["_rev"], updated["notes"]) == (ONE, "t1", "x")
    assert "actualPace" not in updated
    assert deleted == {}
    now = state(store)
    assert now[created["_id"]] == created
    assert now[ONE] == updated
    assert TWO not in now
    assert now[THREE]["_rev"] == f"rev-{THREE}"


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (CreateLog({**new_log(10), "_id": THREE}), DuplicateLog),
        (update(THREE, "another"), RevisionMismatch),
        (update("missing"), NotFound),
        (delete(THREE, "another"), RevisionMismatch),
        (delete("missing"), NotFound),
        (delete(IN_USE), LogInUse),
    ],
    ids=str,
)
@pytest.mark.parametrize("place", [0, 2, 3])
@pytest.mark.parametrize("dry_run", [False, True])
def test_or_none_of_them(
    store: Store, bad: LogWrite, error: type[Exception], place: int, dry_run: bool
) -> None:
    before = state(store)
    writes = [*GOOD[1:], CreateLog(new_log(11))]
    writes.insert(place, bad)
    with pytest.raises(WritesRefused) as refused:
        store.write_logs(writes, transaction_id="t1", dry_run=dry_run)
    assert {at: type(each) for at, each in refused.value.errors.items()} == {place: error}
    assert state(store) == before


def test_each_that_is_refused_brings_its_document(store: Store) -> None:
    writes: list[LogWrite] = [update(ONE, "a"), update(TWO), delete(THREE, "b")]
    with pytest.raises(WritesRefused) as refused:
        store.write_logs(writes, transaction_id="t1")
    first, third = refused.value.errors[0], refused.value.errors[2]
    assert isinstance(first, RevisionMismatch)
    assert isinstance(third, RevisionMismatch)
    assert (first.current["_id"], third.current["_id"]) == (ONE, THREE)
    assert set(refused.value.errors) == {0, 2}


def test_a_dry_run_changes_nothing(store: Store) -> None:
    before = state(store)
    store.write_logs(GOOD, transaction_id="t1", dry_run=True)
    assert state(store) == before
    assert store.write_logs(GOOD, transaction_id="t2")[0]["_rev"] == "t2"


def test_what_is_deleted_can_be_created_again(store: Store) -> None:
    created = store.write_logs([CreateLog(new_log(10))], transaction_id="t1")[0]
    store.write_logs([delete(created["_id"], "t1"), update(ONE)], transaction_id="t2")
    assert store.get_log(created["_id"]) is None
    again: list[LogWrite] = [CreateLog(new_log(10)), update(ONE, "t2")]
    assert store.write_logs(again, transaction_id="t3")[0]["_rev"] == "t3"


class TestReading:
    def test_is_one_call(self, store: Store) -> None:
        measured = timing.start()
        pairs = [Pair(RUNNER, session_of(RUNNER, number)) for number in (1, 10)]
        store.read_for_batch(log_ids=[ONE, TWO, "missing"], pairs=pairs)
        assert measured.calls == 1

    def test_brings_what_single_reads_bring(self, store: Store) -> None:
        create_log(store, new_log(12), transaction_id="t1")
        ids = [ONE, TWO, IN_USE, "missing", session_of(RUNNER, 1), new_log(12)["_id"]]
        pairs = [
            Pair(RUNNER, session_of(RUNNER, 1)),
            Pair(RUNNER, session_of(RUNNER, 10)),
            Pair(RUNNER, session_of(RUNNER, 12)),
            Pair(RUNNER, session_of(OTHER_RUNNER, 1)),
            Pair(OTHER_RUNNER, session_of(OTHER_RUNNER, 1)),
            Pair("nobody", "nothing"),
        ]
        found = store.read_for_batch(log_ids=ids, pairs=pairs)
        for log_id in ids:
            assert found.logs.get(log_id) == store.get_log(log_id)
        assert found.pairs.keys() == set(pairs)
        for pair in pairs:
            assert found.pairs[pair] == store.read_for_create(**pair._asdict())

    def test_of_nothing_is_nothing(self, store: Store) -> None:
        assert store.read_for_batch(log_ids=[], pairs=[]) == ({}, {})
