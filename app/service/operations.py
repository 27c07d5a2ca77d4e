"""Creates, updates and deletes of logs: how each is judged, and how any number of them is made.

An operation is judged on what was read: the judgement is the write to make, or the error that the
client is told. It is judged again on what is stored when the read may have been behind, and when
the store refuses the write because somebody else was first: so neither change is lost.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from app.service import documents, policy, rules
from app.service.documents import Document
from app.service.errors import (
    DuplicateLog,
    Forbidden,
    InvalidLog,
    NotApplied,
    NotFound,
    RevisionMismatch,
    ServiceError,
    StoreUnavailable,
    Violation,
    WritesRefused,
)
from app.service.idempotency import MAX_LOCK_SECONDS, Transaction
from app.service.model import Caller, WorkoutLog
from app.service.reading import LogReader
from app.service.rows import StoredLog
from app.service.rules import Sent
from app.service.stores.port import (
    CreateContext,
    CreateLog,
    DeleteLog,
    LogWrite,
    Pair,
    Store,
    UpdateLog,
)

WRITE_TRIES = 30
"""How often a write is tried before too many other processes won the race."""

Precondition = Callable[[str], bool]
"""Whether a revision is one that the caller is willing to change."""


class Doubt(Exception):
    """What was read decides against a write, and may be behind what is stored."""


class Operation(ABC):
    """A write of one log that a caller asks for. At the end it has an `error`, or it is done:
    `stored` is then the log as it is now, None after a delete.
    """

    status: int
    """Of success, in HTTP."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.error: ServiceError | None = None
        self.stored: StoredLog | None = None
        self.certain = False
        """Whether what was read is what is stored."""
        self.tries = 0

    def log(self, reader: LogReader) -> WorkoutLog | None:
        """The log as it is now; None after a delete. Raises the error."""
        if self.error is not None:
            raise self.error
        return reader.read_stored(self.stored) if self.stored else None

    @abstractmethod
    def judge(self) -> LogWrite | None:
        """The write to make; None if nothing is to be written. Raises `ServiceError` or `Doubt`."""

    @property
    @abstractmethod
    def log_ids(self) -> Collection[str]:
        """The logs that it is about, as far as they are known."""

    @abstractmethod
    def take(self, current: Mapping[str, Document]) -> None:
        """Go on from these, which are of `log_ids` those that exist, as they are now."""

    @abstractmethod
    def refuse(self, error: ServiceError) -> None:
        """The store has refused the write."""

    @abstractmethod
    def finish(self, document: Document) -> None:
        """The write is made, and has left this document; an empty one if it left none."""


class Create(Operation):
    """A new log from attributes of `WorkoutLog`: `session_id`, `status` and what else is sent.

    Raises `Forbidden`. `replayed` says in the end whether an earlier request has made the log.
    """

    status = 201

    def __init__(self, caller: Caller, sent: Mapping[str, Any]) -> None:
        super().__init__(caller)
        runner_id = sent.get("runner_id") or caller.id
        if not policy.may_write(caller, runner_id):
            raise Forbidden("Only an admin may create a log for somebody else.")
        self._sent = {**sent, "runner_id": runner_id}
        self.values = rules.values_of_new_log(self._sent)
        self.pair = Pair(runner_id, sent["session_id"])
        self.replayed = False
        self._log_id = documents.log_id_of(*self.pair)
        self._existing: Sequence[StoredLog] = ()

    def read(self, context: CreateContext, transaction: Transaction) -> None:
        """What decides, and the transaction by which a replay is told."""
        self._context, self._transaction = context, transaction
        self._existing = context.existing

    @property
    def log_ids(self) -> Collection[str]:
        return {self._log_id, *(each.document["_id"] for each in self._existing)}

    def judge(self) -> LogWrite | None:
        given = [name for name, value in self._sent.items() if value is not None]
        broken = [
            *_context_violations(self._context, self.pair.runner_id),
            *rules.violations_of_new_log(self.values["status"], given),
        ]
        if broken:
            raise InvalidLog(broken)
        if not self._existing:
            return CreateLog(_new_document(self._log_id, self.values))
        if not self.certain:
            raise Doubt
        self.stored = _replayed(self._transaction, self._log_id, self._existing)
        self.replayed = True
        return None

    def take(self, current: Mapping[str, Document]) -> None:
        self.certain = True
        self._existing = [
            each._replace(document=current[each.document["_id"]])
            for each in self._existing
            if each.document["_id"] in current
        ]

    def refuse(self, error: ServiceError) -> None:
        if not isinstance(error, DuplicateLog):
            self.error = error
            return
        # Another request, perhaps a repetition of this one, has created it meanwhile.
        self.certain = True
        self._existing = [StoredLog(error.existing, self._context.session, self._context.runner)]

    def finish(self, document: Document) -> None:
        self.stored = StoredLog(document, self._context.session, self._context.runner)


