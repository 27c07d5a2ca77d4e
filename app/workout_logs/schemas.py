"""The shapes on the wire: every member with its type, range, unit and meaning.

`WorkoutLog` is what is read; `WorkoutLogCreate` and `WorkoutLogUpdate` are what is sent. The Python
names are the attributes of `app.service.model`, the JSON names their camelCase.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate
from werkzeug.datastructures import ETags

from app.problems import Coded
from app.service import rules, units
from app.service.documents import COLDEST, HOTTEST, ID_PATTERN, LONGEST_DISTANCE
from app.service.links import ExternalLinks
from app.service.model import Feeling, SessionType, Status
from app.service.workout_logs import ListFilters
from app.workout_logs.dumping import compile_dump
from app.workout_logs.fields import (
    LONGEST_STORED_TEXT,
    MOST_STORED_TEXTS,
    Cursor,
    DocumentId,
    Duration,
    EntityTags,
    ExternalLink,
    Ignored,
    Number,
    Pace,
    QueryDate,
    QueryInteger,
    Text,
)

LARGEST_PAGE = 100

_CODES = {"invalid": "type", "null": "null-not-allowed", "unknown": "not-a-choice"}
"""Codes of marshmallow's own messages whose keys say too little."""


def camel_case(name: str) -> str:
    """The JSON name of an attribute."""
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)


class Shape(ma.Schema):
    """Base of all shapes: camelCase on the wire, coded messages, unknown members refused."""

    class Meta:
        unknown = ma.RAISE

    error_messages = {
        "unknown": Coded("unknown-field", "There is no such field here."),
        "type": Coded("type", "Not an object."),
    }

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """What marshmallow's own `dump` writes, in a tenth of its time."""
        if self.many if many is None else many:
            return [self._dump_one(each) for each in obj]
        return self._dump_one(obj)

    @cached_property
    def _dump_one(self) -> Callable[[Any], Any]:
        return compile_dump(self)

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        if field_obj.data_key is None:
            field_obj.data_key = camel_case(field_name)
        # A list's items and an enum's values have fields of their own.
        for each in (
            field_obj,
            getattr(field_obj, "inner", None),
            getattr(field_obj, "field", None),
        ):
            if each is not None:
                each.error_messages = _coded(each.error_messages)


def _coded(messages: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: Coded(_CODES.get(key, key.replace("_", "-")), message)
        for key, message in messages.items()
    }


def _enum(kind: type[StrEnum], description: str, **kwargs: Any) -> fields.Enum[Any]:
    """A named value. On the way out None is said as null, whatever the schema says of it."""
    return fields.Enum(
        kind, by_value=fields.String, metadata={"description": description}, **kwargs
    )


def _string(description: str, **metadata: Any) -> fields.String:
    """A text on the way out, or null."""
    metadata = {"minLength": 1, "maxLength": LONGEST_STORED_TEXT} | metadata
    return fields.String(
        required=True, allow_none=True, metadata={"description": description, **metadata}
    )


class ReadShape(Shape):
    """Base of what is read. Clients ignore members that they do not know, so more can be added."""

    class Meta:
        unknown = ma.EXCLUDE


def _id(description: str) -> fields.String:
    """A document's id on the way out."""
    return fields.String(
        required=True,
        metadata={"description": description, "maxLength": 128, "pattern": ID_PATTERN},
    )


class PlannedSession(ReadShape):
    """The training session as planned."""

    id = _id("The session's document id.")
    date = _string("The day planned.", format="date", maxLength=10)
    day = _string("The day's name or number in the plan, as the planner wrote it.")
    type = _enum(SessionType, "The kind of session.", required=True, allow_none=True)
    distance = _string("The distance planned, in the planner's words.")
    duration = _string("The duration planned, in the planner's words.")
    pace = _string("The pace planned, in the planner's words.")


class Runner(ReadShape):
    """Whose log it is."""

    id = _id("The user's document id.")
    name = _string("The name to show.")


