"""What lists have in common: the size of a page, in JSON and in CSV, and the link to the next."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import marshmallow as ma
from flask import request

from app.web.base_schema import MAX_PAGE_SIZE, BaseSchema
from app.web.fields import JSONSchema, QueryFlag, QueryInteger
from app.web.prefix import public_path
from app.web.tables import MAX_ROWS


class PageQuery(BaseSchema):
    """The query parameters of a list. With `csv`, those of a request that prefers CSV, of which a
    page holds more, and by default all that it can.
    """

    default_limit = 20

    def __init__(self, *, csv: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.csv = csv

    @cached_property
    def in_csv(self) -> PageQuery:
        """The same for a request that prefers CSV."""
        return type(self)(csv=True)

    @ma.post_load
    def _with_limit(self, data: dict[str, Any], **_: Any) -> Any:
        """What the service takes; the byte order mark is the affair of the table alone."""
        data.pop("bom", None)
        data.setdefault("limit", MAX_ROWS if self.csv else self.default_limit)
        return self.query(data)

    def query(self, data: dict[str, Any]) -> Any:
        """The service's query, from the attributes that were sent."""
        raise NotImplementedError


def with_total() -> QueryFlag:
    """Whether a page comes with the number of all matches."""
    return QueryFlag(
        metadata={"description": "Whether to count all matches, too.", "default": False}
    )


def byte_order_mark() -> QueryFlag:
    """Whether CSV comes with a byte order mark."""
    return QueryFlag(
        metadata={
            "description": "Whether CSV begins with a byte order mark, which Excel needs.",
            "default": False,
        }
    )


class PageSize(QueryInteger):
    """How many of these things a page holds at most: up to `MAX_PAGE_SIZE`, in CSV up to
    `MAX_ROWS`.
    """

    default_error_messages = {"out-of-range": "From 1 to {most} {things} a page."}

    def __init__(self, things: str, default: int) -> None:
        description = f"How many {things} a page holds at most; rows of CSV, up to {MAX_ROWS}."
        super().__init__(metadata={"description": description, "default": default})
        self._things = things

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        size = super()._deserialize(value, attr, data, **kwargs)
        most = MAX_ROWS if getattr(self.root, "csv", False) else MAX_PAGE_SIZE
        if not 1 <= size <= most:
            raise self.make_error("out-of-range", most=most, things=self._things)
        return size

    def json_schema(self) -> JSONSchema:
        return {"format": "int32", "minimum": 1, "maximum": MAX_PAGE_SIZE}


def of_runner(data: dict[str, Any]) -> dict[str, Any]:
    """The attributes with `runner_ids` for `runner_id`."""
    runner_id = data.pop("runner_id", None)
    return {**data, "runner_ids": None if runner_id is None else frozenset({runner_id})}


def next_link(cursor: str | None, **used: str) -> dict[str, str]:
    """The `Link` to the next page, if there is one: the same request, with what it `used`."""
    if cursor is None:
        return {}
    # No parameter's valid value holds a character that an address would have to escape.
    parameters = {**request.args, **used, "cursor": cursor}
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return {"Link": f'<{public_path(request.path)}?{query}>; rel="next"'}
