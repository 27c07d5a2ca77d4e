"""The error answers that an operation can give: a rule for each, and the schema of a problem."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from apispec import APISpec

from app.openapi import examples
from app.openapi.components import ON_EVERY_ANSWER, headers
from app.openapi.fields import TEXT_PATTERN
from app.service.documents import ID_PATTERN
from app.strict_json import MAX_BODY_BYTES
from app.web.problem_types import CATALOGUE
from app.web.problems import COLLECTION_PATH, MAX_ERRORS
from app.web.violations import VIOLATIONS

Operation = dict[str, Any]

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
"""What every operation can answer, whatever is asked of it."""

_DESCRIPTIONS = {
    400: "The request cannot be read; nothing was changed.",
    401: "There is no token, or none that is valid.",
    403: "The token is valid, but does not permit this.",
    404: "There is no such log, or none that the caller may know of.",
    409: "What is there stands against it; nothing was changed.",
    412: "The log is not at the revision in `If-Match`; nothing was changed.",
    413: "The body is larger than 64 KiB.",
    415: "The body is not `application/json` in UTF-8.",
    422: "The request was read, but breaks rules; `errors` lists them.",
    429: "The caller's budget of requests is used up for now.",
    500: "A fault of the API, not of the request.",
    503: "Something that the answer needs cannot be reached now.",
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
"""Components of the answers that look the same whatever the operation."""

_HEADERS = {
    "duplicate-workout-log": "Location",
    "insufficient-scope": "WWW-Authenticate-If-At-Fault",
    "invalid-token": "WWW-Authenticate",
    "issuer-unavailable": "Retry-After",
    "malformed": "WWW-Authenticate-If-At-Fault",
    "store-unavailable": "Retry-After",
    "too-many-requests": "Retry-After",
}
"""The header, by its component, that comes with a problem."""


def codes_of(operation: Operation, path: str) -> Iterator[str]:
    """The problems that an operation can answer with: by rule, and those that its view names."""
    parameters = {each["name"] for each in operation.get("parameters", ())}
    yield from ALWAYS
    if "{" in path:
        yield "not-found"
    if "If-Match" in parameters:
        yield "precondition-failed"
    if "requestBody" in operation:
        yield from ("content-too-large", "unsupported-media-type")
    if parameters or "requestBody" in operation:
        yield "validation-failed"
    yield from operation.pop("problems", ())


def add_responses(spec: APISpec, operation: Operation, path: str) -> None:
    """Document the error answers of an operation."""
    by_status: dict[int, list[str]] = {}
    for code in codes_of(operation, path):
        by_status.setdefault(CATALOGUE[code].status, []).append(code)
    for status, codes in sorted(by_status.items()):
        operation["responses"][str(status)] = (
            _shared(spec, status, codes)
            if status in _SHARED
            else _response(status, codes, operation["operationId"])
        )


def _shared(spec: APISpec, status: int, codes: Iterable[str]) -> str:
    name = _SHARED[status]
    if name not in spec.components.responses:
        spec.components.response(name, _response(status, codes))
    return name


def _response(status: int, codes: Iterable[str], operation_id: str | None = None) -> dict[str, Any]:
    components = [_HEADERS[code] for code in codes if code in _HEADERS]
    listed = ", ".join(f"`{code}`" for code in codes)
    return {
        "description": f"{_DESCRIPTIONS[status]} Codes: {listed}.",
        "headers": headers(*components, *ON_EVERY_ANSWER),
        "content": {
            "application/problem+json": {
                "schema": "Problem",
                "examples": examples.problem_examples(codes, operation_id),
            }
        },
    }


def register(spec: APISpec) -> None:
    """Add the schemas of a problem to the spec."""
    for name, schema in _SCHEMAS.items():
        spec.components.schema(name, schema)


def _codes(intro: str, meanings: Mapping[str, str]) -> dict[str, Any]:
    lines = (f"- `{code}`: {meaning}" for code, meaning in meanings.items())
    return {
        "type": "string",
        "description": "\n".join((intro, "", *lines)),
        "enum": list(meanings),
        "examples": [next(iter(meanings))],
    }


def _text(description: str, longest: int, example: str, **keywords: Any) -> dict[str, Any]:
    return {
        "type": "string",
        "description": description,
        "maxLength": longest,
        "examples": [example],
        **keywords,
    }


_SENTENCE = r"^[^\u0000-\u001f]+$"

_SCHEMAS: dict[str, dict[str, Any]] = {
    "ProblemCode": _codes(
        "The kind of a problem, for programs.",
        {each.code: f"{each.meaning} {each.remedy}" for each in CATALOGUE.values()},
    ),
    "ViolationCode": _codes("Which rule a value breaks, for programs.", VIOLATIONS),
    "Violation": {
        "type": "object",
        "description": "A value that breaks a rule. One of `pointer`, `parameter` and `header` "
        "says where it is.",
        "required": ["code", "detail"],
        "properties": {
            "pointer": _text(
                "The place in the body, as a JSON Pointer (RFC 6901).",
                MAX_BODY_BYTES,
                "/actualDistance",
                format="json-pointer",
            ),
            "parameter": _text(
                "The name of the query parameter.", MAX_BODY_BYTES, "limit", pattern=TEXT_PATTERN
            ),
            "header": _text(
                "The name of the header.", 100, "Idempotency-Key", pattern="^[A-Za-z-]+$"
            ),
            "code": "ViolationCode",
            "detail": _text(
                "The rule in words, for developers.",
                1000,
                "Too large: above 0, at most 1000.",
                minLength=1,
                pattern=_SENTENCE,
            ),
        },
    },
    "Problem": {
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "required": ["type", "title", "status", "detail", "instance", "code"],
        "properties": {
            "type": _text(
                "The address of the page about this kind of problem.",
                200,
                "/problems/not-found",
                format="uri-reference",
                minLength=1,
            ),
            "title": _text(
                "The kind of the problem in words.",
                200,
                "Not found",
                minLength=1,
                pattern=_SENTENCE,
            ),
            "status": {
                "type": "integer",
                "description": "The HTTP status.",
                "format": "int32",
                "minimum": 400,
                "maximum": 599,
                "examples": [404],
            },
            "detail": _text(
                "What went wrong this time.",
                2000,
                CATALOGUE["not-found"].meaning,
                minLength=1,
                pattern=_SENTENCE,
            ),
            "instance": _text(
                "The address that was asked.",
                MAX_BODY_BYTES,
                f"{COLLECTION_PATH}/{examples.LOG_ID}",
                format="uri-reference",
                minLength=1,
            ),
            "code": "ProblemCode",
            "errors": {
                "type": "array",
                "description": "With `validation-failed`: every value that breaks a rule.",
                "maxItems": MAX_ERRORS,
                "items": "Violation",
            },
            "existingId": _text(
                "With `duplicate-workout-log`: the `id` of the log that is there.",
                128,
                examples.CREATED_LOG_ID,
                pattern=ID_PATTERN,
            ),
        },
    },
}
