"""The query of a list of changes."""

from __future__ import annotations

from marshmallow import fields, validate

from app.service import sync_tokens
from app.service.changes import NOW
from app.web.base_schema import MAX_PAGE_SIZE, BaseSchema
from app.web.fields import QueryInteger
from app.web.problems import Coded


class ChangesQuery(BaseSchema):
    """Since when, and how many."""

    since = fields.String(
        required=True,
        metadata={
            "description": f"A token: `pagination.next` of the page before, `pagination.syncToken` "
            f"of a list, or `{NOW}` for a token of this moment.",
            "maxLength": sync_tokens.MAX_TOKEN_LENGTH,
            "pattern": sync_tokens.PATTERN,
        },
    )
    limit = QueryInteger(
        load_default=MAX_PAGE_SIZE,
        validate=validate.Range(
            1, MAX_PAGE_SIZE, error=Coded("out-of-range", "From {min} to {max} changes a page.")
        ),
        metadata={
            "description": "How many changes a page holds at most.",
            "default": MAX_PAGE_SIZE,
        },
    )