class WorkoutLog(ReadShape):
    """What a runner really did in a planned session. Every member is always present."""

    id = _id("The log's document id, which is `logId` in addresses.")
    session_id = _string(
        "The training session that the log is about.", maxLength=128, pattern=ID_PATTERN
    )
    runner_id = _string("The user whose log it is.", maxLength=128, pattern=ID_PATTERN)
    status = _enum(Status, "How the session ended.", required=True, allow_none=True)
    external_link = _string("The activity at Garmin or Strava.", format="uri", maxLength=2048)
    actual_distance = Number(
        above=0,
        most=LONGEST_DISTANCE,
        required=True,
        allow_none=True,
        metadata={"description": "The distance covered, in km."},
    )
    actual_duration = Duration(
        required=True,
        allow_none=True,
        metadata={
            "description": "The time taken, as `H:MM:SS`.",
            "pattern": units.WRITTEN_DURATION_PATTERN,
        },
    )
    actual_pace = Pace(
        required=True,
        allow_none=True,
        metadata={"description": "The pace per km, as `M:SS`."},
    )
    actual_duration_seconds = fields.Integer(
        required=True,
        allow_none=True,
        validate=validate.Range(1, units.LONGEST_DURATION),
        metadata={"description": "The time taken, in seconds.", "format": "int32"},
    )
    actual_pace_seconds = fields.Integer(
        required=True,
        allow_none=True,
        validate=validate.Range(1, units.SLOWEST_PACE),
        metadata={"description": "The pace, in seconds per km.", "format": "int32"},
    )
    notes = _string("The runner's own words.")
    feeling = _enum(Feeling, "How the runner felt.", required=True, allow_none=True)
    injuries = fields.List(
        fields.String(metadata={"minLength": 1, "maxLength": LONGEST_STORED_TEXT}),
        required=True,
        metadata={
            "description": "What hurt, empty when nothing did.",
            "maxItems": MOST_STORED_TEXTS,
        },
    )
    weather = _string("The weather, in the runner's words.")
    temperature = Number(
        least=COLDEST,
        most=HOTTEST,
        required=True,
        allow_none=True,
        metadata={"description": "The air's temperature, in °C."},
    )
    created_at = _string("When the log was created, in UTC.", format="date-time", maxLength=40)
    updated_at = _string("When the log last changed, in UTC.", format="date-time", maxLength=40)
    session = fields.Nested(
        PlannedSession,
        required=True,
        allow_none=True,
        metadata={"description": "The session as planned; null if it is gone."},
    )
    runner = fields.Nested(
        Runner,
        required=True,
        allow_none=True,
        metadata={"description": "Whose log it is; null if the person is gone."},
    )


