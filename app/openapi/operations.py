"""apispec's plugins of this API: they complete what flask-smorest documents of each operation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from apispec import APISpec, BasePlugin
from apispec.ext.marshmallow import MarshmallowPlugin
from flask_smorest.spec.plugins import FlaskPlugin
from werkzeug.routing import Rule

from app.openapi import components
from app.openapi.components import ON_EVERY_RESPONSE, headers
from app.openapi.docs import Docs
from app.openapi.fields import Converter
from app.openapi.problems import ErrorResponses
from app.web import tables
from app.web.base_schema import camel_case
from app.web.parsing import json_media_types

Operation = dict[str, Any]


class Paths(FlaskPlugin):  # type: ignore[misc]  # flask-smorest is not typed
    """Paths whose parameters the route declares (`Blueprint.route(…, parameters=[…])`)."""

    def path_helper(
        self, rule: Rule, operations: Mapping[str, Operation], parameters: list[Any], **_: Any
    ) -> str:
        """The path. Raises LookupError for an argument of the rule that is not declared."""
        path: str = rule.rule
        declared = {each["name"] for each in parameters}
        for argument in rule.arguments:
            name = camel_case(argument)
            path = re.sub(rf"<([a-z_]+:)?{argument}>", f"{{{name}}}", path)
            if name not in declared:
                raise LookupError(f"{rule.rule}: the route does not declare {name}")
        return path


class Schemas(MarshmallowPlugin):
    """Schemas through our converter."""

    Converter = Converter

    def use(self, docs: Docs) -> None:
        """Take the examples of the schemas that follow from these docs."""
        vars(self.converter)["docs"] = docs


class Operations(BasePlugin):
    """Descriptions, examples, links, headers and error responses of every operation."""

    def init_spec(self, spec: APISpec) -> None:
        super().init_spec(spec)
        self._spec = spec
        self._parameters: dict[str, Operation] = {}
        self.problems = ErrorResponses(spec)
        components.register(spec)

    def use(self, docs: Docs) -> None:
        """Take the words and examples of the operations that follow from these docs."""
        self.docs = docs

    def path_helper(
        self,
        path: str | None = None,
        operations: dict[str, Operation] | None = None,
        parameters: list[Any] | None = None,
        **_: Any,
    ) -> None:
        """Each parameter of the path with an example, as a component; headers by their names.

        A view names the headers of its response in a list, which marshmallow's plugin cannot read.
        """
        for operation in (operations or {}).values():
            for response in operation["responses"].values():
                if not isinstance(response, str):
                    response["headers"] = {name: name for name in response.get("headers", ())}
        if parameters:
            parameters[:] = [
                self._parameter({**each, "example": self.docs.parameters[each["name"]]})
                for each in parameters
            ]

    def operation_helper(
        self,
        path: str | None = None,
        operations: dict[str, Operation] | None = None,
        **_: Any,
    ) -> None:
        for method, operation in (operations or {}).items():
            operation_id = operation["operationId"]
            operation["description"] = self.docs.descriptions[operation_id]
            # flask-smorest names an error response after the status; ours come by rule.
            columns = operation.pop("table", ())
            by_rule = ["ETag-Weak"] if operation.pop("revalidated", False) else []
            by_rule += ["Deprecation", "Sunset"] if operation.get("deprecated") else []
            for response in operation["responses"].values():
                if not isinstance(response, str):
                    response["headers"] |= dict.fromkeys(by_rule)
            operation["responses"] = {
                str(status): self._complete(operation_id, response, columns)
                for status, response in operation["responses"].items()
                if not isinstance(response, str)
            }
            self.problems.add_to(operation, path or "", self.docs)
            if "requestBody" in operation:
                # flask-smorest documents one media type.
                (content,) = operation["requestBody"]["content"].values()
                content["examples"] = dict(self.docs.operation(operation_id, "requests"))
                operation["requestBody"]["content"] = dict.fromkeys(
                    json_media_types(method.upper()), content
                )
            if "parameters" in operation:
                operation["parameters"] = [
                    self._parameter(each) if each["in"] == "header" else self._with_example(each)
                    for each in operation["parameters"]
                ]

    def _with_example(self, parameter: Operation) -> Operation:
        """A required parameter with its example; API clients switch on each one that has one."""
        if not parameter.get("required"):
            return parameter
        return {**parameter, "example": self.docs.parameters[parameter["name"]]}

    def _complete(self, operation_id: str, success: Operation, columns: Iterable[str]) -> Operation:
        said = self.docs.operations[operation_id]
        success["headers"] = headers(
            *success.get("headers", ()), *ON_EVERY_RESPONSE, examples=said.get("headers")
        )
        for content in success.get("content", {}).values():
            value = self._with_nulls(said["response"], content["schema"])
            content["examples"] = {"success": {"summary": "On the sample data", "value": value}}
            if "links" in said:
                success["links"] = {name: self._link(name) for name in said["links"]}
        if columns and "content" in success:
            success["headers"] |= headers("Content-Disposition")
            success["content"]["text/csv"] = {
                "schema": _csv_schema(columns),
                "examples": {"success": {"summary": "On the sample data", "value": said["csv"]}},
            }
        return success

    def _with_nulls(self, value: Any, schema: Operation) -> Any:
        """The value with null for each member that it leaves out and that can be null."""
        for alternative in schema.get("anyOf", ()):
            if "$ref" in alternative:
                return self._with_nulls(value, alternative)
        if "discriminator" in schema:
            told = schema["discriminator"]
            return self._with_nulls(value, {"$ref": told["mapping"][value[told["propertyName"]]]})
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return self._with_nulls(value, self._spec.components.schemas[name])
        if isinstance(value, list):
            return [self._with_nulls(each, schema["items"]) for each in value]
        if not isinstance(value, dict):
            return value
        return value | {
            name: self._with_nulls(value.get(name), member)
            for name, member in schema["properties"].items()
            if name in value or _can_be_null(member)
        }

    def _link(self, name: str) -> str:
        if name not in self._spec.components.links:
            self._spec.components.link(name, self.docs.links[name])
        return name

    def _parameter(self, parameter: Operation) -> Operation | str:
        """The component of the parameter; the parameter itself where another has its name."""
        name = "".join(f"{part[0].upper()}{part[1:]}" for part in parameter["name"].split("-"))
        if self._parameters.setdefault(name, parameter) != parameter:
            return parameter
        if name not in self._spec.components.parameters:
            self._spec.components.parameter(name, parameter["in"], parameter)
        return name


def _can_be_null(schema: Operation) -> bool:
    return "null" in schema.get("type", ()) or {"type": "null"} in schema.get("anyOf", ())


def _csv_schema(columns: Iterable[str]) -> Operation:
    names = ", ".join(f"`{each}`" for each in columns)
    description = (
        f"Comma-separated values with a header line (RFC 4180), up to {tables.MAX_ROWS} rows. "
        f"The columns, of which there will be more only after the last: {names}."
    )
    return {"description": description, "contentMediaType": "text/csv"}
