"""Training sessions with their logs, and progress: planned against done, week by week."""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from bench.peer.lake import KnownCaller, json, query
from bench.peer.models import (
    FEELINGS,
    Out,
    Pagination,
    Runner,
    Session,
    Status,
    seconds_of,
)

router = APIRouter(prefix="/api")

_IN_DAYS = "date >= $first && date <= $last"
_PLANS = "*[_type == 'trainingPlan' && status != 'cancelled' && runnerId._ref in $runners]._id"
_OWNER = "'runnerId': planId->runnerId._ref"
_SESSIONS = (
    f"*[_type == 'trainingSession' && planId._ref in {_PLANS} && {_IN_DAYS}"
    " && (date > $day || (date == $day && _id > $id))]"
    "| order(date asc, _id asc)[0...$limit]{"
    f"..., {_OWNER}, 'runner': planId->runnerId->{{_id, name}},"
    " 'log': *[_type == 'workoutLog' && sessionId._ref == ^._id] | order(_createdAt desc)[0]}"
)
_PROGRESS = (
    "{'runners': *[_type == 'user' && _id in $runners] | order(_id asc){_id, name},"
    f" 'sessions': *[_type == 'trainingSession' && planId._ref in {_PLANS} && {_IN_DAYS}]"
    f"{{_id, date, type, distance, duration, {_OWNER}, 'logs': *[_type == 'workoutLog'"
    " && sessionId._ref == ^._id] | order(_createdAt desc){_createdAt, status, feeling,"
    " actualDistance, actualDuration, injuries,"
    " 'reviewed': count(*[_type == 'feedback' && workoutLogId._ref == ^._id]) > 0}}}"
)
_FIRST_DAY, _LAST_DAY = "0001-01-01", "9999-12-31"


class _Days(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_by_name=True)

    runner_id: Annotated[str | None, Field(alias="runnerId")] = None
    date_from: Annotated[date | None, Field(alias="dateFrom")] = None
    date_to: Annotated[date | None, Field(alias="dateTo")] = None
    as_of: Annotated[date | None, Field(alias="asOf")] = None


class SessionQuery(_Days):
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: str | None = None


class SessionLog(Out):
    id: str = Field(validation_alias="_id", serialization_alias="id")
    status: Status | None
    feeling: str | None = None
    actual_distance: float | None = None
    actual_duration: str | None = None
    actual_pace: str | None = None
    updated_at: str = Field(validation_alias="_updatedAt", serialization_alias="updatedAt")


class TrainingSession(Session):
    runner_id: str | None
    notes: str | None = None
    state: str = ""
    log: SessionLog | None = None
    runner: Runner | None = None


class SessionPage(Out):
    data: list[TrainingSession]
    as_of: date
    pagination: Pagination


@router.get("/training-sessions")
async def list_sessions(
    request: Request, caller: KnownCaller, filters: Annotated[SessionQuery, Query()]
) -> Response:
    after = base64.urlsafe_b64decode(filters.cursor).decode() if filters.cursor else "|"
    day, session_id = after.split("|")
    rows = await query(
        request,
        "peer.sessions",
        _SESSIONS,
        runners=_asked(caller, filters.runner_id),
        first=str(filters.date_from or _FIRST_DAY),
        last=str(filters.date_to or _LAST_DAY),
        day=day,
        id=session_id,
        limit=filters.limit,
    )
    as_of = filters.as_of or datetime.now(UTC).date()
    page = SessionPage(
        data=rows,
        as_of=as_of,
        pagination=Pagination(
            limit=filters.limit,
            next_cursor=_cursor(rows[-1]) if len(rows) == filters.limit else None,
        ),
    )
    for each in page.data:
        each.state = _state(each, as_of.isoformat())
    return json(page, headers={"Cache-Control": "private, no-cache"})


def _asked(caller: Any, runner_id: str | None) -> list[str]:
    if runner_id is None:
        return [caller.id, *caller.coached]
    if not caller.may_read(runner_id):
        raise HTTPException(403)
    return [runner_id]


