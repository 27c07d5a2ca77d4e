"""The rows of a page are, byte for byte, what reading and dumping each log would write."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.service.documents import mended, read_log
from app.service.errors import StoreUnavailable
from app.service.stores.port import ListedLog
from app.workout_logs import rows
from app.workout_logs.rows import row_writer
from app.workout_logs.schemas import WorkoutLog
from tests.unit.test_documents import LINKS, logs, runners, sessions

write = row_writer(LINKS)

USUAL: dict[str, Any] = {
    "_id": "workoutLog.1",
    "_rev": "r1",
    "_createdAt": "2026-01-31T10:00:00Z",
    "_updatedAt": "2026-02-01T10:00:00.5Z",
    "sessionId": {"_type": "reference", "_ref": "session-1"},
    "runnerId": {"_type": "reference", "_ref": "runner-1"},
    "status": "completed",
    "externalLink": "https://www.strava.com/activities/1",
    "actualDistance": 8.5,
    "actualDuration": "0:45:30",
    "actualPace": "5:21",
    "notes": "Windy.",
    "feeling": "good",
    "injuries": ["left knee"],
    "weather": "humid",
    "temperature": -3,
}
SESSION = {
    "_id": "session-1",
    "_type": "trainingSession",
    "date": "2026-01-31",
    "day": "Saturday",
    "type": "long",
}
RUNNER = {"_id": "runner-1", "_type": "user", "name": "Mali"}
CHANGES = st.dictionaries(
    st.sampled_from(sorted(USUAL.keys() - {"_id"})),
    st.sampled_from(
        [None, "", [], {}, True, 0, 0.0, -1, 61, 1001, 10**400, float("nan"), "x", "drafts.x"]
    ),
    max_size=3,
)


Document = dict[str, Any]


def listed(log: Document, session: Document | None, runner: Document | None) -> ListedLog:
    row = {"document": log, "session": session, "runner": runner}
    return ListedLog(mended(json.dumps(row).encode()))


def assert_as_plain(
    log: Document, session: Document | None = None, runner: Document | None = None
) -> None:
    row = listed(log, session, runner)
    plain = WorkoutLog().dump(read_log(*row.stored(), LINKS))
    assert orjson.dumps(write(row)) == orjson.dumps(plain)


referred = st.none() | st.sampled_from(["trainingSession", "user", "trainingPlan"])


@given(logs, st.none() | sessions, st.none() | runners, referred, referred)
def test_any_document(
    log: Document,
    session: Document | None,
    runner: Document | None,
    type_of_session: str | None,
    type_of_runner: str | None,
) -> None:
    assert_as_plain(
        log,
        session and {**session, "_type": type_of_session},
        runner and {**runner, "_type": type_of_runner},
    )


@given(CHANGES, CHANGES, sessions)
@example({"injuries": ["a", ""]}, {}, SESSION)
@example({"injuries": ["a", 5]}, {}, SESSION)
@example({"injuries": "left knee"}, {}, SESSION)
@example({"notes": "a\0b\ud83d"}, {}, SESSION)
@example({"actualDuration": 42}, {"actualDistance": True}, SESSION)
@example({"actualDuration": "45:30", "actualPace": "05:21"}, {}, SESSION)
@example({"externalLink": "https://example.com/"}, {}, SESSION)
def test_almost_usual_documents(changes: Document, more: Document, session: Document) -> None:
    assert_as_plain(USUAL | changes | more, SESSION | session, RUNNER)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_any_number(number: float) -> None:
    assert_as_plain(USUAL | {"actualDistance": number, "temperature": number})


@given(st.text())
def test_any_text(text: str) -> None:
    assert_as_plain(USUAL | {"notes": text, "injuries": [text]}, SESSION | {"day": text})


@pytest.mark.parametrize("missing", sorted(USUAL.keys() - {"_id"}))
def test_a_field_that_is_missing(missing: str) -> None:
    log = {name: value for name, value in USUAL.items() if name != missing}
    assert_as_plain(log, SESSION, RUNNER)


instants = st.from_regex(
    r"[0-9]{4}.(0[0-9]|1[0-3]|W5).([0-3][0-9]|-7)[T ][0-2][0-9][:0]?[0-6][0-9]:?[0-6]?[0-9]?"
    r"([.,][0-9]{0,10})?(Z|[+]00:00|)",
    fullmatch=True,
)


@given(instants, instants)
@example("2026-02-29T00:00:00Z", "2028-02-29T00:00:00.123456789Z")
@example("2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00,5Z")
@example("2026-W01-1T00:00:00Z", "20260101T000000Z")
def test_any_instant(created: str, updated: str) -> None:
    assert_as_plain(USUAL | {"_createdAt": created, "_updatedAt": updated})


@given(st.text(st.characters(codec="utf-8"), max_size=11) | st.text("0123456789.Z", max_size=11))
@example("")
@example("123456ab")
@example("123456\r\n")
@example("1234567\u0663")
def test_any_fraction_of_a_second(fraction: str) -> None:
    assert_as_plain(USUAL | {"_createdAt": f"2026-01-01T00:00:00.{fraction}Z"})
    assert_as_plain(USUAL | {"_createdAt": f"2026-01-01T00:00:00{fraction}Z"})


def test_deeply_nested_fields_cost_only_themselves() -> None:
    row = orjson.dumps({"document": USUAL, "session": None, "runner": None})
    deep = row.replace(b'"Windy."', b"[" * 1000 + b"]" * 1000)
    assert write(ListedLog(deep)) == write(ListedLog(row)) | {"notes": None}


@pytest.mark.parametrize(
    "row",
    [
        b"null",
        b"[]",
        b'{"document": {"_id": "x"}}',
        b'{"document": null, "session": null, "runner": null}',
        b'{"document": {}, "session": null, "runner": null}',
        b'{"document": {"_id": 5}, "session": null, "runner": null}',
        b'{"document": {"_id": "x"}, "session": {"_type": "trainingSession"}, "runner": null}',
        b'{"document": {"_id": "x"}, "session": null, "runner": {"_type": "user"}}',
    ],
)
def test_a_row_without_a_log_is_the_store_s_fault(row: bytes) -> None:
    with pytest.raises(StoreUnavailable):
        write(ListedLog(row))


def test_usual_documents_do_not_take_the_plain_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(rows, "read_log", fail)
    for log in (USUAL, {name: each for name, each in USUAL.items() if name != "notes"}):
        for session, runner in ((SESSION, RUNNER), (None, None)):
            write(listed(log, session, runner))
