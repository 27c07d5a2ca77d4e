"""What the API does with workout logs: the operations, over any store.

Every operation takes the caller first; `app.service.policy` decides what they may know and do. The
errors are those of `app.service.errors`.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from app.service import cursor, documents, policy, rules, sync_tokens
from app.service.days import TimeZone
from app.service.documents import Document
from app.service.errors import (
    DuplicateLog,
    Forbidden,
    InvalidLog,
    NotFound,
    RevisionMismatch,
    StoreUnavailable,
    Violation,
)
from app.service.external_links import ExternalLinks
from app.service.idempotency import MAX_LOCK_SECONDS, LogLocks, Transaction
from app.service.model import Caller, LogPagination, Page, WorkoutLog
from app.service.reading import LogReader
from app.service.rows import StoredLog
from app.service.rules import Sent
from app.service.stores.port import CreateContext, LogQuery, Store

Precondition = Callable[[str], bool]
"""Whether a revision is one that the caller is willing to change."""

WRITE_TRIES = 30
"""How often an unconditional write is tried before too many other processes won the race."""


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
        runner_id = sent.get("runner_id") or caller.id
        session_id = sent["session_id"]
        if not policy.may_write(caller, runner_id):
            raise Forbidden("Only an admin may create a log for somebody else.")
        sent = {**sent, "runner_id": runner_id}
        values = rules.values_of_new_log(sent)
        transaction = Transaction.of(caller, idempotency_key, values)

        context = self._store.read_for_create(runner_id=runner_id, session_id=session_id)
        given = [name for name, value in sent.items() if value is not None]
        broken = [
            *_context_violations(context, runner_id),
            *rules.violations_of_new_log(values["status"], given),
        ]
        if broken:
            raise InvalidLog(broken)
        log_id = documents.log_id_of(runner_id, session_id)
        existing = self._current_of(context.existing)
        if not existing:
            new = _new_document(log_id, values)
            try:
                new = self._store.create_log(new, transaction_id=transaction.id)
            except DuplicateLog as duplicate:
                # Another request, perhaps a repetition of this one, has created it meanwhile.
                existing = [StoredLog(duplicate.existing, context.session, context.runner)]
            stored = StoredLog(new, context.session, context.runner)
        if existing:
            stored = _replayed(transaction, log_id, existing)
        return Created(self._reader.read_stored(stored), replayed=bool(existing))

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

        def change(stored: StoredLog, log: WorkoutLog) -> WorkoutLog:
            changes = rules.changes_of_update(log, stored.document, sent)
            if not changes:
                current = self._current(stored)
                if documents.revision_of(current) != log.revision:
                    raise RevisionMismatch(current)
                return log
            values = documents.field_values(changes) | {"updatedAt": documents.now()}
            if values.get("actualPace", "") is None:
                values["actualPace"] = documents.CLEARED_PACE
            document = self._store.update_log(
                log_id,
                set_fields={name: each for name, each in values.items() if each is not None},
                unset_fields=[name for name, each in values.items() if each is None],
                if_revision=log.revision,
                transaction_id=Transaction.random().id,
            )
            return self._reader.read_stored(stored._replace(document=document))

        return self._write(caller, log_id, precondition, change)

    def delete(self, caller: Caller, log_id: str, precondition: Precondition | None = None) -> None:
        """Delete the log.

        Raises `NotFound`, `Forbidden`, `LogInUse`, and `RevisionMismatch` when `precondition` does
        not hold.
        """

        def delete(_stored: StoredLog, log: WorkoutLog) -> WorkoutLog:
            self._store.delete_log(log_id, if_revision=log.revision, runner_id=log.runner_id)
            return log

        self._write(caller, log_id, precondition, delete)

    def _find(self, caller: Caller, log_id: str) -> StoredLog:
        stored = self._store.get_log(log_id)
        if stored is None or not policy.may_read(caller, _runner_id(stored.document)):
            raise NotFound
        return stored

    def _current(self, stored: StoredLog) -> Document:
        """The log's document as it is now. Raises `NotFound`."""
        current = self._current_of([stored])
        if not current:
            raise NotFound
        return current[0].document

    def _current_of(self, read: Sequence[StoredLog]) -> Sequence[StoredLog]:
        """Of logs as they were read those that exist, as they are now: reads may be behind."""
        log_ids = [each.document["_id"] for each in read]
        current = self._store.read_current(log_ids) if log_ids else {}
        return [
            each._replace(document=current[log_id])
            for each, log_id in zip(read, log_ids, strict=True)
            if log_id in current
        ]

    def _write(
        self,
        caller: Caller,
        log_id: str,
        precondition: Precondition | None,
        write: Callable[[StoredLog, WorkoutLog], WorkoutLog],
    ) -> WorkoutLog:
        """Read the log and `write` it, guarded by the revision that was read.

        When somebody else wrote in between, or the read was behind an earlier write, the write is
        made again on what is there now, so that neither change is lost. Within a process such
        writes take turns, so the race is with other processes only.
        """
        with self._locks.of(log_id):
            stored = self._find(caller, log_id)
            started = time.monotonic()
            for _ in range(WRITE_TRIES):
                log = self._reader.read_stored(stored)
                if not policy.may_write(caller, log.runner_id):
                    raise Forbidden(_COACH_WRITES)
                try:
                    if precondition is not None and not precondition(log.revision):
                        raise RevisionMismatch(self._current(stored))
                    return write(stored, log)
                except RevisionMismatch as mismatch:
                    revision = documents.revision_of(mismatch.current)
                    if precondition is not None and not precondition(revision):
                        raise
                    stored = stored._replace(document=mismatch.current)
                if time.monotonic() - started > MAX_LOCK_SECONDS:
                    break
        raise StoreUnavailable(f"{log_id} changed during each try to write it")


_COACH_WRITES = "A coach reads the logs of their runners, but does not change them."

_KEY_REUSED = Violation(
    "idempotency-key-reused",
    "This key was used for another request on the same session.",
    header="Idempotency-Key",
)


def _context_violations(context: CreateContext, runner_id: str) -> Sequence[Violation]:
    """Whether the session is the runner's, without telling a foreign session from a missing one."""
    broken = []
    if context.runner is None:
        broken.append(Violation("not-found", "There is no such runner.", "/runnerId"))
    session = context.session
    if session is None or policy.runner_id_of(session, context.plan) != runner_id:
        broken.append(Violation("not-found", "The runner has no such session.", "/sessionId"))
    return broken


def _replayed(transaction: Transaction, log_id: str, existing: Sequence[StoredLog]) -> StoredLog:
    """The existing log, if it is as a request with the same key and meaning made it.

    Raises `InvalidLog` where the key was used for another request, else `DuplicateLog`.
    """
    for stored in existing:
        revision = documents.revision_of(stored.document)
        if transaction.made(revision):
            return stored
        if transaction.has_the_key_of(revision):
            raise InvalidLog([_KEY_REUSED])
    of_the_pair = [each.document for each in existing if each.document["_id"] == log_id]
    raise DuplicateLog((of_the_pair or [existing[0].document])[0])


def _new_document(log_id: str, values: Mapping[str, Any]) -> Document:
    fields = documents.field_values(values)
    now = documents.now()
    return {
        "_id": log_id,
        "_type": "workoutLog",
        **{name: value for name, value in fields.items() if value is not None},
        "createdAt": now,
        "updatedAt": now,
    }


def _runner_id(document: Document) -> str | None:
    return documents.reference_id(document.get("runnerId"))
