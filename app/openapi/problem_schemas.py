"""The schema of a problem (RFC 9457), with its codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apispec import APISpec

from app.openapi.components import EXAMPLE_REQUEST_ID
from app.web.fields import TEXT_PATTERN
from app.web.problem_types import CATALOGUE
from app.web.problems import MAX_ERRORS, MAX_PLACE_LENGTH
from app.web.request_context import REQUEST_ID_PATTERN
from app.web.violations import VIOLATIONS

JSON = dict[str, Any]

_SENTENCE = r"^[^\x00-\x1f]+$"


def register(spec: APISpec) -> None:
    """Add the schemas of a problem to the spec."""
    for name, schema in _SCHEMAS.items():
        spec.components.schema(name, schema)


_VARNAMES = {"Violation not-found": "REFERENCE_NOT_FOUND"}
"""Names of enum members that another enum has, too. Generators for Go put all into one scope."""


def _codes(kind: str, intro: str, meanings: Mapping[str, str]) -> JSON:
    lines = (f"- `{code}`: {meaning}" for code, meaning in meanings.items())
    names = [_VARNAMES.get(f"{kind} {code}", code.upper().replace("-", "_")) for code in meanings]
    return {
        "type": "string",
        "description": "\n".join((intro, "", *lines)),
        "enum": list(meanings),
        "x-enum-varnames": names,
        "examples": [next(iter(meanings))],
    }


def _text(description: str, max_length: int, example: str, **keywords: Any) -> JSON:
    return {
        "type": "string",
        "description": description,
        "maxLength": max_length,
        "examples": [example],
        **keywords,
    }


_SCHEMAS: dict[str, JSON] = {
    "ProblemCode": _codes(
        "Problem",
        "The kind of a problem, for programs.",
        {each.code: f"{each.meaning} {each.remedy}" for each in CATALOGUE.values()},
    ),
    "ViolationCode": _codes("Violation", "Which rule a value breaks, for programs.", VIOLATIONS),
    "Violation": {
        "type": "object",
        "description": "A value that breaks a rule. One of `pointer`, `parameter` and `header` "
        "says where it is.",
        "required": ["code", "detail"],
        "properties": {
            "pointer": _text(
                "The place in the body, as a JSON Pointer (RFC 6901).",
                MAX_PLACE_LENGTH,
                "/name",
                format="json-pointer",
            ),
            "parameter": _text(
                "The name of the query parameter.", MAX_PLACE_LENGTH, "limit", pattern=TEXT_PATTERN
            ),
            "header": _text(
                "The name of the header.", 100, "Idempotency-Key", pattern=r"^[A-Za-z\-]+$"
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
        "required": ["type", "title", "status", "detail", "instance", "code", "requestId"],
        "properties": {
            "type": _text(
                "The URL of the page about this kind of problem.",
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
                "What went wrong in this request.",
                2000,
                CATALOGUE["not-found"].meaning,
                minLength=1,
                pattern=_SENTENCE,
            ),
            "instance": {
                "type": "string",
                "description": "The path of the request.",
                "maxLength": MAX_PLACE_LENGTH,
                "format": "uri-reference",
                "minLength": 1,
                "examples": ["/problems/no-such-code"],
            },
            "code": "ProblemCode",
            "requestId": _text(
                "The id of the request, as in `X-Request-Id`: name it when you ask for help.",
                128,
                EXAMPLE_REQUEST_ID,
                pattern=REQUEST_ID_PATTERN,
            ),
            "errors": {
                "type": "array",
                "description": "With `validation-failed`: the values that break a rule.",
                "maxItems": MAX_ERRORS,
                "items": "Violation",
            },
        }
        | {name: schema for each in CATALOGUE.values() for name, schema in each.members.items()},
    },
}
