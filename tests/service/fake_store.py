"""A store in memory, written against the port, for the service alone.

It holds what it is given and does what the port says of a log's life; of a list it knows the
runners, the order, the place and the size. Everything else of a list is the stores' own, and the
contract suite has it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from app.service import documents
from app.service.documents import Document, is_of, now, reference_id
from app.service.errors import (
    DuplicateLog,
    LogInUse,
    NotFound,
    RevisionMismatch,
    ServiceError,
    WritesRefused,
)
from app.service.rows import StoredLog, of_type, row_of
from app.service.stores.port import (
    BatchContext,
    CreateContext,
    CreateLog,
    DeleteLog,
    LogPage,
    LogQuery,
    LogWrite,
    Pair,
    UpdateLog,
)


class FakeStore:
    """The documents by id, and the names of the calls in their order.

    `before_writing` is called before each write looks at the documents: a test can play another
    process in it.
    """

    def __init__(self, content: Iterable[Mapping[str, Any]]) -> None:
        self.documents: dict[str, dict[str, Any]] = {each["_id"]: dict(each) for each in content}
        self.calls: list[str] = []
        self.before_writing: Callable[[], None] = lambda: None

    def list_logs(self, query: LogQuery) -> LogPage:
        self.calls.append("list_logs")
        found = [
            each
            for each in self._of("workoutLog")
            if query.runner_ids is None or reference_id(each["runnerId"]) in query.runner_ids
        ]
        found.sort(key=_place, reverse=True)
        rest = [each for each in found if query.after is None or _place(each) < query.after]
        rows = [row_of(self._stored(each)) for each in rest[: query.limit]]
        return LogPage(rows, len(found) if query.with_total else None)

    def get_log(
        self, log_id: str, *, runner_ids: Collection[str] | None = None
    ) -> StoredLog | None:
        self.calls.append("get_log")
        document = self._get(log_id, "workoutLog")
        return self._stored(document) if document and is_of(document, runner_ids) else None

    def read_current(self, log_ids: Collection[str]) -> dict[str, Document]:
        self.calls.append("read_current")
        return {each: self.documents[each] for each in log_ids if each in self.documents}

    def read_for_create(self, *, runner_id: str, session_id: str) -> CreateContext:
        self.calls.append("read_for_create")
        session = self._get(session_id, "trainingSession")
        plan_id = reference_id(session.get("planId")) if session else None
        return CreateContext(
            session=session,
            plan=self._get(plan_id, "trainingPlan"),
            runner=self._get(runner_id, "user"),
            existing=[*map(self._stored, self._logs_of_pair(runner_id, session_id))],
        )

    def read_for_batch(
        self,
        *,
        log_ids: Collection[str],
        pairs: Collection[Pair],
        runner_ids: Collection[str] | None = None,
    ) -> BatchContext:
        logs = {each: self.get_log(each, runner_ids=runner_ids) for each in log_ids}
        contexts = {pair: self.read_for_create(**pair._asdict()) for pair in pairs}
        self.calls[-len(logs) - len(contexts) :] = ["read_for_batch"]
        return BatchContext({id_: each for id_, each in logs.items() if each}, contexts)

    def write_logs(
        self, writes: Sequence[LogWrite], *, transaction_id: str, dry_run: bool = False
    ) -> list[Document]:
        self.calls.append("write_logs")
        self.before_writing()
        before = dict(self.documents)
        left: list[Document] = []
        errors: dict[int, ServiceError] = {}
        for place, write in enumerate(writes):
            try:
                left.append(self._write(write, transaction_id))
            except ServiceError as error:
                errors[place] = error
        if errors or dry_run:
            self.documents = before
        if errors:
            raise WritesRefused(errors)
        return left

    def _write(self, write: LogWrite, transaction_id: str) -> Document:
        match write:
            case CreateLog(document):
                pair = (reference_id(document["runnerId"]), reference_id(document["sessionId"]))
                for existing in self._logs_of_pair(*pair):
                    raise DuplicateLog(existing)
                self.documents.pop(documents.deletion_id_of(document["_id"]), None)
                return self._put({**document, "_createdAt": now()}, transaction_id)
            case UpdateLog(log_id, set_fields, unset_fields, revision):
                kept = self._at_revision(log_id, revision)
                changed = {name: value for name, value in kept.items() if name not in unset_fields}
                return self._put({**changed, **set_fields}, transaction_id)
            case DeleteLog(log_id, revision, runner_id):
                self._at_revision(log_id, revision)
                referring = (reference_id(each["workoutLogId"]) for each in self._of("feedback"))
                if log_id in referring:
                    raise LogInUse(log_id)
                del self.documents[log_id]
                deletion = documents.deletion_of(log_id, runner_id)
                self.documents[deletion["_id"]] = dict(deletion)
                return {}

    def change(self, log_id: str, **fields: Any) -> None:
        """A write by somebody else."""
        self._put({**self.documents[log_id], **fields}, f"elsewhere-{len(self.calls)}")

    def _put(self, document: Document, revision: str) -> Document:
        stored = {**document, "_rev": revision, "_updatedAt": now()}
        self.documents[stored["_id"]] = stored
        return stored

    def _at_revision(self, log_id: str, revision: str) -> Document:
        document = self._get(log_id, "workoutLog")
        if document is None:
            raise NotFound
        if documents.revision_of(document) != revision:
            raise RevisionMismatch(document)
        return document

    def _of(self, type_: str) -> list[Document]:
        return [each for each in self.documents.values() if each["_type"] == type_]

    def _get(self, document_id: str | None, type_: str) -> Document | None:
        return of_type(type_, self.documents.get(document_id or ""))

    def _logs_of_pair(self, runner_id: str | None, session_id: str | None) -> list[Document]:
        return [
            each
            for each in self._of("workoutLog")
            if reference_id(each["runnerId"]) == runner_id
            and reference_id(each["sessionId"]) == session_id
        ]

    def _stored(self, log: Document) -> StoredLog:
        return StoredLog(
            log,
            self._get(reference_id(log["sessionId"]), "trainingSession"),
            self._get(reference_id(log["runnerId"]), "user"),
        )


def _place(log: Document) -> tuple[str, str]:
    return (log["_createdAt"], log["_id"])
