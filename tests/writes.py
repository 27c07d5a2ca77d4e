"""One write of a store, and the error of one."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from app.service.documents import Document
from app.service.errors import WritesRefused
from app.service.stores.port import CreateLog, DeleteLog, LogWrite, Store, UpdateLog


def create_log(store: Store, document: Document, *, transaction_id: str) -> Document:
    return _write(store, CreateLog(document), transaction_id)


def update_log(
    store: Store,
    log_id: str,
    *,
    set_fields: Mapping[str, Any],
    unset_fields: Collection[str],
    if_revision: str,
    transaction_id: str,
) -> Document:
    write = UpdateLog(log_id, set_fields, unset_fields, if_revision)
    return _write(store, write, transaction_id)


def delete_log(
    store: Store, log_id: str, *, if_revision: str, runner_id: str | None = None
) -> None:
    _write(store, DeleteLog(log_id, if_revision, runner_id), uuid.uuid4().hex)


def _write(store: Store, write: LogWrite, transaction_id: str) -> Document:
    try:
        (document,) = store.write_logs([write], transaction_id=transaction_id)
    except WritesRefused as refused:
        raise refused.errors[0] from None
    return document
