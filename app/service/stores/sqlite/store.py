"""The embedded store: Sanity documents in one SQLite file.

Durable when it has responded (WAL with `synchronous=FULL`), safe with any number of threads and
processes on one machine: every write is one short `BEGIN IMMEDIATE` transaction, and whoever finds
the file busy waits for up to `BUSY_SECONDS`, first for its own process's writers, then for others'.
A request whose time ends earlier (`timing.left`) waits no longer than that.
"""

from __future__ import annotations

import json
import logging
import math
import os
import queue
import re
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from app.service import emails
from app.service.documents import (
    Document,
    deletion_id_of,
    deletion_of,
    is_of,
    is_published_id,
    loads,
    now,
    reference_id,
    revision_of,
)
from app.service.errors import (
    DuplicateLog,
    LogInUse,
    NotFound,
    RevisionMismatch,
    ServiceError,
    StoreBusy,
    StoreUnavailable,
    SyncTokenExpired,
    WritesRefused,
)
from app.service.rows import StoredLog, decode_row
from app.service.stores import timing
from app.service.stores.port import (
    MAX_SAME_EMAIL,
    BatchContext,
    ChangePage,
    ChangeQuery,
    CreateContext,
    CreateLog,
    DeleteLog,
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
    UpdateLog,
    deletion,
)
from app.service.stores.sqlite import queries, training
from app.service.training_rows import ProgressRows, TrainingRows

logger = logging.getLogger(__name__)

BUSY_SECONDS = 10

MIN_FREE_BYTES = 16 * 1024 * 1024
"""A disk with less room counts as full: the log of changes beside the file needs some."""


