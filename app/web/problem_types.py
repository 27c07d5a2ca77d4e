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
            "The request has no `Authorization: Bearer <token>` header.",
            "Send `Authorization: Bearer <access token>`; the word `Bearer` is part of it.",
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
            "The role does not permit this",
            "The caller's role does not permit this operation.",
            "Do not repeat the request. A coach may read the logs of their runners; only the "
            "runner and admins may change them.",
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
            "No user matches the token",
            "The token is valid, but no user of this application matches it.",
            "Sign in with the account that you use in the running coach application.",
        ),
        ProblemType(
            "ambiguous-user",
            403,
            "More than one user matches the token",
            "More than one user of this application has the token's e-mail address.",
            "Ask the operator to leave only one user with this e-mail address.",
        ),
        ProblemType(
            "unverified-email",
            403,
            "The token's e-mail address is not verified",
            "This API identifies users by e-mail address; the issuer has not verified this one.",
            "Verify the e-mail address with the issuer and sign in again.",
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
            "The request comes from an origin that is not allowed",
            "A request that is authenticated by the session cookie must come from an allowed "
            "origin.",
            "Call from a listed origin, or send the token in the Authorization header.",
        ),
        ProblemType(
            "not-found",
            404,
            "Not found",
            "There is no resource at this URL, or the caller may not read it.",
            "Check the URL, and that the caller is the runner, their coach or an admin.",
        ),
        ProblemType(
            "method-not-allowed",
            405,
            "The method is not allowed here",
            "This URL exists, but does not support the request's method.",
            "Use one of the methods in the `Allow` header.",
        ),
        ProblemType(
            "duplicate-workout-log",
            409,
            "The session already has a log",
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
            "sync-token-expired",
            410,
            "The token has ended",
            "Changes cannot be told from this token on: it is older than what the API remembers of "
            "deletions, is not one of this API, or the runners have changed whose logs the caller "
            "may read.",
            "List all workout logs without a filter, page by page. Store each log, then drop from "
            "your copy every log that was not on the list, and go on from the `syncToken` of its "
            "first page. If that one has ended, too, wait half a minute and list again.",
        ),
        ProblemType(
            "precondition-failed",
            412,
            "A condition does not hold",
            "`If-Match` or `If-None-Match` does not hold for the log as it is now; nothing was "
            "changed.",
            "Read the log again. If you repeated a request whose response was lost, your change "
            "may already be there; otherwise make it to the current values and send the new ETag.",
        ),
        ProblemType(
            "content-too-large",
            413,
            "The request is too large",
            "A request body may hold at most 64 KiB, that of a batch 1 MiB.",
            "Send less.",
        ),
        ProblemType(
            "unsupported-media-type",
            415,
            "The media type is not supported",
            "Request bodies are `application/json` in UTF-8, those of `PATCH` also "
            "`application/merge-patch+json`; nothing else.",
            "Send `Content-Type: application/json`.",
            may_have=("Accept-Patch",),
        ),
        ProblemType(
            "validation-failed",
            422,
            "The request breaks rules",
            "The request is well-formed, but values break rules; `errors` lists them.",
            "Correct each member, parameter or header that `errors` names.",
        ),
        ProblemType(
            "duplicate-item",
            422,
            "An earlier item is about the same log",
            "Two items of the batch are about one log, or one runner and session; this one was "
            "not made.",
            "Put all that is to change into one item, or send the second in another batch.",
        ),
        ProblemType(
            "not-applied",
            424,
            "Another item of the batch failed",
            "The batch is `atomic`, and another of its items failed; nothing was changed.",
            "Correct the items that have another problem, and send the whole batch again.",
        ),
        ProblemType(
            "too-many-requests",
            429,
            "Too many requests",
            "The caller has reached the rate limit.",
            "Wait for the number of seconds in `Retry-After`; the `RateLimit-*` headers tell how "
            "many requests are left.",
            headers=("Retry-After",),
        ),
        ProblemType(
            "internal-error",
            500,
            "Internal error",
            "An error of this API, not of the request. It has been logged.",
            "Try again later; if it happens again, tell the operator the time and the URL.",
        ),
        ProblemType(
            "issuer-unavailable",
            503,
            "The token cannot be verified now",
            "The authorization server does not respond, so the token cannot be verified.",
            "Try again after the seconds in `Retry-After`.",
            headers=("Retry-After",),
        ),
        ProblemType(
            "store-unavailable",
            503,
            "The data store is not available now",
            "The data store does not respond, or responds with an error.",
            "Try again after the seconds in `Retry-After`; send an `Idempotency-Key` to create.",
            headers=("Retry-After",),
        ),
        ProblemType(
            "store-timeout",
            504,
            "The data store took too long",
            "The data store did not respond in time; a change may or may not have been made.",
            "Read before changing again; send an `Idempotency-Key` to create.",
        ),
    )
}