def _cursor(row: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(f"{row['date']}|{row['_id']}".encode()).decode()


def _state(session: TrainingSession, today: str) -> str:
    if session.log is not None:
        return "logged"
    if session.type == "rest":
        return "rest"
    if session.date is None:
        return "unscheduled"
    if session.date == today:
        return "due"
    return "upcoming" if session.date > today else "overdue"


class ProgressQuery(_Days):
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class LogRow(BaseModel):
    created_at: str = Field(validation_alias="_createdAt")
    status: str | None = None
    feeling: str | None = None
    distance: Annotated[float | None, Field(validation_alias="actualDistance")] = None
    duration: Annotated[str | None, Field(validation_alias="actualDuration")] = None
    injuries: list[str] | None = None
    reviewed: bool


class SessionRow(BaseModel):
    runner_id: Annotated[str | None, Field(validation_alias="runnerId")]
    date: str
    type: str | None = None
    distance: str | None = None
    duration: str | None = None
    logs: list[LogRow]


class RunnerRow(BaseModel):
    id: str = Field(validation_alias="_id")
    name: str | None = None


class Rows(BaseModel):
    runners: list[RunnerRow]
    sessions: list[SessionRow]


class Counts(Out):
    planned: int = 0
    due: int = 0
    completed: int = 0
    dnf: int = 0
    undone: int = 0
    unknown: int = 0
    unlogged: int = 0
    upcoming: int = 0
    rest: int = 0


class Amount(Out):
    planned: float = 0
    actual: float = 0
    planned_unreadable: int = 0


class Figures(Out):
    week_start: str | None = None
    sessions: Counts
    adherence: float | None = None
    distance: Amount
    duration: Amount
    feelings: dict[str, int]
    injuries: int = 0
    pending_reviews: int = 0
    duplicates: int = 0
    last_log_at: str | None = None

    @classmethod
    def empty(cls, week_start: str | None = None) -> Figures:
        return cls.model_construct(
            week_start=week_start,
            sessions=Counts.model_construct(),
            distance=Amount.model_construct(),
            duration=Amount.model_construct(),
            feelings=dict.fromkeys(FEELINGS, 0),
        )

    def add(self, session: SessionRow, today: str) -> None:
        counts, log = self.sessions, session.logs[0] if session.logs else None
        if session.type == "rest":
            counts.rest += 1
        else:
            due = session.date <= today
            counts.planned += 1
            counts.due += due
            outcome = (log.status or "unknown") if log else ("unlogged" if due else "upcoming")
            setattr(counts, outcome, getattr(counts, outcome) + 1)
            self._add_plan(self.distance, kilometres_of, session.distance)
            self._add_plan(self.duration, planned_seconds_of, session.duration)
        if log is not None:
            self._add_log(log)
            self.duplicates += len(session.logs) - 1

    @staticmethod
    def _add_plan(amount: Amount, read: Any, text: str | None) -> None:
        if text:
            value = read(text)
            if value is None:
                amount.planned_unreadable += 1
            else:
                amount.planned += value

    def _add_log(self, log: LogRow) -> None:
        self.distance.actual += log.distance or 0
        self.duration.actual += seconds_of(log.duration) if log.duration else 0
        if log.feeling in self.feelings:
            self.feelings[log.feeling] += 1
        self.injuries += bool(log.injuries)
        self.pending_reviews += not log.reviewed
        self.last_log_at = max(self.last_log_at or "", log.created_at)

    def finish(self, completed_of_due: int) -> None:
        due = self.sessions.due
        self.adherence = round(completed_of_due / due, 3) if due else None
        for each in (self.distance, self.duration):
            each.planned, each.actual = round(each.planned, 3), round(each.actual, 3)


class RunnerProgress(Out):
    runner: Runner
    weeks: list[Figures]
    total: Figures


class ProgressPage(Out):
    data: list[RunnerProgress]
    as_of: date
    date_from: date
    date_to: date
    pagination: Pagination


@router.get("/progress")
async def progress(
    request: Request, caller: KnownCaller, filters: Annotated[ProgressQuery, Query()]
) -> Response:
    as_of = filters.as_of or datetime.now(UTC).date()
    last = filters.date_to or as_of + timedelta(days=6 - as_of.weekday())
    first = filters.date_from or last - timedelta(days=27)
    found = await query(
        request,
        "peer.progress",
        _PROGRESS,
        runners=_asked(caller, filters.runner_id),
        first=first.isoformat(),
        last=last.isoformat(),
    )
    rows = Rows.model_validate(found)
    sessions: dict[str | None, list[SessionRow]] = defaultdict(list)
    for each in rows.sessions:
        sessions[each.runner_id].append(each)
    page = ProgressPage.model_construct(
        data=[
            _report(runner, sessions[runner.id], first, last, as_of.isoformat())
            for runner in rows.runners
        ],
        as_of=as_of,
        date_from=first,
        date_to=last,
        pagination=Pagination(limit=filters.limit, next_cursor=None),
    )
    return json(page, headers={"Cache-Control": "private, no-cache"})


def _report(
    runner: RunnerRow, sessions: Sequence[SessionRow], first: date, last: date, today: str
) -> RunnerProgress:
    weeks = {monday: Figures.empty(monday) for monday in _mondays(first, last)}
    total = Figures.empty()
    done: dict[str | None, int] = defaultdict(int)
    for each in sessions:
        monday = _monday_of(each.date)
        for figures in (weeks[monday], total):
            figures.add(each, today)
            if each.logs and each.logs[0].status == "completed" and each.date <= today:
                done[figures.week_start] += each.type != "rest"
    for figures in (*weeks.values(), total):
        figures.finish(done[figures.week_start])
    return RunnerProgress.model_construct(
        runner=Runner.model_construct(id=runner.id, name=runner.name),
        weeks=[*weeks.values()],
        total=total,
    )


def _mondays(first: date, last: date) -> Iterator[str]:
    monday = first - timedelta(days=first.weekday())
    while monday <= last:
        yield monday.isoformat()
        monday += timedelta(days=7)


@lru_cache(maxsize=4096)
def _monday_of(day: str) -> str:
    parsed = date.fromisoformat(day)
    return (parsed - timedelta(days=parsed.weekday())).isoformat()


_distance = re.compile(r"(\d+(?:\.\d+)?) ?(km|k|m)?")
_duration = re.compile(r"(\d+(?:\.\d+)?) ?(h|hours?|min|minutes?)?")


@lru_cache(maxsize=4096)
def kilometres_of(text: str) -> float | None:
    match = _distance.fullmatch(text.strip().lower())
    if match is None:
        return None
    return float(match[1]) / (1000 if match[2] == "m" else 1)


@lru_cache(maxsize=4096)
def planned_seconds_of(text: str) -> int | None:
    match = _duration.fullmatch(text.strip().lower())
    if match is None:
        return None
    return round(float(match[1]) * (3600 if (match[2] or "").startswith("h") else 60))
