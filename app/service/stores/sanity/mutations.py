"""The writes of logs as mutations, and what a refused one means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.service.documents import deletion_id_of, deletion_of
from app.service.errors import DuplicateLog, NotFound, RevisionMismatch, ServiceError
from app.service.stores.port import CreateLog, DeleteLog, LogWrite, UpdateLog
from app.service.stores.sanity import writes as executing

TAGS: Mapping[type[LogWrite], str] = {
    CreateLog: "create-log",
    UpdateLog: "update-log",
    DeleteLog: "delete-log",
}


def mutations_of(write: LogWrite) -> list[Mapping[str, Any]]:
    match write:
        case CreateLog(document):
            return [{"create": document}, {"delete": {"id": deletion_id_of(write.log_id)}}]
        case UpdateLog(log_id, set_fields, unset_fields, revision):
            patch: dict[str, Any] = {"id": log_id, "ifRevisionID": revision}
            # What an empty one does is not documented.
            if set_fields:
                patch["set"] = set_fields
            if unset_fields:
                patch["unset"] = [*unset_fields]
            return [{"patch": patch}]
        case DeleteLog(log_id, revision, runner_id):
            return [
                *executing.deletion_of_revision(log_id, revision),
                {"createOrReplace": deletion_of(log_id, runner_id)},
            ]


def change_of(write: LogWrite, transaction_id: str) -> executing.Change:
    before = None if isinstance(write, CreateLog) else write.if_revision
    after = None if isinstance(write, DeleteLog) else transaction_id
    return executing.Change(write.log_id, before, after)


def errors_of(
    conflict: executing.Conflict, writes: Sequence[LogWrite]
) -> Iterator[tuple[int, ServiceError]]:
    for place, write in enumerate(writes):
        if write.log_id in conflict.current:
            current = conflict.current[write.log_id]
            if current is None:
                yield place, NotFound()
            elif isinstance(write, CreateLog):
                yield place, DuplicateLog(current)
            else:
                yield place, RevisionMismatch(current)
