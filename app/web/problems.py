"""Every error response of the API: RFC 9457 `application/problem+json`, one shape, stable codes.

Code that meets an error raises `Problem` with a code of `app.web.problem_types`, or one of
`app.service.errors`; the handlers at the end turn these, and whatever Flask, werkzeug, webargs and
flask-smorest raise themselves, into the one shape:

    {"type", "title", "status", "detail", "instance", "code",
     "requestId", "errors"?: [{"pointer" | "parameter" | "header", "code", "detail"}], …}
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from app.service import errors as service
from app.web import request_context
from app.web.prefix import public_path
from app.web.problem_types import CATALOGUE

logger = logging.getLogger(__name__)

COLLECTION_PATH = "/api/workout-logs"

MAX_ERRORS = 100
"""How many violations one response lists, so that a hostile body cannot ask for a huge one."""

MAX_PLACE_LENGTH = 1000
"""Characters of a place in a request, such as a pointer: a longer one is told by its beginning. A
batch tells up to 100 of them for each of 100 items, and mock servers make them up.
"""

_broken_escape = re.compile(r"%[0-9A-F]?\Z")

_CODE_OF_STATUS = {
    404: "not-found",
    405: "method-not-allowed",
    412: "precondition-failed",
    413: "content-too-large",
    415: "unsupported-media-type",
    422: "validation-failed",
    429: "too-many-requests",
}


class Coded(str):
    """A sentence with a stable machine-readable code; marshmallow carries it as a message."""

    code: str

    def __new__(cls, code: str, sentence: str) -> Coded:
        self = super().__new__(cls, sentence)
        self.code = code
        return self

    def __deepcopy__(self, _memo: object) -> Coded:
        """flask-smorest copies schemas with their messages; a text needs no copy."""
        return self

    def format(self, *args: object, **kwargs: object) -> Coded:
        return Coded(self.code, super().format(*args, **kwargs))


class Problem(Exception):
    """Raise to respond with a problem of the catalogue.

    `detail` defaults to the type's meaning; `errors` are the members of the list; `extensions`
    become further members of the object; `headers` are added to the response.
    """

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        **extensions: Any,
    ) -> None:
        self.type = CATALOGUE[code]
        self.detail = detail or self.type.meaning
        self.headers = dict(headers or {})
        self.errors = errors
        self.extensions = extensions
        super().__init__(f"{code}: {self.detail}")

    def body(self, instance: str, request_id: str) -> dict[str, Any]:
        """The problem object of a request at the path `instance`."""
        members: dict[str, Any] = {
            "type": self.type.uri,
            "title": self.type.title,
            "status": self.type.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.type.code,
            "requestId": request_id,
        }
        if self.errors:
            members["errors"] = list(self.errors[:MAX_ERRORS])
        return members | self.extensions


def problem_of(error: service.ServiceError) -> Problem:
    """What an error of the service is in HTTP."""
    if type(error) in _CODES:
        return Problem(_CODES[type(error)])
    match error:
        case service.Forbidden():
            return Problem("forbidden", str(error))
        case service.InvalidLog():
            return Problem("validation-failed", errors=[*map(_violation, error.violations)])
        case service.DuplicateLog():
            location = public_path(f"{COLLECTION_PATH}/{quote(error.existing_id)}")
            return Problem(
                "duplicate-workout-log",
                headers={"Location": location},
                existingId=error.existing_id,
            )
        case service.StoreBusy():
            return Problem(
                "store-unavailable",
                "The data store is too busy; nothing was changed.",
                headers={"Retry-After": str(error.retry_after)},
            )
        case service.StoreError():
            return Problem("store-unavailable", headers={"Retry-After": str(error.retry_after)})
    raise TypeError(f"no problem type for {type(error).__name__}")


_CODES: Mapping[type[service.ServiceError], str] = {
    service.NotFound: "not-found",
    service.LogInUse: "workout-log-in-use",
    service.RevisionMismatch: "precondition-failed",
    service.SyncTokenExpired: "sync-token-expired",
    service.DuplicateItem: "duplicate-item",
    service.NotApplied: "not-applied",
    service.UnknownUser: "unknown-user",
    service.AmbiguousUser: "ambiguous-user",
    service.UnverifiedEmail: "unverified-email",
    service.UnknownRole: "unknown-role",
    service.StoreTimeout: "store-timeout",
}
"""Those of which there is nothing more to say."""


def _violation(violation: service.Violation) -> dict[str, str]:
    places = {"header": violation.header, "parameter": violation.parameter}
    where = {place: name for place, name in places.items() if name} or {
        "pointer": violation.pointer or ""
    }
    return {**where, "code": violation.code, "detail": violation.detail}


def respond(problem: Problem) -> Response:
    """The HTTP response of a problem."""
    context = request_context.current()
    request_context.note(code=problem.type.code)
    if context and problem.type.status in (401, 403, 429):
        context.facts.setdefault("reason", problem.detail)
    body = msgspec.json.encode(body_of(problem, request.path))
    response = Response(body, problem.type.status, content_type="application/problem+json")
    response.headers.extend(problem.headers)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def body_of(problem: Problem, path: str) -> dict[str, Any]:
    """The problem of the current request, as told at the path."""
    context = request_context.current()
    body = problem.body(_reference(request.script_root + path), context.id if context else "")
    return body | {"type": public_path(problem.type.uri)}


def _reference(path: str) -> str:
    """The path as it stands in a URL: without spaces or line breaks."""
    reference = quote(path, safe="/:@!$&'()*+,;=~-._")
    if len(reference) <= MAX_PLACE_LENGTH:
        return reference
    return _broken_escape.sub("", reference[:MAX_PLACE_LENGTH])


def problem_of_http_exception(error: HTTPException) -> Problem:
    """What an exception of werkzeug, webargs or flask-smorest is as a problem."""
    status = error.code or 500
    if status >= 500:
        return Problem("internal-error")
    messages = (getattr(error, "data", None) or {}).get("messages")
    headers = {
        name: value
        for name, value in error.get_headers()
        if name.lower() not in ("content-type", "content-length")
    }
    code = _CODE_OF_STATUS.get(status, "malformed")
    return Problem(code, headers=headers, errors=list(_validation_errors(messages or {})))


def violations_of(messages: Mapping[str, Any]) -> list[service.Violation]:
    """marshmallow's messages by location (`json`, `headers`), as the service tells violations."""
    return [
        service.Violation(each["code"], each["detail"], each.get("pointer"), each.get("header"))
        for each in _validation_errors(messages)
    ]


