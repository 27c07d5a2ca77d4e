"""Brings a dataset up to date: each document in a transaction of its own, for its revision.

What is mended is not found again, so a migration that was ended in the middle is continued by the
next one. Nothing is deleted, and drafts are neither read nor written.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from itertools import islice
from typing import Any

from app.service.documents import Document
from app.service.errors import NotFound, RevisionMismatch
from app.service.upkeep.dataset import Dataset, PatchRefused
from app.service.upkeep.findings import Finding, Kind
from app.service.upkeep.rules import Rules
from app.service.upkeep.survey import Found, Survey, walk


class Outcome(StrEnum):
    """What became of a change."""

    CHANGED = "changed"
    EDITED_MEANWHILE = "edited meanwhile"
    DELETED_MEANWHILE = "deleted meanwhile"
    REFUSED = "refused by the store"


class Change:
    """All that is to be mended in one document."""

    def __init__(self, document: Document, findings: Iterable[Finding]) -> None:
        self.document = document
        self.kinds = [each.kind for each in findings]
        self.set_fields = {k: v for each in findings for k, v in each.set_fields.items()}
        self.unset_fields = [name for each in findings for name in each.unset_fields]

    def report(self) -> dict[str, Any]:
        """The change for the report: what there was before, and what there will be."""
        touched = [*self.set_fields, *self.unset_fields]
        return {
            "_id": self.document["_id"],
            "_type": self.document["_type"],
            "_rev": self.document.get("_rev"),
            "kinds": self.kinds,
            "before": {name: self.document[name] for name in touched if name in self.document},
            "set": self.set_fields,
            "unset": self.unset_fields,
        }


def migrate(
    dataset: Dataset,
    rules: Rules,
    survey: Survey,
    *,
    kinds: Collection[Kind],
    report: Callable[[bytes], object] | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> Counter[Outcome]:
    """Find what is not up to date and count it in `survey`; with `report`, mend what can be.

    `report` gets a line of NDJSON before each change, and one after it that says what became of it;
    `progress` gets the number of documents that were looked at. Raises `StoreError`, and OSError
    when the report cannot be written: then nothing more is changed.
    """
    outcomes: Counter[Outcome] = Counter()
    with ThreadPoolExecutor(dataset.writes_at_once) as threads:
        for page in walk(dataset, rules, kinds):
            for document, findings in page:
                for each in findings:
                    survey.add(each, document["_type"])
            if report:
                for batch in _batches(_changes(page), dataset.writes_at_once):
                    for change in batch:
                        report(_line(change.report()))
                    for change, outcome in zip(
                        batch, threads.map(lambda each: _apply(dataset, each), batch), strict=True
                    ):
                        report(_line({"_id": change.document["_id"], "outcome": outcome}))
                        outcomes[outcome] += 1
            progress(len(page))
    return outcomes


def _changes(page: Iterable[Found]) -> Iterator[Change]:
    for document, findings in page:
        decided = [each for each in findings if each.decided]
        if decided:
            yield Change(document, decided)


def _batches(changes: Iterator[Change], size: int) -> Iterator[list[Change]]:
    while batch := [*islice(changes, size)]:
        yield batch


def _apply(dataset: Dataset, change: Change) -> Outcome:
    try:
        dataset.patch(change.document, change.set_fields, change.unset_fields)
    except RevisionMismatch:
        return Outcome.EDITED_MEANWHILE
    except NotFound:
        return Outcome.DELETED_MEANWHILE
    except PatchRefused:
        return Outcome.REFUSED
    return Outcome.CHANGED


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"
