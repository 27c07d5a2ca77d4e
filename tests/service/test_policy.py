"""The permissions, a table for each."""

from __future__ import annotations

import pytest

from app.service import policy
from app.service.documents import reference
from app.service.model import Caller, Role
from app.service.stores.port import PlannedRunner, StoredUser
from app.settings import CoachRelation
from tests.world import Document

RUNNER = Caller("runner", Role.RUNNER)
COACH = Caller("coach", Role.COACH, frozenset({"coached"}))
ADMIN = Caller("admin", Role.ADMIN)


@pytest.mark.parametrize(
    ("caller", "runner_id", "reads", "writes"),
    [
        (RUNNER, "runner", True, True),
        (RUNNER, "coached", False, False),
        (RUNNER, "nobody", False, False),
        (RUNNER, None, False, False),
        (COACH, "coach", True, True),
        (COACH, "coached", True, False),
        (COACH, "runner", False, False),
        (COACH, None, False, False),
        (ADMIN, "admin", True, True),
        (ADMIN, "runner", True, True),
        (ADMIN, "nobody", True, True),
        (ADMIN, None, True, True),
    ],
)
def test_who_reads_and_writes_whose_logs(
    caller: Caller, runner_id: str | None, reads: bool, writes: bool
) -> None:
    assert policy.may_read(caller, runner_id) is reads
    assert policy.may_write(caller, runner_id) is writes


def test_whom_one_sees() -> None:
    assert policy.visible_runner_ids(RUNNER) == {"runner"}
    assert policy.visible_runner_ids(COACH) == {"coach", "coached"}
    assert policy.visible_runner_ids(ADMIN) is None


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        ("user", {"by-user"}),
        ("plan", {"by-plan", "of-another"}),
        ("either", {"by-user", "by-plan"}),
    ],
)
def test_whom_a_coach_coaches(relation: CoachRelation, expected: set[str]) -> None:
    planned = [
        PlannedRunner("by-plan", has_coach=False),
        PlannedRunner("of-another", has_coach=True),
    ]
    coach = StoredUser({"_id": "coach"}, ["by-user"], planned)
    assert set(policy.coached_ids(relation, coach)) == expected


def plan(id_: str, coach: str | None, week: str | None) -> Document:
    return {"_id": id_, "coachId": reference(coach) if coach else None, "weekStart": week}


OLDER, NEWER = plan("plan-1", "older", "2026-01-05"), plan("plan-2", "newer", "2026-01-12")


@pytest.mark.parametrize(
    ("relation", "coach", "plans", "expected"),
    [
        ("user", "named", [NEWER], "named"),
        ("user", None, [NEWER], None),
        ("plan", "named", [OLDER, NEWER], "newer"),
        ("plan", "named", [], None),
        ("plan", None, [OLDER, plan("plan-3", None, "2026-02-02")], "older"),
        ("plan", None, [OLDER, plan("plan-0", "same week", "2026-01-05")], "older"),
        ("plan", None, [OLDER, plan("plan-9", "no week", None)], "older"),
        ("plan", None, [OLDER, plan("plan-9", "no day", "week 7")], "older"),
        ("plan", None, [OLDER, plan("plan-0", "later", "2026-01-05T01:00:00Z")], "later"),
        ("either", "named", [NEWER], "named"),
        ("either", None, [NEWER, OLDER], "newer"),
        ("either", None, [], None),
    ],
)
def test_who_coaches_a_runner(
    relation: CoachRelation, coach: str | None, plans: list[Document], expected: str | None
) -> None:
    runner = {"_id": "runner"} | ({"coachId": reference(coach)} if coach else {})
    assert policy.coach_id(relation, runner, plans) == expected


@pytest.mark.parametrize(
    ("session", "plan_", "expected"),
    [
        ({}, {"runnerId": reference("of-the-plan")}, "of-the-plan"),
        ({"runnerId": "named"}, {"runnerId": "of-the-plan"}, "of-the-plan"),
        ({"runnerId": "named"}, None, "named"),
        ({}, None, None),
        ({"runnerId": 7}, None, None),
    ],
)
def test_whose_a_session_is(
    session: Document, plan_: Document | None, expected: str | None
) -> None:
    assert policy.runner_id_of(session, plan_) == expected
