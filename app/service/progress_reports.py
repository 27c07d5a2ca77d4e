"""Planned against done, week by week, for the runners whom a caller may read: over any store.

`app.service.progress` adds up; here is decided what counts. A log counts with its session if it is
the session's own runner's and the plan is not cancelled; any other log stands apart, on the day of
its session, or else on the day on which it was created.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from app.service import cursor, instants, policy
from app.service.days import TimeZone
from app.service.errors import InvalidLog, Violation
from app.service.model import Caller, Pagination, Role, Runner, SessionType
from app.service.progress import DateRange, Done, Figures, Planned, range_of, summarise
from app.service.reading import LogReader, duration_of, planned_distance, planned_duration
from app.service.rows import LogFields, id_of
from app.service.stores.port import ProgressQuery, Store, WeekPosition
from app.service.training import CANCELLED, creation_of, runner_id_of
from app.service.training_rows import PlanFields, ProgressRows, TrainingFields

MAX_WEEKS_OF_ONE, MAX_WEEKS_OF_SEVERAL = 53, 13
"""Weeks that a range may touch, for one runner and for several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuery:
    """Whose progress is asked for, and over which days (`YYYY-MM-DD`, inclusive).

    `runner_ids` None means all whom the caller may read, `as_of` None today; without both dates the
    range is as `progress.range_of` says. A page starts at `after`.
    """

    runner_ids: Collection[str] | None = None
    date_from: str | None = None
    date_to: str | None = None
    as_of: str | None = None
    after: WeekPosition | None = None
    limit: int = 50
    with_total: bool = False


class RunnerProgress(Struct, frozen=True, rename="camel"):
    """A runner's weeks, and their sum."""

    runner: Runner
    weeks: Sequence[Figures]
    total: Figures


class ProgressPage(Struct, frozen=True, rename="camel"):
    """A page of runners by id, seen from the day `as_of`, over a range of days."""

    data: Sequence[RunnerProgress]
    as_of: str
    date_from: str
    date_to: str
    pagination: Pagination


class WeekRows(NamedTuple):
    """The same as one row for each runner and week: the runner, and the members of the week."""

    data: Sequence[Mapping[str, Any]]
    as_of: str
    pagination: Pagination


