"""Documents of any shape are read without failing, and what is written is read again."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.service import documents
from app.service.external_links import ExternalLinks
from app.service.model import Feeling, SessionType, Status, WorkoutLog
from app.settings import Settings
from app.workout_logs.schemas import WorkoutLogResponse
from tests.published import published

LINKS = ExternalLinks(Settings().external_link_hosts)

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


def document_of(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    optional = dict.fromkeys(names, anything | plausible)
    return st.fixed_dictionaries({"_id": st.just("x")}, optional=optional)


logs = document_of(
    "sessionId", "runnerId", "status", "externalLink", "actualDistance", "actualDuration",
    "actualPace", "notes", "feeling", "injuries", "weather", "temperature", "createdAt",
    "updatedAt", "_createdAt", "_updatedAt", "_rev",
)  # fmt: skip
sessions = document_of("date", "day", "type", "distance", "duration", "pace")
runners = document_of("name")


@given(logs, st.none() | sessions, st.none() | runners)
def test_any_document_is_read_and_can_be_shown(
    log: dict[str, Any], session: dict[str, Any] | None, runner: dict[str, Any] | None
) -> None:
    read = documents.read_log(log, session, runner, LINKS)
    assert isinstance(read.status, Status | None)
    assert isinstance(read.feeling, Feeling | None)
    assert read.actual_distance is None or 0 < read.actual_distance <= 1000
    assert read.temperature is None or -50 <= read.temperature <= 60
    assert read.actual_duration is None or 0 < read.actual_duration < 360_000
    assert all(isinstance(each, str) for each in read.injuries)
    assert read.external_link is None or read.external_link.startswith("https://")
    for instant in (read.created_at, read.updated_at):
        assert instant is None or instant.endswith("Z")
    if read.session:
        assert isinstance(read.session.type, SessionType | None)
    shown = orjson.loads(orjson.dumps(WorkoutLogResponse().dump({"data": read})))
    answer = {"$ref": "#/components/schemas/WorkoutLogResponse"}
    assert published().complaints(answer, shown) == []


@given(logs)
def test_what_was_read_and_written_reads_the_same(log: dict[str, Any]) -> None:
    read = documents.read_log(log, None, None, LINKS)
    names = documents.FIELD_NAMES
    values = documents.field_values({name: getattr(read, name) for name in names})
    kept = {name: each for name, each in values.items() if each is not None}
    again = documents.read_log({"_id": "x", **kept}, None, None, LINKS)
    for name in names:
        assert getattr(again, name) == getattr(read, name)


@pytest.mark.parametrize(
    ("old", "seconds"),
    [(42, 2520), (42.5, 2550), (0.01, 1), (5999.98, 359999), (6000, None), (0, None), (-1, None),
     (True, None), ("42", None), (1e400, None)],
)  # fmt: skip
def test_a_number_of_minutes_is_a_duration(old: Any, seconds: int | None) -> None:
    read = documents.read_log({"_id": "x", "actualDuration": old}, None, None, LINKS)
    assert read.actual_duration == seconds


@pytest.mark.parametrize(
    ("old", "items"),
    [("left knee", ["left knee"]), ("", []), (None, []), (["a", 5, "", None], ["a"]), ({}, [])],
)
def test_one_text_is_one_injury(old: Any, items: list[str]) -> None:
    read = documents.read_log({"_id": "x", "injuries": old}, None, None, LINKS)
    assert read.injuries == items


def test_the_sanity_time_wins_over_what_programs_wrote() -> None:
    instants = {"createdAt": "2020-01-01T00:00:00Z", "_createdAt": "2026-01-01T02:00:00+02:00"}
    read = documents.read_log({"_id": "x", **instants}, None, None, LINKS)
    assert read.created_at == "2026-01-01T00:00:00Z"
    only = documents.read_log({"_id": "x", "createdAt": "2020-01-01T00:00:00Z"}, None, None, LINKS)
    assert only.created_at == "2020-01-01T00:00:00Z"


@given(st.text(max_size=140))
def test_the_published_pattern_of_an_id_is_the_rule(text: str) -> None:
    allowed = documents.is_published_id(text)
    plain = all(each.isascii() and (each.isalnum() or each in "._-") for each in text)
    starts = text[:1] != "-" and not text.startswith(("drafts.", "versions."))
    assert allowed == (plain and starts and 0 < len(text) <= 128)


@pytest.mark.parametrize(
    "value", ["run \ud83d!", "two words", "drafts.x", "é", "x" * 129, "a\0b c"]
)
def test_what_cannot_be_an_id_is_null(value: str) -> None:
    for id_ in (value, {"_ref": value}):
        log = {"_id": "x", "sessionId": id_, "runnerId": id_}
        read = documents.read_log(log, None, None, LINKS)
        assert (read.session_id, read.runner_id) == (None, None)


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_what_is_no_text_is_left_out_of_a_store_s_json(content: Any) -> None:
    as_javascript_writes_it = json.dumps(content).encode()
    read = documents.loads(as_javascript_writes_it)
    assert orjson.loads(orjson.dumps(read)) == read
    assert "\0" not in json.dumps(read, ensure_ascii=False)
    if not re.search(rb"u0000|ud[89a-f]", as_javascript_writes_it):
        assert read == content


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("run \ud83d!", "run !"),
        ("\udc00\ud83d\ude00\ud83d", "\U0001f600"),
        ("\0a\0", "a"),
        ("\\u0000 \\ud83d", "\\u0000 \\ud83d"),
        ("\\\0\\\ud83d\n", "\\\\\n"),
        ("\ud83d", ""),
    ],
)
def test_nul_and_lone_surrogates_are_left_out(text: str, left: str) -> None:
    assert documents.loads(json.dumps({"notes": [text]}).encode()) == {"notes": [left]}
    assert documents.loads(json.dumps(text).encode() + b" ") == left


@pytest.mark.parametrize("odd", [b"1e400", b"-1e400", b"1" * 400])
def test_a_number_beyond_a_double_costs_no_page(odd: bytes) -> None:
    assert documents.loads(b"[%b]" % odd)


@pytest.mark.parametrize("broken", [b"", b"{", b'{"a": }', b"\xff"])
def test_what_is_not_json_is_refused(broken: bytes) -> None:
    with pytest.raises(ValueError, match="Expecting"):
        documents.loads(broken)


@pytest.mark.parametrize("value", [10**400, -5, True, [], float("inf")])
def test_a_planned_figure_may_be_anything(value: Any) -> None:
    session = {"_id": "s", "distance": value, "duration": value, "pace": value}
    assert documents.read_session(session).distance is None
    numbered = documents.read_session({**session, "distance": 12.5, "day": 3})
    assert (numbered.distance, numbered.day) == ("12.5", "3")


def test_ids_of_pairs_differ() -> None:
    pairs = [("a", "b"), ("b", "a"), ("a.b", ""), ("a", ".b"), ("ab", ""), ('a","b', "")]
    ids = {documents.log_id_of(*pair) for pair in pairs}
    assert len(ids) == len(pairs)
    assert all(documents.is_published_id(each) for each in ids)


def test_a_revision_that_is_not_fit_for_a_header_is_digested() -> None:
    for revision in ("a b", "", None, 5, 'x"', "é"):
        document = {"_id": "x", "_rev": revision}
        found = documents.revision_of(document)
        assert found.startswith("sha256-")
        assert found == documents.revision_of(dict(reversed(document.items())))
        assert found != documents.revision_of({**document, "notes": "y"})
    assert documents.revision_of({"_id": "x", "_rev": "abc"}) == "abc"


def test_the_model_has_every_stored_member() -> None:
    assert set(documents.FIELD_NAMES) <= set(WorkoutLog._fields)
