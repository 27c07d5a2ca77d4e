"""Documents in and out of the embedded store as NDJSON, the form of a Sanity dataset export.

A document is kept as the text of its line, so that an export gives back what an import took.
"""

from __future__ import annotations

import json
import re
import sqlite3
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from typing import Literal, NamedTuple

from app import strict_json
from app.service.documents import mended
from app.service.stores.sqlite import queries
from app.service.stores.sqlite.archive import ImportRefused
from app.service.stores.sqlite.store import SqliteStore

OnExisting = Literal["fail", "replace", "skip"]

_SEGMENT = "[A-Za-z0-9_][A-Za-z0-9_-]*"
_document_id = re.compile(rf"(?=.{{1,128}}$){_SEGMENT}(\.{_SEGMENT})*")
"""The ids that Sanity takes (https://www.sanity.io/docs/ids)."""


class Imported(NamedTuple):
    """How many documents were added, replaced and left as they were."""

    added: int
    replaced: int
    skipped: int


def import_lines(
    store: SqliteStore,
    lines: Iterable[bytes],
    on_existing: OnExisting = "fail",
    note: Callable[[str], object] = lambda _: None,
) -> Imported:
    """Load NDJSON documents, all or none. Raises `ImportRefused`, and `StoreError`.

    A document that is in the store already, with the same content, is left alone; with other
    content, `on_existing` says what happens, in the words of `sanity dataset import`. `note` gets a
    sentence for each line that is not kept as it came.
    """
    counts: Counter[str] = Counter()
    seen: set[str] = set()
    with store.writing() as connection:
        for number, line in enumerate(lines, 1):
            text = line.removeprefix(BOM_UTF8).strip()
            if text:
                try:
                    kept = _without_what_is_no_text(text)
                    document_id = _check(kept, seen)
                    counts[_put(connection, document_id, kept.decode(), on_existing)] += 1
                except ValueError as error:
                    raise ImportRefused(f"line {number}: {error}") from None
                if kept != text:
                    note(f"line {number}: {document_id} is kept without a NUL or lone surrogate.")
            if line.startswith(BOM_UTF8):
                note(f"line {number}: a byte order mark was left out.")
    return Imported(counts["added"], counts["replaced"], counts["skipped"])


def export_lines(store: SqliteStore) -> Generator[str]:
    """Every document, drafts included, as one line each, in the order of their import."""
    with store.reading() as connection:
        for (body,) in connection.execute(queries.BODIES):
            yield body


def count_documents(store: SqliteStore) -> dict[str, int]:
    """How many documents there are of each type, drafts and release versions apart."""
    with store.reading() as connection:
        return dict(connection.execute(queries.COUNT_BY_TYPE).fetchall())


def _without_what_is_no_text(text: bytes) -> bytes:
    """JSON without the escapes that the Sanity store leaves out, too. Raises ValueError."""
    try:
        text.decode()
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    return mended(text) if b"\\u" in text else text


def _check(text: bytes, seen: set[str]) -> str:
    """The `_id` of a line's document. Raises ValueError."""
    document = strict_json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    document_id, document_type = document.get("_id"), document.get("_type")
    if not (isinstance(document_id, str) and _document_id.fullmatch(document_id)):
        raise ValueError("no _id that Sanity takes")
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
        connection.execute(queries.PUT, {"id": document_id, "body": body})
        return "added"
    if on_existing == "skip" or strict_json.equal(json.loads(row[0]), json.loads(body)):
        return "skipped"
    if on_existing == "replace":
        connection.execute(queries.PUT, {"id": document_id, "body": body})
        return "replaced"
    raise ValueError(f"{document_id} is in the store already, with other content")
