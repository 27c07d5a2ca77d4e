"""What requests say beside their bodies: the query of a list, and headers."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from app.service.model import Feeling, Status
from app.service.stores.port import LogQuery
from app.web.base_schema import BaseSchema, enum
from app.web.conditions import Precondition, precondition
from app.web.fields import (
    Cursor,
    DocumentId,
    EntityTags,
    IdempotencyKey,
    QueryDate,
    QueryFlag,
    path_parameter,
)
from app.web.paging import PageQuery, PageSize, byte_order_mark, of_runner, with_total

LOG_ID = path_parameter("logId", DocumentId(), "The log's `id`.")


class ListQuery(PageQuery):
    """The query parameters of a list, as `LogQuery`."""

    limit = PageSize("logs", PageQuery.default_limit)
    cursor = Cursor()
    session_id = DocumentId(metadata={"description": "Logs about this training session."})
    runner_id = DocumentId(metadata={"description": "Logs of this runner."})
    status = enum(Status, "Logs with this status.")
    feeling = enum(Feeling, "Logs with this feeling.")
    date_from = QueryDate(metadata={"description": "Sessions planned on this day or later."})
    date_to = QueryDate(metadata={"description": "Sessions planned on this day or earlier."})
    reviewed = QueryFlag(
        metadata={"description": "Logs to which somebody gave feedback, or nobody."}
    )
    with_total = with_total()
    bom = byte_order_mark()

    def query(self, data: dict[str, Any]) -> LogQuery:
        return LogQuery(**of_runner(data))


class Headers(BaseSchema):
    """Base of what an operation reads from the headers; requests have many others."""

    class Meta:
        unknown = ma.EXCLUDE


class CreateHeaders(Headers):
    """The headers of a create."""

    idempotency_key = IdempotencyKey(
        data_key="Idempotency-Key",
        metadata={
            "description": "A key that the client makes, such as a UUID, bare or in double quotes. "
            "The same request sent again with it replays the first response."
        },
    )


class ReadHeaders(Headers):
    """The headers of a read."""

    if_none_match = EntityTags(
        data_key="If-None-Match",
        metadata={
            "description": "The `ETag` of the response that you have. The response is 304, without "
            "a body, while nothing in it has changed: neither the log nor its session, runner and "
            "feedback."
        },
    )
    if_match = EntityTags(
        data_key="If-Match",
        metadata={
            "description": "An `ETag`, or the quoted `revision`, that the log must still have. "
            "Otherwise the response is 412."
        },
    )


class ChangeHeaders(Headers):
    """The headers of an update and of a delete, as a `Precondition`."""

    if_match = EntityTags(
        data_key="If-Match",
        metadata={
            "description": "An `ETag`, or the quoted `revision`, that the log must still have. "
            "Otherwise the response is 412 and nothing is changed. Without it the change is made "
            "to whatever is there."
        },
    )
    if_none_match = EntityTags(
        data_key="If-None-Match",
        metadata={
            "description": "An `ETag` that the log must not have, or `*`: if it does, the response "
            "is 412."
        },
    )

    @ma.post_load
    def _precondition(self, data: dict[str, Any], **_: Any) -> Precondition | None:
        return precondition(**data)
