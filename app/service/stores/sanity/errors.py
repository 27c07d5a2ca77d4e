"""How the Content Lake says no, and how it fails to say anything.

    ContentLakeError
    ├── NotExecuted              nothing has changed: the same request may be sent again
    │   ├── ConnectFailed
    │   └── RateLimited              429
    ├── OutcomeUnknown           what was sent may or may not have been executed
    │   ├── ReplyLost                the connection broke, perhaps in the middle of the reply
    │   ├── ReplyTimeout
    │   ├── ServerFault              5xx
    │   │   └── TransientError             502, 503, 504
    │   └── Unreadable               not an answer of the API: HTML, an empty body, another shape
    └── Refused                  nothing has changed, and would not if it were sent again
        ├── AccessRefused            401, 403, `insufficientPermissionsError`
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

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec


class ContentLakeError(Exception):
    """Root of the tree above. `retry_after` is in seconds, where the Content Lake named them."""

    retry_after: float | None = None


class NotExecuted(ContentLakeError):
    """Nothing has changed: the same request may be sent again."""


class ConnectFailed(NotExecuted):
    """No connection, so nothing was sent."""


class RateLimited(NotExecuted):
    """429: turned away before execution."""


class OutcomeUnknown(ContentLakeError):
    """What was sent may or may not have been executed."""


class ReplyLost(OutcomeUnknown):
    """The connection broke before the whole reply was here."""


class ReplyTimeout(OutcomeUnknown):
    """No reply in time."""


class ServerFault(OutcomeUnknown):
    """5xx, perhaps of a gateway in front."""


class TransientError(ServerFault):
    """502, 503, 504: likely to be gone soon."""


class Unreadable(OutcomeUnknown):
    """A reply that the API does not give."""


class Refused(ContentLakeError):
    """Nothing has changed, and would not if it were sent again."""


class AccessRefused(Refused):
    """The token is not accepted, or lacks a right."""


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


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> ContentLakeError:
    """The error in a reply that is not a 2xx."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        content = None
    types = [*_types(content)]
    about = f"{status} {' '.join(types)}".rstrip() + trace(headers)
    error: ContentLakeError
    if status == 429:
        error = RateLimited(about)
    elif status in (502, 503, 504):
        error = TransientError(about)
    elif status >= 500:
        error = ServerFault(about)
    elif status < 400:
        error = Unreadable(about)
    else:
        kinds = [REFUSALS[each] for each in types if each in REFUSALS]
        fallback = AccessRefused if status in (401, 403) else UnknownRefusal
        error = (kinds[0] if kinds else fallback)(about)
    error.retry_after = _seconds(headers.get("retry-after"))
    return error


def trace(headers: Mapping[str, str]) -> str:
    """Sanity's trace id, as its support asks for it; empty when the reply has none."""
    parts = headers.get("traceparent", "").split("-")
    return f" (trace {parts[1]})" if len(parts) > 1 and parts[1].isalnum() else ""


def _types(content: Any) -> Iterator[str]:
    """Every plain word that tells the kind of the error, the most telling first."""
    if not isinstance(content, dict):
        return
    envelope = content.get("error")
    if isinstance(envelope, dict):
        items = envelope.get("items")
        for item in items if isinstance(items, list) else ():
            inner = item.get("error") if isinstance(item, dict) else None
            yield from _words(inner.get("type") if isinstance(inner, dict) else None)
        yield from _words(envelope.get("type"))
    yield from _words(content.get("errorCode"))


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str) and value.replace("-", "").isalnum() and len(value) <= 100:
        yield value


def _seconds(value: str | None) -> float | None:
    return float(value) if value and value.isdecimal() else None
