"""A walk through a whole dataset that counts what is found, with a few ids of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain
from typing import NamedTuple

from app.service import emails
from app.service.documents import Document, reference_id
from app.service.upkeep.dataset import TYPES, Dataset
from app.service.upkeep.findings import Finding, Kind
from app.service.upkeep.rules import Rules, referred_ids


class Found(NamedTuple):
    """A document and what there is in it."""

    document: Document
    findings: list[Finding]


def walk(dataset: Dataset, rules: Rules, kinds: Collection[Kind]) -> Iterator[list[Found]]:
    """What is found of these kinds, page by page; documents without any are there as well.

    Raises `StoreError`.
    """
    twins = _Twins()
    for type_ in TYPES:
        for page in dataset.pages(type_):
            types = dataset.types({*chain.from_iterable(map(referred_ids, page))})
            yield [
                Found(
                    document,
                    [
                        each
                        for each in chain(rules.findings(document, types), twins.findings(document))
                        if each.kind in kinds
                    ],
                )
                for document in page
            ]


class _Twins:
    """Finds documents of which there should be one: users of an address, logs of a pair."""

    def __init__(self) -> None:
        self._first: dict[tuple[str | None, ...], str] = {}

    def findings(self, document: Document) -> Iterator[Finding]:
        """One for a document that is not the first."""
        match document["_type"]:
            case "user":
                address = document.get("email")
                if isinstance(address, str) and address:
                    about, key = "email: shared with another user", (emails.fold(address),)
                    yield from self._compare(key, document, Kind.ADDRESSES, about)
            case "workoutLog":
                session, runner = map(reference_id, map(document.get, ("sessionId", "runnerId")))
                if session and runner:
                    about = "a further log of a runner and session"
                    yield from self._compare((session, runner), document, Kind.DUPLICATES, about)

    def _compare(
        self, key: tuple[str, ...], document: Document, kind: Kind, about: str
    ) -> Iterator[Finding]:
        first = self._first.setdefault(key, document["_id"])
        if first != document["_id"]:
            yield Finding(kind, f"{document['_id']} (beside {first})", about)


class Tally(NamedTuple):
    """How often something was found, and some of the documents."""

    number: int
    ids: list[str]


class Survey:
    """Counts findings by kind and by what they are about; `ids_each` ids are kept of each."""

    def __init__(self, ids_each: int) -> None:
        self._ids_each = ids_each
        self._tallies: dict[tuple[Kind, str, bool], Tally] = {}

    def add(self, finding: Finding, type_: str) -> None:
        """Count a finding in a document of this type."""
        key = (finding.kind, f"{type_}.{finding.about}", finding.decided)
        number, ids = self._tallies.get(key, Tally(0, []))
        if number < self._ids_each:
            ids.append(finding.document_id)
        self._tallies[key] = Tally(number + 1, ids)

    def tallies(self, kind: Kind) -> list[tuple[str, bool, Tally]]:
        """What was found of a kind: what it is about, whether it can be mended, and how often."""
        return [
            (about, decided, tally)
            for (each, about, decided), tally in sorted(self._tallies.items())
            if each == kind
        ]

    def count(self, *, decided: bool, kinds: Collection[Kind]) -> int:
        """How many findings of these kinds can, or cannot, be mended."""
        return sum(
            tally.number
            for (kind, _, known), tally in self._tallies.items()
            if kind in kinds and known == decided
        )
