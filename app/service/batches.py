"""Batches: many creates, updates and deletes of logs, each judged as by itself, made together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Literal

from app.service import policy
from app.service.documents import is_published_id
from app.service.errors import DuplicateItem, Forbidden, NotFound, ServiceError
from app.service.idempotency import LogLocks, Transaction
from app.service.model import Caller, WorkoutLog
from app.service.operations import (
    Change,
    Create,
    Delete,
    Operation,
    Precondition,
    Refused,
    Update,
    execute,
)
from app.service.reading import LogReader
from app.service.stores.port import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What a batch asks for: a create of attributes of `WorkoutLog`, or a change of the log
    `log_id`, for an update with `Sent` by attribute.

    `refused` is why it cannot be made as it was sent. `if_match` is what `precondition` was read
    from.
    """

    op: Literal["create", "update", "delete"]
    log_id: str = ""
    sent: Mapping[str, Any] = field(default_factory=dict)
    if_match: str | None = None
    precondition: Precondition | None = None
    refused: ServiceError | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Items, and whether all of them are to be made or none (`atomic`), or nothing (`dry_run`)."""

    items: Sequence[Item]
    atomic: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item: its `error`, or the HTTP status of its success, with the log if there
    is one now. A dry run leaves none.
    """

    item: Item
    status: int
    error: ServiceError | None
    log: WorkoutLog | None
    replayed: bool


class Batches:
    """The service over a store; its writes take turns with those of others that share `locks`."""

    def __init__(self, store: Store, reader: LogReader, locks: LogLocks) -> None:
        self._store = store
        self._reader = reader
        self._locks = locks

    def execute(
        self, caller: Caller, batch: Batch, idempotency_key: str | None = None
    ) -> Sequence[Outcome]:
        """What became of each item, in their order.

        The items that can be made are made in one transaction. Of an atomic batch in which one
        cannot, none is, and the others get `NotApplied`. With a key, a create that the same batch
        has made before replays. Raises `StoreError`.
        """
        operations = [self._operation(caller, each) for each in batch.items]
        transaction = Transaction.of(caller, idempotency_key, _meaning(batch, operations))
        changes = [each for each in operations if isinstance(each, Change)]
        creates = [each for each in operations if isinstance(each, Create)]
        with ExitStack() as turns:
            if not batch.dry_run:
                # In one order for all, so that no two batches wait for each other.
                for log_id in sorted({each.log_id for each in changes}):
                    turns.enter_context(self._locks.of(log_id))
            context = self._store.read_for_batch(
                log_ids={each.log_id for each in changes},
                pairs={each.pair for each in creates},
                runner_ids=policy.visible_runner_ids(caller),
            )
            for change in changes:
                change.read(context.logs.get(change.log_id))
            for create in creates:
                create.read(context.pairs[create.pair], transaction)
            _refuse_duplicates(operations)
            execute(
                self._store, operations, transaction, atomic=batch.atomic, dry_run=batch.dry_run
            )
        return [
            Outcome(
                item,
                each.status,
                each.error,
                None if each.error or batch.dry_run else each.log(self._reader),
                each.error is None and isinstance(each, Create) and each.replayed,
            )
            for item, each in zip(batch.items, operations, strict=True)
        ]

    def _operation(self, caller: Caller, item: Item) -> Operation:
        if item.op != "create" and not is_published_id(item.log_id):
            return Refused(caller, NotFound())
        if item.refused is not None:
            return Refused(caller, item.refused, {item.log_id} if item.log_id else ())
        match item.op:
            case "create":
                try:
                    return Create(caller, item.sent)
                except Forbidden as error:
                    return Refused(caller, error)
            case "update":
                return Update(caller, self._reader, item.log_id, item.precondition, item.sent)
            case "delete":
                return Delete(caller, self._reader, item.log_id, item.precondition)


def _refuse_duplicates(operations: Sequence[Operation]) -> None:
    """Of the items about one log, or one runner and session, only the first can be made."""
    taken: set[str] = set()
    for each in operations:
        if not taken.isdisjoint(each.log_ids) and not isinstance(each, Refused):
            each.error = DuplicateItem()
        taken.update(each.log_ids)


def _meaning(batch: Batch, operations: Sequence[Operation]) -> Mapping[str, Any]:
    """What the batch says, for telling the same one sent again from another."""
    pairs = zip(batch.items, operations, strict=True)
    return {"atomic": batch.atomic, "items": [_meaning_of(*each) for each in pairs]}


def _meaning_of(item: Item, operation: Operation) -> Sequence[Any]:
    match operation:
        case Create():
            return [item.op, operation.values]
        case Update():
            values = {
                name: each.as_sent if each.violations else each.value
                for name, each in item.sent.items()
            }
            return [item.op, item.log_id, item.if_match, sorted(values.items())]
    return [item.op, item.log_id, item.if_match]
