"""The shapes on the wire: every member with its type, range, unit and meaning.

`WorkoutLog` is what is read; `WorkoutLogCreate` and `WorkoutLogUpdate` are what is sent. The Python
names are the attributes of `app.service.model`, the JSON names their camelCase.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.service import rules, units
from app.service.documents import (
    ID_PATTERN,
    MAX_DISTANCE_KM,
    MAX_ITEMS,
    MAX_NOTES_LENGTH,
    MAX_TEMPERATURE_C,
    MAX_TEXT_LENGTH,
    MIN_TEMPERATURE_C,
)
from app.service.external_links import ExternalLinks
from app.service.model import Feeling, SessionType, Status
from app.web.base_schema import (
    MAX_PAGE_SIZE,
    BaseSchema,
    ResponsePart,
    ResponseSchema,
    enum,
    read_id,
    read_text,
)
from app.web.fields import (
    TEXT_PATTERN,
    DocumentId,
    Ignored,
    Number,
    Text,
)
from app.web.problems import Coded
from app.workout_logs.fields import Duration, ExternalLink, Pace


class PlannedSession(ResponsePart):
    """The training session as planned."""

    id = read_id("The session's document id.")
    date = read_text("The day planned.", format="date", maxLength=10)
    day = read_text("The day's name or number in the plan, as the planner wrote it.")
    type = enum(SessionType, "The kind of session.", required=True, allow_none=True)
    distance = read_text("The distance planned, in the planner's words.")
    duration = read_text("The duration planned, in the planner's words.")
    pace = read_text("The pace planned, in the planner's words.")


class Runner(ResponsePart):
    """Whose log it is."""

    id = read_id("The user's document id.")
    name = read_text("The name to show.")


class WorkoutLog(ResponsePart):
    """What a runner really did in a planned session. Every member is always present."""

    id = read_id("The log's document id, which is `logId` in addresses.")
    session_id = read_text(
        "The training session that the log is about.", maxLength=128, pattern=ID_PATTERN
    )
    runner_id = read_text("The user whose log it is.", maxLength=128, pattern=ID_PATTERN)
    status = enum(Status, "How the session ended.", required=True, allow_none=True)
    external_link = read_text("The activity at Garmin or Strava.", format="uri", maxLength=2048)
    actual_distance = Number(
        above=0,
        most=MAX_DISTANCE_KM,
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
        validate=validate.Range(1, units.MAX_DURATION_SECONDS),
        metadata={"description": "The time taken, in seconds.", "format": "int32"},
    )
    actual_pace_seconds = fields.Integer(
        required=True,
        allow_none=True,
        validate=validate.Range(1, units.MAX_PACE_SECONDS),
        metadata={"description": "The pace, in seconds per km.", "format": "int32"},
    )
    notes = read_text("The runner's own words.", maxLength=MAX_NOTES_LENGTH)
    feeling = enum(Feeling, "How the runner felt.", required=True, allow_none=True)
    injuries = fields.List(
        fields.String(
            metadata={
                "minLength": 1,
                "maxLength": MAX_TEXT_LENGTH,
                "pattern": TEXT_PATTERN,
            }
        ),
        required=True,
        metadata={
            "description": "What hurt, empty when nothing did.",
            "maxItems": MAX_ITEMS,
        },
    )
    weather = read_text("The weather, in the runner's words.")
    temperature = Number(
        least=MIN_TEMPERATURE_C,
        most=MAX_TEMPERATURE_C,
        required=True,
        allow_none=True,
        metadata={"description": "The air's temperature, in °C."},
    )
    created_at = read_text("When the log was created, in UTC.", format="date-time", maxLength=40)
    updated_at = read_text("When the log last changed, in UTC.", format="date-time", maxLength=40)
    session = fields.Nested(
        PlannedSession,
        required=True,
        allow_none=True,
        metadata={"description": "The session as planned; null if it does not exist any more."},
    )
    runner = fields.Nested(
        Runner,
        required=True,
        allow_none=True,
        metadata={"description": "Whose log it is; null if the user does not exist any more."},
    )
    revision = fields.String(
        required=True,
        metadata={
            "description": 'Changes whenever the log does; `"<revision>"` is good in `If-Match`.',
            "maxLength": 128,
            "pattern": "^[A-Za-z0-9._\\-]{1,128}$",
        },
    )


class _WorkoutLogInput(BaseSchema):
    """What a client sends of a log. `links` says which external links are allowed."""

    def __init__(self, links: ExternalLinks, **kwargs: Any) -> None:
        self.links = links
        super().__init__(**kwargs)

    external_link = ExternalLink(
        allow_none=True, metadata={"description": "The activity at Garmin or Strava."}
    )
    actual_distance = Number(
        above=0,
        most=MAX_DISTANCE_KM,
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
    feeling = enum(Feeling, "How the runner felt.", allow_none=True)
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
        least=MIN_TEMPERATURE_C,
        most=MAX_TEMPERATURE_C,
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
    status = enum(Status, "How the session ended.", required=True)

    def handle_error(self, error: ma.ValidationError, data: Any, **_: Any) -> None:
        """Add the service's rules, so that a request that is refused learns of all violations."""
        if isinstance(data, Mapping) and isinstance(error.messages, dict):
            names = rules.MEASUREMENTS
            measured = [name for name in names if data.get(self.fields[name].data_key) is not None]
            valid: Any = error.valid_data
            status = valid.get("status")
            for each in rules.status_violations(status, measured):
                name = (each.pointer or "").removeprefix("/")
                error.messages.setdefault(name, [Coded(each.code, each.detail)])


class WorkoutLogUpdate(_WorkoutLogInput):
    """The members of a log that change: null clears one, what is left out stays.

    A log that was read may be sent back whole: read-only members are ignored, `sessionId` and
    `runnerId` are accepted as they are.
    """

    status = enum(Status, "How the session ended; it cannot be cleared.")
    session_id = DocumentId(allow_none=True, metadata={"description": "Unchanged, if sent."})
    runner_id = DocumentId(allow_none=True, metadata={"description": "Unchanged, if sent."})
    id = Ignored()
    actual_duration_seconds = Ignored()
    actual_pace_seconds = Ignored()
    created_at = Ignored()
    updated_at = Ignored()
    session = Ignored()
    runner = Ignored()
    revision = Ignored()

    @ma.post_load
    def _without_ignored(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {
            name: value
            for name, value in data.items()
            if not isinstance(self.fields[name], Ignored)
        }


class Pagination(ResponsePart):
    """Where the page stands in the list."""

    limit = fields.Integer(
        required=True,
        validate=validate.Range(1, MAX_PAGE_SIZE),
        metadata={"description": "How many logs a page holds at most.", "format": "int32"},
    )
    next_cursor = read_text("The `cursor` of the next page; null on the last one.", maxLength=512)
    total = fields.Integer(
        required=True,
        allow_none=True,
        validate=validate.Range(0, 2**31 - 1),
        metadata={
            "description": "How many logs match in all; null unless asked for with `withTotal`.",
            "format": "int32",
        },
    )


class WorkoutLogResponse(ResponseSchema):
    """One log."""

    data = fields.Nested(WorkoutLog, required=True)


class WorkoutLogList(ResponseSchema):
    """A page of logs, newest first."""

    data = fields.List(
        fields.Nested(WorkoutLog),
        required=True,
        metadata={"description": "The logs of the page.", "maxItems": MAX_PAGE_SIZE},
    )
    pagination = fields.Nested(Pagination, required=True)
