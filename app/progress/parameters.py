"""The query parameters of progress."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from app.service import cursor
from app.service.progress_reports import MAX_WEEKS_OF_ONE, MAX_WEEKS_OF_SEVERAL, ReportQuery
from app.web.fields import Cursor, DocumentId, QueryDate
from app.web.paging import PageQuery, PageSize, byte_order_mark, of_runner, with_total
from app.web.problems import Coded


class ProgressQuery(PageQuery):
    """The query parameters, as `ReportQuery`."""

    default_limit = 50

    limit = PageSize("runners", default_limit)
    cursor = Cursor(cursor.decode_week)
    runner_id = DocumentId(metadata={"description": "The progress of this runner only."})
    date_from = QueryDate(
        metadata={
            "description": "The first day; by default 27 days before `dateTo`, or the Monday three "
            "weeks before that of `asOf`."
        }
    )
    date_to = QueryDate(
        metadata={
            "description": "The last day; by default 27 days after `dateFrom`, or the Sunday after "
            f"`asOf`. At most {MAX_WEEKS_OF_ONE} weeks for one runner, {MAX_WEEKS_OF_SEVERAL} for "
            "several."
        }
    )
    as_of = QueryDate(
        metadata={
            "description": "The day up to which sessions are due: the client's local date. By "
            "default today in the API's time zone."
        }
    )
    with_total = with_total()
    bom = byte_order_mark()

    @ma.validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("date_from", "") > data.get("date_to", "9999-12-31"):
            detail = "The first day is after the last."
            raise ma.ValidationError({"dateTo": [Coded("date-order", detail)]})

    def query(self, data: dict[str, Any]) -> ReportQuery:
        return ReportQuery(**of_runner(data))
