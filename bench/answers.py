"""What the canned Content Lake answers: a query's `tag` to a function of the rows asked for."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

from bench import documents

_MOST = 101
_rows = list(islice(documents.logs(_MOST), _MOST))

LOG, SESSION, RUNNER = _rows[0]
PLAN = documents.plan("plan-0001", documents.RUNNER_ID)


def _joined(row: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """A row of the peer's queries: the log with what it refers to."""
    log, session, runner = row
    planned = ("_id", "date", "day", "type", "distance", "duration", "pace")
    return {
        **log,
        "session": {name: session[name] for name in planned},
        "runner": {"_id": runner["_id"], "name": runner["name"]},
    }


ANSWERS: dict[str, Callable[[int], Any]] = {
    "peer.user": lambda _: RUNNER,
    "peer.list": lambda limit: [_joined(row) for row in _rows[:limit]],
    "peer.read": lambda _: _joined(_rows[0]),
    "peer.session": lambda _: SESSION,
    "peer.plan": lambda _: PLAN,
    "peer.existing": lambda _: None,
}
