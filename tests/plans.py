"""Plans, sessions and logs that refer to each other in every way, and a slow look at them all."""

from __future__ import annotations

import random
from typing import Any

from app.service.days import UTC_ZONE, TimeZone
from app.service.documents import reference, reference_id
from app.service.model import SessionState
from app.service.stores.port import ProgressQuery, SessionQuery
from tests import world
from tests.world import ADMIN, COACH, OTHER_COACH, OTHER_RUNNER, RUNNER, TEAMMATE, document

Document = dict[str, Any]

NAMELESS = "user-gil"
"""A user without a role."""

DAYS = (
    *("2026-03-06", "2026-03-07", "2026-03-08", "2026-03-09", "2026-03-15", "1999-12-31"),
    *("2026-03-07T23:30:00Z", "2026-03-08T00:30:00.500Z", "2026-03-07T17:00:00Z"),
    *("2026-03-08T06:59:59Z", "2026-03-08T02:30:00-05:00", "2026-03-08T23:59:59+14:00"),
    *("2026-03-08T07:00", "2026-03-08T07:00:00", "2026-03-08T07:00:00.123"),
    *("2026-03-31T16:59:59.999999Z", "2026-03-31T17:00:00Z", "9999-12-31"),
    *("soon", "", "2026-02-30", "20260308", "2026-03-08T25:00:00Z", "2026-03-08 07:00:00"),
    *(None, 7, True, ["2026-03-08"], {"date": "2026-03-08"}),
)


def odd_documents(seed: int) -> list[Document]:
    """Users, plans, sessions, logs and feedback that refer to each other in every way."""
    chance = random.Random(seed)

    def pointer(*ids: str) -> Any:
        id_ = chance.choice(ids)
        odd: list[Any] = [id_, reference("gone"), "gone", None, {"_type": "reference"}, 5, [id_]]
        return chance.choice([*[reference(id_)] * 12, *[id_] * 4, *odd])

    people = (RUNNER, TEAMMATE, OTHER_RUNNER, COACH, NAMELESS, "gone")
    plans = [f"plan-{number}" for number in range(14)]
    sessions = [f"session-{number:02}" for number in range(90)]
    logs = [f"log-{number:02}" for number in range(110)]
    made = [
        world.user(RUNNER, "runner", COACH),
        world.user(TEAMMATE, "runner"),
        world.user(OTHER_RUNNER, "runner", OTHER_COACH, name=7),
        world.user(COACH, "coach"),
        world.user(OTHER_COACH, "coach"),
        world.user(ADMIN, "admin"),
        document(NAMELESS, "user", name="Gil"),
        document("drafts.user-hal", "user", role="runner"),
    ]
    statuses = ("active", "draft", "completed", "cancelled", "cancelled", None, 3)
    for id_ in plans:
        status = chance.choice(statuses)
        made.append(document(id_, "trainingPlan", runnerId=pointer(*people), status=status))
    for id_ in sessions:
        fields = {
            "planId": pointer(*plans, *plans, RUNNER),
            "runnerId": chance.choice([None, None, pointer(*people)]),
            "date": chance.choice([None, *DAYS]),
            "scheduledDate": chance.choice([None, None, *DAYS]),
            "type": chance.choice(["easy", "rest", "long", "run", None, 4]),
            "distance": chance.choice(["8 km", 8.5, None, [8], "", "5-6 km", "0.1", "800 ม."]),
            "duration": chance.choice(["45 min", 45, None, "1h 05m", "1:30", "easy", "5\u2032"]),
            "notes": chance.choice(["Easy.", None, 5]),
        }
        if chance.random() < 0.3:
            fields["planId"] = None
        made.append(document(id_, "trainingSession", **fields))
    obvious = Obvious(made, UTC_ZONE)
    for id_ in logs:
        session_id = chance.choice([*sessions, *sessions, COACH])
        owner = obvious.owner(obvious.by_id[session_id]) or "gone"
        fields = {
            "sessionId": pointer(session_id),
            "runnerId": pointer(*people, *[owner] * 12),
            "status": chance.choice(["completed", "completed", "dnf", "undone", "done", None]),
            "feeling": chance.choice(["good", "tired", "great", None]),
            "injuries": chance.choice([None, [], "knee", ["knee", 5], [""]]),
            "actualDistance": chance.choice([None, 0.1, 8.2, 10, -1, "10"]),
            "actualDuration": chance.choice([None, "0:45:00", 45, "45 min", "long", 0]),
            # A missing one the Content Lake would fill in.
            "_createdAt": chance.choice(["2026-03-08T00:00:00Z", *filter(None, DAYS)]),
            "createdAt": chance.choice([None, *DAYS]),
        }
        made.append(document(id_, "workoutLog", **fields))
    for number in range(40):
        made.append(document(f"fb-{number}", "feedback", workoutLogId=pointer(*logs)))
    for id_ in ("drafts.session-00", "versions.r1.session-01"):
        made.append(document(id_, "trainingSession", planId=plans[0], date="2026-03-08"))
    return [_without_nones(each) for each in made]


