"""A small running club as Sanity documents, for development and for the browser tests.

`documents(today)` gives all of it: the people, eight weeks of plans around `today`, and the logs
that the runners have written so far. Ids and contents never depend on the day, only dates do.
`python -m app.development.sample > club.ndjson` writes it as a dataset export.
"""

from __future__ import annotations

import json
import string
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from app.development.club import (
    COMMENTED,
    FEEDBACK,
    LINKS,
    LOAD,
    PEOPLE,
    RUNNERS,
    TRAINING,
    UNLOGGED,
    WEEK,
    Person,
)
from app.service.documents import field_values, log_id_of, reference
from app.service.model import Feeling, Status
from app.service.units import derive_pace, format_duration, format_pace

WEEKS = len(LOAD)
CURRENT_WEEK = 6
"""`today` lies in the sixth of the eight weeks: five are over, two are ahead."""


def documents(today: date) -> list[dict[str, Any]]:
    """Every document of the club, seen from `today`; what is referred to comes first."""
    start = today - timedelta(days=today.weekday(), weeks=CURRENT_WEEK - 1)
    club = [_user(person, start) for person in PEOPLE]
    for runner in RUNNERS:
        for week in range(1, WEEKS + 1):
            club += _week(runner, week, start, today)
    return club


def _user(person: Person, start: date) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "name": person.name,
        "email": person.email,
        "role": str(person.role),
    }
    if person.coach:
        fields["coachId"] = reference(f"user-{person.coach}")
    return _document(person.id, "user", start - timedelta(days=30), fields)


def _week(runner: Person, week: int, start: date, today: date) -> Iterator[dict[str, Any]]:
    """The plan of one week, its sessions, and the logs and feedback that they have by `today`."""
    training = TRAINING[runner.key]
    monday = start + timedelta(weeks=week - 1)
    planned_on = start - timedelta(days=3)
    plan_id = f"plan-{runner.key}-w{week}"
    plan = {
        "title": f"{training.goal}: week {week} of {WEEKS}",
        "runnerId": reference(runner.id),
        "coachId": reference(f"user-{runner.coach}"),
        "weekStart": monday.isoformat(),
        "weekEnd": (monday + timedelta(days=6)).isoformat(),
        "status": _status_of_plan(week),
    }
    yield _document(plan_id, "trainingPlan", planned_on, plan)
    for order, planned in enumerate(WEEK, start=1):
        place = f"w{week}-{order}"
        session_id = f"session-{runner.key}-{place}"
        day = monday + timedelta(days=planned.weekday)
        distance = round(training.longest_run * LOAD[week - 1] * planned.share)
        pace = training.easy_pace + planned.pace_offset
        session: dict[str, Any] = {
            "planId": reference(plan_id),
            "day": day.strftime("%A").lower(),
            "date": day.isoformat(),
            "type": str(planned.type),
            "notes": planned.notes,
            "order": order,
        }
        if distance:
            session |= {
                "distance": training.words.distance_of(planned.type, distance),
                "duration": training.words.duration_of(distance * pace // 60),
                "pace": f"{pace // 60}:{pace % 60:02} /km",
            }
        yield _document(session_id, "trainingSession", planned_on, session)
        if distance and day < today and place not in UNLOGGED:
            log = _log(runner, session_id, day, distance, pace)
            yield log
            if place in COMMENTED:
                yield _feedback(runner, place, log["_id"], day + timedelta(days=1))


def _status_of_plan(week: int) -> str:
    if week == CURRENT_WEEK:
        return "active"
    return "completed" if week < CURRENT_WEEK else "draft"


def _log(runner: Person, session_id: str, day: date, distance: int, pace: int) -> dict[str, Any]:
    """What the runner made of the session."""
    chance = _chance(session_id)
    voice = TRAINING[runner.key].voice
    status = chance.choices(tuple(Status), weights=(84, 8, 8))[0]
    values: dict[str, Any] = {"session_id": session_id, "runner_id": runner.id, "status": status}
    if status is not Status.UNDONE:
        share = (
            chance.uniform(0.96, 1.06) if status is Status.COMPLETED else chance.uniform(0.3, 0.7)
        )
        run = round(distance * share, 2)
        seconds = round(run * (pace + chance.randint(-9, 14)))
        weather, temperature = chance.choice(voice.weather)
        values |= {
            "actual_distance": run,
            "actual_duration": format_duration(seconds),
            "actual_pace": format_pace(derive_pace(run, seconds) or 0),
            "feeling": chance.choices(tuple(Feeling), weights=(15, 40, 25, 15, 5))[0],
            "weather": weather,
            "temperature": temperature,
        }
        if chance.random() < 0.5:
            activity = chance.randrange(10**9, 10**10)
            values["external_link"] = chance.choice(LINKS).format(activity)
    if status is not Status.COMPLETED or chance.random() < 0.6:
        values["notes"] = chance.choice(voice.notes[status])
    if chance.random() < (0.8 if status is Status.DNF else 0.06):
        values["injuries"] = chance.sample(voice.injuries, chance.randint(1, 2))
    return _document(log_id_of(runner.id, session_id), "workoutLog", day, field_values(values))


def _feedback(runner: Person, place: str, log_id: str, day: date) -> dict[str, Any]:
    document_id = f"feedback-{runner.key}-{place}"
    fields = {
        "workoutLogId": reference(log_id),
        "authorId": reference(f"user-{runner.coach}"),
        "content": _chance(document_id).choice(FEEDBACK[runner.coach]),
    }
    return _document(document_id, "feedback", day, fields)


def _chance(of: str) -> Random:
    """What is by chance, but the same in each run."""
    return Random(of)  # noqa: S311 - sample data, nothing to keep secret


def _document(document_id: str, kind: str, day: date, fields: dict[str, Any]) -> dict[str, Any]:
    """A document as Sanity exports it, written in the evening of `day`, UTC."""
    chance = _chance(f"{document_id} system")
    evening = datetime.combine(day, time(16), UTC) + timedelta(seconds=chance.randrange(4 * 3600))
    instant = evening.isoformat().replace("+00:00", "Z")
    return {
        "_id": document_id,
        "_type": kind,
        "_rev": "".join(chance.choices(string.ascii_letters + string.digits, k=22)),
        "_createdAt": instant,
        "_updatedAt": instant,
        **fields,
    }


def main() -> None:
    """Print the club, seen from today, as NDJSON."""
    for document in documents(datetime.now(UTC).date()):
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
