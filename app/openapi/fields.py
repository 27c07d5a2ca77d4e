"""Our marshmallow fields as JSON Schema: what apispec cannot know of them."""

from __future__ import annotations

import inspect
from enum import StrEnum
from typing import Any

from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from app.openapi import examples
from app.service import cursor, units
from app.service.documents import ID_PATTERN
from app.service.external_links import MAX_LINK_LENGTH
from app.web.fields import (
    MAX_ENTITY_TAGS_LENGTH,
    Cursor,
    DocumentId,
    EntityTags,
    Ignored,
    Number,
    QueryDate,
    QueryInteger,
    Text,
)
from app.workout_logs.fields import Duration, ExternalLink, Pace

JSONSchema = dict[str, Any]

TEXT_PATTERN = r"^[^\u0000]*$"
"""Free text: JSON with NUL in it is refused."""

VISIBLE_TEXT_PATTERN = (
    r"^[^\u0000]*"
    r"[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
    r"[^\u0000]*$"
)
"""Free text of which something is left when it is trimmed."""


class Converter(OpenAPIConverter):
    """apispec's converter, which also knows our fields, names enums and keeps docstrings."""

    field_mapping = OpenAPIConverter.field_mapping | {Number: ("number", "double")}

    def init_attribute_functions(self) -> None:
        super().init_attribute_functions()  # type: ignore[no-untyped-call]  # apispec's
        self.attribute_functions += [self.constraints_of_ours, self.named_enum]

    def schema2jsonschema(self, schema: Schema) -> JSONSchema:
        """The schema with its docstring as its description, and examples of its members."""
        found: JSONSchema = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]  # as above
        name = type(schema).__name__
        for member, value in examples.MEMBERS.get(name, {}).items():
            if "type" in found["properties"].get(member, {}):
                found["properties"][member]["examples"] = [value]
        return {"description": inspect.getdoc(type(schema)), **found}

    def schema2parameters(self, schema: Schema, **kwargs: Any) -> list[JSONSchema]:
        """The parameters with examples in their schemas, where Swagger UI does not fill them in."""
        found: list[JSONSchema] = super().schema2parameters(schema, **kwargs)
        for parameter in found:
            example = examples.PARAMETERS.get(parameter["name"])
            if example is not None:
                parameter["schema"]["examples"] = [example]
        return found

    def constraints_of_ours(self, field: fields.Field[Any], ret: JSONSchema) -> JSONSchema:
        """What our own fields check; what the field's metadata says is narrower and stays."""
        said = {name: ret[name] for name in ("description", "pattern") if name in ret}
        if type(field) is fields.String and not ret.keys() & {"format", "pattern"}:
            said["pattern"] = TEXT_PATTERN
        return constraints(field) | said

    def named_enum(self, field: fields.Field[Any], ret: JSONSchema) -> JSONSchema:
        """An enum as a component of its own, which generated clients name as we do."""
        if not isinstance(field, fields.Enum):
            return {}
        for name in ("type", "enum", "pattern"):
            ret.pop(name, None)
        reference = self._enum_component(field.enum)
        return {"anyOf": [reference, {"type": "null"}]} if field.allow_none else reference

    def _enum_component(self, kind: type[StrEnum]) -> JSONSchema:
        if kind.__name__ not in self.spec.components.schemas:
            component = {
                "type": "string",
                "description": inspect.getdoc(kind),
                "enum": [str(member) for member in kind],
                "examples": [str(next(iter(kind)))],
            }
            self.spec.components.schema(kind.__name__, component)
        reference: JSONSchema = self.spec.components.get_ref("schema", kind.__name__)
        return reference


def constraints(field: fields.Field[Any]) -> JSONSchema:
    """The JSON Schema keywords of a field of ours; none for marshmallow's."""
    match field:
        case Text():
            pattern = TEXT_PATTERN if field.allow_none else VISIBLE_TEXT_PATTERN
            return {"maxLength": field.longest, "pattern": pattern}
        case Number():
            above, least = field.above, field.least
            lower = {"minimum": least} if above is None else {"exclusiveMinimum": above}
            return {**lower, "maximum": field.most}
        case Duration():
            return {"maxLength": 8, "pattern": units.DURATION_PATTERN}
        case Pace():
            return {"maxLength": 6, "pattern": units.PACE_PATTERN}
        case ExternalLink():
            return {"format": "uri", "maxLength": MAX_LINK_LENGTH, "pattern": field.links.pattern}
        case DocumentId():
            return {"maxLength": 128, "pattern": ID_PATTERN}
        case Cursor():
            return {"maxLength": cursor.MAX_CURSOR_LENGTH, "pattern": cursor.PATTERN}
        case EntityTags():
            return {"maxLength": MAX_ENTITY_TAGS_LENGTH, "pattern": "^[ -~]*$"}
        case QueryDate():
            return {"maxLength": 10}
        case QueryInteger():
            return {"format": "int32"}
        case Ignored():
            return {"description": "Read-only: accepted as it was read, and ignored."}
    return {}
