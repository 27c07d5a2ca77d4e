"""What the list's query asks of Sanity, where no test with few documents could tell."""

from __future__ import annotations

import re

import pytest

from app.service.stores.port import Position
from app.service.stores.sanity import queries

POSITIONS = (None, Position("2026-01-01T00:00:00Z", "x"), Position("", "x"))


@pytest.mark.parametrize("after", POSITIONS, ids=str)
def test_no_session_and_no_feedback_of_others_is_read_for_some_runners(
    after: Position | None,
) -> None:
    """A subquery is bound to the row around it, wherever it looks for other documents."""
    query = queries.list_logs(queries.FILTERS, after=after, total=True)
    subqueries = re.findall(
        r"\*\[\s*_type == \"(trainingSession|feedback|user)\" && ([^]]*)", query
    )
    assert {type_ for type_, _ in subqueries} == {"trainingSession", "feedback", "user"}
    for _, condition in subqueries:
        assert re.search(r"== \^\.(_id|sessionId|runnerId)", condition)


@pytest.mark.parametrize("after", POSITIONS, ids=str)
def test_days_have_both_ends(after: Position | None) -> None:
    everybodys = [each for each in queries.FILTERS if each != "runnerIds"]
    query = queries.list_logs(everybodys, after=after, total=True)
    assert query.count("date >= $earliest && date <= $latest") == query.count("date >= $earliest")
    assert "$earliest" in query
