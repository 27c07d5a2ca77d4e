"""The problem types: each has a stable code, a status, a title and a page, `/problems/<code>`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.service.documents import ID_PATTERN


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of problem: what it means and what a client can do about it.

    `headers` come with every response of the code, `may_have` with some. `members` are those that
    only this problem has, as JSON Schema.
    """

    code: str
    status: int
    title: str
    meaning: str
    remedy: str
    headers: tuple[str, ...] = ()
    may_have: tuple[str, ...] = ()
    members: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

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
            may_have=("WWW-Authenticate",),
        ),
        ProblemType(
            "missing-token",
            401,
            "A token is required",
            "The request carries no credential.",
            "Send `Authorization: Bearer <access token>`.",
            headers=("WWW-Authenticate",),
        ),
        ProblemType(
            "invalid-token",
            401,
            "The token is not valid",
            "The token is expired, revoked, malformed, or was not issued for this API.",
            "Obtain a new token from the issuer and try again.",
            headers=("WWW-Authenticate",),
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
            headers=("WWW-Authenticate",),
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
            headers=("Location",),
            members={
                "existingId": {
                    "type": "string",
                    "description": "With `duplicate-workout-log`: the `id` of the existing log.",
                    "maxLength": 128,
                    "pattern": ID_PATTERN,
                    "examples": ["workoutLog.bd9a3970c108c78ce12bc3f306d56f768e17497f"],
                }
            },
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
            headers=("Retry-After",),
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
            headers=("Retry-After",),
        ),
        ProblemType(
            "store-unavailable",
            503,
            "The data cannot be reached now",
            "The store of the logs does not answer, or not as it should.",
            "Try again after the seconds in `Retry-After`; send an `Idempotency-Key` to create.",
            headers=("Retry-After",),
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
