"""What goes wrong between this API and the Content Lake, by class.

    ContentLakeError
    ├── NotExecuted              nothing has changed: the same request may be sent again
    │   ├── ConnectFailed
    │   └── RateLimited              429
    ├── OutcomeUnknown           what was sent may or may not have been executed
    │   ├── ResponseLost                the connection broke, perhaps in the middle of the response
    │   ├── ResponseTimeout
    │   ├── TransientError           408, 502, 503, 504
    │   ├── ServerFault              any other 5xx
    │   ├── UnknownConflict          a 409 of a type that is not listed here
    │   └── Unreadable               no response of the API: HTML, an empty body, another shape
    └── Refused                  nothing has changed, and would not if it were sent again
        ├── AccessRefused            401, 403, `insufficientPermissionsError`
        ├── QuotaExceeded            402
        ├── DocumentAlreadyExists
        ├── DocumentNotFound
        ├── RevisionDoesNotMatch
        ├── HasExistingReferences
        ├── ReferenceDoesNotExist
        ├── Malformed                `validationError`, `queryParseError`: our own mistake
        └── UnknownRefusal           a status or type that is not listed here

Refusals are told apart by `items[].error.type`, never by their text, and by the status only where
there is no type. Messages hold the status, the types and Sanity's trace id: no text of Sanity's, no
document and no header, so that they can be logged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from app.service.errors import StoreTimeout, StoreUnavailable


class ContentLakeError(Exception):
    """Root of the tree above. `retry_after` is in seconds, where the Content Lake named them;
    `types` are those of its response, the most telling one first, `places` those of the mutations
    at fault.
    """

    retry_after: float | None = None
    types: tuple[str, ...] = ()
    places: tuple[int, ...] = ()


class NotExecuted(ContentLakeError):
    """Nothing has changed: the same request may be sent again."""


class ConnectFailed(NotExecuted):
    """No connection, so nothing was sent."""


class RateLimited(NotExecuted):
    """429: refused before it was executed."""


class OutcomeUnknown(ContentLakeError):
    """What was sent may or may not have been executed."""


class ResponseLost(OutcomeUnknown):
    """The connection broke before the end of the response."""


class ResponseTimeout(OutcomeUnknown):
    """No response in time."""


class TransientError(OutcomeUnknown):
    """408, 502, 503, 504, perhaps of a gateway in front: likely to be gone soon."""


class ServerFault(OutcomeUnknown):
    """Any other 5xx, perhaps of a gateway in front."""


class UnknownConflict(OutcomeUnknown):
    """A 409 of a type that nobody has told us of: the id of the transaction may be used already, by
    this very request sent before, or another write may have been made at the same time.
    """


class Unreadable(OutcomeUnknown):
    """A response that the API does not give."""


class Refused(ContentLakeError):
    """Nothing has changed, and would not if it were sent again."""


class AccessRefused(Refused):
    """The token is not accepted, or lacks a right."""


class QuotaExceeded(Refused):
    """402: the Sanity project has used up a quota of its plan."""


class DocumentAlreadyExists(Refused):
    """The `_id` of a new document is taken."""


class DocumentNotFound(Refused):
    """There is no document to patch."""


class RevisionDoesNotMatch(Refused):
    """The document is not at the `ifRevisionID` of a patch."""


class HasExistingReferences(Refused):
    """Strong references keep the document from being deleted."""


class ReferenceDoesNotExist(Refused):
    """The document would hold a strong reference to nothing."""


class Malformed(Refused):
    """The request itself is wrong: our own mistake."""


class UnknownRefusal(Refused):
    """A status or type that nobody has told us of."""


REFUSALS: Mapping[str, type[Refused]] = {
    "documentAlreadyExistsError": DocumentAlreadyExists,
    "documentNotFoundError": DocumentNotFound,
    "documentRevisionIDDoesNotMatchError": RevisionDoesNotMatch,
    "documentHasExistingReferencesError": HasExistingReferences,
    "documentReferenceDoesNotExistError": ReferenceDoesNotExist,
    "insufficientPermissionsError": AccessRefused,
    "validationError": Malformed,
    "queryParseError": Malformed,
}


BY_STATUS: Mapping[int, type[ContentLakeError]] = {
    401: AccessRefused,
    402: QuotaExceeded,
    403: AccessRefused,
    408: TransientError,
    409: UnknownConflict,
    429: RateLimited,
    502: TransientError,
    503: TransientError,
    504: TransientError,
}


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> ContentLakeError:
    """The error in a response that is not a 2xx."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        content = None
    types = (*types_of(content),)
    about = f"{status} {' '.join(types)}".rstrip() + trace(headers)
    error = _kind(status, types)(about)
    error.retry_after = _seconds(headers.get("retry-after"))
    if error.retry_after is None and status == 429:
        error.retry_after = _seconds(headers.get("ratelimit-reset"))
    error.types = types
    error.places = tuple(
        item["index"] for item in _items(content) if isinstance(item.get("index"), int)
    )
    return error


def _kind(status: int, types: Iterable[str]) -> type[ContentLakeError]:
    known = [REFUSALS[each] for each in types if each in REFUSALS]
    if known and 400 <= status < 500 and status not in (408, 429):
        return known[0]
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status < 400:
        return Unreadable
    return UnknownRefusal if status < 500 else ServerFault


def trace(headers: Mapping[str, str]) -> str:
    """Sanity's trace id, as its support asks for it; empty when the response has none."""
    parts = headers.get("traceparent", "").split("-")
    return f" (trace {parts[1]})" if len(parts) > 1 and parts[1].isalnum() else ""


def types_of(content: Any) -> Iterator[str]:
    """Every plain word that tells the kind of the error, the most telling first."""
    if not isinstance(content, dict):
        return
    for item in _items(content):
        inner = item.get("error")
        if isinstance(inner, dict):
            yield from _words(inner.get("type"))
            yield from _words(inner.get("permission"))
    envelope = content.get("error")
    if isinstance(envelope, dict):
        yield from _words(envelope.get("type"))
    yield from _words(content.get("errorCode"))


def _items(content: Any) -> Iterator[dict[str, Any]]:
    """What it says of each mutation that failed."""
    envelope = content.get("error") if isinstance(content, dict) else None
    items = envelope.get("items") if isinstance(envelope, dict) else None
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            yield item


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str) and value.replace("-", "").isalnum() and len(value) <= 100:
        yield value


def _seconds(value: str | None) -> float | None:
    # A longer one would be a date, as seconds since 1970.
    return float(value) if value and value.isdecimal() and len(value) < 6 else None


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the Content Lake as errors of the service, in words for the operator."""
    try:
        yield
    except ContentLakeError as error:
        about = f"{type(error).__name__}: {error}"
        if isinstance(error, AccessRefused):
            about = (
                f"Sanity refuses the API token or its rights, so nobody is served ({about}). "
                "`workout-log-api store check` says what is wrong."
            )
        elif isinstance(error, QuotaExceeded):
            about = (
                "The Sanity project has used up a quota of its plan, so nobody is served "
                f"({about}). Sanity's project management shows its usage."
            )
        if isinstance(error, ResponseTimeout):
            raise StoreTimeout(about) from error
        unavailable = StoreUnavailable(about)
        if error.retry_after:
            unavailable.retry_after = math.ceil(error.retry_after)
        raise unavailable from error
