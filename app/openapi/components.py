"""What several operations share: headers, the path parameter and links, each documented once."""

from __future__ import annotations

from typing import Any

from apispec import APISpec

from app.openapi import examples
from app.service.documents import ID_PATTERN

Component = dict[str, Any]

SECONDS = {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86_400}
COUNT = {"type": "integer", "format": "int32", "minimum": 0, "maximum": 1_000_000_000}
REVISION = {"type": "string", "maxLength": 130, "pattern": r'^"[A-Za-z0-9._-]+"$'}
URL_PATH = {"type": "string", "format": "uri-reference", "maxLength": 2048}


def _header(description: str, schema: Component, example: Any, *, always: bool = True) -> Component:
    return {
        "description": description,
        "required": always,
        "schema": schema,
        "example": example,
    }


HEADERS: dict[str, Component] = {
    "ETag": _header(
        "The log's revision. Send it back in `If-Match` to change only what you have seen, or in "
        "`If-None-Match` to read only what has changed.",
        REVISION,
        '"9fQ2bJtVwLkXc3ZrPs0aHd"',
    ),
    "Location": _header(
        "The address of the log.", URL_PATH, f"/api/workout-logs/{examples.CREATED_LOG_ID}"
    ),
    "Link": _header(
        'The next page, as `<address>; rel="next"` (RFC 8288). The last page has none.',
        {"type": "string", "maxLength": 4096, "pattern": r'^<[^>]+>; rel="next"$'},
        f'</api/workout-logs?limit=1&cursor={examples.CURSOR}>; rel="next"',
        always=False,
    ),
    "Server-Timing": _header(
        "How many calls of the data store the answer took, and their milliseconds in all.",
        {"type": "string", "maxLength": 200, "pattern": r"^[\x20-\x7e]+$"},
        'store;desc="1 call";dur=1.8',
    ),
    "Retry-After": _header("Seconds to wait before the next try.", SECONDS, 5),
    "RateLimit-Limit": _header(
        "How many requests the caller may make in the current window.", COUNT, 120, always=False
    ),
    "RateLimit-Remaining": _header(
        "How many requests are left in the current window.", COUNT, 117, always=False
    ),
    "RateLimit-Reset": _header(
        "Seconds until the window ends and the count starts anew.", SECONDS, 42, always=False
    ),
    "WWW-Authenticate": _header(
        "How to authenticate, and what was wrong with the token (RFC 6750).",
        {"type": "string", "maxLength": 1024, "pattern": r"^Bearer [\x20-\x7e]+$"},
        'Bearer realm="workout-logs", error="invalid_token", '
        'error_description="The token has expired."',
    ),
    "WWW-Authenticate-If-At-Fault": _header(
        "When it is the credential that is at fault: how to authenticate, and with "
        "`insufficient-scope` the scope that the token lacks (RFC 6750).",
        {"type": "string", "maxLength": 1024, "pattern": r"^Bearer [\x20-\x7e]+$"},
        'Bearer realm="workout-logs", error="insufficient_scope", scope="workout-logs:write"',
        always=False,
    ),
    "Access-Control-Allow-Origin": _header(
        "Only for a browser's request from another origin, where the deployment allows it (CORS).",
        {"type": "string", "format": "uri", "maxLength": 2048},
        "https://app.workout-logs.example",
        always=False,
    ),
}

ON_EVERY_ANSWER = (
    "Access-Control-Allow-Origin",
    "Server-Timing",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
)

_LOG_ID: Component = {
    "name": "logId",
    "description": "The log's `id`.",
    "schema": {"type": "string", "maxLength": 128, "pattern": ID_PATTERN},
    "example": examples.LOG_ID,
}


def _link(operation_id: str, description: str, parameters: dict[str, str]) -> Component:
    return {"operationId": operation_id, "description": description, "parameters": parameters}


_IT = {"path.logId": "$response.body#/data/id"}
_AS_SEEN = _IT | {"header.If-Match": "$response.header.ETag"}

LINKS: dict[str, Component] = {
    "GetWorkoutLog": _link("getWorkoutLog", "Read the log again.", _IT),
    "UpdateWorkoutLog": _link(
        "updateWorkoutLog", "Change the log, unless somebody else did since.", _AS_SEEN
    ),
    "DeleteWorkoutLog": _link(
        "deleteWorkoutLog", "Delete the log, unless somebody changed it since.", _AS_SEEN
    ),
}
ON_EVERY_LOG = tuple(LINKS)


def headers(*names: str) -> dict[str, str]:
    """The headers of a response by their components, for `Blueprint.response`."""
    return {_header_name(name): name for name in names}


def _header_name(component: str) -> str:
    return component.removesuffix("-If-At-Fault")


def register(spec: APISpec) -> None:
    """Add everything here to the spec, each as soon as something refers to it."""
    for name, header in HEADERS.items():
        spec.components.header(name, header, lazy=True)
    spec.components.parameter("LogId", "path", _LOG_ID, lazy=True)
    for name, link in LINKS.items():
        spec.components.link(name, link, lazy=True)
