"""Each way in which the Content Lake can fail, in the middle of a batch, once and for good.

A batch is one transaction: whatever happens, all of it is done or nothing, once, and the response
says which.
"""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.service.documents import deletion_id_of, log_id_of
from app.service.stores.sanity.client import Limits
from tests.api.test_batches import create, delete, results, send, statuses, update
from tests.conftest import Client
from tests.content_lake import ContentLake
from tests.sanity.test_faults import FAULTS, HASTY, REFUSED, assert_problem
from tests.world import RUNNER, log_of, session_of

CHANGED, DELETED, OTHER = (log_of(RUNNER, number) for number in (1, 2, 3))
NEW = log_id_of(RUNNER, session_of(RUNNER, 10))
BATCH = (create(10, status="dnf"), update(CHANGED, {"notes": "changed"}), delete(DELETED))
DELETES = (delete(CHANGED), delete(DELETED))


@pytest.fixture(scope="module")
def limits() -> Limits:
    return HASTY


def assert_state(lake: ContentLake, *, changed: bool) -> None:
    """All changes of the batch are there, or none, and nothing else has changed."""
    documents = {each["_id"]: each for each in lake.documents()}
    assert (NEW in documents) == changed
    assert (DELETED in documents) == (not changed)
    assert (deletion_id_of(DELETED) in documents) == changed
    assert documents[CHANGED].get("notes") == ("changed" if changed else None)
    assert documents[OTHER]["_rev"] == f"rev-{OTHER}"
    if changed:
        assert documents[NEW]["_rev"] == documents[CHANGED]["_rev"]
    logs = [each for each in documents.values() if each["_type"] == "workoutLog"]
    assert len(logs) == 9


def assert_done(response: TestResponse) -> None:
    assert statuses(response) == [201, 200, 204]
    created, updated, _ = results(response)
    assert created["log"]["id"] == NEW
    assert updated["log"]["notes"] == "changed"


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault(lake: ContentLake, runner: Client, fault: str) -> None:
    lake.fault(kind="mutate", **FAULTS[fault])
    response = send(runner, *BATCH)
    if fault in REFUSED:
        assert_problem(response, 503)
        assert_state(lake, changed=False)
        response = send(runner, *BATCH)
    assert_done(response)
    assert_state(lake, changed=True)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_lasting_fault(lake: ContentLake, runner: Client, fault: str) -> None:
    lake.fault(times=100, skip=1, **FAULTS[fault])
    assert_problem(send(runner, *BATCH, key="k"), 504 if "hang" in fault else 503)
    lake.clear_faults()
    executed = "after" in fault or fault == "truncated"
    assert_state(lake, changed=executed)
    again = send(runner, *BATCH, key="k")
    assert statuses(again) == ([201, 200, 404] if executed else [201, 200, 204])
    assert ("Idempotent-Replayed" in again.headers) == executed
    assert_state(lake, changed=True)


@pytest.mark.parametrize("fault", ["reset after execution", "hang after execution", "truncated"])
def test_a_lost_response_to_deletes_alone(lake: ContentLake, runner: Client, fault: str) -> None:
    """No document is left whose revision would tell."""
    lake.fault(kind="mutate", **FAULTS[fault])
    assert statuses(send(runner, *DELETES)) == [204, 204]
    assert lake.requests()["mutate"] == 1


def test_a_fault_of_the_read(lake: ContentLake, runner: Client) -> None:
    lake.fault("drop", kind="query")
    assert_done(send(runner, *BATCH))
    assert_state(lake, changed=True)


def test_two_lost_responses(lake: ContentLake, runner: Client) -> None:
    """The first was not executed, the second was."""
    lake.fault("drop", kind="mutate")
    lake.fault("drop", kind="mutate", when="after")
    assert_done(send(runner, *BATCH))
    assert_state(lake, changed=True)


def test_a_batch_that_is_executed_late(lake: ContentLake, runner: Client) -> None:
    """We see no response and no change, send again, and only then is the first one executed."""
    lake.fault("delay", kind="mutate", ms=(HASTY.read_timeout + 0.15) * 1000)
    lake.fault("delay", kind="mutate", ms=200)
    assert_done(send(runner, *BATCH))
    assert_state(lake, changed=True)


def test_a_dry_run_survives_a_fault(lake: ContentLake, runner: Client) -> None:
    lake.fault("drop", kind="mutate", when="after")
    assert statuses(send(runner, *BATCH, dryRun=True)) == [201, 200, 204]
    assert_state(lake, changed=False)


@pytest.mark.parametrize("items", [BATCH, DELETES])
def test_a_write_of_somebody_else_in_between_is_not_lost(
    lake: ContentLake, runner: Client, items: Any
) -> None:
    """The index shows an older revision than there is."""
    lake.delays(index_lag=0.5)
    patch = {"id": CHANGED, "set": {"weather": "rain"}}
    lake.mutate({"patch": patch}, visibility="async")
    response = send(runner, *items)
    assert {each // 100 for each in statuses(response)} == {2}
    documents = {each["_id"]: each for each in lake.documents(type_="workoutLog")}
    if items == BATCH:
        assert results(response)[1]["log"]["weather"] == "rain"
    else:
        assert CHANGED not in documents


def test_what_queries_do_not_see_yet_is_found(lake: ContentLake, runner: Client) -> None:
    lake.switch(sync_ignored=True)
    lake.delays(index_lag=0.5)
    assert statuses(send(runner, create(10))) == [201]
    response = send(runner, update(NEW, {"notes": "x"}), create(11), delete("missing"))
    assert statuses(response) == [200, 201, 404]
    assert results(response)[0]["log"]["session"]["id"] == session_of(RUNNER, 10)
    assert statuses(send(runner, delete(NEW))) == [204]
    assert statuses(send(runner, update(NEW, {"notes": "y"}))) == [404]
    assert statuses(send(runner, create(10))) == [201]
