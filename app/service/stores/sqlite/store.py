"""The embedded store: Sanity documents in one SQLite file."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from app.service import emails
from app.service.documents import (
    Document,
    is_of,
    is_published_id,
    loads,
    now,
    reference_id,
)
from app.service.errors import (
    ServiceError,
    SyncTokenExpired,
    WritesRefused,
)
from app.service.rows import StoredLog, decode_row
from app.service.stores.port import (
    MAX_SAME_EMAIL,
    BatchContext,
    ChangePage,
    ChangeQuery,
    CreateContext,
    LogPage,
    LogQuery,
    LogWrite,
    Pair,
    PlannedRunner,
    ProgressQuery,
    Relations,
    SessionQuery,
    StoredUser,
    SyncPoint,
    deletion,
)
from app.service.stores.sqlite import queries, training
from app.service.stores.sqlite import writes as log_writes
from app.service.stores.sqlite.bodies import document_of, published
from app.service.stores.sqlite.database import Database
from app.service.training_rows import ProgressRows, TrainingRows


class SqliteStore(Database):
    """The store in the database."""

    def find_users(
        self, *, user_id: str | None = None, email: str | None = None
    ) -> list[StoredUser]:
        with self.reading() as connection:
            if user_id is not None:
                rows = connection.execute(queries.USER_BY_ID, {"user_id": user_id})
            else:
                rows = _rows_by_email(connection, email or "")
            return [
                _with_coached(connection, document)
                for document in map(document_of, rows.fetchall())
            ]

    def read_relations(self, *, user_id: str, runner_ids: Collection[str]) -> Relations:
        ids = {"id": user_id, "runner_ids": json.dumps(sorted(runner_ids))}
        with self.reading() as connection:
            return Relations(
                published(connection, user_id, "user") or {},
                [*map(document_of, connection.execute(queries.ACTIVE_PLANS, ids))],
                [*map(document_of, connection.execute(queries.RELATED_USERS, ids))],
            )

    def list_logs(self, query: LogQuery) -> LogPage:
        of_runners = query.runner_ids is not None
        parameters = {
            "runner_ids": json.dumps(sorted(query.runner_ids or ())),
            "limit": query.limit,
            "session_id": query.session_id,
            "status": query.status,
            "feeling": query.feeling,
            "reviewed": query.reviewed,
            **(query.days._asdict() if query.days else {}),
        }
        conditions = [
            condition
            for name, condition in queries.FILTERS.items()
            if parameters.get(name) is not None
        ]
        at = now()
        with self.reading() as connection:
            point = _sync_point(connection, at) if query.with_sync_point else None
            total = None
            if query.with_total:
                counting = queries.count_logs(conditions, of_runners=of_runners)
                (total,) = connection.execute(counting, parameters).fetchone()
            if query.after is not None:
                parameters |= {
                    "after_created_at": query.after.created_at,
                    "after_id": query.after.id,
                }
                conditions.append(queries.AFTER)
            listing = queries.list_logs(conditions, of_runners=of_runners)
            rows = connection.execute(listing, parameters).fetchall()
        rows.sort(reverse=True)
        return LogPage([decode_row(row) for _, _, row in rows], total, point)

    def sync_point(self) -> SyncPoint:
        at = now()
        with self.reading() as connection:
            return _sync_point(connection, at)

    def list_changes(self, query: ChangeQuery) -> ChangePage:
        at = now()
        listing = queries.list_changes(of_runners=query.runner_ids is not None)
        with self.reading() as connection:
            end = _sync_point(connection, at)
            number, id_ = _place(query.since, end)
            parameters = {
                "runner_ids": json.dumps(sorted(query.runner_ids or ())),
                "number": number,
                "id": id_,
                "deletions_since": query.deletions_since,
                "limit": query.limit + 1,
            }
            rows = sorted(connection.execute(listing, parameters).fetchall(), key=_by_number)
        has_more = len(rows) > query.limit
        del rows[query.limit :]
        if has_more:
            number, id_, *_ = rows[-1]
            end = SyncPoint(query.since.at, (end.place[0], str(number), id_))
        changes = [
            deletion(*deleted) if log is None else decode_row(log) for _, _, log, *deleted in rows
        ]
        return ChangePage([each for each in changes if each is not None], end, has_more)

    def list_sessions(self, query: SessionQuery) -> TrainingRows:
        with self.reading() as connection:
            return training.list_sessions(connection, query)

    def get_session(self, session_id: str) -> TrainingRows:
        with self.reading() as connection:
            return training.get_session(connection, session_id)

    def read_progress(self, query: ProgressQuery) -> ProgressRows:
        with self.reading() as connection:
            return training.read_progress(connection, query)

    def get_log(
        self, log_id: str, *, runner_ids: Collection[str] | None = None
    ) -> StoredLog | None:
        with self.reading() as connection:
            found = _log(connection, log_id)
        return found if found and is_of(found.document, runner_ids) else None

    def read_current(self, log_ids: Collection[str]) -> dict[str, Document]:
        with self.reading() as connection:
            found = {each: published(connection, each, "workoutLog") for each in log_ids}
        return {log_id: document for log_id, document in found.items() if document is not None}

    def read_for_create(self, *, runner_id: str, session_id: str) -> CreateContext:
        with self.reading() as connection:
            return _context_of_create(connection, Pair(runner_id, session_id))

    def read_for_batch(
        self,
        *,
        log_ids: Collection[str],
        pairs: Collection[Pair],
        runner_ids: Collection[str] | None = None,
    ) -> BatchContext:
        with self.reading() as connection:
            logs = {each: _log(connection, each) for each in log_ids}
            return BatchContext(
                logs={
                    log_id: stored
                    for log_id, stored in logs.items()
                    if stored and is_of(stored.document, runner_ids)
                },
                pairs={pair: _context_of_create(connection, pair) for pair in pairs},
            )

    def write_logs(
        self, writes: Sequence[LogWrite], *, transaction_id: str, dry_run: bool = False
    ) -> list[Document]:
        documents = []
        errors: dict[int, ServiceError] = {}
        with self.writing() as connection:
            connection.execute("SAVEPOINT writes")
            for place, write in enumerate(writes):
                try:
                    documents.append(log_writes.write(connection, write, transaction_id))
                except ServiceError as error:
                    errors[place] = error
            if errors:
                raise WritesRefused(errors)
            if dry_run:
                connection.execute("ROLLBACK TO writes")
        return documents


_digits = re.compile("[0-9]{1,18}")


def _rows_by_email(connection: sqlite3.Connection, email: str) -> sqlite3.Cursor:
    """An address of ASCII only is the same only as one of ASCII only, whose index serves it."""
    parameters = {"email": emails.fold(email), "limit": MAX_SAME_EMAIL}
    if email.isascii():
        return connection.execute(queries.USERS_BY_EMAIL, parameters)
    connection.create_function("fold_email", 1, emails.fold, deterministic=True)
    return connection.execute(queries.USERS_BY_UNICODE_EMAIL, parameters)


def _with_coached(connection: sqlite3.Connection, user: Document) -> StoredUser:
    coach = {"coach_id": user["_id"]}
    return StoredUser(
        user,
        [id_ for (id_,) in connection.execute(queries.COACHED_IDS, coach)],
        [
            PlannedRunner(id_, bool(has_coach))
            for id_, has_coach in connection.execute(queries.PLANNED_RUNNERS, coach)
        ],
    )


def _sync_point(connection: sqlite3.Connection, at: str) -> SyncPoint:
    """After all that the connection sees, the first of which was there at `at`."""
    file, last = connection.execute(queries.TRANSACTIONS).fetchone()
    return SyncPoint(at, (file, str(last + 1), ""))


def _place(since: SyncPoint, end: SyncPoint) -> tuple[int, str]:
    """The transaction and the id after which to go on, if the point is of this file."""
    match since.place:
        case (file, number, id_) if file == end.place[0] and _digits.fullmatch(number):
            if int(number) <= int(end.place[1]) and (not id_ or is_published_id(id_)):
                return int(number), id_
    raise SyncTokenExpired("a place in another file")


def _by_number(row: tuple[int, str, *tuple[Any, ...]]) -> tuple[int, str]:
    return row[:2]


def _log(connection: sqlite3.Connection, log_id: str) -> StoredLog | None:
    row = connection.execute(queries.LOG, {"id": log_id}).fetchone()
    return StoredLog.of(loads(row[0])) if row else None


def _context_of_create(connection: sqlite3.Connection, pair: Pair) -> CreateContext:
    session = published(connection, pair.session_id, "trainingSession")
    plan_id = reference_id(session.get("planId")) if session else None
    return CreateContext(
        session=session,
        plan=published(connection, plan_id, "trainingPlan") if plan_id else None,
        runner=published(connection, pair.runner_id, "user"),
        existing=[
            StoredLog.of(loads(row))
            for (row,) in connection.execute(queries.LOGS_OF_PAIR, pair._asdict())
        ],
    )
