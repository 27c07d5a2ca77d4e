"""The operations on `/api/shoes`."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

import marshmallow as ma
from flask import Response
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from marshmallow import fields

from app.auth.protector import protect
from app.settings import READ_SCOPE, WRITE_SCOPE
from app.web.base_schema import BaseSchema, ResponseSchema, enum, read_id, read_text
from app.web.deprecation import deprecated
from app.web.fields import DocumentId, EntityTags, JSONSchema, Number, Text, path_parameter
from app.web.parsing import Blueprint


class Sole(StrEnum):
    """What a shoe is made for."""

    ROAD = "road"
    TRAIL = "trail"


class Colour(fields.String):
    """A field that only this resource has."""

    def json_schema(self) -> JSONSchema:
        return {"maxLength": 7, "pattern": "^#[0-9a-f]{6}$"}


class Shoe(ResponseSchema):
    """A pair of shoes."""

    id = read_id("The pair's document id.")
    name = read_text("What the runner calls them.")
    colour = Colour(required=True, metadata={"description": "As hexadecimal RGB."})
    sole = enum(Sole, "What they are made for.", required=True, allow_none=True)


class ShoeCreate(BaseSchema):
    """A new pair."""

    name = Text(80, required=True, metadata={"description": "What the runner calls them."})
    colour = Colour(metadata={"description": "As hexadecimal RGB."})
    sole = enum(Sole, "What they are made for.")
    weight = Number(above=0, most=1000, metadata={"description": "In g."})


class ShoeResponse(ResponseSchema):
    """One pair."""

    data = fields.Nested(Shoe, required=True)


class ShoeQuery(BaseSchema):
    """The query parameters."""

    runner_id = DocumentId(metadata={"description": "Shoes of this runner."})


class ShoeHeaders(BaseSchema):
    """A header that the workout logs have as well, but not in these words."""

    class Meta:
        unknown = ma.EXCLUDE

    if_match = EntityTags(
        data_key="If-Match", metadata={"description": "The `ETag` that the pair must still have."}
    )


blp = Blueprint("shoes", __name__, url_prefix="/api/shoes", description="What runners run in.")


@blp.route("")
class Shoes(MethodView):
    @protect(WRITE_SCOPE)
    @blp.arguments(ShoeCreate)
    @blp.response(201, ShoeResponse, description="The pair.", headers=["Location", "ETag"])
    @blp.doc(operationId="createShoe", problems=["forbidden"])
    def post(self, *_: object) -> ResponseReturnValue:
        """Create a pair of shoes"""
        return Response(status=201)


@blp.route(
    "/<shoe_id>", parameters=[path_parameter("shoeId", DocumentId(), "The `id` of the pair.")]
)
class OneShoe(MethodView):
    @protect(READ_SCOPE)
    @deprecated(
        datetime(2026, 3, 1, tzinfo=UTC),
        sunset=datetime(2027, 3, 1, tzinfo=UTC),
        see="/changelog",
    )
    @blp.arguments(ShoeQuery, location="query")
    @blp.response(200, ShoeResponse, description="The pair.", headers=["ETag"])
    @blp.doc(operationId="getShoe")
    def get(self, *_: object, **__: object) -> ResponseReturnValue:
        """Read a pair of shoes"""
        return Response(status=200)

    @protect(WRITE_SCOPE)
    @blp.arguments(ShoeHeaders, location="headers")
    @blp.response(204, description="The pair is deleted.")
    @blp.doc(operationId="deleteShoe", problems=["forbidden"])
    def delete(self, *_: object, **__: object) -> ResponseReturnValue:
        """Delete a pair of shoes"""
        return Response(status=204)
