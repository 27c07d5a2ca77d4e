"""The documents of a Sanity dataset for the upkeep (`app.service.upkeep`)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from app.service.documents import Document
from app.service.errors import NotFound, RevisionMismatch
from app.service.stores.sanity import queries, writes
from app.service.stores.sanity.client import ContentLake
from app.service.stores.sanity.errors import AccessRefused, Refused, translated
from app.service.upkeep.dataset import PAGE_SIZE, PatchRefused


class SanityDataset:
    """An `app.service.upkeep.dataset.Dataset`."""

    def __init__(self, lake: ContentLake) -> None:
        self._lake = lake
        self.writes_at_once = lake.limits.writes_at_once

    def count(self) -> Mapping[str, int]:
        with translated():
            return self._lake.query(queries.COUNTS, {}, dict, tag="upkeep")

    def pages(self, type_: str) -> Iterator[Sequence[Document]]:
        after = ""
        while True:
            params = {"type": type_, "after": after, "limit": PAGE_SIZE}
            with translated():
                page = self._lake.query(queries.DOCUMENTS, params, list, tag="upkeep")
            if not page:
                return
            yield page
            after = page[-1]["_id"]

    def types(self, ids: Collection[str]) -> Mapping[str, str]:
        with translated():
            return self._lake.query(queries.TYPES, {"ids": sorted(ids)}, _types, tag="upkeep")

    def patch(
        self, document: Document, set_fields: Mapping[str, Any], unset_fields: Collection[str]
    ) -> None:
        id_, revision, transaction_id = document["_id"], document["_rev"], uuid.uuid4().hex
        patch: dict[str, Any] = {"id": id_, "ifRevisionID": revision}
        if set_fields:
            patch["set"] = set_fields
        if unset_fields:
            patch["unset"] = [*unset_fields]
        write = writes.Write(
            changes=[writes.Change(id_, revision, transaction_id)],
            mutations=[{"patch": patch}],
            transaction_id=transaction_id,
            tag="upkeep",
        )
        with translated():
            try:
                writes.execute(self._lake, write)
            except writes.Conflict as conflict:
                current = conflict.current[id_]
                raise (RevisionMismatch(current) if current else NotFound()) from None
            except AccessRefused:
                raise
            except Refused as error:
                raise PatchRefused(str(error)) from None

    def prune(self, before: str) -> int:
        count, after = 0, ""
        with ThreadPoolExecutor(self.writes_at_once) as threads:
            while True:
                params = {"before": before, "after": after, "limit": PAGE_SIZE}
                with translated():
                    page = self._lake.query(queries.OLD_DELETIONS, params, list, tag="upkeep")
                if not page:
                    return count
                count += sum(threads.map(self._delete, page))
                after = page[-1]["_id"]

    def _delete(self, document: Document) -> bool:
        """Whether the document was still as it was read, and is deleted."""
        id_, revision = document["_id"], document["_rev"]
        write = writes.Write(
            changes=[writes.Change(id_, revision, None)],
            mutations=writes.deletion_of_revision(id_, revision),
            transaction_id=uuid.uuid4().hex,
            tag="upkeep",
        )
        with translated():
            try:
                writes.execute(self._lake, write)
            except writes.Conflict:
                return False
        return True


def _types(rows: list[Any]) -> dict[str, str]:
    return {row["_id"]: row["_type"] for row in rows}
