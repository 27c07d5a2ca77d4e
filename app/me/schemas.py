"""What the API says of its caller."""

from __future__ import annotations

from marshmallow import fields, validate

from app.service.model import Role
from app.settings import SCOPES
from app.web.base_schema import ResponseSchema, enum, read_id, read_text

MAX_COACHED = 10_000
"""Runners: more than any coach has."""


class UserSummary(ResponseSchema):
    """A user as others see them."""

    id = read_id("The user's document id.")
    name = read_text("The name to show.")


class Me(ResponseSchema):
    """The caller."""

    id = read_id("The document id of the caller's `user` document: what `runnerId` takes.")
    name = read_text("The name to show.")
    role = enum(Role, "What the caller is.", required=True)
    coach = fields.Nested(
        UserSummary,
        required=True,
        allow_none=True,
        metadata={"description": "Who coaches the caller; null if nobody does."},
    )
    runners = fields.List(
        fields.Nested(UserSummary),
        required=True,
        metadata={
            "description": "Whom the caller coaches, by id; empty for all but coaches.",
            "maxItems": MAX_COACHED,
        },
    )
    scopes = fields.List(
        fields.String(validate=validate.OneOf(SCOPES)),
        required=True,
        metadata={
            "description": "The scopes of this API that the token was granted.",
            "maxItems": len(SCOPES),
        },
    )


class MeResponse(ResponseSchema):
    """The caller."""

    data = fields.Nested(Me, required=True)
