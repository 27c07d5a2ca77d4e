"""Datasets as several programs and people could have left them."""

from __future__ import annotations

import random
from typing import Any

from app.service.documents import reference
from tests import world

Document = dict[str, Any]
PEOPLE = 50


def old_documents(count: int) -> list[Document]:
    """People, plans, and as many sessions and logs, in all shapes; always the same ones."""
    chance = random.Random(count)
    people = [_user(chance, number) for number in range(PEOPLE)]
    plans = [_plan(chance, number) for number in range(PEOPLE)]
    sessions = [_session(chance, number) for number in range(count // 4)]
    logs = [_log(chance, number, len(sessions)) for number in range(count - len(sessions))]
    feedback = [_feedback(chance, number, len(logs)) for number in range(count // 20)]
    drafts = [{**each, "_id": f"drafts.{each['_id']}"} for each in chance.sample(logs, count // 50)]
    return [*people, *plans, *sessions, *logs, *feedback, *drafts]


def _pointer(chance: random.Random, id_: str) -> Any:
    """A reference to a document, or what else was written for one; strong ones lead somewhere."""
    shapes = [
        reference(id_),
        id_,
        id_,
        f"gone-{id_}",
        None,
        "",
        {"_ref": f"gone-{id_}", "_weak": True},
    ]
    return chance.choices(shapes, [8, 8, 8, 1, 1, 1, 1])[0]


def _some(chance: random.Random, id_: str, type_: str, fields: dict[str, list[Any]]) -> Document:
    """A document with most of the fields, each of one of its values."""
    made = world.document(id_, type_, other={"kept": [1, 2.5, None, "é"]})
    for name, values in fields.items():
        if chance.random() < 0.9:
            made[name] = chance.choice(values)
    return made


def _user(chance: random.Random, number: int) -> Document:
    address = f"u{number if number % 10 else 1}@club.example"
    fields: dict[str, list[Any]] = {
        "name": ["Ada", "", None, 5],
        "email": [address, address.upper(), None],
        "role": ["runner", "coach", "admin", "athlete", None],
        "coachId": [_pointer(chance, f"user-{chance.randrange(PEOPLE)}")],
    }
    return _some(chance, f"user-{number}", "user", fields)


DATES = [
    "2026-01-05",
    "2026-01-04T23:00:00.000Z",
    "2026-01-05T06:00:00",
    "2026-01-05T00:00:00+07:00",
    "2026-13-01",
    "Monday",
    "",
    None,
    20260105,
]
STRANGE: list[Any] = [None, "", True, 5, -1, 1e300, "?", [], {}, ["a", 5, ""]]


def _plan(chance: random.Random, number: int) -> Document:
    fields = {
        "runnerId": [_pointer(chance, f"user-{chance.randrange(PEOPLE)}")],
        "coachId": [_pointer(chance, f"user-{chance.randrange(PEOPLE)}")],
        "weekStart": DATES,
        "weekEnd": DATES,
        "status": ["active", "draft", "cancelled", "completed", None, "?"],
    }
    return _some(chance, f"plan-{number}", "trainingPlan", fields)


def _session(chance: random.Random, number: int) -> Document:
    fields = {
        "planId": [_pointer(chance, f"plan-{chance.randrange(PEOPLE)}")],
        "runnerId": [_pointer(chance, f"user-{chance.randrange(PEOPLE)}"), None],
        "date": DATES,
        "scheduledDate": DATES,
        "day": ["Monday", 1, None],
        "type": ["easy", "rest", "run", "long_run", *STRANGE],
        "distance": ["5km", "8 km", 8.5, 10, *STRANGE],
        "duration": ["30min", "45 นาที", 45, *STRANGE],
        "pace": ["6:00/km", "5:30", *STRANGE],
        "targetPace": ["5:30/km", None],
    }
    made = _some(chance, f"session-{number}", "trainingSession", fields)
    if chance.random() < 0.3:
        made.pop("date", None)
    return made


def _log(chance: random.Random, number: int, sessions: int) -> Document:
    fields = {
        "sessionId": [_pointer(chance, f"session-{chance.randrange(sessions)}")],
        "runnerId": [_pointer(chance, f"user-{chance.randrange(PEOPLE)}")],
        "status": ["completed", "dnf", "undone", "finished", *STRANGE],
        "externalLink": [
            "https://www.strava.com/activities/1",
            " https://WWW.STRAVA.COM/activities/2 ",
            "http://www.strava.com/activities/3",
            "HTTP://connect.garmin.com/modern/activity/4",
            "https://flow.polar.com/5",
            "http://user@www.strava.com/6",
            *STRANGE,
        ],
        "actualDistance": [10, 5.25, 0, 0.001, 1000, 1001, "10", *STRANGE],
        "actualDuration": [
            *(45, 45.5, 0.004, 5999, 6000, "45", "45.5", "45 min", "30min", "1h 05m", "1:05:00"),
            *("45:30 ", "45:30", "0:45:30", "00:45:30", "45 นาที", "100:00:00", "0:00", *STRANGE),
        ],
        "actualPace": ["5:30", "05:30", "5:30/km", "5:30 min/km", "6.00", "6.30", "0:00", *STRANGE],
        "notes": ["ร้อนมาก", " spaced ", "\u200b", "x" * 3000, *STRANGE],
        "feeling": ["good", "tired", "great", *STRANGE],
        "injuries": ["ตึงน่องซ้าย", " knee ", "\u2800", "y" * 500, ["knee"], ["knee", ""], *STRANGE],
        "weather": ["hot", "ฝน\nตก", *STRANGE],
        "temperature": [33, -50, 60.5, "33", *STRANGE],
        "createdAt": ["2026-01-05T12:00:00Z", "2026-01-05", None],
        "_createdAt": ["2026-01-05T12:00:00Z", "2026-01-05T12:00:00.5Z", "2026-01-05", "?"],
    }
    return _some(chance, f"log-{number}", "workoutLog", fields)


def _feedback(chance: random.Random, number: int, logs: int) -> Document:
    fields = {
        "workoutLogId": [_pointer(chance, f"log-{chance.randrange(logs)}")],
        "authorId": [_pointer(chance, f"user-{chance.randrange(PEOPLE)}")],
        "content": ["ดีมาก"],
    }
    return _some(chance, f"feedback-{number}", "feedback", fields)