class _WorkoutLogInput(Shape):
    """What a client sends of a log. `links` says which external links are allowed."""

    def __init__(self, links: ExternalLinks, **kwargs: Any) -> None:
        self.links = links
        super().__init__(**kwargs)

    external_link = ExternalLink(
        allow_none=True, metadata={"description": "The activity at Garmin or Strava."}
    )
    actual_distance = Number(
        above=0,
        most=LONGEST_DISTANCE,
        allow_none=True,
        metadata={"description": "The distance covered, in km."},
    )
    actual_duration = Duration(
        allow_none=True,
        metadata={"description": "The time taken, as `H:MM:SS`, `MM:SS` or `M:SS`."},
    )
    actual_pace = Pace(
        allow_none=True,
        metadata={
            "description": "The pace per km, as `M:SS`. Left out, it follows from distance and "
            "duration."
        },
    )
    notes = Text(
        2000, multiline=True, allow_none=True, metadata={"description": "The runner's own words."}
    )
    feeling = _enum(Feeling, "How the runner felt.", allow_none=True)
    injuries = fields.List(
        Text(200),
        allow_none=True,
        validate=validate.Length(max=20, error=Coded("too-many", "At most {max} items.")),
        metadata={"description": "What hurt."},
    )
    weather = Text(
        100, allow_none=True, metadata={"description": "The weather, in the runner's words."}
    )
    temperature = Number(
        least=COLDEST,
        most=HOTTEST,
        allow_none=True,
        metadata={"description": "The air's temperature, in °C."},
    )

    @ma.post_load
    def _without_none_list(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """No injuries are an empty list, whether said as null or as `[]`."""
        if data.get("injuries", ()) is None:
            data["injuries"] = []
        return data


class WorkoutLogCreate(_WorkoutLogInput):
    """A new log."""

    session_id = DocumentId(
        required=True, metadata={"description": "The training session that the log is about."}
    )
    runner_id = DocumentId(
        metadata={"description": "The runner, by default the caller; for admins only."}
    )
    status = _enum(Status, "How the session ended.", required=True)

    @ma.validates_schema(skip_on_field_errors=False, pass_original=True)
    def _rules(self, data: dict[str, Any], original: Any, **_: Any) -> None:
        """The service's rules, so that they are told beside what is wrong with single members."""
        if isinstance(original, Mapping):
            names = rules.MEASUREMENTS
            measured = [
                name for name in names if original.get(self.fields[name].data_key) is not None
            ]
            broken = rules.status_violations(data.get("status"), measured)
            errors = {
                (each.pointer or "").removeprefix("/"): [Coded(each.code, each.detail)]
                for each in broken
            }
            if errors:
                raise ma.ValidationError(errors)


class WorkoutLogUpdate(_WorkoutLogInput):
    """The members of a log that change: null clears one, what is left out stays.

    A log that was read may be sent back whole: read-only members are ignored, `sessionId` and
    `runnerId` are accepted as they are.
    """

    status = _enum(Status, "How the session ended; it cannot be cleared.")
    session_id = DocumentId(allow_none=True, metadata={"description": "Unchanged, if sent."})
    runner_id = DocumentId(allow_none=True, metadata={"description": "Unchanged, if sent."})
    id = Ignored()
    actual_duration_seconds = Ignored()
    actual_pace_seconds = Ignored()
    created_at = Ignored()
    updated_at = Ignored()
    session = Ignored()
    runner = Ignored()

    @ma.post_load
    def _without_ignored(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {
            name: value
            for name, value in data.items()
            if not isinstance(self.fields[name], Ignored)
        }


class ListQuery(Shape):
    """The query parameters of a list, as `ListFilters`."""

    limit = QueryInteger(
        validate=validate.Range(
            1, LARGEST_PAGE, error=Coded("out-of-range", "From {min} to {max} logs a page.")
        ),
        metadata={"description": "How many logs a page holds at most.", "default": 20},
    )
    cursor = Cursor(
        attribute="after", metadata={"description": "The `nextCursor` of the page before."}
    )
    session_id = DocumentId(metadata={"description": "Logs about this training session."})
    runner_id = DocumentId(metadata={"description": "Logs of this runner."})
    status = _enum(Status, "Logs with this status.")
    feeling = _enum(Feeling, "Logs with this feeling.")
    date_from = QueryDate(metadata={"description": "Sessions planned on this day or later."})
    date_to = QueryDate(metadata={"description": "Sessions planned on this day or earlier."})
    with_total = fields.Boolean(
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "Whether to count all matches, too.", "default": False},
    )

    @ma.post_load
    def _filters(self, data: dict[str, Any], **_: Any) -> ListFilters:
        return ListFilters(**data)


class Headers(Shape):
    """Base of what an operation reads from the headers; requests have many others."""

    class Meta:
        unknown = ma.EXCLUDE


class CreateHeaders(Headers):
    """The headers of a create."""

    idempotency_key = fields.String(
        data_key="Idempotency-Key",
        validate=validate.Regexp(
            r"[!-~]{1,255}\Z",
            error=Coded("format", "From 1 to 255 visible ASCII characters."),
        ),
        metadata={
            "description": "A key of the client's making. The same request sent again with it "
            "replays the first answer.",
            "maxLength": 255,
            "pattern": "^[!-~]{1,255}$",
        },
    )


class ReadHeaders(Headers):
    """The headers of a read."""

    if_none_match = EntityTags(
        data_key="If-None-Match",
        load_default=ETags,
        metadata={
            "description": "The `ETag` of the log as you know it. The answer is 304, without a "
            "body, while it still has it."
        },
    )


class ChangeHeaders(Headers):
    """The headers of an update and of a delete."""

    if_match = EntityTags(
        data_key="If-Match",
        metadata={
            "description": "The `ETag` that the log must still have. Otherwise the answer is 412 "
            "and nothing is changed. Without it the change is made to whatever is there."
        },
    )


class Pagination(ReadShape):
    """Where the page stands in the list."""

    limit = fields.Integer(
        required=True,
        validate=validate.Range(1, LARGEST_PAGE),
        metadata={"description": "How many logs a page holds at most.", "format": "int32"},
    )
    next_cursor = _string("The `cursor` of the next page; null on the last one.", maxLength=512)
    total = fields.Integer(
        required=True,
        allow_none=True,
        validate=validate.Range(0, 2**31 - 1),
        metadata={
            "description": "How many logs match in all; null unless asked for with `withTotal`.",
            "format": "int32",
        },
    )


class WorkoutLogAnswer(ReadShape):
    """One log."""

    data = fields.Nested(WorkoutLog, required=True)


class WorkoutLogList(ReadShape):
    """A page of logs, newest first."""

    data = fields.List(
        fields.Nested(WorkoutLog),
        required=True,
        metadata={"description": "The logs of the page.", "maxItems": LARGEST_PAGE},
    )
    pagination = fields.Nested(Pagination, required=True)
