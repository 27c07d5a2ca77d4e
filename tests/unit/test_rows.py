"""The rows of a page are, byte for byte, what reading and dumping each log would write."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.service.documents import read_log
from app.service.stores.port import StoredLog
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
SESSION = {"_id": "session-1", "date": "2026-01-31", "day": "Saturday", "type": "long"}
RUNNER = {"_id": "runner-1", "name": "Mali"}
CHANGES = st.dictionaries(
    st.sampled_from(sorted(USUAL.keys() - {"_id"})),
    st.sampled_from(
        [None, "", [], {}, True, 0, 0.0, -1, 61, 1001, 10**400, float("nan"), "x", "drafts.x"]
    ),
    max_size=3,
)


def plain(stored: StoredLog) -> bytes:
    return orjson.dumps(WorkoutLog().dump(read_log(*stored, LINKS)))


@given(logs, st.none() | sessions, st.none() | runners)
def test_any_document(
    log: dict[str, Any], session: dict[str, Any] | None, runner: dict[str, Any] | None
) -> None:
    stored = StoredLog(log, session, runner)
    assert orjson.dumps(write(stored)) == plain(stored)


@given(CHANGES, CHANGES, st.none() | sessions)
@example({"injuries": ["a", ""]}, {}, None)
@example({"injuries": ["a", 5]}, {}, None)
@example({"injuries": "left knee"}, {}, None)
@example({"actualDuration": 42}, {"actualDistance": True}, None)
@example({"actualDuration": "45:30", "actualPace": "05:21"}, {}, None)
@example({"externalLink": "https://example.com/"}, {}, None)
def test_almost_usual_documents(
    changes: dict[str, Any], more: dict[str, Any], session: dict[str, Any] | None
) -> None:
    stored = StoredLog(USUAL | changes | more, session, RUNNER)
    assert orjson.dumps(write(stored)) == plain(stored)


@pytest.mark.parametrize("missing", sorted(USUAL.keys() - {"_id"}))
def test_a_field_that_is_missing(missing: str) -> None:
    log = {name: value for name, value in USUAL.items() if name != missing}
    stored = StoredLog(log, SESSION, RUNNER)
    assert orjson.dumps(write(stored)) == plain(stored)


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
    stored = StoredLog(USUAL | {"_createdAt": created, "_updatedAt": updated}, None, None)
    assert orjson.dumps(write(stored)) == plain(stored)


def test_usual_documents_do_not_take_the_plain_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(rows, "read_log", fail)
    for log in (USUAL, {name: each for name, each in USUAL.items() if name != "notes"}):
        for session, runner in ((SESSION, RUNNER), (None, None)):
            write(StoredLog(log, session, runner))
