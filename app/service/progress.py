"""Planned against done: the arithmetic of progress, from rows to numbers.

Nothing here knows a store or HTTP. A session counts on the day it is planned for, whenever its log
was written; weeks run from Monday to Sunday.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

from msgspec import UNSET, Struct, UnsetType

from app.service.model import Feeling, Status
from app.service.planned import read_distance, read_duration

DEFAULT_WEEKS = 4

_ZERO, _THOUSANDTH = Decimal(), Decimal("0.001")


class DateRange(NamedTuple):
    """The days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def mondays(self) -> Sequence[date]:
        """The Mondays of the weeks that the range touches."""
        monday = self.first.toordinal() - self.first.weekday()
        return [date.fromordinal(each) for each in range(monday, self.last.toordinal() + 1, 7)]


def range_of(date_from: date | None, date_to: date | None, as_of: date) -> DateRange:
    """The range that is asked for: by default 28 days from or to the date that is given, or the
    week of `as_of` and the three before it. Cut at the first and the last day that there is.
    """
    days = 7 * DEFAULT_WEEKS - 1
    if date_from is not None:
        return DateRange(date_from, date_to or _plus(date_from, days))
    last = date_to or _plus(as_of, 6 - as_of.weekday())
    return DateRange(_plus(last, -days), last)


def _plus(day: date, days: int) -> date:
    ordinal = min(max(day.toordinal() + days, 1), date.max.toordinal())
    return date.fromordinal(ordinal)


class Planned(NamedTuple):
    """A session of the runner; distance and duration are the planner's text."""

    day: str
    rest: bool
    distance: str | None
    duration: str | None


class Done(NamedTuple):
    """A log of the runner: distance in km, duration in seconds; `created_at` is RFC 3339 in UTC.

    `order` sorts the logs of a session by creation, then by id.
    """

    order: tuple[str, str]
    status: Status | None
    feeling: Feeling | None
    distance: float | None
    duration: int | None
    injured: bool
    reviewed: bool
    created_at: str | None


_OUTCOMES = ("completed", "dnf", "undone", "unknown", "unlogged", "upcoming")
_FEELINGS = tuple(Feeling)


class SessionCounts(Struct, frozen=True):
    """`planned` is the sum of the six outcomes; `due` are those of them up to today's date."""

    planned: int
    due: int
    completed: int
    dnf: int
    undone: int
    unknown: int
    unlogged: int
    upcoming: int
    rest: int


class PlannedAndActual(Struct, frozen=True, rename="camel"):
    """In km or in seconds; `planned_unreadable` counts the texts that add nothing to `planned`."""

    planned: float
    actual: float
    planned_unreadable: int


class FeelingCounts(Struct, frozen=True):
    """How many logs tell each feeling."""

    excellent: int
    good: int
    okay: int
    tired: int
    exhausted: int


class Unplanned(Struct, frozen=True):
    """Logs whose session is gone, cancelled or not the runner's; the distance in km."""

    logs: int
    distance: float


class Figures(Struct, frozen=True, kw_only=True, rename="camel"):
    """The figures of a week, or their sum, which has no `week_start` and no `partial`.

    `adherence` is the share of due sessions that were completed, None when nothing is due.
    `last_log_at` is RFC 3339 in UTC.
    """

    week_start: str | UnsetType = UNSET
    partial: bool | UnsetType = UNSET
    sessions: SessionCounts
    adherence: float | None
    distance: PlannedAndActual
    duration: PlannedAndActual
    feelings: FeelingCounts
    injuries: int
    pending_reviews: int
    unplanned: Unplanned
    duplicates: int
    last_log_at: str | None


class Summary(NamedTuple):
    """The weeks that a range touches, in order, and their sum."""

    weeks: Sequence[Figures]
    total: Figures


def summarise(
    dates: DateRange,
    as_of: date,
    planned: Iterable[tuple[Planned, Sequence[Done]]],
    unplanned: Iterable[tuple[str, Done]],
) -> Summary:
    """The figures of one runner on the day `as_of` of theirs.

    `planned` are the runner's sessions, each with the runner's logs of it; `unplanned` the other
    logs, each with the day that it counts on (`YYYY-MM-DD`). Days outside the range are left out.
    """
    weeks = [_Sums() for _ in dates.mondays]
    week_of = _weeks_by_day(dates)
    today = as_of.isoformat()
    for session, logs in planned:
        if (number := week_of.get(session.day)) is not None:
            weeks[number].add_session(session, logs, due=session.day <= today)
    for day, log in unplanned:
        if (number := week_of.get(day)) is not None:
            weeks[number].add_unplanned(log)
    total = _Sums()
    for each in weeks:
        total.add(each)
    return Summary(
        [
            each.figures(week_start=monday.isoformat(), partial=_is_cut(monday, dates))
            for monday, each in zip(dates.mondays, weeks, strict=True)
        ],
        total.figures(),
    )


