"""The shapes of changes on the wire."""

from __future__ import annotations

from marshmallow import fields, validate

from app.service import sync_tokens
from app.web.base_schema import (
    MAX_PAGE_SIZE,
    ResponsePart,
    ResponseSchema,
    read_id,
)
from app.web.fields import OneOf
from app.workout_logs.schemas import WorkoutLog


def _kind(name: str) -> fields.String:
    return fields.String(
        required=True,
        validate=validate.OneOf([name]),
        metadata={"description": f"Always `{name}`."},
    )


class WorkoutLogUpsert(ResponsePart):
    """A log that was created or changed."""

    type = _kind("upsert")
    log = fields.Nested(
        WorkoutLog,
        required=True,
        metadata={"description": "The log as it is now: it replaces what you have of its `id`."},
    )


class WorkoutLogDeletion(ResponsePart):
    """A log that was deleted."""

    type = _kind("deleted")
    id = read_id("The `id` of the log, which you may never have seen.")
    deleted_at = fields.String(
        required=True,
        metadata={
            "description": "When it was deleted, in UTC.",
            "format": "date-time",
            "maxLength": 40,
        },
    )


class WorkoutLogChangesPagination(ResponsePart):
    """Where to go on."""

    next = fields.String(
        required=True,
        metadata={
            "description": "The `since` of the next request: keep it with what you have applied.",
            "maxLength": sync_tokens.MAX_TOKEN_LENGTH,
            "pattern": sync_tokens.PATTERN,
        },
    )
    has_more = fields.Boolean(
        required=True,
        metadata={"description": "Whether there are more changes now. If not, ask again later."},
    )


class WorkoutLogChangeList(ResponseSchema):
    """A page of changes."""

    data = fields.List(
        OneOf(
            "WorkoutLogChange",
            "A log that was created or changed, or the note of one that was deleted.",
            "type",
            {"upsert": WorkoutLogUpsert, "deleted": WorkoutLogDeletion},
        ),
        required=True,
        metadata={
            "description": "The changes, in the order in which they are to be applied.",
            "maxItems": MAX_PAGE_SIZE,
        },
    )
    pagination = fields.Nested(WorkoutLogChangesPagination, required=True)