class SqliteStore:
    """The store in the file at `path`, which is made when it is missing, unless `create` is False.

    Raises StoreUnavailable when the file cannot be opened, is not one of this program's, or was
    written by a later version of it.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        create: bool = True,
        busy_seconds: float = BUSY_SECONDS,
        min_free_bytes: int = MIN_FREE_BYTES,
    ) -> None:
        self.path = Path(path)
        self._min_free_bytes = min_free_bytes
        self._busy_seconds = busy_seconds
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._turn_to_write = threading.Lock()
        try:
            if create:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                # SQLite gives the files beside it the same mode.
                os.close(os.open(self.path, os.O_RDONLY | os.O_CREAT, 0o600))
            elif not self.path.stat().st_size:
                raise StoreUnavailable("the file is empty")
            with self._exclusive() as connection:
                _ensure_schema(connection)
        except (OSError, StoreUnavailable) as error:
            self.close()
            raise StoreUnavailable(f"SQLITE_PATH {self.path}: {error}") from None

    def close(self) -> None:
        """Close the idle connections."""
        while not self._idle.empty():
            self._idle.get_nowait().close()

    def find_users(
        self, *, user_id: str | None = None, email: str | None = None
    ) -> list[StoredUser]:
        with self.reading() as connection:
            if user_id is not None:
                rows = connection.execute(queries.USER_BY_ID, {"user_id": user_id})
            else:
                rows = _rows_by_email(connection, email or "")
            return [
                _with_coached(connection, document) for document in map(_document, rows.fetchall())
            ]

    def read_relations(self, *, user_id: str, runner_ids: Collection[str]) -> Relations:
        ids = {"id": user_id, "runner_ids": json.dumps(sorted(runner_ids))}
        with self.reading() as connection:
            return Relations(
                _published(connection, user_id, "user") or {},
                [*map(_document, connection.execute(queries.ACTIVE_PLANS, ids))],
                [*map(_document, connection.execute(queries.RELATED_USERS, ids))],
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
            found = {each: _published(connection, each, "workoutLog") for each in log_ids}
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
                    documents.append(_write(connection, write, transaction_id))
                except ServiceError as error:
                    errors[place] = error
            if errors:
                raise WritesRefused(errors)
            if dry_run:
                connection.execute("ROLLBACK TO writes")
        return documents

    def ping(self) -> None:
        with self.reading() as connection:
            connection.execute(queries.BODY, {"id": ""}).fetchone()
        try:
            free = os.statvfs(self.path)
        except OSError as error:
            raise StoreUnavailable(f"{self.path}: {error.strerror}") from None
        if free.f_bavail * free.f_frsize < self._min_free_bytes:
            raise StoreUnavailable(f"{self.path}: the disk is full")
        # Who is writing now shows that one can write.
        if self._turn_to_write.acquire(blocking=False):
            try:
                begin = self._transaction("BEGIN IMMEDIATE", max_wait=0)
                with suppress(StoreBusy, _Undone), begin as connection:
                    connection.execute(f"PRAGMA user_version = {queries.SCHEMA_VERSION}")
                    raise _Undone
            finally:
                self._turn_to_write.release()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that may write, with a number of its own: `queries.SCHEMA`."""
        with self._exclusive() as connection:
            connection.execute(queries.NEXT_TRANSACTION)
            yield connection

    @contextmanager
    def _exclusive(self) -> Iterator[sqlite3.Connection]:
        """One transaction beside which no other writes. Those of this process wait here for each
        other: SQLite would let each look again and again, ever more seldom, and some very late.
        """
        with timing.call():
            if not self._turn_to_write.acquire(timeout=min(self._busy_seconds, timing.left())):
                raise StoreBusy("the writes before it take too long")
            try:
                with self._transaction("BEGIN IMMEDIATE") as connection:
                    yield connection
            finally:
                self._turn_to_write.release()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One moment's view of the data."""
        with timing.call(), self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def _transaction(
        self, begin: str, *, max_wait: float = math.inf
    ) -> Iterator[sqlite3.Connection]:
        """One transaction, committed at the end and rolled back by any exception."""
        try:
            connection = self._connection()
            wait = min(max_wait, timing.left())
            hurried = wait < self._busy_seconds - 1
            try:
                if hurried:
                    connection.execute(f"PRAGMA busy_timeout = {wait * 1000:.0f}")
                connection.execute(begin)
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if hurried:
                    connection.execute(f"PRAGMA busy_timeout = {self._busy_seconds * 1000:.0f}")
                self._idle.put(connection)
        except sqlite3.Error as error:
            # The low byte is the code, the others say more of it.
            busy = getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY
            raise (StoreBusy if busy else StoreUnavailable)(str(error)) from error

    def _connection(self) -> sqlite3.Connection:
        """An idle connection, or a new one: as many are made as threads are at work at once."""
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            connection = sqlite3.connect(
                self.path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
            )
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                # Some builds of SQLite trust no function in a schema unless they are told to.
                connection.execute("PRAGMA trusted_schema = ON")
                for name, function in queries.FUNCTIONS.items():
                    connection.create_function(name, 1, function, deterministic=True)
                for name, of_zone in queries.ZONE_FUNCTIONS.items():
                    connection.create_function(name, 2, of_zone, deterministic=True)
            except sqlite3.Error:
                connection.close()
                raise
            return connection


_digits = re.compile("[0-9]{1,18}")


class _Undone(Exception):
    """Ends a transaction that is not to be committed."""


