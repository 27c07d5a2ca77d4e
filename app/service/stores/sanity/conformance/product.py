"""Every query of the product, with parameters that could be real ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.service.stores.port import Position
from app.service.stores.sanity import queries

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
}


def every_query() -> dict[str, str]:
    """The constant queries, and the list's with each filter, by a name for people."""
    constant = {
        name: text
        for name, text in vars(queries).items()
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
    return constant | lists | changes


def example_params(query: str) -> dict[str, Any]:
    """A value for each parameter in the query."""
    return {name: _EXAMPLES[name] for name in re.findall(r"\$(\w+)", query)}
