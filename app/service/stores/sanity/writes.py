"""Writes that are executed once, whatever becomes of their responses.

A write brings one document from one revision to another, where None is no document. Its own
transaction id becomes the revision of what it leaves, so when no response comes, or one that leaves
doubt, the document itself tells what has happened:

    its revision now   | means                              | then
    -------------------|------------------------------------|----------------------------
    `after` the write  | the write was executed             | success
    `before` the write | it was not, or not yet             | the same write is sent again
    any other          | somebody else's write came first   | Conflict

To send the same write again is safe even where the first one is executed late: each can be executed
from one revision only, `create` from no document and a guarded `patch` from its `ifRevisionID`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

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
    """The document is neither as it was before the write nor as the write leaves it: `current`."""

    def __init__(self, current: Document | None) -> None:
        super().__init__(current)
        self.current = current


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One transaction that brings one document from the revision `before` to `after`."""

    document_id: str
    mutations: Sequence[Mapping[str, Any]]
    transaction_id: str
    before: str | None
    after: str | None
    tag: str


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


def execute(lake: ContentLake, write: Write) -> Document | None:
    """The document that the write leaves. Raises Conflict and ContentLakeError."""
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
            if isinstance(error, DocumentNotFound) and not lost:
                raise Conflict(None) from error
            current = _read_back(lake, write.document_id, deadline)
            revision = current["_rev"] if current else None
            if revision == write.after:
                _await_index(lake, write, deadline)
                return current
            if revision != write.before:
                raise Conflict(current) from error
            if isinstance(error, UnknownRefusal):
                raise
            lost, failure = True, error
        lake.back_off(attempt, failure, deadline)
        attempt += 1


# A conflict leaves doubt too: it may be with a lost first try, or with this very transaction sent
# by somebody else.
_DOUBTFUL = (
    OutcomeUnknown,
    UnknownRefusal,
    DocumentAlreadyExists,
    DocumentNotFound,
    RevisionDoesNotMatch,
)


def _send(lake: ContentLake, write: Write, deadline: Deadline) -> Document | None:
    documents = lake.mutate(write.mutations, write.transaction_id, deadline, tag=write.tag)
    if write.after is None:
        return None
    document = documents.get(write.document_id, {})
    if document.get("_rev") != write.after:
        raise Unreadable("the response lacks the document at its new revision")
    return document


def _read_back(lake: ContentLake, document_id: str, deadline: Deadline) -> Document | None:
    return lake.documents([document_id], deadline, tag="read-back").get(document_id)


def _await_index(lake: ContentLake, write: Write, deadline: Deadline) -> None:
    """Wait until queries see the write, as the response that was lost would have done."""
    with suppress(ContentLakeError):  # it is executed all the same
        while write.before == lake.query(
            queries.REVISION, {"id": write.document_id}, _itself, deadline, tag="await-index"
        ) and lake.wait(POLL_SECONDS, deadline):
            pass


def _itself(result: object) -> object:
    return result
