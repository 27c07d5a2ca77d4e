"""What the upkeep asks of a store: every published document, and guarded changes of one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

from app.service.documents import DELETION, Document

TYPES = ("user", "trainingPlan", "trainingSession", "workoutLog", "feedback", DELETION)
"""The types of the documents that the API reads."""

PAGE_SIZE = 500
"""Documents that are read at once."""


class PatchRefused(Exception):
    """The store refuses a change of this document, whatever its revision; the message says why."""


class Dataset(Protocol):
    """The port. Every operation raises `StoreError` when the store fails."""

    writes_at_once: int
    """How many changes may be under way at one time."""

    def count(self) -> Mapping[str, int]:
        """How many published documents there are of each of `TYPES`."""

    def pages(self, type_: str) -> Iterator[Sequence[Document]]:
        """The published documents of a type, in a fixed order, at most `PAGE_SIZE` at a time."""

    def types(self, ids: Collection[str]) -> Mapping[str, str]:
        """The type of each published document among these ids."""

    def patch(
        self, document: Document, set_fields: Mapping[str, Any], unset_fields: Collection[str]
    ) -> None:
        """Change fields of a document that is still as it was read.

        Raises `RevisionMismatch` when it is not, `NotFound` when it is gone, or `PatchRefused`.
        """


class Deletions(Protocol):
    """The notes of deletions in a dataset."""

    def prune(self, before: str) -> int:
        """Remove the notes of deletions (`app.service.documents.deletion_of`) that were written
        before an instant, RFC 3339 text in UTC, and count them.
        """
