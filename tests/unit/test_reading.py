"""Documents of any shape are read without failing, alike on both ways, and as marshmallow says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import marshmallow as ma
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.service import documents, rows, units
from app.service.days import UTC_ZONE
from app.service.documents import mended
from app.service.errors import StoreUnavailable
from app.service.external_links import ExternalLinks
from app.service.model import (
    FeedbackSummary,
    Feeling,
    LogPagination,
    Page,
    PlannedSession,
    Runner,
    SessionType,
    Status,
    WorkoutLog,
)
from app.service.reading import LogReader
from app.service.rows import StoredLog, decode_row
from app.settings import Settings
from app.workout_logs.schemas import WorkoutLogList, WorkoutLogResponse
from tests.published import published

Document = dict[str, Any]

READER = LogReader(ExternalLinks(Settings().external_link_hosts), UTC_ZONE)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20)
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["_ref", "_type"]), inner)
    ),
    max_leaves=6,
)
plausible = st.sampled_from(
    [
        "completed",
        "good",
        "easy",
        "0:42:00",
        "5:15",
        42,
        42.5,
        1e308,
        0,
        "https://www.strava.com/1",
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00+02:00",
        "0001-01-01T00:00:00+14:00",
        "20260101T000000Z",
        {"_ref": "x"},
        ["a", None, 5],
    ]
)


def document_of(*names: str) -> st.SearchStrategy[Document]:
    optional = dict.fromkeys(names, anything | plausible)
    return st.fixed_dictionaries({"_id": st.just("x")}, optional=optional)


logs = document_of(
    "sessionId", "runnerId", "status", "externalLink", "actualDistance", "actualDuration",
    "actualPace", "notes", "feeling", "injuries", "weather", "temperature", "createdAt",
    "updatedAt", "_createdAt", "_updatedAt", "_rev",
)  # fmt: skip
sessions = document_of(
    "date", "scheduledDate", "day", "type", "distance", "duration", "pace", "targetPace"
)
runners = document_of("name")
feedback = st.lists(
    st.fixed_dictionaries({}, optional={"_createdAt": anything | plausible}), max_size=3
)
referred = st.none() | st.sampled_from(["trainingSession", "user", "trainingPlan"])

USUAL: Document = {
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
OLD = USUAL | {
    "sessionId": "session-1",
    "runnerId": "runner-1",
    "actualDuration": 45.5,
    "injuries": "left knee",
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


STORED = (
    "session_id", "runner_id", "status", "external_link", "actual_distance", "actual_duration",
    "actual_pace", "notes", "feeling", "injuries", "weather", "temperature",
)  # fmt: skip
"""The attributes of a log that a document holds."""


def read(document: Document) -> WorkoutLog:
    return READER.read_stored(StoredLog(document, None, None))


def row(
    log: Document,
    session: Document | None,
    runner: Document | None,
    feedback: Sequence[Document] = (),
) -> bytes:
    content = {"document": log, "session": session, "runner": runner, "feedback": feedback}
    return mended(json.dumps(content).encode())


class TestEveryWay:
    """A log reads alike from its JSON, from parsed documents and field by field; marshmallow's own
    dump of it is what msgspec writes; and it fits the published document.
    """

    def check(
        self,
        log: Document,
        session: Document | None = None,
        runner: Document | None = None,
        feedback: Sequence[Document] = (),
    ) -> None:
        json_of_row = row(log, session, runner, feedback)
        found = READER.read(decode_row(json_of_row))
        stored = StoredLog.of(documents.loads(json_of_row))
        assert found == READER.read_stored(stored)
        assert found == READER.read(rows._checked_by_field(stored))

        written = msgspec.json.encode({"data": found})
        plain = ma.Schema.dump(WorkoutLogResponse(), {"data": found})
        assert json.loads(written) == plain
        assert list(json.loads(written)["data"]) == list(plain["data"])
        schema = {"$ref": "#/components/schemas/WorkoutLogResponse"}
        assert published().complaints(schema, plain) == []

    @given(logs, st.none() | sessions, st.none() | runners, referred, referred, feedback)
    def test_any_document(
        self,
        log: Document,
        session: Document | None,
        runner: Document | None,
        type_of_session: str | None,
        type_of_runner: str | None,
        feedback: Sequence[Document],
    ) -> None:
        self.check(
            log,
            session and {**session, "_type": type_of_session},
            runner and {**runner, "_type": type_of_runner},
            feedback,
        )

    @given(CHANGES, CHANGES, sessions)
    @example({"injuries": ["a", ""]}, {}, SESSION)
    @example({"injuries": ["a", 5]}, {}, SESSION)
    @example({"injuries": "left knee"}, {}, SESSION)
    @example({"notes": "a\0b\ud83d"}, {}, SESSION)
    @example({"actualDuration": 42}, {"actualDistance": True}, SESSION)
    @example({"actualDuration": "45:30", "actualPace": "05:21"}, {}, SESSION)
    @example({"externalLink": "https://example.com/"}, {}, SESSION)
    @example({"_rev": "x" * 129}, {"_createdAt": 5}, SESSION)
    def test_almost_usual_documents(
        self, changes: Document, more: Document, session: Document
    ) -> None:
        self.check(USUAL | changes | more, SESSION | session, RUNNER)
        self.check(OLD | changes | more, SESSION | session, RUNNER)

    @given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
    def test_any_number(self, number: float) -> None:
        self.check(USUAL | {"actualDistance": number, "temperature": number})

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        self.check(USUAL | {"notes": text, "injuries": [text]}, SESSION | {"day": text})

    @pytest.mark.parametrize("missing", sorted(USUAL.keys() - {"_id"}))
    def test_a_field_that_is_missing(self, missing: str) -> None:
        log = {name: value for name, value in USUAL.items() if name != missing}
        self.check(log, SESSION, RUNNER)

    @given(
        st.from_regex(
            r"[0-9]{4}.(0[0-9]|1[0-3]|W5).([0-3][0-9]|-7)[T ][0-2][0-9][:0]?[0-6][0-9]:?"
            r"[0-6]?[0-9]?([.,][0-9]{0,10})?(Z|[+]00:00|)",
            fullmatch=True,
        )
    )
    @example("2026-02-29T00:00:00Z")
    @example("2028-02-29T00:00:00.123456789Z")
    @example("2026-01-01T00:00:00.1234567890Z")
    @example("2026-W01-1T00:00:00Z")
    @example("20260101T000000Z")
    def test_any_instant(self, instant: str) -> None:
        self.check(USUAL | {"_createdAt": instant})

    @given(
        st.text(st.characters(codec="utf-8"), max_size=11) | st.text("0123456789.Z", max_size=11)
    )
    @example("")
    @example("123456ab")
    @example("123456\r\n")
    @example("1234567\u0663")
    def test_any_fraction_of_a_second(self, fraction: str) -> None:
        self.check(USUAL | {"_createdAt": f"2026-01-01T00:00:00.{fraction}Z"})
        self.check(USUAL | {"_createdAt": f"2026-01-01T00:00:00{fraction}Z"})


text = st.text(st.characters(codec="utf-8"))
words = st.none() | text
workout_logs = st.builds(
    WorkoutLog,
    id=text,
    session_id=words,
    runner_id=words,
    status=st.none() | st.sampled_from(Status),
    external_link=words,
    actual_distance=st.none() | st.floats(0.001, 1000) | st.integers(1, 1000),
    actual_duration=words,
    actual_pace=words,
    actual_duration_seconds=st.none() | st.integers(1, units.MAX_DURATION_SECONDS),
    actual_pace_seconds=st.none() | st.integers(1, units.MAX_PACE_SECONDS),
    notes=words,
    feeling=st.none() | st.sampled_from(Feeling),
    injuries=st.lists(text, max_size=3),
    weather=words,
    temperature=st.none() | st.floats(-50, 60),
    created_at=words,
    updated_at=words,
    session=st.none()
    | st.builds(
        PlannedSession,
        id=text,
        date=words,
        day=words,
        type=st.none() | st.sampled_from(SessionType),
        distance=words,
        duration=words,
        pace=words,
    ),
    runner=st.none() | st.builds(Runner, id=text, name=words),
    feedback=st.builds(FeedbackSummary, count=st.integers(0, 9), last_at=words),
    revision=text,
)
pages = st.builds(
    Page,
    st.lists(workout_logs, max_size=3),
    st.builds(
        LogPagination,
        limit=st.integers(1, 100),
        next_cursor=words,
        total=st.none() | st.integers(0, 2**31 - 1),
        sync_token=words,
    ),
)


@given(pages)
def test_a_page_is_written_as_marshmallow_would_dump_it(page: Page) -> None:
    schema = WorkoutLogList()
    written = json.loads(msgspec.json.encode(schema.dump(page)))
    assert written == ma.Schema.dump(schema, page)


def test_usual_and_old_documents_are_not_read_field_by_field(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(rows, "_checked_by_field", fail)
    for log in (USUAL, OLD, {name: each for name, each in USUAL.items() if name != "notes"}):
        for session, runner in ((SESSION, RUNNER), (None, None)):
            decode_row(row(log, session, runner))
            READER.read_stored(StoredLog(log, session, runner))


def test_deeply_nested_fields_cost_only_themselves() -> None:
    usual = row(USUAL, None, None)
    deep = usual.replace(b'"Windy."', b"[" * 1000 + b"]" * 1000)
    expected = msgspec.structs.replace(READER.read(decode_row(usual)), notes=None)
    assert READER.read(decode_row(deep)) == expected


@pytest.mark.parametrize(
    "no_log",
    [
        b"null",
        b"[]",
        b'{"document": {"_id": "x"}}',
        b'{"document": null, "session": null, "runner": null}',
        b'{"document": {}, "session": null, "runner": null}',
        b'{"document": {"_id": 5}, "session": null, "runner": null}',
        b'{"document": {"_id": "x"}, "session": {"_type": "trainingSession"}, "runner": null}',
        b'{"document": {"_id": "x"}, "session": null, "runner": {"_type": "user"}}',
        b'{"document": {"_id": "x"}, "session": null, "runner": {"_type": "user", "_id": 5}}',
    ],
)
def test_a_row_without_a_log_is_the_store_s_fault(no_log: bytes) -> None:
    with pytest.raises(StoreUnavailable):
        decode_row(no_log)


@given(logs)
def test_what_was_read_and_written_reads_the_same(log: Document) -> None:
    found = read(log)
    names = STORED
    values = documents.field_values({name: getattr(found, name) for name in names})
    kept = {name: each for name, each in values.items() if each is not None}
    again = read({"_id": "x", **kept})
    for name in names:
        assert getattr(again, name) == getattr(found, name)


@pytest.mark.parametrize(
    ("old", "seconds"),
    [(42, 2520), (42.5, 2550), (0.01, 1), (5999.98, 359999), (6000, None), (0, None), (-1, None),
     (True, None), ("42", 2520), (1e400, None)],
)  # fmt: skip
def test_a_number_of_minutes_is_a_duration(old: Any, seconds: int | None) -> None:
    assert read({"_id": "x", "actualDuration": old}).actual_duration_seconds == seconds


@pytest.mark.parametrize(
    ("old", "items"),
    [("left knee", ["left knee"]), ("", []), (None, []), (["a", 5, "", None], ["a"]), ({}, [])],
)
def test_one_text_is_one_injury(old: Any, items: list[str]) -> None:
    assert read({"_id": "x", "injuries": old}).injuries == items


@pytest.mark.parametrize("value", [10**400, -5, True, [], float("inf")])
def test_a_planned_figure_may_be_anything(value: Any) -> None:
    planned = {**SESSION, "distance": value, "duration": value, "pace": value}
    session = READER.read_stored(StoredLog(USUAL, planned, None)).session
    assert session
    assert (session.distance, session.duration, session.pace) == (None, None, None)
    numbered = {**planned, "distance": 12.5, "day": 3}
    session = READER.read_stored(StoredLog(USUAL, numbered, None)).session
    assert session
    assert (session.distance, session.day) == ("12.5 km", "3")


def test_the_sanity_time_wins_over_what_programs_wrote() -> None:
    instants = {"createdAt": "2020-01-01T00:00:00Z", "_createdAt": "2026-01-01T02:00:00+02:00"}
    assert read({"_id": "x", **instants}).created_at == "2026-01-01T00:00:00Z"
    only = read({"_id": "x", "createdAt": "2020-01-01T00:00:00Z"})
    assert only.created_at == "2020-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "value", ["run \ud83d!", "two words", "drafts.x", "é", "x" * 129, "a\0b c"]
)
def test_what_cannot_be_an_id_is_null(value: str) -> None:
    for id_ in (value, {"_ref": value}):
        found = read({"_id": "x", "sessionId": id_, "runnerId": id_})
        assert (found.session_id, found.runner_id) == (None, None)


@pytest.mark.parametrize("zero", [0, 0.0, -0.0])
def test_a_planned_zero_has_no_sign(zero: float) -> None:
    """Sanity's numbers are JavaScript's, which lose it on the way."""
    session = READER.read_stored(StoredLog(USUAL, {**SESSION, "distance": zero}, None)).session
    assert session
    assert session.distance == "0 km"
