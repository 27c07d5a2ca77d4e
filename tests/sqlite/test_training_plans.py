"""How the embedded store finds sessions and progress: what SQLite says that it looks through."""

from __future__ import annotations

import dataclasses
import itertools
import re
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.service.model import SessionState
from app.service.stores.port import ProgressQuery, SessionPosition, SessionQuery
from app.service.stores.sqlite import training
from app.service.stores.sqlite.store import SqliteStore
from tests import world
from tests.conftest import OpenStore
from tests.world import RUNNER, session_of

OF_ONE = {
    "plan": {"plan_by_runner", "sqlite_autoindex_document_1"},
    "session": {
        "session_by_id",
        "session_by_plan",
        "session_by_runner",
        "sqlite_autoindex_document_1",
        "INTEGER PRIMARY KEY",
    },
    "log": {"log_by_runner", "log_by_session"},
    "user": {"sqlite_autoindex_document_1", "user_by_id"},
    "document": {"sqlite_autoindex_document_1", "INTEGER PRIMARY KEY", "feedback_by_log"},
}
"""Through which indices one runner's documents may be found: the cost is theirs alone."""


class Explaining:
    """A connection that also asks SQLite how it will execute each query.

    `searches` leaves out what is asked of the rows that were found, which are few.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.steps: list[str] = []
        self.searches: list[str] = []

    def execute(self, query: str, parameters: Any = ()) -> sqlite3.Cursor:
        rows = self._connection.execute(f"EXPLAIN QUERY PLAN {query}", parameters)
        steps = [row[3] for row in rows]
        self.steps += steps
        if ":seqs" not in query:
            self.searches += steps
        return self._connection.execute(query, parameters)


Explain = Callable[[Callable[..., Any], Any], Explaining]


@pytest.fixture
def explain(open_sqlite: OpenStore) -> Iterator[Explain]:
    store = open_sqlite(world.club())
    assert isinstance(store, SqliteStore)
    with store.reading() as connection:

        def explain(read: Callable[..., Any], query: Any) -> Explaining:
            explaining = Explaining(connection)
            read(explaining, query)
            return explaining

        yield explain


def tables(steps: list[str]) -> Iterator[tuple[str, str, str]]:
    """SCAN or SEARCH, the table's name in the query, and the index, if any."""
    for step in steps:
        found = re.match(r"(SCAN|SEARCH) (\w+)(?: (?:USING) (?:COVERING )?(?:INDEX )?(.+))?", step)
        if found:
            verb, table, index = found.groups(default="")
            yield verb, table, re.sub(r" \(.*| LEFT-JOIN", "", index)


STATES = (None, SessionState.LOGGED, SessionState.OVERDUE)
AFTER = (None, SessionPosition("2026-01-07", "x"), SessionPosition("", "x"))


@pytest.mark.parametrize(("state", "after"), [*itertools.product(STATES, AFTER)], ids=str)
def test_sessions_of_one_runner_cost_what_they_have(
    explain: Explain, state: SessionState | None, after: SessionPosition | None
) -> None:
    query = SessionQuery(
        runner_ids=[RUNNER], state=state, after=after, as_of="2026-01-08", with_total=True
    )
    week = dataclasses.replace(query, date_from="2026-01-05", date_to="2026-01-11")
    for each in (query, week):
        assert_found(explain(training.list_sessions, each).steps)


def test_one_session_costs_itself(explain: Explain) -> None:
    assert_found(explain(training.get_session, session_of(RUNNER, 1)).steps)


def test_progress_of_one_runner_costs_what_they_have(explain: Explain) -> None:
    query = ProgressQuery(
        runner_ids=[RUNNER], date_from="2026-01-05", date_to="2026-01-11", with_total=True
    )
    steps = explain(training.read_progress, query).steps
    assert_found(steps)
    assert "log" in {table for _, table, _ in tables(steps)}


def assert_found(steps: list[str]) -> None:
    looked = [each for each in tables(steps) if each[1] in OF_ONE]
    assert looked
    for verb, table, index in looked:
        assert verb == "SEARCH", steps
        assert index in OF_ONE[table], (table, index, steps)


@pytest.mark.parametrize("after", AFTER, ids=str)
def test_a_page_of_everybodys_sessions_is_read_in_order(
    explain: Explain, after: SessionPosition | None
) -> None:
    """An index gives the order: what is beyond the page is not even looked at."""
    steps = explain(training.list_sessions, SessionQuery(after=after)).searches
    assert not [each for each in steps if "TEMP B-TREE FOR ORDER BY" in each], steps
    found = {index for verb, table, index in tables(steps) if table == "session"}
    assert found <= {*OF_ONE["session"], "session_by_day", "session_by_instant"}, steps
