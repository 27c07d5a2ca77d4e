"""A `workoutLog` document and what belongs to it, as stores hand it out.

Stores return JSON in which any field can hold anything. `LogRow` gives every field one of the types
that it usually has: msgspec checks them while it parses; a document that does not pass is checked
field by field. What the fields mean is the part of `app.service.reading`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct, field

from app.service.documents import (
    MAX_DISTANCE_KM,
    MAX_ITEMS,
    MAX_NOTES_LENGTH,
    MAX_TEMPERATURE_C,
    MAX_TEXT_LENGTH,
    MIN_TEMPERATURE_C,
    REVISION_PATTERN,
    Document,
    loads,
    revision_of,
)
from app.service.errors import StoreUnavailable
from app.service.model import Feeling, Status

Typed = TypeVar("Typed", bound=Struct)


class StoredLog(NamedTuple):
    """A `workoutLog` document, the `trainingSession` and the `user` that it refers to, if there are
    any, and the `_createdAt` of each published `feedback` that refers to it.
    """

    document: Document
    session: Document | None
    runner: Document | None
    feedback: Sequence[Document] = ()

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> StoredLog:
        """From an object with these members; a reference may lead to another type of document.

        Raises LookupError, TypeError or AttributeError if the object holds no log.
        """
        document: Document = row["document"]
        if not isinstance(document["_id"], str):
            raise TypeError("a document without an id")
        session = of_type("trainingSession", row["session"])
        return cls(document, session, of_type("user", row["runner"]), row.get("feedback", ()))


def of_type(type_: str, document: Document | None) -> Document | None:
    """What a reference leads to, if it is a document of this type."""
    return document if document and document["_type"] == type_ and document["_id"] else None


class Reference(Struct, gc=False):
    id: str = field(name="_ref")


_Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT_LENGTH)]
Notes = Annotated[str, Meta(min_length=1, max_length=MAX_NOTES_LENGTH)]
_Texts = Annotated[list[_Text], Meta(max_length=MAX_ITEMS)]
Figure = str | int | float | None
Pointer = Reference | str | None


def id_of(pointer: Pointer) -> str | None:
    """The id that a reference, or the plain string of an old document, points at."""
    return pointer.id if isinstance(pointer, Reference) else pointer


_above_0, _of_distance = Meta(gt=0), Meta(gt=0, le=MAX_DISTANCE_KM)
_of_temperature = Meta(ge=MIN_TEMPERATURE_C, le=MAX_TEMPERATURE_C)


class LogFields(Struct, rename="camel", gc=False):
    id: str = field(name="_id")
    revision: Annotated[str, Meta(pattern=REVISION_PATTERN)] = field(name="_rev")
    stored_created_at: str | None = field(name="_createdAt", default=None)
    stored_updated_at: str | None = field(name="_updatedAt", default=None)
    session_id: Pointer = None
    runner_id: Pointer = None
    status: Status | None = None
    external_link: str | None = None
    actual_distance: Annotated[int, _of_distance] | Annotated[float, _of_distance] | None = None
    actual_duration: Figure = None
    actual_pace: Figure = None
    notes: Notes | None = None
    feeling: Feeling | None = None
    injuries: _Texts | _Text | None = None
    weather: _Text | None = None
    temperature: Annotated[int, _of_temperature] | Annotated[float, _of_temperature] | None = None
    created_at: str | None = None
    updated_at: str | None = None


class SessionFields(Struct, gc=False):
    id: str = field(name="_id")
    document_type: Literal["trainingSession"] = field(name="_type")
    date: str | None = None
    scheduled_date: str | None = field(name="scheduledDate", default=None)
    day: Figure = None
    type: str | None = None
    distance: Figure = None
    duration: Figure = None
    pace: Figure = None
    target_pace: Figure = field(name="targetPace", default=None)


class RunnerFields(Struct, gc=False):
    id: str = field(name="_id")
    document_type: Literal["user"] = field(name="_type")
    name: _Text | None = None


class FeedbackFields(Struct, gc=False):
    created_at: str | None = field(name="_createdAt", default=None)


class LogRow(Struct, gc=False):
    """A `workoutLog` document, what it refers to, and the feedback that refers to it, each field of
    a type that it usually has.
    """

    document: LogFields
    session: SessionFields | None
    runner: RunnerFields | None
    feedback: list[FeedbackFields] = []


_row = msgspec.json.Decoder(LogRow)


def decode_row(json: bytes | Raw) -> LogRow:
    """The row in the JSON of an object with the members of `StoredLog`, free of NUL.

    Raises `StoreUnavailable` if it holds no log.
    """
    try:
        return _row.decode(json)
    except (ValueError, RecursionError):
        pass
    try:
        return row_of(StoredLog.of(loads(bytes(json))))
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        about = f"a list with a row that holds no log ({type(error).__name__})"
        raise StoreUnavailable(about) from error


def row_of(stored: StoredLog) -> LogRow:
    """The row of documents that are parsed already."""
    try:
        return msgspec.convert(stored._asdict(), LogRow)
    except msgspec.ValidationError:
        return _checked_by_field(stored)


def session_fields(document: Document) -> SessionFields:
    """The fields of a `trainingSession` document."""
    return typed(SessionFields, document)


def _checked_by_field(stored: StoredLog) -> LogRow:
    document = {**cut(stored.document), "_rev": revision_of(stored.document)}
    if isinstance(document.get("injuries"), list):
        texts = (each for each in document["injuries"] if each and type(each) is str)
        document["injuries"] = [*map(cut_text, islice(texts, MAX_ITEMS))]
    return LogRow(
        document=typed(LogFields, document),
        session=session_fields(stored.session) if stored.session else None,
        runner=typed(RunnerFields, cut(stored.runner)) if stored.runner else None,
        feedback=[typed(FeedbackFields, each) for each in stored.feedback],
    )


def cut(document: Document) -> dict[str, Any]:
    """The document, its texts no longer than they are read."""
    texts = {
        name: cut_text(document[name], most)
        for name, most in _MAX_LENGTHS.items()
        if isinstance(document.get(name), str)
    }
    return {**document, **texts}


_MAX_LENGTHS = {"notes": MAX_NOTES_LENGTH} | dict.fromkeys(
    ("injuries", "weather", "name"), MAX_TEXT_LENGTH
)


def cut_text(text: str, most: int = MAX_TEXT_LENGTH) -> str:
    """The text, or the beginning of one that is too long to be read whole."""
    return text if len(text) <= most else text[: most - 1] + "…"


def typed(kind: type[Typed], document: Document) -> Typed:
    """The fields of the document that have a type they usually have.

    A text that cannot be read stands for another value where None would mean that there is none.
    """
    values = {}
    for each in msgspec.structs.fields(kind):
        value = document.get(each.encode_name)
        with suppress(msgspec.ValidationError):
            values[each.name] = msgspec.convert(value, each.type)
        if each.name not in values and each.encode_name in _COUNTS_WHEN_UNREADABLE:
            values[each.name] = ""
    return kind(**values)


_COUNTS_WHEN_UNREADABLE = ("actualPace", "date", "pace")
