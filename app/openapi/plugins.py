"""apispec's plugins of this API: they complete what flask-smorest documents of each operation."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from apispec import APISpec, BasePlugin
from apispec.ext.marshmallow import MarshmallowPlugin
from flask_smorest.spec.plugins import FlaskPlugin
from werkzeug.routing import Rule

from app.openapi import components, examples, problems
from app.openapi.components import ON_EVERY_ANSWER, ON_EVERY_LOG, headers
from app.openapi.fields import Converter
from app.web.base_schema import camel_case

Operation = dict[str, Any]


def prose(name: str) -> str:
    """The text of `prose/<name>.md`."""
    return files(__package__).joinpath("prose", f"{name}.md").read_text("utf-8").strip()


class Paths(FlaskPlugin):  # type: ignore[misc]  # flask-smorest is not typed
    """Path parameters in camelCase, each the component of its name."""

    def path_helper(
        self, rule: Rule, operations: Mapping[str, Operation], parameters: list[Any], **_: Any
    ) -> str:
        path: str = rule.rule
        for argument in sorted(rule.arguments):
            name = camel_case(argument)
            path = path.replace(f"<{argument}>", f"{{{name}}}")
            parameters.append(name[0].upper() + name[1:])
        return path


class Shapes(MarshmallowPlugin):
    """Schemas through our converter."""

    Converter = Converter


class Operations(BasePlugin):
    """Descriptions, examples, links, headers and error answers of every operation."""

    def init_spec(self, spec: APISpec) -> None:
        super().init_spec(spec)
        self._spec = spec
        for part in (components, problems, examples):
            part.register(spec)

    def operation_helper(
        self,
        path: str | None = None,
        operations: dict[str, Operation] | None = None,
        **_: Any,
    ) -> None:
        for operation in (operations or {}).values():
            operation_id = operation["operationId"]
            operation["description"] = prose(operation_id)
            # flask-smorest names an error answer after the status; ours come by rule.
            operation["responses"] = {
                str(status): self._complete(operation_id, response)
                for status, response in operation["responses"].items()
                if not isinstance(response, str)
            }
            problems.add_responses(self._spec, operation, path or "")
            if "requestBody" in operation:
                content = operation["requestBody"]["content"]["application/json"]
                content["examples"] = examples.request_examples(operation_id)
            if "parameters" in operation:
                operation["parameters"] = [*map(self._header_component, operation["parameters"])]

    def _complete(self, operation_id: str, success: Operation) -> Operation:
        success["headers"] = success.get("headers", {}) | headers(*ON_EVERY_ANSWER)
        if "content" in success:
            content = success["content"]["application/json"]
            content["examples"] = examples.answer_examples(operation_id)
            if "ETag" in success["headers"]:
                success["links"] = {name: name for name in ON_EVERY_LOG}
        return success

    def _header_component(self, parameter: Any) -> Any:
        """A header that a view takes as an argument, as a component."""
        if not isinstance(parameter, dict) or parameter["in"] != "header":
            return parameter
        name = parameter["name"].replace("-", "")
        if name not in self._spec.components.parameters:
            self._spec.components.parameter(name, "header", parameter)
        return name
