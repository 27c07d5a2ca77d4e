"""Sanity documents: their JSON, ids, references and revisions, and the fields that this API writes.

`app.service.reading` reads them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec

from app.service.model import WorkoutLog

Document = Mapping[str, Any]
"""A Sanity document: a JSON object with `_id`, `_type`, `_rev`, `_createdAt`, `_updatedAt`."""

ID_PATTERN = r"^[A-Za-z0-9._][A-Za-z0-9._\-]{0,127}$"
"""An id. Those of drafts and release versions match, too; `is_published_id` refuses them."""

REVISION_PATTERN = r"^[A-Za-z0-9._\-]{1,128}\Z"
"""A `_rev` that can stand in an `ETag`."""

DELETION = "workoutLogDeletion"
"""The `_type` of documents that remember deletions."""

CLEARED_PACE = ""
"""The `actualPace` of a log whose runner wants none: where the field is missing, it is derived."""

MAX_DEPTH = 100
"""Levels of nesting. Sanity allows 20 (https://www.sanity.io/docs/technical-limits)."""

MAX_TEXT_LENGTH, MAX_NOTES_LENGTH = 1000, 10_000
"""Characters of a text, and of notes, that are read. A longer one reads as its beginning and `…`.

So the published bounds hold for any document, and are small enough for mock servers.
"""

MAX_ITEMS = 50
"""Items of a list that are read; further ones are left out."""

MAX_DISTANCE_KM = 1000
MIN_TEMPERATURE_C, MAX_TEMPERATURE_C = -50, 60

_NAMES = {each.name: each.encode_name for each in msgspec.structs.fields(WorkoutLog)}
_log_id = re.compile(r"workoutLog\.[0-9a-f]{40}")
_id = re.compile(ID_PATTERN.removeprefix("^").removesuffix("$"))
_escape = re.compile(
    r"(?P<kept>\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(?!u[dD][89a-fA-F]|u0000).))|\\u...."
)
_brackets = re.compile(rb'"(?:[^"\\]|\\.)*+"|(?P<opening>[\[{])|(?P<closing>[\]}])')
_revision = re.compile(REVISION_PATTERN)


def loads(data: bytes) -> Any:
    """The JSON of a store, without what `mended` leaves out. Raises ValueError.

    What is nested more than `MAX_DEPTH` levels deep may be None.
    """
    if not holds_nul(data):
        try:
            return msgspec.json.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            pass  # a lone surrogate is enough for that, or a number beyond a double
        except RecursionError:
            data = _shallow(data)
    return json.loads(mended(data))


def holds_nul(data: bytes) -> bool:
    """Whether this JSON holds a NUL, or nearly so."""
    return b"\\" in data and b"\\u0000" in data


def mended(data: bytes) -> bytes:
    """JSON without what is no text: NUL, which not every client can hold, lone surrogates, which
    some programs leave of an emoji, and bytes that are not UTF-8.
    """
    return _escape.sub(r"\g<kept>", data.decode(errors="ignore")).encode()


def _shallow(data: bytes) -> bytes:
    """JSON with null in place of what is nested more than `MAX_DEPTH` levels deep."""
    kept, depth, start = [], 0, 0
    for token in _brackets.finditer(data):
        if token["opening"]:
            if depth == MAX_DEPTH:
                kept += [data[start : token.start()], b"null"]
            depth += 1
        elif token["closing"]:
            depth -= 1
            if depth == MAX_DEPTH:
                start = token.end()
    return b"".join([*kept, data[start:]])


def is_published_id(text: str) -> bool:
    """Whether a published document can have this id: drafts and release versions cannot."""
    return _id.fullmatch(text) is not None and not text.startswith(("drafts.", "versions."))


def is_log_id(text: str) -> bool:
    """Whether `log_id_of` makes such ids."""
    return _log_id.fullmatch(text) is not None


def log_id_of(runner_id: str, session_id: str) -> str:
    """The `_id` of the one log of a runner and a session.

    The dot keeps the document out of anonymous reads of a public dataset; the digest keeps
    personal data out of an id, which Sanity keeps for ever.
    """
    pair = json.dumps([runner_id, session_id]).encode()
    return f"workoutLog.{hashlib.sha256(pair).hexdigest()[:40]}"


def deletion_id_of(log_id: str) -> str:
    """The `_id` of the document that remembers the deletion of a log."""
    return f"{DELETION}.{hashlib.sha256(log_id.encode()).hexdigest()[:40]}"


def deletion_of(log_id: str, runner_id: str | None) -> Document:
    """What remembers that a runner's log was deleted: ids only, as plain text.

    A reference would keep the user from being deleted.
    """
    named = {} if runner_id is None else {"runnerId": runner_id}
    return {"_id": deletion_id_of(log_id), "_type": DELETION, "logId": log_id, **named}


def revision_of(document: Document) -> str:
    """The document's `_rev`; for a document without a usable one, a digest of its content."""
    revision = document.get("_rev")
    if isinstance(revision, str) and _revision.search(revision):
        return revision
    content = json.dumps(document, sort_keys=True).encode()
    return f"sha256-{hashlib.sha256(content).hexdigest()}"


def reference_id(value: object) -> str | None:
    """The id that a reference, or the plain string of an old document, points at."""
    if isinstance(value, dict):
        value = value.get("_ref")
    return value if isinstance(value, str) and value else None


def reference(document_id: str) -> dict[str, str]:
    """A strong reference."""
    return {"_type": "reference", "_ref": document_id}


def is_of(document: Document, runner_ids: Collection[str] | None) -> bool:
    """Whether a document is that of one of these runners; None stands for everybody's."""
    return runner_ids is None or reference_id(document.get("runnerId")) in runner_ids


def is_set(value: object) -> bool:
    """Whether a field holds anything: null, an empty text and an empty list are nothing."""
    return value is not None and value not in ("", [])


def javascript_number(number: float) -> float:
    """The number as JavaScript, and so Sanity, knows it: zero has no sign there."""
    return number + 0


def now() -> str:
    """This moment, as documents hold instants."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def field_name(attribute: str) -> str:
    """The name of an attribute of `WorkoutLog` in a document, which is its name on the wire."""
    return _NAMES[attribute]


def field_values(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The document's fields for attributes of `WorkoutLog`; None means unset."""
    return {field_name(name): _stored(name, value) for name, value in changes.items()}


def _stored(name: str, value: Any) -> Any:
    if value is None or value == []:
        return None
    if name in ("session_id", "runner_id"):
        return reference(value)
    return str(value) if isinstance(value, StrEnum) else value