@lru_cache(maxsize=64)
def _weeks_by_day(dates: DateRange) -> Mapping[str, int]:
    """The number of the week that each day of the range lies in."""
    start = dates.mondays[0].toordinal()
    days = range(dates.first.toordinal(), dates.last.toordinal() + 1)
    return {date.fromordinal(each).isoformat(): (each - start) // 7 for each in days}


def _is_cut(monday: date, dates: DateRange) -> bool:
    return monday < dates.first or monday.toordinal() + 6 > dates.last.toordinal()


class _Sums:
    """What adds up over sessions and over weeks; distances are exact, in km."""

    def __init__(self) -> None:
        self.outcomes = dict.fromkeys(_OUTCOMES, 0)
        self.feelings = dict.fromkeys(_FEELINGS, 0)
        self.due = self.completed_of_due = self.rest = 0
        self.km_planned = self.km_actual = self.km_unplanned = _ZERO
        self.km_unreadable = self.seconds_unreadable = 0
        self.seconds_planned = self.seconds_actual = 0
        self.injuries = self.pending_reviews = self.unplanned = self.duplicates = 0
        self.last_log_at: str | None = None

    def add_session(self, session: Planned, logs: Sequence[Done], *, due: bool) -> None:
        log = max(logs, key=_order) if len(logs) > 1 else next(iter(logs), None)
        if session.rest:
            self.rest += 1
        else:
            self.due += due
            if log is not None:
                outcome = log.status or "unknown"
                self.completed_of_due += due and outcome == "completed"
            else:
                outcome = "unlogged" if due else "upcoming"
            self.outcomes[outcome] += 1
        self._add_plan(session)
        if log is not None:
            self._add_log(log)
            self.duplicates += len(logs) - 1
            for each in logs:
                self._see(each)

    def _add_plan(self, session: Planned) -> None:
        if session.distance:
            km = read_distance(session.distance)
            if km is None:
                self.km_unreadable += 1
            else:
                self.km_planned += km
        if session.duration:
            seconds = read_duration(session.duration)
            if seconds is None:
                self.seconds_unreadable += 1
            else:
                self.seconds_planned += seconds

    def _add_log(self, log: Done) -> None:
        self.km_actual += _exact(log.distance)
        self.seconds_actual += log.duration or 0
        if log.feeling is not None:
            self.feelings[log.feeling] += 1
        self.injuries += log.injured
        self.pending_reviews += not log.reviewed

    def add_unplanned(self, log: Done) -> None:
        self.unplanned += 1
        self.km_unplanned += _exact(log.distance)
        self._see(log)

    def _see(self, log: Done) -> None:
        self.last_log_at = _later(self.last_log_at, log.created_at)

    def add(self, other: _Sums) -> None:
        for name, value in vars(other).items():
            if isinstance(value, dict):
                counts = getattr(self, name)
                for each, count in value.items():
                    counts[each] += count
            elif name != "last_log_at":
                setattr(self, name, getattr(self, name) + value)
        self.last_log_at = _later(self.last_log_at, other.last_log_at)

    def figures(
        self, week_start: str | UnsetType = UNSET, partial: bool | UnsetType = UNSET
    ) -> Figures:
        outcomes = self.outcomes
        return Figures(
            week_start=week_start,
            partial=partial,
            sessions=SessionCounts(
                planned=sum(outcomes.values()), due=self.due, rest=self.rest, **outcomes
            ),
            adherence=_rounded(Decimal(self.completed_of_due) / self.due) if self.due else None,
            distance=PlannedAndActual(
                _rounded(self.km_planned), _rounded(self.km_actual), self.km_unreadable
            ),
            duration=PlannedAndActual(
                self.seconds_planned, self.seconds_actual, self.seconds_unreadable
            ),
            feelings=FeelingCounts(*self.feelings.values()),
            injuries=self.injuries,
            pending_reviews=self.pending_reviews,
            unplanned=Unplanned(self.unplanned, _rounded(self.km_unplanned)),
            duplicates=self.duplicates,
            last_log_at=self.last_log_at,
        )


def _order(log: Done) -> tuple[str, str]:
    return log.order


@lru_cache(maxsize=4096)
def _exact(km: float | None) -> Decimal:
    """The number as it is written: 0.1 is a tenth."""
    return Decimal(repr(km or 0))


def _rounded(value: Decimal) -> float:
    """To three digits, halves up."""
    return float(value.quantize(_THOUSANDTH, ROUND_HALF_UP))


def _later(one: str | None, other: str | None) -> str | None:
    """The later of two instants: they differ from each other before the Z."""
    if one is None or other is None:
        return one or other
    return other if other[:-1] > one[:-1] else one