class Change(Operation):
    """A change of a log that exists, by those who may write it, if `precondition` holds."""

    def __init__(
        self, caller: Caller, reader: LogReader, log_id: str, precondition: Precondition | None
    ) -> None:
        super().__init__(caller)
        self._reader = reader
        self._precondition = precondition
        self.log_id = log_id

    def read(self, stored: StoredLog | None) -> None:
        """What decides."""
        self.stored = stored

    @property
    def log_ids(self) -> Collection[str]:
        return {self.log_id}

    def judge(self) -> LogWrite | None:
        if self.stored is None:
            raise NotFound
        log = self._reader.read_stored(self.stored)
        if not policy.may_read(self._caller, log.runner_id):
            raise NotFound
        if not policy.may_write(self._caller, log.runner_id):
            raise Forbidden("A coach reads the logs of their runners, but does not change them.")
        if self._precondition is not None and not self._precondition(log.revision):
            if not self.certain:
                raise Doubt
            raise RevisionMismatch(self.stored.document)
        write = self._write(self.stored, log)
        if write is None and not self.certain:
            raise Doubt
        return write

    @abstractmethod
    def _write(self, stored: StoredLog, log: WorkoutLog) -> LogWrite | None:
        """The write to make; None if nothing changes. Raises `InvalidLog`."""

    def take(self, current: Mapping[str, Document]) -> None:
        self.certain = True
        document = current.get(self.log_id)
        if self.stored is not None:
            self.stored = self.stored._replace(document=document) if document else None

    def refuse(self, error: ServiceError) -> None:
        if isinstance(error, RevisionMismatch):
            self.tries += 1
            self.take({self.log_id: error.current})
        else:
            self.error = error


class Update(Change):
    """The attributes in `sent` change; None clears one, the others stay."""

    status = 200

    def __init__(
        self,
        caller: Caller,
        reader: LogReader,
        log_id: str,
        precondition: Precondition | None,
        sent: Mapping[str, Sent],
    ) -> None:
        super().__init__(caller, reader, log_id, precondition)
        self._sent = sent

    def _write(self, stored: StoredLog, log: WorkoutLog) -> LogWrite | None:
        changes = rules.changes_of_update(log, stored.document, self._sent)
        if not changes:
            return None
        values = documents.field_values(changes) | {"updatedAt": documents.now()}
        if values.get("actualPace", "") is None:
            values["actualPace"] = documents.CLEARED_PACE
        return UpdateLog(
            self.log_id,
            set_fields={name: each for name, each in values.items() if each is not None},
            unset_fields=[name for name, each in values.items() if each is None],
            if_revision=log.revision,
        )

    def finish(self, document: Document) -> None:
        if self.stored is not None:
            self.stored = self.stored._replace(document=document)


class Delete(Change):
    """The log goes."""

    status = 204

    def _write(self, stored: StoredLog, log: WorkoutLog) -> LogWrite | None:
        return DeleteLog(self.log_id, if_revision=log.revision, runner_id=log.runner_id)

    def finish(self, document: Document) -> None:
        self.stored = None


class Refused(Operation):
    """What cannot be made as it was sent, with the reason."""

    status = 0

    def __init__(self, caller: Caller, reason: ServiceError, log_ids: Collection[str] = ()) -> None:
        super().__init__(caller)
        self._log_ids = log_ids
        self.error = reason

    @property
    def log_ids(self) -> Collection[str]:
        return self._log_ids

    def judge(self) -> LogWrite | None:
        return None

    def take(self, current: Mapping[str, Document]) -> None:
        """It stays refused."""

    def refuse(self, error: ServiceError) -> None:
        """It is already."""

    def finish(self, document: Document) -> None:
        """It never is."""


def execute(
    store: Store,
    operations: Sequence[Operation],
    transaction: Transaction,
    *,
    atomic: bool = False,
    dry_run: bool = False,
) -> None:
    """Make the operations, all in one transaction, but for those that cannot be made: they have an
    `error` in the end.

    When somebody else wrote in between, the transaction is made again, for a bounded number of
    times. If it is `atomic`, and an operation has or gets an error, none is made, and the others
    get `NotApplied`. A dry run makes none. Raises `StoreError`.
    """
    started = time.monotonic()
    open_ = [each for each in operations if each.error is None]
    while judged := _judged(store, open_):
        if atomic and any(each.error for each in operations):
            break
        try:
            left = store.write_logs(
                [write for _, write in judged],
                transaction_id=transaction.new_id(),
                dry_run=dry_run,
            )
        except WritesRefused as refused:
            for place, error in refused.errors.items():
                judged[place][0].refuse(error)
            late = time.monotonic() - started > MAX_LOCK_SECONDS
            for operation, write in judged:
                if operation.error is None and (late or operation.tries >= WRITE_TRIES):
                    operation.error = StoreUnavailable(f"{write.log_id} changed during each try")
            open_ = [operation for operation, _ in judged if operation.error is None]
        else:
            if not dry_run:
                for (operation, _), document in zip(judged, left, strict=True):
                    operation.finish(document)
            break
    if atomic and any(each.error for each in operations):
        for each in operations:
            each.error = each.error or NotApplied()


def _judged(store: Store, operations: Sequence[Operation]) -> Sequence[tuple[Operation, LogWrite]]:
    """The operations that have something to write, with it; those that cannot be made get their
    error. What is in doubt is read again, as it is stored.
    """
    writes, doubtful = _judge(operations)
    if doubtful:
        log_ids = {log_id for each in doubtful for log_id in each.log_ids}
        current = store.read_current(log_ids)
        for each in doubtful:
            each.take(current)
        writes += _judge(doubtful)[0]
    return writes


def _judge(
    operations: Iterable[Operation],
) -> tuple[list[tuple[Operation, LogWrite]], list[Operation]]:
    writes: list[tuple[Operation, LogWrite]] = []
    doubtful: list[Operation] = []
    for each in operations:
        try:
            write = each.judge()
        except Doubt:
            doubtful.append(each)
        except ServiceError as error:
            each.error = error
        else:
            if write is not None:
                writes.append((each, write))
    return writes, doubtful


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
