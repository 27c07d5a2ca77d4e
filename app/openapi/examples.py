"""Requests and answers as they really look, on the sample data that `make run` loads.

A request example can be sent as it is: the sample club has its ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from apispec import APISpec

from app.service import cursor
from app.service.documents import log_id_of
from app.service.stores.port import Position
from app.settings import READ_SCOPE, WRITE_SCOPE
from app.web.problem_types import CATALOGUE
from app.web.problems import COLLECTION_PATH, Problem

JSON = dict[str, Any]

RUNNER_ID = "user-somchai"

SESSION_ID = "session-somchai-w5-2"
"""A session of the runner without a log: where the examples create one."""

LOG_ID = log_id_of(RUNNER_ID, "session-somchai-w5-1")
"""A log of the runner that no feedback refers to: what the examples read, change and delete."""

CREATED_LOG_ID = log_id_of(RUNNER_ID, SESSION_ID)
"""The log that the first example of a create makes."""

OTHER_SESSION_ID = "session-somchai-w3-3"
"""Another session of the runner without a log."""

CURSOR = cursor.encode(Position("2026-11-10T18:04:11Z", CREATED_LOG_ID))

REQUESTS: Mapping[str, Mapping[str, tuple[str, JSON]]] = {
    "createWorkoutLog": {
        "completed": (
            "A session that went as planned",
            {
                "sessionId": SESSION_ID,
                "status": "completed",
                "externalLink": "https://www.strava.com/activities/12345678901",
                "actualDistance": 8.2,
                "actualDuration": "43:58",
                "notes": "Eight times 400 m, the last two were hard.",
                "feeling": "good",
                "injuries": [],
                "weather": "cloudy, light wind",
                "temperature": 27.5,
            },
        ),
        "undone": (
            "A session that did not take place",
            {
                "sessionId": OTHER_SESSION_ID,
                "status": "undone",
                "notes": "ไม่สบาย พักก่อน",
                "injuries": ["left knee"],
            },
        ),
    },
    "updateWorkoutLog": {
        "correction": (
            "Change three fields, clear one, leave the others",
            {"actualDistance": 9.1, "feeling": "tired", "notes": None, "temperature": 29},
        ),
        "undone": (
            "It did not take place after all",
            {
                "status": "undone",
                "actualDistance": None,
                "actualDuration": None,
                "actualPace": None,
            },
        ),
    },
}
"""By operation: summary and body of each."""

_RUNNER: JSON = {"id": RUNNER_ID, "name": "สมชาย ใจดี (Somchai Jaidee)"}

_CREATED: JSON = {
    "id": CREATED_LOG_ID,
    "sessionId": SESSION_ID,
    "runnerId": RUNNER_ID,
    "status": "completed",
    "externalLink": "https://www.strava.com/activities/12345678901",
    "actualDistance": 8.2,
    "actualDuration": "0:43:58",
    "actualPace": "5:22",
    "actualDurationSeconds": 2638,
    "actualPaceSeconds": 322,
    "notes": "Eight times 400 m, the last two were hard.",
    "feeling": "good",
    "injuries": [],
    "weather": "cloudy, light wind",
    "temperature": 27.5,
    "createdAt": "2026-11-10T18:04:11Z",
    "updatedAt": "2026-11-10T18:04:11Z",
    "session": {
        "id": SESSION_ID,
        "date": "2026-11-10",
        "day": "tuesday",
        "type": "interval",
        "distance": "7 km",
        "duration": "37 min",
        "pace": "5:22 /km",
    },
    "runner": _RUNNER,
}

_READ: JSON = {
    "id": LOG_ID,
    "sessionId": "session-somchai-w5-1",
    "runnerId": RUNNER_ID,
    "status": "completed",
    "externalLink": None,
    "actualDistance": 7.96,
    "actualDuration": "0:48:33",
    "actualPace": "6:06",
    "actualDurationSeconds": 2913,
    "actualPaceSeconds": 366,
    "notes": "ร้อนมาก แต่จบได้ตามแผน",
    "feeling": "okay",
    "injuries": [],
    "weather": "ฝนฟ้าคะนอง",
    "temperature": 26,
    "createdAt": "2026-11-09T17:36:05Z",
    "updatedAt": "2026-11-09T17:36:05Z",
    "session": {
        "id": "session-somchai-w5-1",
        "date": "2026-11-09",
        "day": "monday",
        "type": "easy",
        "distance": "8 km",
        "duration": "49 min",
        "pace": "6:12 /km",
    },
    "runner": _RUNNER,
}

_UPDATED = _READ | {
    "actualDistance": 9.1,
    "actualPace": "5:20",
    "actualPaceSeconds": 320,
    "notes": None,
    "feeling": "tired",
    "temperature": 29,
    "updatedAt": "2026-11-10T18:10:54.120Z",
}

_PAGINATION: JSON = {"limit": 1, "nextCursor": CURSOR, "total": 26}

ANSWERS: Mapping[str, JSON] = {
    "listWorkoutLogs": {"data": [_CREATED], "pagination": _PAGINATION},
    "createWorkoutLog": {"data": _CREATED},
    "getWorkoutLog": {"data": _READ},
    "updateWorkoutLog": {"data": _UPDATED},
}
"""The success of each operation that has a body; of those with several requests, of the first."""


MEMBERS: Mapping[str, JSON] = {
    "WorkoutLog": _CREATED,
    "WorkoutLogCreate": _CREATED,
    "WorkoutLogUpdate": _CREATED,
    "PlannedSession": _CREATED["session"],
    "Runner": _RUNNER,
    "Pagination": _PAGINATION,
}
"""By schema: an example of each member."""

PARAMETERS: JSON = {
    "cursor": CURSOR,
    "sessionId": SESSION_ID,
    "runnerId": RUNNER_ID,
    "dateFrom": "2026-11-01",
    "dateTo": "2026-11-30",
    "If-Match": '"9fQ2bJtVwLkXc3ZrPs0aHd"',
    "If-None-Match": '"9fQ2bJtVwLkXc3ZrPs0aHd"',
    "Idempotency-Key": "0b9f8c86-4a3d-4c7e-9d0f-6a1b2c3d4e5f",
}
"""An example of each query parameter and header."""


def request_examples(operation_id: str) -> JSON:
    """OpenAPI's `examples` of an operation's request body."""
    return {
        name: {"summary": summary, "value": body}
        for name, (summary, body) in REQUESTS[operation_id].items()
    }


def answer_examples(operation_id: str) -> JSON:
    """OpenAPI's `examples` of an operation's success."""
    return {"success": {"summary": "On the sample data", "value": ANSWERS[operation_id]}}


def problem_examples(codes: Iterable[str], operation_id: str | None = None) -> JSON:
    """OpenAPI's `examples` of an error answer, one for each problem; None is any operation.

    What is not particular to the operation is a component.
    """
    return {
        code: _problem_example(code, operation_id) if (operation_id, code) in _PROBLEMS else code
        for code in codes
    }


def register(spec: APISpec) -> None:
    """Add an example of each problem to the spec's components."""
    for code in CATALOGUE:
        spec.components.example(code, _problem_example(code, None), lazy=True)