_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _ensure_schema(connection: sqlite3.Connection) -> None:
    """Make the tables in a new file, rebuild those of an older one, refuse any other file."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if version == queries.SCHEMA_VERSION and application == queries.APPLICATION_ID:
        return
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    older = application == queries.APPLICATION_ID and 0 < version < queries.SCHEMA_VERSION
    if (tables or version) and not older:
        raise StoreUnavailable(
            f"holds schema version {version} of application {application:#x}, "
            f"not version {queries.SCHEMA_VERSION} of this program"
        )
    if older:
        _rebuild(connection, version)
    else:
        _run(connection, queries.SCHEMA)
    connection.execute(f"PRAGMA application_id = {queries.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {queries.SCHEMA_VERSION}")


def _rebuild(connection: sqlite3.Connection, version: int) -> None:
    """Put every document into new tables: in each version, all else follows from its text.

    The transactions are counted anew, so places in the file that clients know are refused.
    """
    logger.info("rebuilding the file from schema version %d: every document stays", version)
    indexes = connection.execute(queries.OWN_INDEXES).fetchall()
    for (name,) in indexes:
        connection.execute(f'DROP INDEX "{name}"')
    connection.execute("ALTER TABLE document RENAME TO older")
    connection.execute("DROP TABLE IF EXISTS transactions")
    _run(connection, queries.SCHEMA)
    connection.execute(queries.COPY)
    connection.execute("DROP TABLE older")


def _run(connection: sqlite3.Connection, script: str) -> None:
    """Run the statements of a script, without the COMMIT that `executescript` starts with."""
    for statement in script.split(";"):
        connection.execute(statement)


def _document(row: tuple[str]) -> Document:
    return _parsed(row[0])


def _parsed(body: str) -> Document:
    document: Document = msgspec.json.decode(body)
    return document


def _published(connection: sqlite3.Connection, id_: str, type_: str) -> Document | None:
    row = connection.execute(queries.PUBLISHED, {"id": id_, "type": type_}).fetchone()
    return _document(row) if row else None


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
    session = _published(connection, pair.session_id, "trainingSession")
    plan_id = reference_id(session.get("planId")) if session else None
    return CreateContext(
        session=session,
        plan=_published(connection, plan_id, "trainingPlan") if plan_id else None,
        runner=_published(connection, pair.runner_id, "user"),
        existing=[
            StoredLog.of(loads(row))
            for (row,) in connection.execute(queries.LOGS_OF_PAIR, pair._asdict())
        ],
    )


def _write(connection: sqlite3.Connection, write: LogWrite, transaction_id: str) -> Document:
    """The document that the write leaves; an empty one when it leaves none."""
    match write:
        case CreateLog(document):
            return _create(connection, document, transaction_id)
        case UpdateLog(log_id, set_fields, unset_fields, revision):
            body = _log_at(connection, log_id, revision)
            changed = {**set_fields, "_updatedAt": now(), "_rev": transaction_id}
            body = _changed(body, changed, unset_fields)
            connection.execute(queries.PUT, {"id": log_id, "body": body})
            return _parsed(body)
        case DeleteLog(log_id, revision, runner_id):
            _log_at(connection, log_id, revision)
            (in_use,) = connection.execute(queries.IS_REFERRED_TO, {"id": log_id}).fetchone()
            if in_use:
                raise LogInUse(log_id)
            connection.execute(queries.DELETE, {"id": log_id})
            gone = _stored(deletion_of(log_id, runner_id), transaction_id)
            connection.execute(queries.PUT, {"id": gone["_id"], "body": _text(gone)})
            return {}


def _create(connection: sqlite3.Connection, document: Document, transaction_id: str) -> Document:
    taken = connection.execute(queries.BODY, {"id": document["_id"]}).fetchone()
    if taken:
        raise DuplicateLog(_document(taken))
    pair = {
        "runner_id": reference_id(document.get("runnerId")),
        "session_id": reference_id(document.get("sessionId")),
    }
    taken = connection.execute(queries.LOGS_OF_PAIR, pair).fetchone()
    if taken:
        raise DuplicateLog(StoredLog.of(loads(taken[0])).document)
    stored = _stored(document, transaction_id)
    connection.execute(queries.PUT, {"id": document["_id"], "body": _text(stored)})
    connection.execute(queries.DELETE, {"id": deletion_id_of(document["_id"])})
    return stored


def _log_at(connection: sqlite3.Connection, log_id: str, revision: str) -> str:
    """The text of the log's document."""
    row = connection.execute(queries.PUBLISHED, {"id": log_id, "type": "workoutLog"}).fetchone()
    if row is None:
        raise NotFound
    document = _parsed(row[0])
    if revision_of(document) != revision:
        raise RevisionMismatch(document)
    body: str = row[0]
    return body


def _changed(body: str, changed: Mapping[str, Any], unset: Collection[str]) -> str:
    """The text of a document with some fields changed, the others as they are, byte for byte."""
    fields: dict[str, msgspec.Raw] = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    fields |= {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in changed.items()}
    return msgspec.json.encode(
        {name: value for name, value in fields.items() if name not in unset}
    ).decode()


def _stored(document: Document, revision: str) -> Document:
    """A new document with the system fields that a store gives it."""
    instant = now()
    return {**document, "_createdAt": instant, "_updatedAt": instant, "_rev": revision}


def _text(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
