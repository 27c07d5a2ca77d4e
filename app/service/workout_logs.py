"""What the API does with workout logs: the operations, over any store.

Every operation takes the caller first; `app.service.policy` decides what they may know and do. The
errors are those of `app.service.errors`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from app.service import cursor, policy, sync_tokens
from app.service.batches import Batches
from app.service.days import TimeZone
from app.service.documents import Document
from app.service.errors import Forbidden, NotFound, RevisionMismatch
from app.service.external_links import ExternalLinks
from app.service.idempotency import LogLocks, Transaction
from app.service.model import Caller, LogPagination, Page, WorkoutLog
from app.service.operations import Change, Create, Delete, Precondition, Update, execute
from app.service.reading import LogReader
from app.service.rows import StoredLog
from app.service.rules import Sent
from app.service.stores.port import LogQuery, Store


class Created(NamedTuple):
    """The log, and whether a request before this one has created it (`Idempotency-Key`)."""

    log: WorkoutLog
    replayed: bool


class WorkoutLogs:
    """The service over a store."""

    def __init__(self, store: Store, links: ExternalLinks, zone: TimeZone) -> None:
        self._store = store
        self._zone = zone
        self._reader = LogReader(links, zone)
        self._locks = LogLocks()
        self.batches = Batches(store, self._reader, self._locks)
        """Many writes at once; their turns are those of single ones."""

    def list(self, caller: Caller, query: LogQuery) -> Page:
        """The logs that the caller may read and that pass every filter, newest first.

        `query.runner_ids` None means all whom the caller may read. Raises `Forbidden` when the
        caller may not read the logs of one of them, whether that runner exists or not.
        """
        runner_ids: Collection[str] | None = policy.visible_runner_ids(caller)
        if query.runner_ids is not None:
            if not all(policy.may_read(caller, each) for each in query.runner_ids):
                raise Forbidden("You may list your own logs and those of runners you coach.")
            runner_ids = query.runner_ids
        # One row more than asked for tells whether there is a next page.
        page = self._store.list_logs(
            dataclasses.replace(
                query,
                runner_ids=runner_ids,
                limit=query.limit + 1,
                zone=self._zone,
                with_sync_point=query.begins_all,
            )
        )
        rows = page.rows[: query.limit]
        more = len(page.rows) > query.limit
        next_cursor = cursor.encode(cursor.position_of(rows[-1])) if more else None
        logs = [*map(self._reader.read, rows)]
        point = page.sync_point
        sync_token = None if point is None else sync_tokens.encode(point, runner_ids)
        return Page(logs, LogPagination(query.limit, next_cursor, page.total, sync_token))

    def get(
        self, caller: Caller, log_id: str, precondition: Precondition | None = None
    ) -> WorkoutLog:
        """The log.

        Raises `NotFound` if there is none that the caller may read, and `RevisionMismatch` when
        `precondition` does not hold.
        """
        stored = self._find(caller, log_id)
        log = self._reader.read_stored(stored)
        if precondition is not None and not precondition(log.revision):
            stored = stored._replace(document=self._current(stored))
            log = self._reader.read_stored(stored)
            if not precondition(log.revision):
                raise RevisionMismatch(stored.document)
        return log

    def create(
        self, caller: Caller, sent: Mapping[str, Any], idempotency_key: str | None = None
    ) -> Created:
        """A new log from attributes of `WorkoutLog`: `session_id`, `status` and what else is sent.

        With a key, the same request made again replays: it returns the log that the first one
        created, as long as nobody has changed it. Raises `Forbidden`, `InvalidLog` and
        `DuplicateLog`.
        """
        create = Create(caller, sent)
        transaction = Transaction.of(caller, idempotency_key, create.values)
        create.read(self._store.read_for_create(**create.pair._asdict()), transaction)
        execute(self._store, [create], transaction)
        return Created(self._log_of(create), create.replayed)

    def update(
        self,
        caller: Caller,
        log_id: str,
        sent: Mapping[str, Sent],
        precondition: Precondition | None = None,
    ) -> WorkoutLog:
        """The log with the attributes in `sent` changed; None clears one, the others stay.

        Raises `NotFound`, `Forbidden`, `InvalidLog`, and `RevisionMismatch` when `precondition`
        does not hold.
        """
        update = Update(caller, self._reader, log_id, precondition, sent)
        self._make(caller, update)
        return self._log_of(update)

    def delete(self, caller: Caller, log_id: str, precondition: Precondition | None = None) -> None:
        """Delete the log.

        Raises `NotFound`, `Forbidden`, `LogInUse`, and `RevisionMismatch` when `precondition` does
        not hold.
        """
        delete = Delete(caller, self._reader, log_id, precondition)
        self._make(caller, delete)
        delete.log(self._reader)

    def _make(self, caller: Caller, change: Change) -> None:
        """Make the change of what is there.

        Within a process such writes take turns, so a race is with other processes only.
        """
        with self._locks.of(change.log_id):
            runner_ids = policy.visible_runner_ids(caller)
            change.read(self._store.get_log(change.log_id, runner_ids=runner_ids))
            execute(self._store, [change], Transaction())

    def _log_of(self, operation: Create | Update) -> WorkoutLog:
        log = operation.log(self._reader)
        if log is None:
            raise NotFound
        return log

    def _find(self, caller: Caller, log_id: str) -> StoredLog:
        runner_ids = policy.visible_runner_ids(caller)
        stored = self._store.get_log(log_id, runner_ids=runner_ids)
        if stored is None:
            raise NotFound
        return stored

    def _current(self, stored: StoredLog) -> Document:
        """The log's document as it is now: reads may be behind. Raises `NotFound`."""
        log_id = stored.document["_id"]
        current = self._store.read_current([log_id])
        if log_id not in current:
            raise NotFound
        return current[log_id]
