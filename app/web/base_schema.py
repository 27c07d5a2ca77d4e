"""What all shapes on the wire have in common, and the fields that several of them use."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import marshmallow as ma
from marshmallow import fields

from app.service.documents import ID_PATTERN, MAX_TEXT_LENGTH
from app.web.fields import TEXT_PATTERN
from app.web.problems import Coded

MAX_PAGE_SIZE = 100
"""Logs."""

_CODES = {"invalid": "type", "null": "null-not-allowed", "unknown": "not-a-choice"}
"""Codes of marshmallow's own messages whose keys say too little."""


def camel_case(name: str) -> str:
    """The JSON name of an attribute."""
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)


class BaseSchema(ma.Schema):
    """Base of all shapes: camelCase on the wire, coded messages, unknown members refused."""

    class Meta:
        unknown = ma.RAISE

    error_messages = {
        "unknown": Coded("unknown-field", "There is no such field here."),
        "type": Coded("type", "Not an object."),
    }

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        if field_obj.data_key is None:
            field_obj.data_key = camel_case(field_name)
        # A list's items and an enum's values have fields of their own.
        for each in (
            field_obj,
            getattr(field_obj, "inner", None),
            getattr(field_obj, "field", None),
        ):
            if each is not None:
                each.error_messages = _coded(each.error_messages)


def _coded(messages: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: Coded(_CODES.get(key, key.replace("_", "-")), message)
        for key, message in messages.items()
    }


def enum(kind: type[StrEnum], description: str, **kwargs: Any) -> fields.Enum[Any]:
    """A named value. On the way out None is said as null, whatever the schema says of it."""
    return fields.Enum(
        kind, by_value=fields.String, metadata={"description": description}, **kwargs
    )


class _EnumOrEmpty(fields.Enum[Any]):
    """A named value; the empty text, as forms send it where nothing is chosen, is None.

    The schema does not say so: an alternative beside the enum is a union in generated clients.
    """

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        return None if value == "" else super()._deserialize(value, attr, data, **kwargs)


def optional_enum(kind: type[StrEnum], description: str) -> fields.Enum[Any]:
    """A named value, null or the empty text, which is null."""
    description = f'{description} `""` is taken for null.'
    return _EnumOrEmpty(
        kind, by_value=fields.String, allow_none=True, metadata={"description": description}
    )


def read_text(description: str, **metadata: Any) -> fields.String:
    """A text on the way out, or null."""
    form = {} if metadata.keys() & {"format", "pattern"} else {"pattern": TEXT_PATTERN}
    metadata = {"minLength": 1, "maxLength": MAX_TEXT_LENGTH} | form | metadata
    return fields.String(
        required=True, allow_none=True, metadata={"description": description, **metadata}
    )


class ResponsePart(BaseSchema):
    """An object in a response. Clients ignore members that they do not know: more can be added."""

    class Meta:
        unknown = ma.EXCLUDE


class ResponseSchema(ResponsePart):
    """The whole body of a response: declared and documented here, written by msgspec."""

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """What the view returns, as it is: structs have the members that the schema declares.

        marshmallow's own dump takes 480 µs for a page of 20 logs, msgspec 10.
        """
        return obj


def read_id(description: str) -> fields.String:
    """A document's id on the way out."""
    return fields.String(
        required=True,
        metadata={"description": description, "maxLength": 128, "pattern": ID_PATTERN},
    )
