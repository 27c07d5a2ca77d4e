"""What is found in a document, and what mends it."""

from __future__ import annotations

from typing import Any

import pytest

from app.service.documents import reference
from app.service.upkeep.findings import ADVICE, Kind
from app.service.upkeep.rules import Rules
from tests import world

RUNNER, COACH = world.RUNNER, world.COACH
SESSION, PLAN = world.session_of(RUNNER, 1), world.plan_of(RUNNER)
TYPES = {
    RUNNER: "user",
    COACH: "user",
    SESSION: "trainingSession",
    PLAN: "trainingPlan",
    "l": "workoutLog",
}


def log(**fields: Any) -> dict[str, Any]:
    return world.log(RUNNER, 1, **fields)


def session(**fields: Any) -> dict[str, Any]:
    return {**world.session(RUNNER, 1), **fields}


def found(rules: Rules, document: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """Kind, field and change of each finding: what is set, `…` if unset, None if undecided."""
    return [
        (
            each.kind,
            each.about.partition(":")[0],
            next(iter(each.set_fields.values()), ...) if each.decided else None,
        )
        for each in rules.findings(document, TYPES)
    ]


@pytest.mark.parametrize(
    "document",
    [log(), session(), world.plan(RUNNER, COACH), world.user(RUNNER, "runner", COACH)],
    ids=lambda each: each["_type"],
)
def test_nothing_is_found_in_what_is_up_to_date(rules: Rules, document: dict[str, Any]) -> None:
    assert found(rules, document) == []


@pytest.mark.parametrize(
    ("document", "finding"),
    [
        (log(sessionId=SESSION), ("references", "sessionId", reference(SESSION))),
        (log(runnerId=RUNNER), ("references", "runnerId", reference(RUNNER))),
        (log(sessionId="gone"), ("references", "sessionId", None)),
        (log(sessionId=RUNNER), ("references", "sessionId", None)),
        (log(sessionId=f"drafts.{SESSION}"), ("references", "sessionId", None)),
        (log(sessionId=reference("gone")), ("missing", "sessionId", None)),
        (log(sessionId=None), ("missing", "sessionId", None)),
        (log(sessionId=5), ("unreadable", "sessionId", None)),
        (log(injuries="knee"), ("injuries", "injuries", ["knee"])),
        (log(injuries=""), ("injuries", "injuries", ...)),
        (log(injuries="  "), ("injuries", "injuries", ...)),
        (log(injuries=["knee", 5]), ("unreadable", "injuries", None)),
        (log(injuries={"a": 1}), ("unreadable", "injuries", None)),
        (log(actualDuration=42.5, actualPace="4:15"), ("durations", "actualDuration", "0:42:30")),
        (log(actualDuration="45:30"), ("durations", "actualDuration", "0:45:30")),
        (log(actualDuration="soon"), ("durations", "actualDuration", None)),
        (log(actualDuration=True), ("durations", "actualDuration", None)),
        (log(actualPace="quick"), ("paces", "actualPace", None)),
        (log(actualPace="06:00"), ("paces", "actualPace", "6:00")),
        (
            log(externalLink="http://www.strava.com/activities/9"),
            ("links", "externalLink", "https://www.strava.com/activities/9"),
        ),
        (log(externalLink="HTTP://www.strava.com/a"), ("links", "externalLink", "https://www.strava.com/a")),
        (log(externalLink="https://polar.example/1"), ("links", "externalLink", None)),
        (log(externalLink="http://polar.example/1"), ("links", "externalLink", None)),
        (log(externalLink=5), ("links", "externalLink", None)),
        (log(status="finished"), ("unreadable", "status", None)),
        (log(feeling=5), ("unreadable", "feeling", None)),
        (log(actualDistance="10"), ("unreadable", "actualDistance", None)),
        (log(temperature=500), ("unreadable", "temperature", None)),
        (log(notes=["a"]), ("unreadable", "notes", None)),
        (log(weather=True), ("unreadable", "weather", None)),
        (log(_createdAt="once"), ("unreadable", "_createdAt", None)),
        (session(date="2026-01-04T20:00:00.000Z"), ("dates", "date", "2026-01-05")),
        (session(date="2026-01-05T06:00:00"), ("dates", "date", "2026-01-05")),
        (session(date="Monday"), ("unreadable", "date", None)),
        (session(type="run"), ("unreadable", "type", None)),
        (session(planId=PLAN), ("references", "planId", reference(PLAN))),
        (session(planId=None), ("sessions", "planId", None)),
        (
            {**world.plan(RUNNER, COACH), "weekStart": "2026-01-04T17:00:00Z"},
            ("dates", "weekStart", "2026-01-05"),
        ),
        (world.user(RUNNER, "athlete"), ("roles", "role", None)),
        (world.user(RUNNER, "runner", coachId=COACH), ("references", "coachId", reference(COACH))),
        (
            world.document("f", "feedback", workoutLogId="l"),
            ("references", "workoutLogId", reference("l")),
        ),
        (
            world.document("f", "feedback", authorId=reference("gone")),
            ("missing", "authorId", None),
        ),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_old_is_found(
    rules: Rules, document: dict[str, Any], finding: tuple[str, str, Any]
) -> None:
    assert found(rules, document) == [finding]


def test_a_missing_pace_follows_from_distance_and_duration(rules: Rules) -> None:
    document = log()
    del document["actualPace"]
    assert found(rules, document) == [("paces", "actualPace", "6:00")]


def test_a_scheduled_date_becomes_the_date(rules: Rules) -> None:
    document = session(scheduledDate="2025-09-22T23:00:00.000Z")
    del document["date"]
    assert found(rules, document) == [("sessions", "date", "2025-09-23")]
    document["scheduledDate"] = "soon"
    assert found(rules, document) == [("unreadable", "scheduledDate", None)]


def test_a_date_wins_over_a_scheduled_one(rules: Rules) -> None:
    assert found(rules, session(scheduledDate="2025-09-22T23:00:00.000Z")) == []


@pytest.mark.parametrize("name", ["externalLink", "notes", "weather", "actualDuration", "status"])
@pytest.mark.parametrize("value", [None, ""])
def test_nothing_is_found_where_nothing_is(rules: Rules, name: str, value: Any) -> None:
    document = log(actualDistance=None)
    assert found(rules, {**document, name: value}) == []


def test_every_kind_comes_with_advice() -> None:
    assert ADVICE.keys() == {*Kind}
