"""The embedded store's documents for the upkeep (`app.service.upkeep`)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from app.service.documents import Document, mended, now, revision_of
from app.service.errors import NotFound, RevisionMismatch, StoreUnavailable
from app.service.instants import sort_key
from app.service.stores.sqlite import queries
from app.service.stores.sqlite.store import SqliteStore
from app.service.upkeep.dataset import PAGE_SIZE, TYPES


class SqliteDataset:
    """An `app.service.upkeep.dataset.Dataset`."""

    writes_at_once = 1

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def count(self) -> Mapping[str, int]:
        with self._store.reading() as connection:
            counts = dict(connection.execute(queries.COUNT_BY_TYPE).fetchall())
        return {type_: counts.get(type_, 0) for type_ in TYPES}

    def pages(self, type_: str) -> Iterator[Sequence[Document]]:
        after = 0
        while True:
            page = {"type": type_, "after": after, "limit": PAGE_SIZE}
            with self._store.reading() as connection:
                rows = connection.execute(queries.PAGE, page).fetchall()
            if not rows:
                return
            yield [_exact(body) for _, body in rows]
            after = rows[-1][0]

    def types(self, ids: Collection[str]) -> Mapping[str, str]:
        with self._store.reading() as connection:
            return dict(connection.execute(queries.TYPES, {"ids": json.dumps([*ids])}).fetchall())

    def patch(
        self, document: Document, set_fields: Mapping[str, Any], unset_fields: Collection[str]
    ) -> None:
        key = {"id": document["_id"], "type": document["_type"]}
        with self._store.writing() as connection:
            row = connection.execute(queries.PUBLISHED, key).fetchone()
            if row is None:
                raise NotFound
            current = _exact(*row)
            if revision_of(current) != revision_of(document):
                raise RevisionMismatch(current)
            kept = {name: each for name, each in current.items() if name not in unset_fields}
            changed = {**kept, **set_fields, "_updatedAt": now(), "_rev": uuid.uuid4().hex}
            body = json.dumps(changed, ensure_ascii=False, separators=(",", ":"))
            connection.execute(queries.PUT, {"id": document["_id"], "body": body})

    def prune(self, before: str) -> int:
        with self._store.writing() as connection:
            return connection.execute(queries.PRUNE, {"before": sort_key(before)}).rowcount

    def check_file(self) -> None:
        """Raise StoreUnavailable when the file is damaged."""
        with self._store.reading() as connection:
            (integrity,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if integrity != "ok":
            raise StoreUnavailable(f"the file is damaged: {integrity}")


def _exact(body: str) -> dict[str, Any]:
    """The document, with every number as it was written."""
    data = body.encode()
    document: dict[str, Any] = json.loads(mended(data) if b"\\u" in data else data)
    return document
