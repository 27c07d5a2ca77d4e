"""Every query of the product, with parameters that could be real ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.service.stores.sanity import queries

_EXAMPLES: Mapping[str, Any] = {
    "id": "conformance.none",
    "ids": ["conformance.none"],
    "email": "nobody@conformance.example",
    "runnerId": "conformance.runner",
    "runnerIds": ["conformance.runner", "conformance.other"],
    "sessionId": "conformance.session",
    "status": "completed",
    "feeling": "good",
    "dateFrom": "2026-01-05",
    "dateTo": "2026-02-01",
    "afterCreatedAt": "2026-01-05T08:00:00Z",
    "afterId": "conformance.none",
    "type": "workoutLog",
    "after": "conformance.none",
    "limit": 1,
}


def every_query() -> dict[str, str]:
    """The constant queries, and the list's with each filter, by a name for people."""
    constant = {
        name: text
        for name, text in vars(queries).items()
        if name.isupper() and not name.startswith("_") and isinstance(text, str)
    }
    lists = {
        "LIST": queries.list_logs([], after=False, total=True),
        "LIST after": queries.list_logs([], after=True, total=False),
        "LIST of all filters": queries.list_logs(queries.FILTERS, after=True, total=True),
        **{
            f"LIST of {name}": queries.list_logs([name], after=False, total=False)
            for name in queries.FILTERS
        },
    }
    return constant | lists


def example_params(query: str) -> dict[str, Any]:
    """A value for each parameter in the query."""
    return {name: _EXAMPLES[name] for name in re.findall(r"\$(\w+)", query)}
