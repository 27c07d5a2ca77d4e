"""Documents as the file holds them: the text of each, as it came."""

from __future__ import annotations

import json
import sqlite3

import msgspec

from app.service.documents import Document
from app.service.stores.sqlite import queries


def document_of(row: tuple[str]) -> Document:
    return parsed(row[0])


def parsed(body: str) -> Document:
    document: Document = msgspec.json.decode(body)
    return document


def published(connection: sqlite3.Connection, id_: str, type_: str) -> Document | None:
    row = connection.execute(queries.PUBLISHED, {"id": id_, "type": type_}).fetchone()
    return document_of(row) if row else None


def text_of(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
