"""What the canned Content Lake responds, by a query's text or tag: functions of the page's size."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

from app.service.stores.sanity import queries
from bench import documents

_MOST = 101
_rows = list(islice(documents.logs(_MOST), _MOST))

LOG, SESSION, RUNNER = _rows[0]
_NOW = "2026-11-18T08:00:00.000Z"
PLAN = documents.plan("plan-0001", documents.RUNNER_ID)


_PLANNED = ("_id", "_type", "date", "day", "type", "distance", "duration", "pace")
_NAMED = ("_id", "_type", "name")

Row = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]


def _referred(row: Row) -> dict[str, Any]:
    """What both the product's and the peer's queries project of what a log refers to."""
    _, session, runner = row
    return {
        "session": {name: session[name] for name in _PLANNED},
        "runner": {name: runner[name] for name in _NAMED},
        "feedback": [],
    }


def _row(row: Row) -> dict[str, Any]:
    return {"document": row[0], **_referred(row)}


def _peer_row(row: Row) -> dict[str, Any]:
    return {**row[0], **_referred(row)}


def _context_of_create(_: int) -> dict[str, Any]:
    referred = _referred(_rows[0])
    session = {"document": referred["session"], "plan": PLAN}
    return {"session": session, "runner": referred["runner"], "existing": []}


RESPONSES: dict[str, Callable[[int], Any]] = {
    queries.USER_BY_ID: lambda _: [{"document": RUNNER, "coachedIds": [], "planned": []}],
    queries.list_logs(["runnerIds"], after=None, total=False, now=True): lambda limit: {
        "logs": [_row(each) for each in _rows[:limit]],
        "now": _NOW,
    },
    queries.NOW: lambda _: _NOW,
    queries.list_changes(of_runners=True): lambda limit: {
        "changes": [{**_row(each), "exists": None} for each in _rows[:limit]],
        "now": _NOW,
    },
    queries.LOG: lambda _: _row(_rows[0]),
    queries.CONTEXT_OF_CREATE: _context_of_create,
    "peer.user": lambda _: RUNNER,
    "peer.list": lambda limit: [_peer_row(each) for each in _rows[:limit]],
    "peer.read": lambda _: _peer_row(_rows[0]),
    "peer.session": lambda _: SESSION,
    "peer.plan": lambda _: PLAN,
    "peer.existing": lambda _: None,
}