def _validation_errors(messages: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """webargs' messages by location, flattened to one entry for each sentence."""
    for location, members in messages.items():
        for path, sentence in _leaves(members, ()):
            if location == "json":
                where = "".join(f"/{_escape(step)}" for step in path)
                if len(where) > MAX_PLACE_LENGTH:
                    where = where[:MAX_PLACE_LENGTH].removesuffix("~")
                place = {"pointer": where}
            else:
                # A client may have made the name up; U+FFFD stands for what no text holds.
                name = str(path[0]).replace("\0", "\ufffd")
                place = {{"headers": "header"}.get(location, "parameter"): name[:MAX_PLACE_LENGTH]}
            yield {**place, "code": getattr(sentence, "code", "invalid"), "detail": str(sentence)}


def _leaves(node: object, path: tuple[object, ...]) -> Iterator[tuple[tuple[object, ...], str]]:
    if isinstance(node, Mapping):
        for step, below in node.items():
            # marshmallow says so of an object as a whole; a client may name a member so, too.
            whole = step == "_schema" and all(getattr(each, "code", "") == "type" for each in below)
            yield from _leaves(below, path if whole else (*path, step))
    elif isinstance(node, str):
        yield path, node
    elif isinstance(node, Iterable):
        for each in node:
            yield from _leaves(each, path)


def _escape(step: object) -> str:
    """A JSON Pointer's reference token (RFC 6901)."""
    return str(step).replace("~", "~0").replace("/", "~1")


def register(app: Flask) -> None:
    """Respond to every error of the app in the one shape."""

    @app.errorhandler(Problem)
    def problem(error: Problem) -> Response:
        return respond(error)

    @app.errorhandler(service.ServiceError)
    def service_error(error: service.ServiceError) -> Response:
        if isinstance(error, service.StoreError):
            request_context.note(reason=str(error))
        return respond(problem_of(error))

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Response:
        logger.error(
            "unexpected fault in %s %s", request.method, _reference(request.path), exc_info=error
        )
        return respond(Problem("internal-error"))
