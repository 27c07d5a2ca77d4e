"""A small club as Sanity documents, known to every test that needs people, plans and logs."""

from __future__ import annotations

from typing import Any

from app.service.documents import reference

CREATED = "2026-01-05T08:00:00Z"

RUNNER = "runner-ada"
TEAMMATE = "runner-bo"
OTHER_RUNNER = "runner-cy"
COACH = "coach-dee"
OTHER_COACH = "coach-eve"
ADMIN = "admin-fay"

Document = dict[str, Any]


def document(id_: str, type_: str, **members: Any) -> Document:
    """A document with the system fields that Sanity gives it."""
    system = {"_createdAt": CREATED, "_updatedAt": CREATED, "_rev": f"rev-{id_}"}
    return {"_id": id_, "_type": type_, **system, **members}


def user(id_: str, role: str, coach: str | None = None, **members: Any) -> Document:
    coached = {"coachId": reference(coach)} if coach else {}
    named = {"name": id_.split("-")[1].title(), "email": email_of(id_), "role": role}
    return document(id_, "user", **{**named, **coached, **members})


def email_of(id_: str) -> str:
    return f"{id_}@club.example"


def plan(runner: str, coach: str) -> Document:
    return document(
        plan_of(runner),
        "trainingPlan",
        title="Base",
        runnerId=reference(runner),
        coachId=reference(coach),
        weekStart="2026-01-05",
        weekEnd="2026-02-01",
        status="active",
    )


def session(runner: str, number: int) -> Document:
    return document(
        session_of(runner, number),
        "trainingSession",
        planId=reference(plan_of(runner)),
        day="Monday",
        date=f"2026-01-{number + 4:02}",
        type="easy",
        distance="10 km",
        duration="60 min",
        pace="6:00",
        order=number,
    )


def log(runner: str, number: int, **members: Any) -> Document:
    """An existing log with a random-looking id, as older programs made them."""
    fields = {
        "sessionId": reference(session_of(runner, number)),
        "runnerId": reference(runner),
        "status": "completed",
        "actualDistance": 10,
        "actualDuration": "1:00:00",
        "actualPace": "6:00",
        "_createdAt": f"2026-01-{number + 4:02}T18:00:00Z",
    }
    return document(log_of(runner, number), "workoutLog", **{**fields, **members})


def plan_of(runner: str) -> str:
    return f"plan-{runner}"


def session_of(runner: str, number: int) -> str:
    return f"session-{runner}-{number}"


def log_of(runner: str, number: int) -> str:
    return f"log-{runner}-{number}"


def club() -> list[Document]:
    """Two coaches, three runners, an admin; 20 sessions each, the first three with logs."""
    people = [
        user(COACH, "coach"),
        user(OTHER_COACH, "coach"),
        user(ADMIN, "admin"),
        user(RUNNER, "runner", COACH),
        user(TEAMMATE, "runner", COACH),
        user(OTHER_RUNNER, "runner", OTHER_COACH),
    ]
    coaches = {
        RUNNER: COACH,
        TEAMMATE: COACH,
        OTHER_RUNNER: OTHER_COACH,
        COACH: COACH,
        ADMIN: COACH,
    }
    training = [
        each
        for runner, coach in coaches.items()
        for each in (plan(runner, coach), *(session(runner, number) for number in range(1, 21)))
    ]
    logs = [
        log(runner, number) for runner in (RUNNER, TEAMMATE, OTHER_RUNNER) for number in (1, 2, 3)
    ]
    return people + training + logs
