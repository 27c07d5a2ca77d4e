"""The documents that the benchmark's servers hold: full of text like real ones, always the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Document = dict[str, Any]

RUNNER_ID = "user.runner"
ADMIN_ID = "user.admin"
COACH_ID = "user.coach"
COACHED_IDS = tuple(f"user.coached{number:02}" for number in range(30))
"""The runners of the coach whose progress is asked for."""

WEEKS = 52
"""Of a runner's training, from the Monday 6 January 2025 on."""

FOUR_WEEKS, TWELVE_WEEKS = ("2025-12-08", "2026-01-04"), ("2025-10-13", "2026-01-04")
"""The last of them, by their first and last day."""

TODAY = "2025-12-31"

_NOTES = (
    "Felt strong until kilometre eight, then the headwind along the river took its share. "
    "Kept the cadence near 176 and finished the last two kilometres at the planned pace."
)
_START = datetime(2025, 1, 6, 5, 30, tzinfo=UTC)
_FEELINGS = ("excellent", "good", "okay", "tired", "exhausted")
_TYPES = ("easy", "interval", "tempo", "long", "recovery")


def user(user_id: str, role: str, coach_id: str | None = None) -> Document:
    """A `user` document."""
    document = _document(user_id, "user", 0) | {
        "name": "Somchai Prasert",
        "email": f"{user_id}@example.com",
        "role": role,
    }
    return document | {"coachId": _reference(coach_id)} if coach_id else document


def plan(plan_id: str, runner_id: str) -> Document:
    """A `trainingPlan` document."""
    return _document(plan_id, "trainingPlan", 0) | {
        "title": "Half marathon, week 1",
        "runnerId": _reference(runner_id),
        "coachId": _reference(COACH_ID),
        "weekStart": "2025-01-06",
        "weekEnd": "2025-01-12",
        "status": "approved",
    }


def session(session_id: str, plan_id: str, number: int) -> Document:
    """A `trainingSession` document, `number` days after the first."""
    day = _START + timedelta(days=number % 365)
    return _document(session_id, "trainingSession", number) | {
        "planId": _reference(plan_id),
        "day": day.strftime("%A"),
        "date": day.date().isoformat(),
        "type": _TYPES[number % len(_TYPES)],
        "distance": f"{8 + number % 10} km",
        "duration": "50 minutes",
        "pace": "5:30",
        "notes": "Keep the heart rate below 150.",
        "order": number % 7,
    }


def log(log_id: str, runner_id: str, session_id: str, number: int) -> Document:
    """A `workoutLog` document, created `number` minutes after the first."""
    return _document(log_id, "workoutLog", number) | {
        "sessionId": _reference(session_id),
        "runnerId": _reference(runner_id),
        "status": "completed",
        "externalLink": f"https://connect.garmin.com/modern/activity/{17_000_000_000 + number}",
        "actualDistance": 8.5 + number % 10,
        "actualDuration": f"0:{45 + number % 15}:30",
        "actualPace": "5:21",
        "notes": _NOTES,
        "feeling": _FEELINGS[number % len(_FEELINGS)],
        "injuries": ["left knee, slightly"],
        "weather": "humid, light wind",
        "temperature": 24.5,
    }


def logs(count: int) -> Iterator[tuple[Document, Document, Document]]:
    """`count` logs of one runner, newest first, each with its session and its runner."""
    runner = user(RUNNER_ID, "runner", COACH_ID)
    for number in reversed(range(count)):
        planned = session(f"session-{number:04}", "plan-0001", number)
        yield log(f"workoutLog.{number:040x}", RUNNER_ID, planned["_id"], number), planned, runner


def training(
    runner_ids: Sequence[str], weeks: range, sessions_per_week: int = 6
) -> Iterator[Document]:
    """Each runner's plans of these weeks after the first, a week each, with their sessions, of
    which four in five have a log.
    """
    for place, runner_id in enumerate(runner_ids):
        for week in weeks:
            week_plan = plan(f"plan.{place:04}.{week:02}", runner_id)
            yield week_plan
            for day in range(sessions_per_week):
                number = week * 7 + day
                planned = session(f"session.{place:04}.{number:03}", week_plan["_id"], number)
                yield planned
                if (place + number) % 5:
                    log_id = f"workoutLog.{place:020x}{number:020x}"
                    yield log(log_id, runner_id, planned["_id"], number * 24 * 60)


def _document(document_id: str, type_: str, number: int) -> Document:
    created = (_START + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "_id": document_id,
        "_type": type_,
        "_rev": f"rev{number:019}",
        "_createdAt": created,
        "_updatedAt": created,
    }


def _reference(document_id: str) -> dict[str, str]:
    return {"_type": "reference", "_ref": document_id}
