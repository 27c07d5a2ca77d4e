"""Marshmallow schemas and fields as JSON Schema. A field of ours says itself what it accepts."""

from __future__ import annotations

import inspect
from enum import StrEnum
from typing import Any

from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from app.openapi.docs import Docs
from app.web.fields import OneOf, SaysItsSchema

JSONSchema = dict[str, Any]


class Converter(OpenAPIConverter):
    """apispec's converter, which asks our fields, names enums and unions, keeps docstrings, and
    adds examples.
    """

    docs = Docs()
    """Of the resource whose schemas are converted."""

    def init_attribute_functions(self) -> None:
        super().init_attribute_functions()  # type: ignore[no-untyped-call]  # apispec has no types here
        # Right after apispec's own idea of the type, so that a field's metadata still narrows it.
        self.attribute_functions.insert(1, self.said_by_the_field)
        self.attribute_functions += [self.named_enum, self.one_of]

    def schema2jsonschema(self, schema: Schema) -> JSONSchema:
        """The schema with its docstring as its description, and examples of its members."""
        found: JSONSchema = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]  # apispec has no types here
        for member, value in self.docs.schemas.get(type(schema).__name__, {}).items():
            if "type" in found["properties"].get(member, {}):
                found["properties"][member]["examples"] = [value]
        return {"description": inspect.getdoc(type(schema)), **found}

    def said_by_the_field(self, field: fields.Field[Any], **_: Any) -> JSONSchema:
        """What a field of ours accepts and writes."""
        return field.json_schema() if isinstance(field, SaysItsSchema) else {}

    def named_enum(self, field: fields.Field[Any], ret: JSONSchema) -> JSONSchema:
        """An enum as a component of its own, which generated clients name as we do."""
        if not isinstance(field, fields.Enum):
            return {}
        for name in ("type", "enum", "pattern"):
            ret.pop(name, None)
        reference = self._enum_component(field.enum)
        if not field.allow_none:
            return reference
        return {"anyOf": [reference, {"type": "null"}]}

    def one_of(self, field: fields.Field[Any], **_: Any) -> JSONSchema:
        """The alternatives of an object as a component, and the member that tells them apart."""
        if not isinstance(field, OneOf):
            return {}
        references = {
            value: self.resolve_nested_schema(schema)  # type: ignore[no-untyped-call]  # apispec has no types here
            for value, schema in field.schemas.items()
        }
        mapping = {value: each["$ref"] for value, each in references.items()}
        component = {
            "description": field.description,
            "oneOf": [*references.values()],
            "discriminator": {"propertyName": field.member, "mapping": mapping},
        }
        self.spec.components.schema(field.component, component)
        reference: JSONSchema = self.spec.components.get_ref("schema", field.component)
        return reference

    def _enum_component(self, kind: type[StrEnum]) -> JSONSchema:
        if kind.__name__ not in self.spec.components.schemas:
            component = {
                "type": "string",
                "description": inspect.getdoc(kind),
                "enum": [str(member) for member in kind],
                "x-enum-varnames": [member.name for member in kind],
                "examples": [str(next(iter(kind)))],
            }
            self.spec.components.schema(kind.__name__, component)
        reference: JSONSchema = self.spec.components.get_ref("schema", kind.__name__)
        return reference
