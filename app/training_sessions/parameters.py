"""What requests say beside their paths."""

from __future__ import annotations

from typing import Any

from app.service import cursor
from app.service.model import SessionState, SessionType
from app.service.stores.port import SessionQuery
from app.web.base_schema import BaseSchema, enum
from app.web.fields import Cursor, DocumentId, QueryDate, path_parameter
from app.web.paging import PageQuery, PageSize, byte_order_mark, of_runner, with_total

SESSION_ID = path_parameter("sessionId", DocumentId(), "The session's `id`.")


def _as_of() -> QueryDate:
    return QueryDate(
        metadata={
            "description": "The day from which `state` is seen: the client's local date. By "
            "default today in the API's time zone."
        }
    )


class ListQuery(PageQuery):
    """The query parameters of a list, as `SessionQuery`."""

    limit = PageSize("sessions", PageQuery.default_limit)
    cursor = Cursor(cursor.decode_session)
    runner_id = DocumentId(metadata={"description": "Sessions of this runner."})
    date_from = QueryDate(metadata={"description": "Sessions planned on this day or later."})
    date_to = QueryDate(metadata={"description": "Sessions planned on this day or earlier."})
    state = enum(SessionState, "Sessions in this state on the day `asOf`.")
    type = enum(SessionType, "Sessions of this kind.")
    as_of = _as_of()
    with_total = with_total()
    bom = byte_order_mark()

    def query(self, data: dict[str, Any]) -> SessionQuery:
        return SessionQuery(**of_runner(data))


class ReadQuery(BaseSchema):
    """The query parameters of a read."""

    as_of = _as_of()
