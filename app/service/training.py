"""The planned sessions with their logs: the operations, over any store.

Every operation takes the caller first; `app.service.policy` decides what they may know. The errors
are those of `app.service.errors`.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from app.service import cursor, instants, policy
from app.service.days import TimeZone
from app.service.errors import NotFound
from app.service.model import (
    Caller,
    Pagination,
    Runner,
    SessionLog,
    SessionState,
    SessionType,
    TrainingSession,
    TrainingSessionOn,
    TrainingSessionPage,
    WorkoutLog,
)
from app.service.reading import LogReader, published_id
from app.service.rows import LogFields, LogRow, id_of
from app.service.stores.port import SessionPosition, SessionQuery, Store
from app.service.training_rows import PlanFields, TrainingFields, TrainingRows

CANCELLED = "cancelled"
"""The status of a plan whose sessions are left out."""


class TrainingSessions:
    """The service over a store."""

    def __init__(self, store: Store, reader: LogReader, zone: TimeZone) -> None:
        self._store = store
        self._reader = reader
        self._zone = zone

    def list(self, caller: Caller, query: SessionQuery) -> TrainingSessionPage:
        """The sessions that the caller may read and that pass every filter, by day.

        `query.runner_ids` None means all whom the caller may read, `as_of` None today. Raises
        `Forbidden` as `policy.readable_runner_ids` does.
        """
        as_of = query.as_of or self._zone.today().isoformat()
        # One row more than asked for tells whether there is a next page.
        asked = dataclasses.replace(
            query,
            runner_ids=policy.readable_runner_ids(caller, query.runner_ids),
            as_of=as_of,
            zone=self._zone,
            limit=query.limit + 1,
        )
        rows = self._store.list_sessions(asked)
        sessions = [*self._read(rows, as_of)]
        next_cursor = None
        if len(sessions) > query.limit:
            del sessions[query.limit :]
            last = sessions[-1]
            next_cursor = cursor.encode(SessionPosition(last.date or "", last.id))
        return TrainingSessionPage(
            sessions, as_of, Pagination(query.limit, next_cursor, rows.total)
        )

    def get(self, caller: Caller, session_id: str, as_of: str | None = None) -> TrainingSessionOn:
        """One session, seen from the day `as_of`, by default today.

        Raises `NotFound` if there is none that the caller may read, or its plan is cancelled.
        """
        as_of = as_of or self._zone.today().isoformat()
        rows = self._store.get_session(session_id)
        if any(plan.status == CANCELLED for plan in rows.plans):
            raise NotFound
        for session in self._read(rows, as_of):
            if policy.may_read(caller, session.runner_id):
                return TrainingSessionOn(session, as_of)
        raise NotFound

    def _read(self, rows: TrainingRows, as_of: str) -> Iterator[TrainingSession]:
        plans = {each.id: each for each in rows.plans}
        runners = {each.id: Runner(each.id, each.name) for each in rows.runners}
        logs = by_session(rows.logs)
        for row in rows.sessions:
            owner = runner_id_of(row, plans)
            runner_id = published_id(owner)
            # A log of nobody is no log of nobody's session.
            own = logs.get((row.id, owner), ()) if owner else ()
            newest = max(own, key=order_of, default=None)
            planned = self._reader.session(row)
            yield TrainingSession(
                row.id,
                published_id(id_of(row.plan_id)),
                runner_id,
                planned.date,
                planned.day,
                planned.type,
                planned.distance,
                planned.duration,
                planned.pace,
                row.notes,
                state_on(as_of, planned.date, planned.type, logged=newest is not None),
                _summary(self._reader.read(newest)) if newest else None,
                runners.get(runner_id or ""),
            )


def state_on(
    as_of: str, day: str | None, kind: SessionType | None, *, logged: bool
) -> SessionState:
    """Where a session stands on the day `as_of`; days are `YYYY-MM-DD`."""
    if logged:
        return SessionState.LOGGED
    if kind is SessionType.REST:
        return SessionState.REST_DAY
    if day is None:
        return SessionState.UNSCHEDULED
    if day == as_of:
        return SessionState.DUE
    return SessionState.UPCOMING if day > as_of else SessionState.OVERDUE


def runner_id_of(session: TrainingFields, plans: Mapping[str, PlanFields]) -> str | None:
    """The runner whose a session is, whose plan is among `plans`, if there is one."""
    plan = plans.get(id_of(session.plan_id) or "")
    return id_of(policy.owner_of(session, plan).runner_id)


def by_session(logs: Iterable[LogRow]) -> Mapping[tuple[str | None, str | None], Sequence[LogRow]]:
    """The logs of each session and runner."""
    found = defaultdict(list)
    for each in logs:
        log = each.document
        found[id_of(log.session_id), id_of(log.runner_id)].append(each)
    return found


def order_of(log: LogRow) -> tuple[str, str]:
    """What sorts the logs of a session: by creation, then by id, as in lists."""
    return creation_of(log.document), log.document.id


def creation_of(log: LogFields) -> str:
    """Text that sorts by the instant at which a log was created; '' for what is no instant."""
    return instants.sort_key(log.stored_created_at)


def _summary(log: WorkoutLog) -> SessionLog:
    return SessionLog(
        log.id,
        log.status,
        log.feeling,
        log.actual_distance,
        log.actual_duration_seconds,
        log.actual_pace_seconds,
        log.feedback,
        log.updated_at,
    )