def _without_nones(fields: Document) -> Document:
    return {name: value for name, value in fields.items() if value is not None}


class Obvious:
    """What there is, found by looking at each document."""

    def __init__(self, everything: list[Document], zone: TimeZone) -> None:
        self.zone = zone
        published = [each for each in everything if not each["_id"].startswith(("drafts", "vers"))]
        self.by_id = {each["_id"]: each for each in published}

    def of_type(self, type_: str) -> list[Document]:
        return [each for each in self.by_id.values() if each["_type"] == type_]

    def named(self, value: object, type_: str) -> Document | None:
        found = self.by_id.get(reference_id(value) or "")
        return found if found and found["_type"] == type_ else None

    def owner(self, session: Document) -> str | None:
        plan = self.named(session.get("planId"), "trainingPlan")
        return reference_id((plan or session).get("runnerId"))

    def is_cancelled(self, session: Document) -> bool:
        plan = self.named(session.get("planId"), "trainingPlan")
        return plan is not None and plan.get("status") == "cancelled"

    def day(self, session: Document) -> str | None:
        return self.day_of(session.get("date", session.get("scheduledDate")))

    def day_of(self, value: object) -> str | None:
        return self.zone.day_of(value) if isinstance(value, str) else None

    def logs_of(self, session: Document) -> list[Document]:
        logs = self.of_type("workoutLog")
        return [each for each in logs if reference_id(each.get("sessionId")) == session["_id"]]

    def state(self, session: Document, as_of: str) -> SessionState:
        logs, day = self.logs_of(session), self.day(session)
        owner = self.owner(session)
        if owner is not None and any(reference_id(log.get("runnerId")) == owner for log in logs):
            return SessionState.LOGGED
        if session.get("type") == "rest":
            return SessionState.REST_DAY
        if day is None:
            return SessionState.UNSCHEDULED
        if day == as_of:
            return SessionState.DUE
        return SessionState.UPCOMING if day > as_of else SessionState.OVERDUE

    def sessions(self, query: SessionQuery) -> list[Document]:
        """In order, those that pass the filters."""
        found = [
            session
            for session in self.of_type("trainingSession")
            if not self.is_cancelled(session)
            and (query.runner_ids is None or self.owner(session) in query.runner_ids)
            and (query.type is None or session.get("type") == query.type)
            and (query.state is None or self.state(session, query.as_of or "") == query.state)
            and _within(self.day(session), query.date_from, query.date_to)
        ]
        return sorted(found, key=lambda each: (self.day(each) or "~", each["_id"]))

    def log_day(self, log: Document) -> str | None:
        session = self.named(log.get("sessionId"), "trainingSession")
        return (
            (self.day(session) if session else None)
            or self.day_of(log.get("_createdAt"))
            or self.day_of(log.get("createdAt"))
        )

    def is_within(self, day: str | None, query: ProgressQuery) -> bool:
        return day is not None and query.date_from <= day <= query.date_to

    def planned(self, user_id: str, query: ProgressQuery) -> list[Document]:
        return [
            session
            for session in self.of_type("trainingSession")
            if self.owner(session) == user_id
            and not self.is_cancelled(session)
            and self.is_within(self.day(session), query)
        ]

    def logged(self, user_id: str, query: ProgressQuery) -> list[Document]:
        return [
            log
            for log in self.of_type("workoutLog")
            if reference_id(log.get("runnerId")) == user_id
            and self.is_within(self.log_day(log), query)
        ]

    def runners(self, query: ProgressQuery) -> list[str]:
        return [
            user["_id"]
            for user in sorted(self.of_type("user"), key=lambda each: str(each["_id"]))
            if (query.runner_ids is None or user["_id"] in query.runner_ids)
            and (
                user.get("role") == "runner"
                or self.planned(user["_id"], query)
                or self.logged(user["_id"], query)
            )
        ]


def _within(day: str | None, first: str | None, last: str | None) -> bool:
    if first is None and last is None:
        return True
    return day is not None and (first or "") <= day <= (last or "~")
