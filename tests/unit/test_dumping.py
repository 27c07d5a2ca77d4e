"""The compiled dump writes, byte for byte, what marshmallow's own would."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.service import units
from app.service.model import Feeling, PlannedSession, Runner, SessionType, Status, WorkoutLog
from app.workout_logs.schemas import WorkoutLogList, WorkoutLogResponse

text = st.text(st.characters(codec="utf-8"))
words = st.none() | text
sessions = st.builds(
    PlannedSession,
    id=text,
    date=words,
    day=words,
    type=st.none() | st.sampled_from(SessionType),
    distance=words,
    duration=words,
    pace=words,
)
logs = st.builds(
    WorkoutLog,
    id=text,
    revision=text,
    session_id=words,
    runner_id=words,
    status=st.none() | st.sampled_from(Status),
    external_link=words,
    actual_distance=st.none() | st.floats(0.001, 1000) | st.integers(1, 1000),
    actual_duration=st.none() | st.integers(1, units.MAX_DURATION_SECONDS),
    actual_pace=st.none() | st.integers(1, units.MAX_PACE_SECONDS),
    notes=words,
    feeling=st.none() | st.sampled_from(Feeling),
    injuries=st.lists(text, max_size=3),
    weather=words,
    temperature=st.none() | st.floats(-50, 60),
    created_at=words,
    updated_at=words,
    session=st.none() | sessions,
    runner=st.none() | st.builds(Runner, id=text, name=words),
)
pages = st.fixed_dictionaries(
    {
        "data": st.lists(st.fixed_dictionaries({"id": text}), max_size=3),
        "pagination": st.fixed_dictionaries(
            {
                "limit": st.integers(1, 100),
                "next_cursor": words,
                "total": st.none() | st.integers(0, 2**53),
            }
        ),
    }
)


@given(pages)
def test_a_page(page: dict[str, Any]) -> None:
    schema = WorkoutLogList()
    assert orjson.dumps(schema.dump(page)) == orjson.dumps(ma.Schema.dump(schema, page))


@given(st.lists(logs, max_size=2))
def test_many_answers(several: list[WorkoutLog]) -> None:
    schema = WorkoutLogResponse(many=True)
    answers = [{"data": log} for log in several]
    assert orjson.dumps(schema.dump(answers)) == orjson.dumps(ma.Schema.dump(schema, answers))


def test_a_member_that_is_missing_is_not_left_out_in_silence() -> None:
    with pytest.raises(KeyError):
        WorkoutLogList().dump({"data": []})