class ProgressReports:
    """The service over a store."""

    def __init__(self, store: Store, reader: LogReader, zone: TimeZone) -> None:
        self._store = store
        self._reader = reader
        self._zone = zone

    def read(self, caller: Caller, query: ReportQuery) -> ProgressPage:
        """The progress of the runners whom the caller may read.

        Raises `Forbidden` as `policy.readable_runner_ids` does, and `InvalidLog` for a range that
        touches too many weeks.
        """
        as_of, dates, asked = self._asked(caller, query)
        rows = self._store.read_progress(dataclasses.replace(asked, limit=query.limit + 1))
        reports = [*self._reports(rows, dates, as_of)]
        next_cursor = None
        if len(reports) > query.limit:
            next_cursor = cursor.encode(WeekPosition("", reports[query.limit].runner.id))
        return ProgressPage(
            reports[: query.limit],
            as_of.isoformat(),
            dates.first.isoformat(),
            dates.last.isoformat(),
            Pagination(query.limit, next_cursor, rows.total),
        )

    def read_weeks(self, caller: Caller, query: ReportQuery) -> WeekRows:
        """The same as rows, of which `query.limit` counts. Raises the same."""
        as_of, dates, asked = self._asked(caller, query)
        start = query.after or WeekPosition("", "")
        # One runner more than the rows can hold: the first may begin in the middle.
        runners = query.limit // len(dates.mondays) + 2
        rows = self._store.read_progress(dataclasses.replace(asked, limit=runners))
        weeks = [
            (report.runner, week)
            for report in self._reports(rows, dates, as_of)
            for week in report.weeks
            if report.runner.id != start.runner_id or str(week.week_start) >= start.week_start
        ]
        next_cursor = None
        if len(weeks) > query.limit:
            runner, week = weeks[query.limit]
            next_cursor = cursor.encode(WeekPosition(str(week.week_start), runner.id))
        return WeekRows(
            [
                {"runner": runner, **msgspec.to_builtins(week)}
                for runner, week in weeks[: query.limit]
            ],
            as_of.isoformat(),
            Pagination(query.limit, next_cursor, None),
        )

    def _asked(self, caller: Caller, query: ReportQuery) -> tuple[date, DateRange, ProgressQuery]:
        """The day from which it is seen, the range, and what to ask the store."""
        runner_ids = policy.readable_runner_ids(caller, query.runner_ids)
        as_of = date.fromisoformat(query.as_of) if query.as_of else self._zone.today()
        date_from, date_to = (
            date.fromisoformat(each) if each else None for each in (query.date_from, query.date_to)
        )
        dates = range_of(date_from, date_to, as_of)
        one = query.runner_ids is not None or caller.role is Role.RUNNER
        most = MAX_WEEKS_OF_ONE if one else MAX_WEEKS_OF_SEVERAL
        if len(dates.mondays) > most:
            whom = "one runner" if one else "several runners"
            detail = f"At most {most} weeks, from Monday to Sunday, for {whom}."
            raise InvalidLog([Violation("too-many-weeks", detail, parameter="dateTo")])
        asked = ProgressQuery(
            runner_ids=runner_ids,
            date_from=dates.first.isoformat(),
            date_to=dates.last.isoformat(),
            zone=self._zone,
            from_id=query.after.runner_id if query.after else "",
            with_total=query.with_total,
        )
        return as_of, dates, asked

    def _reports(
        self, rows: ProgressRows, dates: DateRange, as_of: date
    ) -> Iterator[RunnerProgress]:
        planned, unplanned = self._counted(rows)
        for each in rows.runners:
            weeks, total = summarise(dates, as_of, planned[each.id], unplanned[each.id])
            yield RunnerProgress(Runner(each.id, each.name), weeks, total)

    def _counted(
        self, rows: ProgressRows
    ) -> tuple[
        Mapping[str | None, Sequence[tuple[Planned, list[Done]]]],
        Mapping[str | None, Sequence[tuple[str, Done]]],
    ]:
        """By runner: sessions with their logs, and the logs that stand apart with their days."""
        plans = {each.id: each for each in rows.plans}
        reviewed = frozenset(rows.reviewed)
        planned: dict[str | None, list[tuple[Planned, list[Done]]]] = defaultdict(list)
        unplanned: dict[str | None, list[tuple[str, Done]]] = defaultdict(list)
        logs_of: dict[tuple[str, str | None], list[Done]] = {}
        for row in rows.sessions:
            day = self._reader.day_of(row)
            if day is None or _is_cancelled(row.plan_id, plans):
                continue
            runner_id = runner_id_of(row, plans)
            logs = logs_of[row.id, runner_id] = []
            rest = row.type == SessionType.REST.value
            plan = Planned(day, rest, planned_distance(row), planned_duration(row))
            planned[runner_id].append((plan, logs))
        for each in rows.logs:
            log, planned_for = each.document, each.session
            runner_id = id_of(log.runner_id)
            with_session = logs_of.get((id_of(log.session_id) or "", runner_id))
            if with_session is not None:
                with_session.append(_done(log, reviewed))
            elif planned_for is None or not _is_planned(planned_for, runner_id, plans):
                day = self._reader.day_of(planned_for) if planned_for else None
                day = day or self._created_on(log)
                if day is not None:
                    unplanned[runner_id].append((day, _done(log, reviewed)))
        return planned, unplanned

    def _created_on(self, log: LogFields) -> str | None:
        days = (self._zone.day_of(each) for each in (log.stored_created_at, log.created_at) if each)
        return next(filter(None, days), None)


def _done(log: LogFields, reviewed: Collection[str | None]) -> Done:
    return Done(
        (creation_of(log), log.id),
        log.status,
        log.feeling,
        log.actual_distance,
        duration_of(log.actual_duration)[1],
        bool(log.injuries),
        log.id in reviewed,
        instants.read(log.stored_created_at) or instants.read(log.created_at),
    )


def _is_planned(
    session: TrainingFields, runner_id: str | None, plans: Mapping[str, PlanFields]
) -> bool:
    """Whether a session is the runner's own, so that its logs count with it or, undated, never."""
    own = runner_id == runner_id_of(session, plans)
    return own and not _is_cancelled(session.plan_id, plans)


def _is_cancelled(plan_id: Any, plans: Mapping[str, PlanFields]) -> bool:
    plan = plans.get(id_of(plan_id) or "")
    return plan is not None and plan.status == CANCELLED
