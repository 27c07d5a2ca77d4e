"""Each way in which the Content Lake can fail, in each operation, once and for good.

Whatever happens, the response is the right success or a documented problem, the documents are as it
says, and the next request works.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.service.documents import log_id_of
from app.service.errors import StoreUnavailable
from app.service.stores.port import LogQuery
from app.service.stores.sanity.client import Limits
from app.service.stores.sanity.store import SanityStore
from tests.conftest import Client
from tests.content_lake import DATASET, EDITOR_TOKEN, ContentLake, content_lake_client
from tests.ports import free_port
from tests.world import RUNNER, log_of, session_of
from tests.writes import create_log, delete_log, update_log

Fault = Mapping[str, Any]

HASTY = Limits(connect_timeout=1, read_timeout=1, deadline=4)

OLD = log_of(RUNNER, 1)
NEW = log_id_of(RUNNER, session_of(RUNNER, 10))

OPERATIONS: dict[str, Callable[[Client], TestResponse]] = {
    "list": lambda runner: runner.list(withTotal="true"),
    "read": lambda runner: runner.get(OLD),
    "create": lambda runner: runner.create({"sessionId": session_of(RUNNER, 10), "status": "dnf"}),
    "update": lambda runner: runner.update(OLD, {"notes": "changed"}),
    "delete": lambda runner: runner.delete(OLD),
}
READS = ("list", "read")
SUCCESS = {"list": 200, "read": 200, "create": 201, "update": 200, "delete": 204}


def respond(status: int, body: str = "", when: str = "before", **headers: str) -> Fault:
    return {"action": "respond", "status": status, "body": body, "headers": headers, "when": when}


def mutation_error(status: int, kind: str) -> Fault:
    items = [{"index": 0, "error": {"type": kind, "description": "secret text"}}]
    error = {"type": "mutationError", "description": "secret text", "items": items}
    return respond(status, json.dumps({"error": error}))


def boom(status: int, **headers: str) -> Fault:
    body = {"statusCode": status, "error": "Error", "message": "secret text"}
    return respond(status, json.dumps(body), **headers)


HTML = "<!doctype html><title>secret text</title>"

# Gone at a second try, whatever the operation.
TRANSIENT: dict[str, Fault] = {
    "reset": {"action": "drop"},
    "reset after execution": {"action": "drop", "when": "after"},
    "hang": {"action": "hang"},
    "hang after execution": {"action": "hang", "when": "after"},
    "truncated": {"action": "truncate"},
    "408": boom(408),
    "429": boom(429),
    "429 with Retry-After": boom(429, **{"retry-after": "0"}),
    "429 with RateLimit-Reset": boom(429, **{"ratelimit-reset": "1"}),
    "502": boom(502),
    "503": respond(503),
    "504": respond(504, HTML),
    "502 after execution": respond(502, HTML, "after"),
}
# Nothing says that a second try would do better, but a write finds out what it has done.
ODD: dict[str, Fault] = {
    "409 of an unknown kind": boom(409),
    "409 of an unknown kind after execution": respond(409, "", "after"),
    "500": boom(500),
    "500 after execution": respond(500, "", "after"),
    "HTML": respond(200, HTML),
    "HTML after execution": respond(200, HTML, "after"),
    "empty": respond(200),
    "empty after execution": respond(200, "", "after"),
    "other JSON": respond(200, '{"message": "secret text"}'),
    "a list": respond(200, "[]"),
    "a redirect": respond(302, "", location="http://127.0.0.1:9/"),
}
# No second try would do better.
REFUSED: dict[str, Fault] = {
    "400": boom(400),
    "401": boom(401),
    "402": boom(402),
    "403": boom(403),
    "403 for a right": mutation_error(403, "insufficientPermissionsError"),
    "404": boom(404),
    "409 for a lost reference": mutation_error(409, "documentReferenceDoesNotExistError"),
    "413": respond(413, HTML),
    "429 for long": boom(429, **{"retry-after": "77"}),
}
FAULTS = TRANSIENT | ODD | REFUSED


@pytest.fixture(scope="module")
def limits() -> Limits:
    return HASTY


@pytest.fixture(autouse=True)
def _nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    for record in caplog.records:
        assert EDITOR_TOKEN not in record.getMessage()
        assert "secret text" not in record.getMessage()
        assert "unexpected fault" not in record.getMessage()


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault(lake: ContentLake, runner: Client, fault: str, operation: str) -> None:
    lake.fault(kind="query" if operation in READS else "mutate", **FAULTS[fault])
    response = OPERATIONS[operation](runner)
    if fault in REFUSED or (fault in ODD and operation in READS):
        assert_problem(response, 503)
        assert_state(lake, operation, changed=False)
        assert OPERATIONS[operation](runner).status_code == SUCCESS[operation]
    else:
        assert response.status_code == SUCCESS[operation]
    assert_state(lake, operation, changed=operation not in READS)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_lasting_fault(lake: ContentLake, runner: Client, fault: str, operation: str) -> None:
    reads_before_it_writes = 0 if operation in READS else 1
    lake.fault(times=100, skip=reads_before_it_writes, **FAULTS[fault])
    assert_problem(OPERATIONS[operation](runner), 504 if "hang" in fault else 503)
    lake.clear_faults()
    executed = operation not in READS and ("after" in fault or fault == "truncated")
    assert_state(lake, operation, changed=executed)
    again = OPERATIONS[operation](runner).status_code
    if executed:
        assert again == {"create": 409, "update": 200, "delete": 404}[operation]
    else:
        assert again == SUCCESS[operation]
    assert_state(lake, operation, changed=operation not in READS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_connection(runner: Client, lake: ContentLake, operation: str) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    nowhere = content_lake_client.ContentLake(
        url, dataset=DATASET, token=EDITOR_TOKEN, api_version="2025-02-19", limits=HASTY
    )
    store = SanityStore(nowhere)
    calls: dict[str, Callable[[], object]] = {
        "list": lambda: store.list_logs(LogQuery(runner_ids=None)),
        "read": lambda: store.get_log(OLD),
        "create": lambda: create_log(store, {"_id": NEW}, transaction_id="t1"),
        "update": lambda: update_log(
            store, OLD, set_fields={"a": 1}, unset_fields=[], if_revision="r", transaction_id="t1"
        ),
        "delete": lambda: delete_log(store, OLD, if_revision="r"),
    }
    with pytest.raises(StoreUnavailable):
        calls[operation]()
    store.close()


@pytest.mark.parametrize("operation", ["create", "update", "delete"])
def test_a_fault_of_the_read_before_a_write(
    lake: ContentLake, runner: Client, operation: str
) -> None:
    lake.fault("drop", kind="query")
    assert OPERATIONS[operation](runner).status_code == SUCCESS[operation]
    assert_state(lake, operation, changed=True)


@pytest.mark.parametrize("operation", ["create", "update", "delete"])
def test_two_lost_responses(lake: ContentLake, runner: Client, operation: str) -> None:
    """The first was not executed, the second was."""
    lake.fault("drop", kind="mutate")
    lake.fault("drop", kind="mutate", when="after")
    assert OPERATIONS[operation](runner).status_code == SUCCESS[operation]
    assert_state(lake, operation, changed=True)


@pytest.mark.parametrize("operation", ["create", "update", "delete"])
def test_a_write_that_is_executed_late(lake: ContentLake, runner: Client, operation: str) -> None:
    """We see no response and no change, send again, and only then is the first one executed."""
    lake.fault("delay", kind="mutate", ms=(HASTY.read_timeout + 0.15) * 1000)
    lake.fault("delay", kind="mutate", ms=200)
    assert OPERATIONS[operation](runner).status_code == SUCCESS[operation]
    assert_state(lake, operation, changed=True)


@pytest.mark.parametrize("operation", ["create", "update", "delete"])
def test_a_lost_write_is_read_back_at_once(
    lake: ContentLake, runner: Client, operation: str
) -> None:
    lake.delays(index_lag=0.3)
    lake.fault("drop", kind="mutate", when="after")
    assert OPERATIONS[operation](runner).status_code == SUCCESS[operation]
    if operation == "delete":
        assert runner.get(OLD).status_code == 404
    elif operation == "create":
        assert runner.get(NEW).status_code == 200
    else:
        assert runner.get(OLD).json["data"]["notes"] == "changed"


@pytest.mark.parametrize("header", ["retry-after", "ratelimit-reset"])
def test_retry_after_is_passed_on(lake: ContentLake, runner: Client, header: str) -> None:
    lake.fault(**boom(429, **{header: "77"}))
    assert runner.get(OLD).headers["Retry-After"] == "77"
    assert lake.requests()["query"] == 1


def test_a_spent_quota_is_the_operators_matter(
    lake: ContentLake, runner: Client, caplog: pytest.LogCaptureFixture
) -> None:
    lake.fault(kind="query", **boom(402))
    assert_problem(runner.get(OLD), 503)
    (line,) = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert "quota" in line
    assert "402 (trace " in line


@pytest.mark.parametrize("status", [401, 403])
def test_our_own_refused_token_is_the_operators_matter(
    lake: ContentLake, runner: Client, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    lake.fault(kind="query", **boom(status))
    assert_problem(runner.get(OLD), 503)
    (line,) = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert "Sanity refuses the API token" in line
    assert f"{status} (trace " in line
    lake.fault(kind="query", **boom(status))
    assert_problem(runner.request("GET", "/readyz"), 503)
    assert runner.request("GET", "/readyz").status_code == 200


def assert_problem(response: TestResponse, status: int) -> None:
    codes = {503: "store-unavailable", 504: "store-timeout"}
    assert (response.status_code, response.json["code"]) == (status, codes[status])
    assert "secret text" not in response.text
    if status == 503:
        assert int(response.headers["Retry-After"]) > 0


def assert_state(lake: ContentLake, operation: str, *, changed: bool) -> None:
    """The one change of the operation is there, or not, and nothing else has changed."""
    logs = {each["_id"]: each for each in lake.documents(type_="workoutLog")}
    assert (NEW in logs) == (changed and operation == "create")
    deleted = changed and operation == "delete"
    assert (OLD in logs) == (not deleted)
    deletions = lake.documents(type_="workoutLogDeletion")
    assert [(each["logId"], each["runnerId"]) for each in deletions] == deleted * [(OLD, RUNNER)]
    if OLD in logs:
        expected = "changed" if changed and operation == "update" else None
        assert logs[OLD].get("notes") == expected
        assert (logs[OLD]["_rev"] == f"rev-{OLD}") == (expected is None)
    assert len(logs) == 9 + (NEW in logs) - (OLD not in logs)
