"""The values that the service works with.

A response holds the structs as they are: their members are written in this order under camelCase
names, and the marshmallow schemas of the resources declare and document them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct


class Status(StrEnum):
    """How the planned session ended: `dnf` is started but not finished, `undone` not started."""

    COMPLETED = "completed"
    DNF = "dnf"
    UNDONE = "undone"


class Feeling(StrEnum):
    """How the runner felt, best first."""

    EXCELLENT = "excellent"
    GOOD = "good"
    OKAY = "okay"
    TIRED = "tired"
    EXHAUSTED = "exhausted"


class SessionType(StrEnum):
    """The kind of a planned session."""

    EASY = "easy"
    INTERVAL = "interval"
    TEMPO = "tempo"
    LONG = "long"
    RECOVERY = "recovery"
    REST = "rest"


class Role(StrEnum):
    """What a `user` document says of its person; `app.service.policy` says what follows."""

    RUNNER = "runner"
    COACH = "coach"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """The user who sent a request. `runner_ids` are the runners that a coach coaches.

    `scopes` are what the request's token was granted.
    """

    id: str
    role: Role
    runner_ids: frozenset[str] = frozenset()
    name: str | None = None
    scopes: frozenset[str] = frozenset()


class UserSummary(Struct, frozen=True, gc=False, rename="camel"):
    """A user as others see them."""

    id: str
    name: str | None


class Me(Struct, frozen=True, gc=False, rename="camel"):
    """The caller: who coaches them, whom they coach, and what their token was granted."""

    id: str
    name: str | None
    role: Role
    coach: UserSummary | None
    runners: Sequence[UserSummary]
    scopes: Sequence[str]


class Runner(Struct, frozen=True, gc=False, rename="camel"):
    """The user whose log it is: only the id and the name are shown to others."""

    id: str
    name: str | None


class PlannedSession(Struct, frozen=True, gc=False, rename="camel"):
    """The training session as planned; distance, duration and pace are the planner's text."""

    id: str
    date: str | None
    day: str | None
    type: SessionType | None
    distance: str | None
    duration: str | None
    pace: str | None


class FeedbackSummary(Struct, frozen=True, gc=False, rename="camel"):
    """The published `feedback` documents that refer to a log; `last_at` is when the newest was
    created, RFC 3339 in UTC.
    """

    count: int
    last_at: str | None


class WorkoutLog(Struct, frozen=True, gc=False, rename="camel"):
    """What a runner did in a planned session. None means unset or unreadable.

    Units: distance in km, duration as `H:MM:SS`, pace per km as `M:SS`, both also in whole
    seconds, temperature in °C; instants are RFC 3339 text in UTC. `revision` is the document's
    `_rev`.
    """

    id: str
    session_id: str | None
    runner_id: str | None
    status: Status | None
    external_link: str | None
    actual_distance: float | None
    actual_duration: str | None
    actual_pace: str | None
    actual_duration_seconds: int | None
    actual_pace_seconds: int | None
    notes: str | None
    feeling: Feeling | None
    injuries: Sequence[str]
    weather: str | None
    temperature: float | None
    created_at: str | None
    updated_at: str | None
    session: PlannedSession | None
    runner: Runner | None
    feedback: FeedbackSummary
    revision: str


class SessionState(StrEnum):
    """Where a planned session stands, seen from a day: `logged` has a log; of the others, `rest` is
    a rest day, `unscheduled` has no date, `upcoming` is later, `due` on that day, `overdue` before.
    """

    LOGGED = "logged"
    REST_DAY = "rest"  # REST is a SessionType, and enums of a generated client share their names
    UNSCHEDULED = "unscheduled"
    UPCOMING = "upcoming"
    DUE = "due"
    OVERDUE = "overdue"


class SessionLog(Struct, frozen=True, gc=False, rename="camel"):
    """The log of a planned session, in short. Units as in `WorkoutLog`."""

    id: str
    status: Status | None
    feeling: Feeling | None
    actual_distance: float | None
    actual_duration_seconds: int | None
    actual_pace_seconds: int | None
    feedback: FeedbackSummary
    updated_at: str | None


class TrainingSession(Struct, frozen=True, gc=False, rename="camel"):
    """A planned session with its log; distance, duration and pace are the planner's text."""

    id: str
    plan_id: str | None
    runner_id: str | None
    date: str | None
    day: str | None
    type: SessionType | None
    distance: str | None
    duration: str | None
    pace: str | None
    notes: str | None
    state: SessionState
    log: SessionLog | None
    runner: Runner | None


class Pagination(Struct, frozen=True, rename="camel"):
    """Where a page stands in its list: `next_cursor` is None on the last page, `total` is None
    unless it was asked for.
    """

    limit: int
    next_cursor: str | None
    total: int | None


class LogPagination(Pagination, frozen=True, rename="camel"):
    """The same of a list of logs; `sync_token` is None but on the first page of all of them."""

    sync_token: str | None


class Page(Struct, frozen=True, rename="camel"):
    """A page of a list."""

    data: Sequence[WorkoutLog]
    pagination: LogPagination


class TrainingSessionPage(Struct, frozen=True, rename="camel"):
    """A page of planned sessions, seen from the day `as_of`, `YYYY-MM-DD`."""

    data: Sequence[TrainingSession]
    as_of: str
    pagination: Pagination


class TrainingSessionOn(Struct, frozen=True, rename="camel"):
    """A planned session, seen from the day `as_of`, `YYYY-MM-DD`."""

    data: TrainingSession
    as_of: str


class Upsert(Struct, frozen=True, tag_field="type", tag="upsert"):
    """A log that was created or changed, as it is now."""

    log: WorkoutLog


class Deleted(Struct, frozen=True, rename="camel", tag_field="type", tag="deleted"):
    """A log that was deleted, and when."""

    id: str
    deleted_at: str


class ChangesPagination(Struct, frozen=True, rename="camel"):
    """Where to go on, and whether there is something at once."""

    next: str
    has_more: bool


class ChangeList(Struct, frozen=True, rename="camel"):
    """A page of changes, in the order in which a client applies them."""

    data: Sequence[Upsert | Deleted]
    pagination: ChangesPagination
