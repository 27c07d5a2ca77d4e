"""The things the service speaks of, as plain values.

What a page holds many of are named tuples: a frozen dataclass takes four times as long to make.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


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
    """The person behind a token. `runner_ids` are the runners that a coach coaches."""

    id: str
    role: Role
    runner_ids: frozenset[str] = frozenset()


class Runner(NamedTuple):
    """Whose log it is: never more than the name."""

    id: str
    name: str | None


class PlannedSession(NamedTuple):
    """The training session as planned; distance, duration and pace are the planner's words."""

    id: str
    date: str | None
    day: str | None
    type: SessionType | None
    distance: str | None
    duration: str | None
    pace: str | None


class WorkoutLog(NamedTuple):
    """What a runner really did in a planned session. None means unset or unreadable.

    Units: distance in km, duration in whole seconds, pace in whole seconds per km, temperature in
    °C; instants are RFC 3339 text in UTC. `revision` is the document's `_rev`.
    """

    id: str
    revision: str
    session_id: str | None
    runner_id: str | None
    injuries: Sequence[str]
    status: Status | None = None
    external_link: str | None = None
    actual_distance: float | None = None
    actual_duration: int | None = None
    actual_pace: int | None = None
    notes: str | None = None
    feeling: Feeling | None = None
    weather: str | None = None
    temperature: float | None = None
    created_at: str | None = None
    updated_at: str | None = None
    session: PlannedSession | None = None
    runner: Runner | None = None

    @property
    def actual_duration_seconds(self) -> int | None:
        """The duration for programs; on the wire `actualDuration` is text."""
        return self.actual_duration

    @property
    def actual_pace_seconds(self) -> int | None:
        """The pace for programs, in seconds per km; on the wire `actualPace` is text."""
        return self.actual_pace
