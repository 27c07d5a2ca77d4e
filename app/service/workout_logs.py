"""What the API does with workout logs: the operations, over any store.

Every operation takes the caller first; `app.service.policy` decides what they may know and do. The
errors are those of `app.service.errors`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.service import cursor, documents, policy, rules
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
from app.service.model import Caller, WorkoutLog
from app.service.stores.port import (
    CreateContext,
    ListedLog,
    LogQuery,
    Position,
    Store,
    StoredLog,
)

Precondition = Callable[[str], bool]
"""Whether a revision is one that the caller is willing to change."""

WRITE_TRIES = 30
"""How often an unconditional write is tried before too many other processes won the race."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilters:
    """What a caller asks of a list; `limit` logs at most, after `after`."""

    limit: int = 20
    after: Position | None = None
    session_id: str | None = None
    runner_id: str | None = None
    status: str | None = None
    feeling: str | None = None
    date_from: str | None = None
    date_to: str | None = None
    with_total: bool = False


class Page(NamedTuple):
    """Logs as they are stored, newest first; `documents.read_log` reads them, or a faster way.

    `next_cursor` is None on the last page, `total` unless asked for.
    """

    logs: Sequence[ListedLog]
    next_cursor: str | None
    total: int | None


class WorkoutLogs:
    """The service over a store."""

    def __init__(self, store: Store, links: ExternalLinks) -> None:
        self._store = store
        self._links = links
        self._turns = LogLocks()

    def list(self, caller: Caller, filters: ListFilters) -> Page:
        """The logs that the caller may read and that pass every filter."""
        runner_ids = policy.visible_runner_ids(caller)
        if filters.runner_id is not None:
            if not policy.may_read(caller, filters.runner_id):
                raise Forbidden("You may list your own logs and those of runners you coach.")
            runner_ids = frozenset({filters.runner_id})
        page = self._store.list_logs(
            LogQuery(
                runner_ids=runner_ids,
                session_id=filters.session_id,
                status=filters.status,
                feeling=filters.feeling,
                date_from=filters.date_from,
                date_to=filters.date_to,
                after=filters.after,
                limit=filters.limit + 1,
                with_total=filters.with_total,
            )
        )
        shown = page.logs[: filters.limit]
        next_cursor = None
        if len(page.logs) > filters.limit:
            next_cursor = cursor.encode(cursor.position_of(shown[-1].stored().document))
        return Page(shown, next_cursor, page.total)

    def get(self, caller: Caller, log_id: str) -> WorkoutLog:
        """The log."""
        return self._read(self._find(caller, log_id))

    def create(
        self, caller: Caller, sent: Mapping[str, Any], idempotency_key: str | None = None
    ) -> WorkoutLog:
        """A new log from attributes of `WorkoutLog`: `session_id`, `status` and what else is sent.

        With a key, the same request made again answers with the log that the first one created.
        """
        runner_id = sent.get("runner_id") or caller.id
        session_id = sent["session_id"]
        if not policy.may_write(caller, runner_id):
            raise Forbidden("Only an admin may create a log for somebody else.")
        blank = WorkoutLog(
            id=documents.log_id_of(runner_id, session_id),
            revision="",
            session_id=session_id,
            runner_id=runner_id,
            injuries=[],
        )
        changes = rules.merge(blank, {**sent, "runner_id": runner_id})
        transaction = Transaction.of(caller, idempotency_key, {**sent, "runner_id": runner_id})

        context = self._store.read_for_create(runner_id=runner_id, session_id=session_id)
        broken = [*_context_violations(context, runner_id), *rules.violations(blank, changes)]
        if broken:
            raise InvalidLog(broken)
        if context.existing:
            document = self._replayed(transaction, blank.id, context.existing)
        else:
            document = self._create(transaction, _new_document(blank, changes))
        return self._read(StoredLog(document, context.session, context.runner))

    def update(
        self,
        caller: Caller,
        log_id: str,
        sent: Mapping[str, Any],
        precondition: Precondition | None = None,
    ) -> WorkoutLog:
        """The log with the attributes in `sent` changed; None clears one, the others stay."""

        def change(stored: StoredLog, log: WorkoutLog) -> WorkoutLog:
            changes = rules.merge(log, sent)
            broken = list(rules.violations(log, changes))
            if broken:
                raise InvalidLog(broken)
            if not changes:
                return log
            values = documents.field_values(changes) | {"updatedAt": documents.now()}
            document = self._store.update_log(
                log_id,
                set_fields={name: each for name, each in values.items() if each is not None},
                unset_fields=[name for name, each in values.items() if each is None],
                if_revision=log.revision,
                transaction_id=Transaction.random().id,
            )
            return self._read(stored._replace(document=document))

        return self._write(caller, log_id, precondition, change)

    def delete(self, caller: Caller, log_id: str, precondition: Precondition | None = None) -> None:
        """Delete the log."""

        def delete(_stored: StoredLog, log: WorkoutLog) -> WorkoutLog:
            self._store.delete_log(log_id, if_revision=log.revision)
            return log

        self._write(caller, log_id, precondition, delete)

    def _find(self, caller: Caller, log_id: str) -> StoredLog:
        stored = self._store.get_log(log_id) if documents.is_published_id(log_id) else None
        if stored is None or not policy.may_read(caller, _runner_id(stored.document)):
            raise NotFound
        return stored

    def _write(
        self,
        caller: Caller,
        log_id: str,
        precondition: Precondition | None,
        write: Callable[[StoredLog, WorkoutLog], WorkoutLog],
    ) -> WorkoutLog:
        """Read the log and `write` it, guarded by the revision that was read.

        When somebody else wrote in between, a caller without a precondition has the write made
        again on what is there now, so that neither change is lost. Within a process such writes
        take turns, so the race is with other processes only.
        """
        if precondition is not None:
            return self._try_to_write(caller, self._find(caller, log_id), precondition, write)
        with self._turns.of(log_id):
            stored = self._find(caller, log_id)
            started = time.monotonic()
            for _ in range(WRITE_TRIES):
                if time.monotonic() - started > MAX_LOCK_SECONDS:
                    break
                try:
                    return self._try_to_write(caller, stored, None, write)
                except RevisionMismatch as mismatch:
                    stored = stored._replace(document=mismatch.current)
        raise StoreUnavailable(f"{log_id} changed during each try to write it")

    def _try_to_write(
        self,
        caller: Caller,
        stored: StoredLog,
        precondition: Precondition | None,
        write: Callable[[StoredLog, WorkoutLog], WorkoutLog],
    ) -> WorkoutLog:
        log = self._read(stored)
        if not policy.may_write(caller, log.runner_id):
            raise Forbidden("A coach reads the logs of their runners, but does not change them.")
        if precondition is not None and not precondition(log.revision):
            raise RevisionMismatch(stored.document)
        return write(stored, log)

    def _create(self, transaction: Transaction, document: Document) -> Document:
        try:
            return self._store.create_log(document, transaction_id=transaction.id)
        except DuplicateLog as duplicate:
            # Somebody, perhaps this very request sent twice, was faster since the context was read.
            return self._replayed(transaction, duplicate.existing_id, [duplicate.existing])

    def _replayed(
        self, transaction: Transaction, log_id: str, existing: Sequence[Document]
    ) -> Document:
        """The existing log, if this transaction made it and nobody changed it since."""
        for document in existing:
            revision = documents.revision_of(document)
            if revision == transaction.id:
                return document
            if transaction.key_prefix and revision.startswith(transaction.key_prefix):
                raise InvalidLog([_KEY_REUSED])
        of_the_pair = [document for document in existing if document["_id"] == log_id]
        raise DuplicateLog((of_the_pair or existing)[0])

    def _read(self, stored: StoredLog) -> WorkoutLog:
        return documents.read_log(*stored, self._links)


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
    if context.session is None or context.plan is None or _runner_id(context.plan) != runner_id:
        broken.append(
            Violation("not-found", "There is no such session in the runner's plans.", "/sessionId")
        )
    return broken


def _new_document(blank: WorkoutLog, changes: Mapping[str, Any]) -> Document:
    identity = {"session_id": blank.session_id, "runner_id": blank.runner_id}
    values = documents.field_values({**identity, **changes})
    now = documents.now()
    return {
        "_id": blank.id,
        "_type": "workoutLog",
        **{name: value for name, value in values.items() if value is not None},
        "createdAt": now,
        "updatedAt": now,
    }


def _runner_id(document: Document) -> str | None:
    return documents.reference_id(document.get("runnerId"))
