"""Documents in and out of the embedded store as NDJSON, the form of a Sanity dataset export.

A document is kept as the text of its line, so that an export gives back what an import took.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from app import strict_json
from app.service.errors import StoreUnavailable
from app.service.stores.sqlite import queries
from app.service.stores.sqlite.store import SqliteStore

OnExisting = Literal["fail", "replace", "skip"]

_document_id = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,127}")


class ImportRefused(Exception):
    """A line cannot be imported, so nothing was; the message names the line by its number."""


class Imported(NamedTuple):
    """How many documents were added, replaced and left as they were."""

    added: int
    replaced: int
    skipped: int


def import_lines(
    store: SqliteStore, lines: Iterable[bytes], on_existing: OnExisting = "fail"
) -> Imported:
    """Load NDJSON documents, all or none. Raises `ImportRefused`, and `StoreError`.

    A document that is in the store already, with the same content, is left alone; with other
    content, `on_existing` says what happens, in the words of `sanity dataset import`.
    """
    counts: Counter[str] = Counter()
    seen: set[str] = set()
    with store.writing() as connection:
        for number, line in enumerate(lines, 1):
            text = line.strip()
            if text:
                try:
                    document_id = _check(text, seen)
                    counts[_put(connection, document_id, text.decode(), on_existing)] += 1
                except ValueError as error:
                    raise ImportRefused(f"line {number}: {error}") from None
    return Imported(counts["added"], counts["replaced"], counts["skipped"])


def export_lines(store: SqliteStore) -> Iterator[str]:
    """Every document, drafts included, as one line each, in the order of their import."""
    with store.reading() as connection:
        for (body,) in connection.execute(queries.BODIES):
            yield body


def count_documents(store: SqliteStore) -> dict[str, int]:
    """How many documents there are of each type, drafts and release versions apart."""
    with store.reading() as connection:
        return dict(connection.execute(queries.COUNT_BY_TYPE).fetchall())


def check(store: SqliteStore) -> list[str]:
    """What is odd in the data, a sentence each: references to nothing, pairs with several logs.

    Raises StoreUnavailable when the file itself is damaged.
    """
    with store.reading() as connection:
        (integrity,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if integrity != "ok":
            raise StoreUnavailable(f"the file is damaged: {integrity}")
        return [
            sentence.format(*row)
            for query, sentence in queries.CHECKS
            for row in connection.execute(query)
        ]


def _check(text: bytes, seen: set[str]) -> str:
    """The `_id` of a line's document. Raises ValueError."""
    document = strict_json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    document_id, document_type = document.get("_id"), document.get("_type")
    if not (isinstance(document_id, str) and _document_id.fullmatch(document_id)):
        raise ValueError("no valid _id")
    if not (isinstance(document_type, str) and document_type):
        raise ValueError(f"{document_id} has no _type")
    if document_id in seen:
        raise ValueError(f"{document_id} stands in the file twice")
    seen.add(document_id)
    return document_id


def _put(
    connection: sqlite3.Connection, document_id: str, body: str, on_existing: OnExisting
) -> str:
    row = connection.execute(queries.BODY, {"id": document_id}).fetchone()
    if row is None:
        connection.execute(queries.INSERT, {"id": document_id, "body": body})
        return "added"
    if on_existing == "skip" or json.loads(row[0]) == json.loads(body):
        return "skipped"
    if on_existing == "replace":
        connection.execute(queries.REPLACE, {"id": document_id, "body": body})
        return "replaced"
    raise ValueError(f"{document_id} is in the store already, with other content")
