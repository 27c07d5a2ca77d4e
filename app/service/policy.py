"""Who may do what: each permission is one function here, and no other file decides one.

| | own log | log of a runner they coach | any other log |
|---|---|---|---|
| runner | all | – | as if it did not exist |
| coach | all | read | as if it did not exist |
| admin | all | all | all |
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from app.service.days import instant_of, local_day_of
from app.service.documents import Document, reference_id
from app.service.errors import Forbidden
from app.service.model import Caller, Role
from app.service.stores.port import StoredUser
from app.settings import CoachRelation

Session = TypeVar("Session")
Plan = TypeVar("Plan")


def coached_ids(relation: CoachRelation, coach: StoredUser) -> Collection[str]:
    """The `_id`s of those whom a user with the role of a coach coaches.

    `user`: whose `coachId` names the coach. `plan`: whose active plan names the coach. `either`:
    the `coachId`, where there is one, decides alone; for those without one, the active plans do.
    """
    planned = {runner.id: runner.has_coach for runner in coach.planned}
    match relation:
        case "user":
            return coach.coached_ids
        case "plan":
            return planned.keys()
        case "either":
            return {*coach.coached_ids, *(id_ for id_, has in planned.items() if not has)}


def coach_id(
    relation: CoachRelation, runner: Document, active_plans: Sequence[Document]
) -> str | None:
    """The `_id` that names the coach of a runner, by the same relation.

    Of several plans, the one whose week starts last counts, then the one with the greatest id.
    """
    planned = [each for each in active_plans if each.get("coachId") is not None]
    newest = max(planned, key=lambda plan: (_week_start(plan), plan["_id"]), default={})
    by_user, by_plan = (each.get("coachId") for each in (runner, newest))
    match relation:
        case "user":
            return reference_id(by_user)
        case "plan":
            return reference_id(by_plan)
        case "either":
            return reference_id(by_plan if by_user is None else by_user)


def _week_start(plan: Document) -> str:
    """The day or the instant as text; '' sorts what is neither first."""
    text = plan.get("weekStart")
    is_read = local_day_of(text) is not None or instant_of(text) is not None
    return str(text) if is_read else ""


def owner_of(session: Session, plan: Plan | None) -> Session | Plan:
    """What names the runner whose a training session is: its plan; without one, the session."""
    return session if plan is None else plan


def runner_id_of(session: Document, plan: Document | None) -> str | None:
    """The `_id` of the runner whose a training session is."""
    return reference_id(owner_of(session, plan).get("runnerId"))


def visible_runner_ids(caller: Caller) -> frozenset[str] | None:
    """The runners whose logs the caller may read; None means everybody's."""
    if caller.role is Role.ADMIN:
        return None
    return caller.runner_ids | {caller.id}


def readable_runner_ids(caller: Caller, asked: Collection[str] | None) -> Collection[str] | None:
    """Whose data a request is about: those it asks for, or all whom the caller may read. None means
    everybody.

    Raises `Forbidden` when it asks for somebody whose data the caller may not read, whether that
    user exists or not.
    """
    if asked is None:
        return visible_runner_ids(caller)
    if not all(may_read(caller, each) for each in asked):
        raise Forbidden("You may read your own data and that of runners you coach.")
    return asked


def may_read(caller: Caller, runner_id: str | None) -> bool:
    """Whether the caller may know of this runner's logs at all."""
    visible = visible_runner_ids(caller)
    return visible is None or runner_id in visible


def may_write(caller: Caller, runner_id: str | None) -> bool:
    """Whether the caller may create, update and delete this runner's logs."""
    return caller.role is Role.ADMIN or runner_id == caller.id
