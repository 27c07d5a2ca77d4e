"""What the canned Content Lake responds to a query, known by its text or by the peer's tag."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from app.service.model import Role
from app.service.stores.port import SessionQuery
from app.service.stores.sanity import queries, training_queries
from bench import documents
from bench.documents import COACH_ID, COACHED_IDS, RUNNER_ID, Document

_MOST = 101
_rows = list(islice(documents.logs(_MOST), _MOST))

LOG, SESSION, RUNNER = _rows[0]
# The real one: a sync token of long ago has ended.
_NOW = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
PLAN = documents.plan("plan-0001", RUNNER_ID)
_COACH = documents.user(COACH_ID, Role.COACH)


class Asked(NamedTuple):
    """What of a query's parameters a response depends on: the size of the page, the id, and how
    many runners and sessions are named.
    """

    limit: int = 0
    id: str = ""
    runners: int = 1
    sessions: int = 0


_PLANNED = ("_id", "_type", "date", "day", "type", "distance", "duration", "pace")
_NAMED = ("_id", "_type", "name")

Row = tuple[Document, Document, Document]


def _of(document: Document, *names: str) -> Document:
    return {name: document[name] for name in names}


def _referred(row: Row) -> dict[str, Any]:
    """What both the product's and the peer's queries project of what a log refers to."""
    _, session, runner = row
    return {"session": _of(session, *_PLANNED), "runner": _of(runner, *_NAMED), "feedback": []}


def _row(row: Row) -> dict[str, Any]:
    return {"document": row[0], **_referred(row)}


def _peer_row(row: Row) -> dict[str, Any]:
    return {**row[0], **_referred(row)}


def _users(asked: Asked) -> list[dict[str, Any]]:
    if asked.id == COACH_ID:
        return [{"document": _COACH, "coachedIds": COACHED_IDS, "planned": []}]
    return [{"document": RUNNER, "coachedIds": [], "planned": []}]


def _context_of_create(_: Asked) -> dict[str, Any]:
    referred = _referred(_rows[0])
    session = {"document": referred["session"], "plan": PLAN}
    return {"session": session, "runner": referred["runner"], "existing": []}


def _context_of_batch(asked: Asked) -> dict[str, Any]:
    rows = _rows[-asked.sessions :]
    return {
        "logs": [],
        "sessions": [{"document": _of(session, *_PLANNED), "plan": PLAN} for _, session, _ in rows],
        "runners": [_of(RUNNER, *_NAMED)],
        "existing": [],
    }


def batch_sessions(count: int) -> list[str]:
    """The ids of the sessions in the context of a batch of `count` creates."""
    return [session["_id"] for _, session, _ in _rows[-count:]]


class _Training(NamedTuple):
    """Plans, sessions with the runner whose they are, and logs by session."""

    runner_ids: tuple[str, ...]
    plans: list[Document]
    sessions: list[tuple[Document, str]]
    logs: dict[str, Document]

    def user(self, runner_id: str) -> Document:
        return _of(documents.user(runner_id, "runner"), *_NAMED)


@lru_cache
def _training(runners: int) -> _Training:
    """Of one runner, or of the coach's: 12 weeks, or 4."""
    runner_ids = (RUNNER_ID,) if runners == 1 else COACHED_IDS[:runners]
    weeks = range(documents.WEEKS - (12 if runners == 1 else 4), documents.WEEKS)
    made = [*documents.training(runner_ids, weeks)]
    plans = [each for each in made if each["_type"] == "trainingPlan"]
    owners = {each["_id"]: each["runnerId"]["_ref"] for each in plans}
    return _Training(
        runner_ids,
        plans,
        [
            (each, owners[each["planId"]["_ref"]])
            for each in made
            if each["_type"] == "trainingSession"
        ],
        {each["sessionId"]["_ref"]: each for each in made if each["_type"] == "workoutLog"},
    )


_SESSION_FIELDS = (*_PLANNED, "notes", "planId")
_PLAN_FIELDS = ("_id", "_type", "runnerId", "status")
_LOG_FIELDS = (
    *("_id", "_rev", "_createdAt", "_updatedAt", "sessionId", "runnerId", "status"),
    *("actualDistance", "actualDuration", "actualPace", "feeling", "injuries"),
)


def _planned(session: Document) -> dict[str, Any]:
    return {**_of(session, *_SESSION_FIELDS), "planned": session["date"], "onDay": session["date"]}


