"""The shapes that several resources share."""

from __future__ import annotations

from marshmallow import fields, validate

from app.service.documents import ID_PATTERN, MAX_DISTANCE_KM
from app.web.base_schema import MAX_PAGE_SIZE, ResponsePart, read_id, read_text
from app.web.fields import Number


class Runner(ResponsePart):
    """Whose log, session or progress it is."""

    id = read_id("The user's document id.")
    name = read_text("The name to show.")


class FeedbackSummary(ResponsePart):
    """The feedback on a log that is published."""

    count = fields.Integer(
        required=True,
        validate=validate.Range(0, 2**31 - 1),
        metadata={"description": "How many there are.", "format": "int32"},
    )
    last_at = read_text(
        "When the newest was created, in UTC; null if there is none.",
        format="date-time",
        maxLength=40,
    )


class Pagination(ResponsePart):
    """Where the page stands in the list."""

    limit = fields.Integer(
        required=True,
        validate=validate.Range(1, MAX_PAGE_SIZE),
        metadata={"description": "How many items a page holds at most.", "format": "int32"},
    )
    next_cursor = read_text("The `cursor` of the next page; null on the last one.", maxLength=512)
    total = fields.Integer(
        required=True,
        allow_none=True,
        validate=validate.Range(0, 2**31 - 1),
        metadata={
            "description": "How many match in all; null unless asked for with `withTotal`.",
            "format": "int32",
        },
    )


def read_reference(description: str) -> fields.String:
    """The id of another document on the way out, or null."""
    return read_text(description, maxLength=128, pattern=ID_PATTERN)


def read_day(description: str) -> fields.String:
    """A day on the way out."""
    return fields.String(
        required=True,
        metadata={"description": description, "format": "date", "minLength": 1, "maxLength": 10},
    )


def read_actual_distance() -> Number:
    """The distance of a log on the way out, or null."""
    return Number(
        above=0,
        most=MAX_DISTANCE_KM,
        required=True,
        allow_none=True,
        metadata={"description": "The distance covered, in km."},
    )


def read_seconds(description: str, most: int) -> fields.Integer:
    """A duration or a pace on the way out, in whole seconds, or null."""
    return fields.Integer(
        required=True,
        allow_none=True,
        validate=validate.Range(1, most),
        metadata={"description": description, "format": "int32"},
    )
