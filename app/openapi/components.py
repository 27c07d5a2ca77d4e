"""The headers of responses, each documented once."""

from __future__ import annotations

from typing import Any

from apispec import APISpec

from app.web.request_context import REQUEST_ID_PATTERN

JSON = dict[str, Any]

SECONDS = {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86_400}
COUNT = {"type": "integer", "format": "int32", "minimum": 0, "maximum": 1_000_000_000}
ENTITY_TAG = {
    "type": "string",
    "maxLength": 143,
    "pattern": r'^"[A-Za-z0-9._\-]+:[A-Za-z0-9_\-]{12}"$',
}
CHALLENGE = {"type": "string", "maxLength": 1024, "pattern": r"^Bearer [\x20-\x7e]+$"}
EXAMPLE_REQUEST_ID = "9d1f0c6b7a2e4f58a3b1c0d9e8f7a6b5"
URL_PATH = {"type": "string", "format": "uri-reference", "maxLength": 2048}


def _header(description: str, schema: JSON, example: Any = None, *, required: bool = True) -> JSON:
    header = {"description": description, "required": required, "schema": schema}
    return header if example is None else {**header, "example": example}


HEADERS: dict[str, JSON] = {
    "ETag": _header(
        "Identifies what was read. Send it in `If-Match` to change only what you have seen, or in "
        "`If-None-Match` to read only what has changed.",
        ENTITY_TAG,
        '"9fQ2bJtVwLkXc3ZrPs0aHd:t0Xw6kQbV1uA"',
    ),
    "ETag-Weak": _header(
        "Identifies what was read, as a whole: send it in `If-None-Match` to read it only if "
        "it has changed.",
        {"type": "string", "maxLength": 143, "pattern": r'^W/"[A-Za-z0-9_\-]{12}"$'},
        'W/"t0Xw6kQbV1uA"',
    ),
    "Location": _header("The URL of the resource.", URL_PATH),
    "Idempotent-Replayed": _header(
        "The response is that of an earlier request with the same `Idempotency-Key`.",
        {"type": "string", "enum": ["true"]},
        "true",
        required=False,
    ),
    "Link": _header(
        'The URL of the next page, as `<URL>; rel="next"` (RFC 8288); missing on the last page.',
        {"type": "string", "maxLength": 4096, "pattern": r'^<[^>]+>; rel="next"$'},
        required=False,
    ),
    "Content-Disposition": _header(
        "The name of the file, in CSV.",
        {"type": "string", "maxLength": 100, "pattern": r'^attachment; filename="[a-z\-]+\.csv"$'},
        'attachment; filename="workout-logs.csv"',
        required=False,
    ),
    "Server-Timing": _header(
        "The number of calls to the data store, and their total time in milliseconds; not in a 404 "
        "or a 422.",
        {"type": "string", "maxLength": 200, "pattern": r"^[\x20-\x7e]+$"},
        'store;desc="1 call";dur=1.8',
        required=False,
    ),
    "Retry-After": _header("Seconds to wait before the next attempt.", SECONDS, 5),
    "RateLimit-Limit": _header(
        "The number of requests that the caller may send in the current window.",
        COUNT,
        120,
        required=False,
    ),
    "RateLimit-Remaining": _header(
        "The number of requests that are left in the current window.", COUNT, 117, required=False
    ),
    "RateLimit-Reset": _header(
        "Seconds until the current window ends.", SECONDS, 42, required=False
    ),
    "RateLimit-Policy": _header(
        "Every limit of the caller: requests, and the seconds `w` of the window that they are in.",
        {"type": "string", "maxLength": 1000, "pattern": r"^[0-9]+;w=[0-9]+(, [0-9]+;w=[0-9]+)*$"},
        "120;w=60",
        required=False,
    ),
    "X-Request-Id": _header(
        "The id of the request in the operator's log: that of the request's own `X-Request-Id` if "
        f"it matches `{REQUEST_ID_PATTERN}`, else a new one.",
        {"type": "string", "maxLength": 128, "pattern": REQUEST_ID_PATTERN},
        EXAMPLE_REQUEST_ID,
    ),
    "Accept-Patch": _header(
        "The media types that the body of a `PATCH` may have (RFC 5789).",
        {"type": "string", "maxLength": 200, "pattern": r"^[\x20-\x7e]+$"},
        "application/merge-patch+json, application/json",
    ),
    "Deprecation": _header(
        "Since when the operation is deprecated, in seconds since 1970 (RFC 9745).",
        {"type": "string", "maxLength": 20, "pattern": r"^@[0-9]+$"},
        "@1798761600",
    ),
    "Sunset": _header(
        "When the operation goes, if that is known (RFC 8594).",
        {"type": "string", "maxLength": 29, "pattern": r"^[\x20-\x7e]+$"},
        "Wed, 30 Jun 2027 22:00:00 GMT",
        required=False,
    ),
    "WWW-Authenticate": _header(
        "How to authenticate, and what was wrong with the token; with `insufficient-scope`, the "
        "scope that it lacks (RFC 6750).",
        CHALLENGE,
        'Bearer realm="workout-logs", error="invalid_token", '
        'error_description="The token has expired."',
    ),
    "Access-Control-Allow-Origin": _header(
        "Only for a browser's request from another origin, if the deployment allows it (CORS).",
        {"type": "string", "format": "uri", "maxLength": 2048},
        "https://app.workout-logs.example",
        required=False,
    ),
}

IF_ANY = "-If-Any"
"""Ends the name of a component whose header not every response has."""

WEAK = "-Weak"
"""Ends the name of a component of `ETag` that no write can be conditional on."""

ON_EVERY_RESPONSE = (
    "Access-Control-Allow-Origin",
    "Server-Timing",
    "X-Request-Id",
    "RateLimit-Limit",
    "RateLimit-Policy",
    "RateLimit-Remaining",
    "RateLimit-Reset",
)


def register(spec: APISpec) -> None:
    """Add every header to the spec, each as soon as something refers to it."""
    for name, header in HEADERS.items():
        spec.components.header(name, header, lazy=True)
        spec.components.header(name + IF_ANY, {**header, "required": False}, lazy=True)


def headers(*components: str, examples: JSON | None = None) -> JSON:
    """The headers of a response: components, those of which there are `examples` with them."""
    found: JSON = {}
    for component in components:
        name = component.removesuffix(IF_ANY)
        example = (examples or {}).get(name)
        required = HEADERS[name]["required"] and name == component
        with_example = {**HEADERS[name], "required": required, "example": example}
        found[name.removesuffix(WEAK)] = with_example if example else component
    return found
