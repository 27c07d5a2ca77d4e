"""The error responses of an operation: a rule for each, with an example of each problem."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from apispec import APISpec

from app.openapi import problem_schemas
from app.openapi.components import (
    EXAMPLE_REQUEST_ID,
    IF_ANY,
    ON_EVERY_RESPONSE,
    headers,
)
from app.openapi.docs import Docs
from app.web.problem_types import CATALOGUE
from app.web.problems import Problem

JSON = dict[str, Any]

ALWAYS = (
    "malformed",
    "missing-token",
    "invalid-token",
    "insufficient-scope",
    "unknown-user",
    "ambiguous-user",
    "unverified-email",
    "unknown-role",
    "csrf",
    "too-many-requests",
    "internal-error",
    "issuer-unavailable",
    "store-unavailable",
    "store-timeout",
)
"""The problems that every operation can have, whatever the request."""

_DESCRIPTIONS = {
    400: "The request cannot be read; nothing was changed.",
    401: "There is no token, or it is not valid.",
    403: "The token is valid, but does not permit this.",
    404: "The resource does not exist, or the caller may not know of it.",
    409: "The request conflicts with what exists; nothing was changed.",
    410: "The token has ended.",
    412: "`If-Match` or `If-None-Match` does not hold; nothing was changed.",
    413: "The body is larger than 64 KiB, that of a batch larger than 1 MiB.",
    415: "The body is not JSON in UTF-8, or its media type does not say so.",
    422: "The request can be read, but breaks rules; `errors` lists them.",
    429: "The caller has reached the rate limit.",
    500: "An error of the API, not of the request.",
    503: "Something that the response needs cannot be reached.",
    504: "The data store took too long; a change may or may not have been made.",
}

_SHARED = {
    401: "Unauthorized",
    404: "NotFound",
    412: "PreconditionFailed",
    413: "ContentTooLarge",
    415: "UnsupportedMediaType",
    429: "TooManyRequests",
    500: "InternalError",
    503: "Unavailable",
    504: "Timeout",
}
"""Components of the responses that are the same for every operation."""

_EXPIRED = "The token has expired."
_TWO_CREDENTIALS = "Send one Authorization header with one credential."
_BROKEN_JSON = "The body is not JSON as it should be: a member name is given twice."


class _Operation(NamedTuple):
    """What a problem of an operation depends on."""

    id: str
    scope: str
    example_path: str
    takes_body: bool
    codes: tuple[str, ...]
    docs: Docs

    def problem(self, code: str) -> JSON:
        """The body of a problem as the operation responds with it."""
        own = self.own_members(code)
        detail = {"malformed": _TWO_CREDENTIALS, "invalid-token": _EXPIRED}.get(code)
        return Problem(code, **{"detail": detail, **own}).body(
            self.example_path, EXAMPLE_REQUEST_ID
        )

    def own_members(self, code: str) -> JSON:
        """What the problem says at this operation only."""
        found = self.docs.operation(self.id, "problems").get(code)
        if found is None and code == "insufficient-scope":
            found = {"detail": f"This operation needs the scope {self.scope}."}
        if found is None and code == "malformed" and self.takes_body:
            found = {"detail": _BROKEN_JSON}
        return found or {}


class ErrorResponses:
    """Documents the error responses of operations, one after the other."""

    def __init__(self, spec: APISpec) -> None:
        self._spec = spec
        self._operations: list[_Operation] = []
        problem_schemas.register(spec)

    def add_to(self, documented: JSON, path: str, docs: Docs) -> None:
        """Document the error responses of an operation at a path."""
        operation = _Operation(
            id=documented["operationId"],
            scope=documented["security"][0]["oauth2"][0],
            example_path=re.sub(r"\{(\w+)\}", lambda name: str(docs.parameters[name[1]]), path),
            takes_body="requestBody" in documented,
            codes=tuple(_codes_of(documented, path)),
            docs=docs,
        )
        self._operations.append(operation)
        by_status: dict[int, list[str]] = {}
        for code in operation.codes:
            by_status.setdefault(CATALOGUE[code].status, []).append(code)
        for status, codes in sorted(by_status.items()):
            documented["responses"][str(status)] = self._response(status, codes, operation)

    def example(self, code: str) -> JSON:
        """A problem of this code as an operation responds with it, best one that takes a body."""
        those = [each for each in self._operations if code in each.codes] or self._operations
        return next((each for each in those if each.takes_body), those[0]).problem(code)

    def _response(self, status: int, codes: Iterable[str], operation: _Operation) -> JSON | str:
        shared = _SHARED.get(status)
        if shared in self._spec.components.responses:
            return shared
        listed = ", ".join(f"`{code}`" for code in codes)
        response = {
            "description": f"{_DESCRIPTIONS[status]} Codes: {listed}.",
            "headers": headers(
                *_header_components(codes),
                *ON_EVERY_RESPONSE,
                examples=operation.docs.operation(operation.id, "headers"),
            ),
            "content": {
                "application/problem+json": {
                    "schema": "Problem",
                    "examples": {code: self._example(code, operation) for code in codes},
                }
            },
        }
        if shared is None:
            return response
        self._spec.components.response(shared, response)
        return shared

    def _example(self, code: str, operation: _Operation) -> JSON | str:
        """A component, unless the problem says something that is particular to the operation."""
        example = {"summary": CATALOGUE[code].title, "value": operation.problem(code)}
        if operation.own_members(code):
            return example
        if code not in self._spec.components.examples:
            self._spec.components.example(code, example)
        return code


def _codes_of(documented: JSON, path: str) -> Iterator[str]:
    """The problems of an operation: by rule, and those that its view names."""
    parameters = {each["name"] for each in documented.get("parameters", ())}
    yield from ALWAYS
    if "{" in path:
        yield "not-found"
    if "If-Match" in parameters:
        yield "precondition-failed"
    if "requestBody" in documented:
        yield from ("content-too-large", "unsupported-media-type")
    if parameters or "requestBody" in documented:
        yield "validation-failed"
    yield from documented.pop("problems", ())


def _header_components(codes: Iterable[str]) -> Iterator[str]:
    """The headers of a response of any of these codes."""
    kinds = [CATALOGUE[code] for code in codes]
    for name in sorted({name for kind in kinds for name in (*kind.headers, *kind.may_have)}):
        yield name if all(name in kind.headers for kind in kinds) else name + IF_ANY
