"""Writes that are executed once, whatever becomes of their responses.

A write is one transaction. It brings each of its documents from one revision to another, where None
is no document. Its own transaction id becomes the revision of what it leaves, so when no response
comes, or one that leaves doubt, the documents themselves tell what has happened:

    their revisions now         | means                              | then
    ----------------------------|------------------------------------|-----------------------------
    any is `after` the write    | the write was executed             | success
    all were to go and are gone | the write was executed             | success
    all are `before` the write  | it was not, or not yet             | the same write is sent again
    otherwise                   | somebody else's write came first   | Conflict

To send the same write again is safe even where the first one is executed late: each document can be
brought on from one revision only, by `create` from none and by a guarded `patch` from its
`ifRevisionID`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.service.documents import Document, now
from app.service.stores.sanity import queries
from app.service.stores.sanity.client import ContentLake, Deadline
from app.service.stores.sanity.errors import (
    ContentLakeError,
    DocumentAlreadyExists,
    DocumentNotFound,
    NotExecuted,
    OutcomeUnknown,
    RevisionDoesNotMatch,
    UnknownRefusal,
    Unreadable,
)

POLL_SECONDS = 0.05


class Conflict(Exception):
    """Some documents are neither as they were before the write nor as it leaves them: `current`
    has these by id, None where there is none.
    """

    def __init__(self, current: Mapping[str, Document | None]) -> None:
        super().__init__(*current)
        self.current = current


class Change(NamedTuple):
    """What a write does to one document: its revisions, None for no document."""

    document_id: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One transaction, and all documents that it changes. A dry run changes none."""

    changes: Sequence[Change]
    mutations: Sequence[Mapping[str, Any]]
    transaction_id: str
    tag: str
    dry_run: bool = False


def deletion_of_revision(document_id: str, revision: str) -> list[Mapping[str, Any]]:
    """Mutations that delete a document that is at this revision, and nothing else.

    Only a patch can be for one revision, so one goes first; it changes something, to be sure that
    it counts.
    """
    changed = {"set": {"updatedAt": now()}}
    return [
        {"patch": {"id": document_id, "ifRevisionID": revision, **changed}},
        {"delete": {"id": document_id}},
    ]


def execute(lake: ContentLake, write: Write) -> Mapping[str, Document]:
    """The documents that the write leaves, by id. Raises Conflict and ContentLakeError.

    A document that somebody else has changed or deleted by the time when a lost response is made up
    for is as it is then.
    """
    deadline = lake.deadline()
    lost = False
    attempt = 0
    failure: ContentLakeError
    while True:
        try:
            return _send(lake, write, deadline)
        except NotExecuted as error:
            failure = error
        except _DOUBTFUL as error:
            if isinstance(error, DocumentNotFound) and not lost and len(write.changes) == 1:
                raise Conflict({write.changes[0].document_id: None}) from error
            current = _read_back(lake, write, deadline)
            told = not lost and isinstance(error, _TELLING)
            if not write.dry_run and _was_executed(write, current, gone_by_others=told):
                _await_index(lake, write, deadline)
                return current
            elsewhere = {
                each.document_id: current.get(each.document_id)
                for each in write.changes
                if _revision(current, each) != each.before
            }
            if elsewhere:
                raise Conflict(elsewhere) from error
            if isinstance(error, UnknownRefusal):
                raise
            lost, failure = True, error
        lake.back_off(attempt, failure, deadline)
        attempt += 1


def _was_executed(write: Write, current: Mapping[str, Document], *, gone_by_others: bool) -> bool:
    left = [each for each in write.changes if each.after is not None]
    if left:
        return any(_revision(current, each) == each.after for each in left)
    return not current and not gone_by_others


def _revision(current: Mapping[str, Document], change: Change) -> str | None:
    document = current.get(change.document_id)
    return document["_rev"] if document else None


# A conflict leaves doubt too: it may be with a lost first try, or with this very transaction sent
# by somebody else.
_TELLING = (DocumentAlreadyExists, DocumentNotFound, RevisionDoesNotMatch)
_DOUBTFUL = (OutcomeUnknown, UnknownRefusal, *_TELLING)


def _send(lake: ContentLake, write: Write, deadline: Deadline) -> Mapping[str, Document]:
    documents = lake.mutate(
        write.mutations, write.transaction_id, deadline, tag=write.tag, dry_run=write.dry_run
    )
    if write.dry_run:
        return {}
    left = {each.document_id: each for each in write.changes if each.after is not None}
    if any(_revision(documents, each) != each.after for each in left.values()):
        raise Unreadable("the response lacks a document at its new revision")
    return {document_id: documents[document_id] for document_id in left}


def _read_back(lake: ContentLake, write: Write, deadline: Deadline) -> Mapping[str, Document]:
    ids = [each.document_id for each in write.changes]
    return lake.documents(ids, deadline, tag="read-back")


def _await_index(lake: ContentLake, write: Write, deadline: Deadline) -> None:
    """Wait until queries see the write, as the response that was lost would have done."""
    change = write.changes[0]
    with suppress(ContentLakeError):  # it is executed all the same
        while change.before == lake.query(
            queries.REVISION, {"id": change.document_id}, _itself, deadline, tag="await-index"
        ) and lake.wait(POLL_SECONDS, deadline):
            pass


def _itself(result: object) -> object:
    return result
