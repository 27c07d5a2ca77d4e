"""The published document as a judge: a response that it does not describe fails the test."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml
from werkzeug.datastructures import Headers

from app.openapi.docs import Docs

ROOT = Path(__file__).parents[1]

DOCS = Docs.of("app.workout_logs")
LOG_ID = DOCS.parameters["logId"]
SESSION_ID, RUNNER_ID = map(DOCS.schemas["WorkoutLogCreate"].get, ("sessionId", "runnerId"))
"""What the examples of workout logs are about: see `app/workout_logs/docs/examples.yaml`."""

JSON = dict[str, Any]

OF_HTTP = {
    *("access-control-allow-credentials", "access-control-expose-headers"),
    *("allow", "cache-control", "connection", "content-length", "content-type", "date", "server"),
    *("vary", "x-content-type-options"),
}
"""Headers that mean what HTTP says, and that the document need not repeat."""

_SCHEMA = "https://json-schema.org/draft/2020-12/schema"


class Published:
    """An OpenAPI document, to hold requests and responses against."""

    def __init__(self, document: JSON) -> None:
        self.document = document
        self._closed = _closed(document["components"])
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def check(
        self, method: str, path: str, status: int, headers: Mapping[str, str] | Headers, body: bytes
    ) -> None:
        """Raise AssertionError unless the operation at `path` can respond like this."""
        operation = self.operation(method, path)
        if operation is None:
            # No operation: the response is about the address or the method.
            if path.startswith("/api/"):
                assert status in (400, 404, 405), f"{method} {path}: {status} without an operation"
                self._check_body({"$ref": "#/components/schemas/Problem"}, body)
            return
        name = operation["operationId"]
        assert str(status) in operation["responses"], f"{name}: {status} is not documented"
        response = self.resolve(operation["responses"][str(status)])
        self._check_headers(f"{name} {status}", response["headers"], headers)
        content = response.get("content")
        if method == "HEAD":
            return
        if content is None:
            assert not body, f"{name} {status}: a body"
            assert "Content-Type" not in headers, f"{name} {status}: a type"
            return
        media_type = headers["Content-Type"].partition(";")[0]
        assert media_type in content, f"{name} {status}: {media_type}"
        if media_type == "text/csv":
            return
        found = self._check_body(content[media_type]["schema"], body)
        if status >= 400:
            assert f"`{found['code']}`" in response["description"], f"{name}: {found['code']}"

    def operation(self, method: str, path: str) -> JSON | None:
        """The operation that a request is for, if any."""
        for template, item in self.document["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
                found: JSON | None = item.get("get" if method == "HEAD" else method.lower())
                return found
        return None

    def operations(self) -> Iterator[tuple[str, str, JSON]]:
        """Path, method and operation of each."""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if method != "parameters":
                    yield path, method, operation

    def resolve(self, node: JSON) -> JSON:
        """What a reference points at; anything else as it is."""
        if "$ref" not in node:
            return node
        target: Any = self.document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        found: JSON = target
        return found

    def complaints(self, schema: JSON, value: object) -> list[str]:
        """How the value breaks the schema, in which unknown members of objects are not allowed."""
        key = repr(schema)
        if key not in self._validators:
            self._validators[key] = jsonschema_rs.Draft202012Validator(
                {"$schema": _SCHEMA, **schema, "components": self._closed}, validate_formats=True
            )
        return [
            f"{'/'.join(map(str, error.instance_path))}: {error.message}"
            for error in self._validators[key].iter_errors(value)
        ]

    def _check_headers(
        self, place: str, documented: Mapping[str, JSON], found: Mapping[str, str] | Headers
    ) -> None:
        headers = {name.lower(): self.resolve(each) for name, each in documented.items()}
        present = {name.lower(): value for name, value in found.items()}
        for name, header in headers.items():
            assert name in present or not header["required"], f"{place}: no {name}"
        for name, value in present.items():
            assert name in headers or name in OF_HTTP, f"{place}: {name} is not documented"
            if name in headers:
                schema = headers[name]["schema"]
                typed = int(value) if schema["type"] == "integer" else value
                assert not self.complaints(schema, typed), f"{place}: {name}: {value}"

    def _check_body(self, schema: JSON, body: bytes) -> Any:
        value = json.loads(body)
        assert not self.complaints(schema, value), (self.complaints(schema, value), value)
        return value


@cache
def published() -> Published:
    """The committed document."""
    return Published(yaml.load((ROOT / "openapi.yaml").read_text("utf-8"), yaml.CSafeLoader))


def _closed(node: Any) -> Any:
    """The schemas, their objects without unknown members: nothing may leak unnoticed."""
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    closed = {name: _closed(each) for name, each in node.items()}
    return closed | {"additionalProperties": False} if "properties" in node else closed
