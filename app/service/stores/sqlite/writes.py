"""The writes of logs, each within the transaction that the store has begun."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from app.service.documents import (
    Document,
    deletion_id_of,
    deletion_of,
    loads,
    now,
    reference_id,
    revision_of,
)
from app.service.errors import DuplicateLog, LogInUse, NotFound, RevisionMismatch
from app.service.rows import StoredLog
from app.service.stores.port import CreateLog, DeleteLog, LogWrite, UpdateLog
from app.service.stores.sqlite import queries
from app.service.stores.sqlite.bodies import document_of, parsed, text_of


def write(connection: sqlite3.Connection, write: LogWrite, transaction_id: str) -> Document:
    """The document that the write leaves; an empty one when it leaves none."""
    match write:
        case CreateLog(document):
            return _create(connection, document, transaction_id)
        case UpdateLog(log_id, set_fields, unset_fields, revision):
            body = _log_at(connection, log_id, revision)
            changed = {**set_fields, "_updatedAt": now(), "_rev": transaction_id}
            body = _changed(body, changed, unset_fields)
            connection.execute(queries.PUT, {"id": log_id, "body": body})
            return parsed(body)
        case DeleteLog(log_id, revision, runner_id):
            _log_at(connection, log_id, revision)
            (in_use,) = connection.execute(queries.IS_REFERRED_TO, {"id": log_id}).fetchone()
            if in_use:
                raise LogInUse(log_id)
            connection.execute(queries.DELETE, {"id": log_id})
            gone = _stored(deletion_of(log_id, runner_id), transaction_id)
            connection.execute(queries.PUT, {"id": gone["_id"], "body": text_of(gone)})
            return {}


def _create(connection: sqlite3.Connection, document: Document, transaction_id: str) -> Document:
    taken = connection.execute(queries.BODY, {"id": document["_id"]}).fetchone()
    if taken:
        raise DuplicateLog(document_of(taken))
    pair = {
        "runner_id": reference_id(document.get("runnerId")),
        "session_id": reference_id(document.get("sessionId")),
    }
    taken = connection.execute(queries.LOGS_OF_PAIR, pair).fetchone()
    if taken:
        raise DuplicateLog(StoredLog.of(loads(taken[0])).document)
    stored = _stored(document, transaction_id)
    connection.execute(queries.PUT, {"id": document["_id"], "body": text_of(stored)})
    connection.execute(queries.DELETE, {"id": deletion_id_of(document["_id"])})
    return stored


def _log_at(connection: sqlite3.Connection, log_id: str, revision: str) -> str:
    """The text of the log's document."""
    row = connection.execute(queries.PUBLISHED, {"id": log_id, "type": "workoutLog"}).fetchone()
    if row is None:
        raise NotFound
    document = parsed(row[0])
    if revision_of(document) != revision:
        raise RevisionMismatch(document)
    body: str = row[0]
    return body


def _changed(body: str, changed: Mapping[str, Any], unset: Collection[str]) -> str:
    """The text of a document with some fields changed, the others as they are, byte for byte."""
    fields: dict[str, msgspec.Raw] = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    fields |= {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in changed.items()}
    return msgspec.json.encode(
        {name: value for name, value in fields.items() if name not in unset}
    ).decode()


def _stored(document: Document, revision: str) -> Document:
    """A new document with the system fields that a store gives it."""
    instant = now()
    return {**document, "_createdAt": instant, "_updatedAt": instant, "_rev": revision}
