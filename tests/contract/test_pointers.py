"""What refers to a document is a reference or its id as text: no number names a document."""

from __future__ import annotations

from typing import Any

import pytest

from app.service.stores.port import LogQuery, PlannedRunner, ProgressQuery, SessionQuery
from tests.conftest import OpenStore
from tests.world import document

DIGITS = "5"
"""An id that Sanity takes, and what a number looks like as text."""


@pytest.mark.parametrize("odd", [5, {"_ref": 5}, {"_ref": 5, "_type": "reference"}], ids=repr)
def test_a_number_is_nobody_and_nothing(open_store: OpenStore, odd: Any) -> None:
    store = open_store(
        [
            document(DIGITS, "user", name="Five", role="coach"),
            document("coached", "user", name="Coached", role="runner", coachId=odd),
            document("plan", "trainingPlan", runnerId=odd, coachId=odd, status="active"),
            document("session-1", "trainingSession", date="2026-01-05", runnerId=odd),
            document("session-2", "trainingSession", date="2026-01-05", planId=odd),
            document("log", "workoutLog", runnerId=odd, sessionId=odd),
            document("feedback", "feedback", workoutLogId=odd),
        ]
    )
    (five,) = store.find_users(user_id=DIGITS)
    assert (five.coached_ids, five.planned) == ([], [])
    assert store.list_logs(LogQuery(runner_ids=[DIGITS])).rows == []
    assert store.list_logs(LogQuery(session_id=DIGITS)).rows == []
    (row,) = store.list_logs(LogQuery()).rows
    assert (row.session, row.runner, row.feedback) == (None, None, [])
    assert store.list_sessions(SessionQuery(runner_ids=[DIGITS])).sessions == []
    assert store.list_sessions(SessionQuery()).runners == []
    query = ProgressQuery(date_from="2026-01-05", date_to="2026-01-11", limit=10)
    progress = store.read_progress(query)
    assert [each.id for each in progress.runners] == ["coached"]
    assert (progress.sessions, progress.logs) == ([], [])


def test_a_coach_who_is_a_number_is_a_coach_all_the_same(open_store: OpenStore) -> None:
    """So no plan decides who coaches the runner."""
    store = open_store(
        [
            document(DIGITS, "user", role="coach"),
            document("coached", "user", role="runner", coachId=7),
            document("plan", "trainingPlan", runnerId="coached", coachId=DIGITS, status="active"),
        ]
    )
    (five,) = store.find_users(user_id=DIGITS)
    assert five.planned == [PlannedRunner("coached", has_coach=True)]
