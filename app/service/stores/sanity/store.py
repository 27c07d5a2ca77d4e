"""The store in a Sanity dataset.

Every write waits until queries see it (`visibility=sync`), so whoever has had the answer to a
write, or hears of it from somebody who had, reads it back, through any process. Where queries are
behind the writes of other programs, the revision guards each write, and a refused write brings the
document as it really is (`RevisionMismatch.current`, `DuplicateLog.existing`).
"""

from __future__ import annotations

import logging
import math
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from app.service.documents import Document, holds_nul, loads, now
from app.service.errors import (
    DuplicateLog,
    LogInUse,
    NotFound,
    RevisionMismatch,
    ServiceError,
    StoreTimeout,
    StoreUnavailable,
)
from app.service.reading import LogRow, StoredLog, of_type, row_of
from app.service.stores.port import (
    CreateContext,
    LogPage,
    LogQuery,
    StoredUser,
)
from app.service.stores.sanity import queries, writes
from app.service.stores.sanity.client import ContentLake
from app.service.stores.sanity.errors import (
    AccessRefused,
    ContentLakeError,
    HasExistingReferences,
    ReplyTimeout,
)

FIRST_DAY, LAST_DAY = "0000-01-01", "9999-12-31"

logger = logging.getLogger(__name__)


class SanityStore:
    """The store in the dataset behind `lake`."""

    def __init__(self, lake: ContentLake) -> None:
        self._lake = lake

    def close(self) -> None:
        """Close the idle connections."""
        self._lake.close()

    def find_users(
        self, *, user_id: str | None = None, email: str | None = None
    ) -> list[StoredUser]:
        with _translated():
            if user_id is not None:
                return self._lake.query(queries.USER_BY_ID, {"id": user_id}, _users)
            return self._lake.query(queries.USERS_BY_EMAIL, {"email": email}, _users)

    def list_logs(self, query: LogQuery) -> LogPage:
        filters = _filters(query)
        params: dict[str, Any] = {"limit": query.limit}
        for each in filters.values():
            params |= each
        if query.after is not None:
            params |= {"afterCreatedAt": query.after.created_at, "afterId": query.after.id}
        text = queries.list_logs(filters, after=query.after is not None, total=query.with_total)
        with _translated():
            page: LogPage = self._lake.query(text, params, _itself, result_of=_page_of)
            return page

    def get_log(self, log_id: str) -> StoredLog | None:
        with _translated():
            return self._lake.query(
                queries.LOG, {"id": log_id}, lambda row: StoredLog.of(row) if row else None
            )

    def read_for_create(self, *, runner_id: str, session_id: str) -> CreateContext:
        pair = {"runnerId": runner_id, "sessionId": session_id}
        with _translated():
            return self._lake.query(queries.CONTEXT_OF_CREATE, pair, _context_of_create)

    def create_log(self, document: Document, *, transaction_id: str) -> Document:
        return self._execute(
            writes.Write(
                document_id=document["_id"],
                mutations=[{"create": document}],
                transaction_id=transaction_id,
                before=None,
                after=transaction_id,
            )
        )

    def update_log(
        self,
        log_id: str,
        *,
        set_fields: Mapping[str, Any],
        unset_fields: Collection[str],
        if_revision: str,
        transaction_id: str,
    ) -> Document:
        fields = {"set": set_fields, "unset": [*unset_fields]}
        return self._execute(
            writes.Write(
                document_id=log_id,
                mutations=[{"patch": {"id": log_id, "ifRevisionID": if_revision, **fields}}],
                transaction_id=transaction_id,
                before=if_revision,
                after=transaction_id,
            )
        )

    def delete_log(self, log_id: str, *, if_revision: str) -> None:
        # Only a patch can be for one revision, so one goes first in the same transaction; it
        # changes something, to be sure that it counts.
        fields = {"set": {"updatedAt": now()}}
        guard = {"patch": {"id": log_id, "ifRevisionID": if_revision, **fields}}
        self._execute(
            writes.Write(
                document_id=log_id,
                mutations=[guard, {"delete": {"id": log_id}}],
                transaction_id=uuid.uuid4().hex,
                before=if_revision,
                after=None,
            )
        )

    def ping(self) -> None:
        with _translated():
            self._lake.query(queries.PING, {}, bool)

    def _execute(self, write: writes.Write) -> Document:
        """The document that the write leaves; an empty one when it leaves none."""
        with _translated():
            try:
                return writes.execute(self._lake, write) or {}
            except writes.Conflict as conflict:
                raise _error_of(conflict, write) from None
            except HasExistingReferences:
                raise LogInUse(write.document_id) from None


def _error_of(conflict: writes.Conflict, write: writes.Write) -> ServiceError:
    if conflict.current is None:
        return NotFound()
    return (DuplicateLog if write.before is None else RevisionMismatch)(conflict.current)


@contextmanager
def _translated() -> Iterator[None]:
    """Faults of the Content Lake, logged once each for the operator, as errors of the service."""
    try:
        yield
    except ContentLakeError as error:
        about = f"{type(error).__name__}: {error}"
        if isinstance(error, AccessRefused):
            logger.error(
                "Sanity refuses the API token or its rights, so nobody is served (%s). "
                "`workout-log-api store check` says what is wrong.",
                about,
            )
        else:
            logger.error("Sanity failed (%s)", about)
        if isinstance(error, ReplyTimeout):
            raise StoreTimeout(about) from error
        unavailable = StoreUnavailable(about)
        if error.retry_after:
            unavailable.retry_after = math.ceil(error.retry_after)
        raise unavailable from error


def _filters(query: LogQuery) -> dict[str, dict[str, Any]]:
    """The names of the filters in use (`queries.FILTERS`), each with its parameters."""
    filters: dict[str, dict[str, Any]] = {}
    if query.runner_ids is not None:
        filters["runnerIds"] = {"runnerIds": sorted(query.runner_ids)}
    if query.session_id is not None:
        filters["sessionId"] = {"sessionId": query.session_id}
    if query.status is not None:
        filters["status"] = {"status": query.status}
    if query.feeling is not None:
        filters["feeling"] = {"feeling": query.feeling}
    if query.date_from is not None or query.date_to is not None:
        filters["dates"] = {
            "dateFrom": query.date_from or FIRST_DAY,
            "dateTo": query.date_to or LAST_DAY,
        }
    return filters


def _users(rows: list[Any]) -> list[StoredUser]:
    return [StoredUser(row["document"], row["coachedIds"]) for row in rows]


class _Result(msgspec.Struct):
    logs: list[LogRow]
    total: int | None = None


class _Reply(msgspec.Struct):
    result: _Result


_usual_reply = msgspec.json.Decoder(_Reply)


def _page_of(content: bytes) -> LogPage:
    """The page in a reply: msgspec reads it at once, unless a row is unusual."""
    try:
        if not holds_nul(content):
            page = _usual_reply.decode(content).result
            return LogPage(page.logs, page.total)
    except (ValueError, RecursionError):
        pass
    result = loads(content)["result"]
    rows = [row_of(StoredLog.of(each)) for each in result["logs"]]
    return LogPage(rows, msgspec.convert(result.get("total"), int | None))


def _itself(result: Any) -> Any:
    return result


def _context_of_create(result: dict[str, Any]) -> CreateContext:
    session = result["session"] or {"document": None, "plan": None}
    return CreateContext(
        session=session["document"],
        plan=of_type("trainingPlan", session["plan"]),
        runner=result["runner"],
        existing=result["existing"],
    )