def _problem_example(code: str, operation_id: str | None) -> JSON:
    return {"summary": CATALOGUE[code].title, "value": problem(code, operation_id)}


def problem(code: str, operation_id: str | None = None) -> JSON:
    """The body of a problem as the operation answers with it; None is any operation that does."""
    operation_id = operation_id or _ANSWERED_BY.get(code)
    particular = _PROBLEMS.get((operation_id, code)) or _PROBLEMS.get((None, code), {})
    return Problem(code, **particular).body(_PATHS.get(operation_id, _LOG_PATH))


_ANSWERED_BY: Mapping[str, str] = dict.fromkeys(
    ("duplicate-workout-log", "validation-failed"), "createWorkoutLog"
)
"""Which operation stands for any, where an answer from the address of a log would be untrue."""

_LOG_PATH = f"{COLLECTION_PATH}/{LOG_ID}"
_PATHS: Mapping[str | None, str] = dict.fromkeys(
    ("listWorkoutLogs", "createWorkoutLog"), COLLECTION_PATH
)

_COACH_WRITES = "A coach reads the logs of their runners, but does not change them."
_BROKEN_JSON = "The body is not JSON as it should be: a member name is given twice."
_BROKEN_HEADER = ("header", "format", "At most 1024 visible ASCII characters and spaces.")


def _scope(scope: str) -> JSON:
    return {"detail": f"This operation needs the scope {scope}."}


def _errors(*errors: tuple[str, str, str, str]) -> JSON:
    """Errors given as place, its kind, code and detail."""
    return {
        "errors": [
            {kind: place, "code": code, "detail": detail} for place, kind, code, detail in errors
        ]
    }


_PROBLEMS: Mapping[tuple[str | None, str], JSON] = {
    (None, "malformed"): {"detail": "Send one Authorization header with one credential."},
    ("createWorkoutLog", "malformed"): {"detail": _BROKEN_JSON},
    ("updateWorkoutLog", "malformed"): {"detail": _BROKEN_JSON},
    (None, "invalid-token"): {"detail": "The token has expired."},
    (None, "insufficient-scope"): _scope(WRITE_SCOPE),
    ("listWorkoutLogs", "insufficient-scope"): _scope(READ_SCOPE),
    ("getWorkoutLog", "insufficient-scope"): _scope(READ_SCOPE),
    ("listWorkoutLogs", "forbidden"): {
        "detail": "You may list your own logs and those of runners you coach."
    },
    ("createWorkoutLog", "forbidden"): {
        "detail": "Only an admin may create a log for somebody else."
    },
    ("updateWorkoutLog", "forbidden"): {"detail": _COACH_WRITES},
    ("deleteWorkoutLog", "forbidden"): {"detail": _COACH_WRITES},
    (None, "duplicate-workout-log"): {"existingId": CREATED_LOG_ID},
    ("listWorkoutLogs", "validation-failed"): _errors(
        ("limit", "parameter", "out-of-range", "From 1 to 100 logs a page."),
        ("page", "parameter", "unknown-field", "There is no such field here."),
    ),
    ("createWorkoutLog", "validation-failed"): _errors(
        ("/actualDistance", "pointer", "too-large", "Too large: above 0, at most 1000."),
        ("/status", "pointer", "required", "Missing data for required field."),
    ),
    ("getWorkoutLog", "validation-failed"): _errors(("If-None-Match", *_BROKEN_HEADER)),
    ("deleteWorkoutLog", "validation-failed"): _errors(("If-Match", *_BROKEN_HEADER)),
    ("updateWorkoutLog", "validation-failed"): _errors(
        (
            "/actualDistance",
            "pointer",
            "required-when-completed",
            "A completed session needs actualDistance or actualDuration.",
        ),
    ),
}
"""What a problem says more than its type, by operation; None is any operation."""
