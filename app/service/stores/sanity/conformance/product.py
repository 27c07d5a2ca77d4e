"""Every query of the product, with parameters that could be real ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.service.model import SessionState
from app.service.stores.port import Position, SessionPosition, SessionQuery
from app.service.stores.sanity import queries, training_queries

_EXAMPLES: Mapping[str, Any] = {
    "id": "conformance.none",
    "ids": ["conformance.none"],
    "logIds": ["conformance.none"],
    "sessionIds": ["conformance.session"],
    "email": "nobody@conformance.example",
    "runnerId": "conformance.runner",
    "runnerIds": ["conformance.runner", "conformance.other"],
    "sessionId": "conformance.session",
    "status": "completed",
    "feeling": "good",
    "first": "2026-01-05",
    "last": "2026-02-01",
    "since": "2026-01-04T17:00:00Z",
    "until": "2026-02-01T17:00:00Z",
    "earliest": "2026-01-02",
    "latest": "2026-02-03",
    "reviewed": True,
    "afterCreatedAt": "2026-01-05T08:00:00Z",
    "afterId": "conformance.none",
    "type": "workoutLog",
    "after": "conformance.none",
    "limit": 1,
    "before": "2025-10-05T08:00:00.000Z",
    "at": "2026-01-05T08:00:00Z",
    "deletionsSince": "2025-10-05T08:00:00.000Z",
    "asOf": "2026-01-20",
    "afterDay": "2026-01-12",
    "offsets": [[0, 25200]],
    "fromId": "",
}


def every_query() -> dict[str, str]:
    """The constant queries, and those that are put together, by a name for people."""
    constant = {
        name: text
        for module in (queries, training_queries)
        for name, text in vars(module).items()
        if name.isupper() and not name.startswith("_") and isinstance(text, str)
    }
    after = Position("2026-01-05T08:00:00Z", "conformance.none")
    undated = after._replace(created_at="")
    of_everybody = [each for each in queries.FILTERS if each != "runnerIds"]
    lists = {
        "LIST": queries.list_logs([], after=None, total=True),
        "LIST with the moment": queries.list_logs([], after=None, total=False, now=True),
        "LIST after": queries.list_logs([], after=after, total=False),
        "LIST after an undated log": queries.list_logs([], after=undated, total=False),
        "LIST of all filters": queries.list_logs(queries.FILTERS, after=after, total=True),
        "LIST of everybody": queries.list_logs(of_everybody, after=after, total=True),
        **{
            f"LIST of {name}": queries.list_logs([name], after=None, total=False)
            for name in queries.FILTERS
        },
    }
    changes = {
        "CHANGES": queries.list_changes(of_runners=False),
        "CHANGES of runnerIds": queries.list_changes(of_runners=True),
    }
    return constant | lists | changes | _training()


def _training() -> dict[str, str]:
    runners, day = ["conformance.runner"], "2026-01-12"
    asked = {
        "SESSIONS": SessionQuery(with_total=True),
        "SESSIONS of some": SessionQuery(
            runner_ids=runners,
            type="easy",
            date_from=day,
            date_to=day,
            state=SessionState.LOGGED,
            as_of=day,
            after=SessionPosition(day, "conformance.none"),
        ),
        "SESSIONS after an undated one": SessionQuery(
            runner_ids=runners, after=SessionPosition("", "conformance.none")
        ),
        **{f"SESSIONS {each}": SessionQuery(state=each, as_of=day) for each in SessionState},
    }
    progress = {
        "PROGRESS": training_queries.progress(of_runners=False, total=True),
        "PROGRESS of some": training_queries.progress(of_runners=True, total=False),
    }
    lists = {name: training_queries.list_sessions(each) for name, each in asked.items()}
    return lists | progress


def example_params(query: str) -> dict[str, Any]:
    """A value for each parameter in the query."""
    return {name: _EXAMPLES[name] for name in re.findall(r"\$(\w+)", query)}
