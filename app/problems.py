"""Every error answer of the API: RFC 9457 `application/problem+json`, one shape, stable codes.

`CATALOGUE` lists the problem types; each has a page at `/problems/<code>`. Code that meets an error
raises `Problem` with a code, or one of `app.service.errors`; the handlers at the end turn these,
and whatever Flask, werkzeug, webargs and flask-smorest raise themselves, into the one shape:

    {"type", "title", "status", "detail", "instance", "code",
     "errors"?: [{"pointer" | "parameter" | "header", "code", "detail"}], …}
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from app.service import errors as service

logger = logging.getLogger(__name__)

COLLECTION_PATH = "/api/workout-logs"

MOST_ERRORS = 100
"""How many violations one answer lists, so that a hostile body cannot ask for a huge answer."""


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of problem: what it means and what a client can do about it."""

    code: str
    status: int
    title: str
    meaning: str
    remedy: str

    @property
    def uri(self) -> str:
        """The problem's `type`: a reference that resolves, on this API, to the type's page."""
        return f"/problems/{self.code}"


CATALOGUE: Mapping[str, ProblemType] = {
    each.code: each
    for each in (
        ProblemType(
            "malformed",
            400,
            "The request cannot be read",
            "The body is not JSON in UTF-8 with unique member names, or the request breaks HTTP or "
            "OAuth syntax.",
            "Send well-formed JSON without NaN, NUL or lone surrogates, and one credential only.",
        ),
        ProblemType(
            "missing-token",
            401,
            "A token is required",
            "The request carries no credential.",
            "Send `Authorization: Bearer <access token>`.",
        ),
        ProblemType(
            "invalid-token",
            401,
            "The token is not valid",
            "The token is expired, revoked, malformed, or was not issued for this API.",
            "Obtain a new token from the issuer and try again.",
        ),
        ProblemType(
            "forbidden",
            403,
            "You may not do this",
            "The caller is known, but their role does not permit this operation.",
            "Do not repeat the request; a coach reads the logs of their runners, only the runner "
            "or an admin changes them.",
        ),
        ProblemType(
            "insufficient-scope",
            403,
            "The token lacks a scope",
            "The token is valid, but was not granted the scope that this operation needs.",
            "Ask the issuer for a token with the scope that `WWW-Authenticate` names.",
        ),
        ProblemType(
            "unknown-user",
            403,
            "The token's person is not known here",
            "The token is valid, but no user of this application corresponds to it.",
            "Sign in with the account that the running coach application knows.",
        ),
        ProblemType(
            "ambiguous-user",
            403,
            "The token's person is not unique here",
            "More than one user of this application has the token's e-mail address.",
            "Ask the operator to leave one user with this address.",
        ),
        ProblemType(
            "unverified-email",
            403,
            "The token's e-mail address is not verified",
            "This API identifies people by e-mail, and the issuer has not verified this one.",
            "Verify the address with the issuer and sign in again.",
        ),
        ProblemType(
            "unknown-role",
            403,
            "The user has no known role",
            "The user's role is none of runner, coach and admin.",
            "Ask the operator to set the user's role.",
        ),
        ProblemType(
            "csrf",
            403,
            "The request comes from a foreign page",
            "A request that is authenticated by the session cookie must come from an allowed "
            "origin.",
            "Call from a listed origin, or send the token in the Authorization header.",
        ),
        ProblemType(
            "not-found",
            404,
            "Not found",
            "Nothing is at this address, or nothing that the caller may know of.",
            "Check the address, and that the caller is the runner, their coach or an admin.",
        ),
        ProblemType(
            "method-not-allowed",
            405,
            "The method is not allowed here",
            "This address exists, but does not support the request's method.",
            "Use one of the methods in the `Allow` header.",
        ),
        ProblemType(
            "duplicate-workout-log",
            409,
            "The session has a log already",
            "A runner has at most one log for a session; `existingId` and `Location` name it.",
            "Update the existing log instead.",
        ),
        ProblemType(
            "workout-log-in-use",
            409,
            "The log is in use",
            "Other documents, such as a coach's feedback, refer to the log; nothing was deleted.",
            "Delete what refers to the log first, or keep the log.",
        ),
        ProblemType(
            "precondition-failed",
            412,
            "The log has changed",
            "The log is not at the revision that `If-Match` names; nothing was changed.",
            "Read the log again, apply the change to what is there now, and send its new ETag.",
        ),
        ProblemType(
            "content-too-large",
            413,
            "The request is too large",
            "A request body may hold at most 64 KiB.",
            "Send less.",
        ),
        ProblemType(
            "unsupported-media-type",
            415,
            "The media type is not supported",
            "Request bodies are `application/json` in UTF-8, nothing else.",
            "Send `Content-Type: application/json`.",
        ),
        ProblemType(
            "validation-failed",
            422,
            "The request breaks rules",
            "The request is well-formed, but values break rules; `errors` lists all of them.",
            "Correct each member, parameter or header that `errors` names.",
        ),
        ProblemType(
            "too-many-requests",
            429,
            "Too many requests",
            "The caller has used up their budget of requests for now.",
            "Wait for the seconds in `Retry-After`; `RateLimit-*` headers tell what is left.",
        ),
        ProblemType(
            "internal-error",
            500,
            "Something went wrong here",
            "A fault of this API, not of the request. It has been logged.",
            "Try again later; if it stays, tell the operator the time and the address.",
        ),
        ProblemType(
            "issuer-unavailable",
            503,
            "The token cannot be checked now",
            "The issuer of the tokens does not answer, so nobody new can be let in.",
            "Try again after the seconds in `Retry-After`.",
        ),
        ProblemType(
            "store-unavailable",
            503,
            "The data cannot be reached now",
            "The store of the logs does not answer, or not as it should.",
            "Try again after the seconds in `Retry-After`; send an `Idempotency-Key` to create.",
        ),
        ProblemType(
            "store-timeout",
            504,
            "The data did not come in time",
            "The store of the logs took too long; a change may or may not have been made.",
            "Read before changing again; send an `Idempotency-Key` to create.",
        ),
    )
}

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
    """Raise to answer with a problem of the catalogue.

    `detail` defaults to the type's meaning; `errors` are the members of the list; `extensions`
    become further members of the object; `headers` are added to the answer.
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

    def body(self, instance: str) -> dict[str, Any]:
        """The problem object."""
        members: dict[str, Any] = {
            "type": self.type.uri,
            "title": self.type.title,
            "status": self.type.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.type.code,
        }
        if self.errors:
            members["errors"] = list(self.errors[:MOST_ERRORS])
        return members | self.extensions


def problem_of(error: service.ServiceError) -> Problem:
    """What an error of the service is in HTTP."""
    match error:
        case service.NotFound():
            return Problem("not-found")
        case service.Forbidden():
            return Problem("forbidden", str(error))
        case service.InvalidLog():
            return Problem("validation-failed", errors=[*map(_violation, error.violations)])
        case service.DuplicateLog():
            location = f"{COLLECTION_PATH}/{quote(error.existing_id)}"
            return Problem(
                "duplicate-workout-log",
                headers={"Location": location},
                existingId=error.existing_id,
            )
        case service.LogInUse():
            return Problem("workout-log-in-use")
        case service.RevisionMismatch():
            return Problem("precondition-failed")
        case service.CallerRefused():
            return Problem(_CODE_OF_REFUSAL[type(error)])
        case service.StoreTimeout():
            return Problem("store-timeout")
        case service.StoreError():
            return Problem("store-unavailable", headers={"Retry-After": str(error.retry_after)})
    raise TypeError(f"no problem type for {type(error).__name__}")


_CODE_OF_REFUSAL: Mapping[type[service.CallerRefused], str] = {
    service.UnknownUser: "unknown-user",
    service.AmbiguousUser: "ambiguous-user",
    service.UnverifiedEmail: "unverified-email",
    service.UnknownRole: "unknown-role",
}


def _violation(violation: service.Violation) -> dict[str, str]:
    place = "header" if violation.header else "pointer"
    where = violation.header or violation.pointer or ""
    return {place: where, "code": violation.code, "detail": violation.detail}


def respond(problem: Problem) -> Response:
    """The HTTP answer of a problem."""
    body = orjson.dumps(problem.body(_instance()))
    response = Response(body, problem.type.status, content_type="application/problem+json")
    response.headers.extend(problem.headers)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _instance() -> str:
    """The request's path as it stands in a URL: without spaces or line breaks."""
    return quote(request.path, safe="/:@!$&'()*+,;=~-._")


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


def _validation_errors(messages: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """webargs' messages by location, flattened to one entry for each sentence."""
    for location, members in messages.items():
        for path, sentence in _leaves(members, ()):
            if location == "json":
                where = "".join(f"/{_escape(step)}" for step in path)
                place = {"pointer": where}
            else:
                # A client may have made the name up; U+FFFD stands for what no text holds.
                name = str(path[0]).replace("\0", "\ufffd")
                place = {{"headers": "header"}.get(location, "parameter"): name}
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
    """Answer every error of the app in the one shape."""

    @app.errorhandler(Problem)
    def problem(error: Problem) -> Response:
        return respond(error)

    @app.errorhandler(service.ServiceError)
    def service_error(error: service.ServiceError) -> Response:
        return respond(problem_of(error))

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Response:
        logger.error("unexpected fault in %s %s", request.method, _instance(), exc_info=error)
        return respond(Problem("internal-error"))