def _sessions(asked: Asked) -> dict[str, Any]:
    training = _training(1)
    found = [session for session, _ in training.sessions][: asked.limit]
    of_page = {each["planId"]["_ref"] for each in found}
    return {
        "sessions": [_planned(each) for each in found],
        "plans": [_of(each, *_PLAN_FIELDS) for each in training.plans if each["_id"] in of_page],
        "runners": [training.user(RUNNER_ID)],
        "logs": [
            {
                "document": _of(training.logs[each["_id"]], *_LOG_FIELDS),
                "session": None,
                "runner": None,
                "feedback": [],
            }
            for each in found
            if each["_id"] in training.logs
        ],
    }


def _progress(asked: Asked) -> dict[str, Any]:
    training = _training(asked.runners - 1 or 1)  # the coach is asked for, too
    return {
        "runners": [training.user(each) for each in training.runner_ids],
        "total": None,
        "sessions": [_planned(session) for session, _ in training.sessions],
        "logs": [
            {
                "document": _of(log, *_LOG_FIELDS),
                "session": _of(session, "_id", "_type", "date", "planId"),
            }
            for session, _ in training.sessions
            if (log := training.logs.get(session["_id"]))
        ],
        "plans": [_of(each, *_PLAN_FIELDS) for each in training.plans],
        "reviewed": [],
    }


def _peer_user(asked: Asked) -> dict[str, Any]:
    coach = asked.id == COACH_ID
    return (_COACH if coach else RUNNER) | {"coached": COACHED_IDS if coach else []}


def _peer_sessions(asked: Asked) -> list[dict[str, Any]]:
    training = _training(1)
    return [
        {
            **session,
            "runnerId": owner,
            "runner": training.user(owner),
            "log": training.logs.get(session["_id"]),
        }
        for session, owner in training.sessions[: asked.limit]
    ]


_PEER_LOG_FIELDS = (
    *("_createdAt", "status", "feeling", "actualDistance", "actualDuration", "injuries"),
)


def _peer_progress(asked: Asked) -> dict[str, Any]:
    training = _training(asked.runners - 1 or 1)

    def logs(session_id: str) -> list[dict[str, Any]]:
        log = training.logs.get(session_id)
        return [{**_of(log, *_PEER_LOG_FIELDS), "reviewed": False}] if log else []

    return {
        "runners": [training.user(each) for each in training.runner_ids],
        "sessions": [
            {
                **_of(session, "_id", "date", "type", "distance", "duration"),
                "runnerId": owner,
                "logs": logs(session["_id"]),
            }
            for session, owner in training.sessions
        ],
    }


def _peer_batch(asked: Asked) -> dict[str, Any]:
    return {
        "logs": [],
        "sessions": [
            {**_of(session, *_PLANNED), "owner": RUNNER_ID}
            for _, session, _ in _rows[-asked.sessions :]
        ],
        "existing": [],
        "runner": _of(RUNNER, *_NAMED),
    }


_SESSIONS_ASKED = SessionQuery(
    runner_ids=[RUNNER_ID], date_from=documents.TWELVE_WEEKS[0], date_to=documents.TWELVE_WEEKS[1]
)

RESPONSES: dict[str, Callable[[Asked], Any]] = {
    queries.USER_BY_ID: _users,
    queries.list_logs(["runnerIds"], after=None, total=False, now=True): lambda asked: {
        "logs": [_row(each) for each in _rows[: asked.limit]],
        "now": _NOW,
    },
    queries.NOW: lambda _: _NOW,
    queries.list_changes(of_runners=True): lambda asked: {
        "changes": [{**_row(each), "exists": None} for each in _rows[: asked.limit]],
        "now": _NOW,
    },
    queries.LOG: lambda _: _row(_rows[0]),
    queries.CONTEXT_OF_CREATE: _context_of_create,
    queries.CONTEXT_OF_BATCH: _context_of_batch,
    training_queries.list_sessions(_SESSIONS_ASKED): _sessions,
    training_queries.progress(of_runners=True, total=False): _progress,
    "peer.user": _peer_user,
    "peer.list": lambda asked: [_peer_row(each) for each in _rows[: asked.limit]],
    "peer.read": lambda _: _peer_row(_rows[0]),
    "peer.session": lambda _: SESSION,
    "peer.plan": lambda _: PLAN,
    "peer.existing": lambda _: None,
    "peer.sessions": _peer_sessions,
    "peer.progress": _peer_progress,
    "peer.changes": lambda asked: {
        "now": _NOW,
        "changes": [_peer_row(each) for each in _rows[: asked.limit]],
    },
    "peer.batch": _peer_batch,
}
