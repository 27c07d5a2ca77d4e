"""The shapes on the wire: every member with its type, range, unit and meaning.

`WorkoutLog` is what is read; `WorkoutLogCreate` and `WorkoutLogUpdate` are what is sent. The Python
names are the attributes of `app.service.model`, the JSON names their camelCase.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.service import rules, sync_tokens, units
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
from app.service.rules import Sent
from app.web.base_schema import (
    MAX_PAGE_SIZE,
    BaseSchema,
    ResponsePart,
    ResponseSchema,
    enum,
    optional_enum,
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
from app.web.problems import Coded, violations_of
from app.web.shared_schemas import (
    FeedbackSummary,
    Pagination,
    Runner,
    read_actual_distance,
    read_seconds,
)
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


class WorkoutLog(ResponsePart):
    """What a runner really did in a planned session. Every member is always present."""

    id = read_id("The log's document id, which is `logId` in addresses.")
    session_id = read_text(
        "The training session that the log is about.", maxLength=128, pattern=ID_PATTERN
    )
    runner_id = read_text("The user whose log it is.", maxLength=128, pattern=ID_PATTERN)
    status = enum(Status, "How the session ended.", required=True, allow_none=True)
    external_link = read_text("The activity at Garmin or Strava.", format="uri", maxLength=2048)
    actual_distance = read_actual_distance()
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
        metadata={"description": "The pace per km, as `M:SS`.", "pattern": units.PACE_PATTERN},
    )
    actual_duration_seconds = read_seconds(
        "The time taken, in seconds.", units.MAX_DURATION_SECONDS
    )
    actual_pace_seconds = read_seconds("The pace, in seconds per km.", units.MAX_PACE_SECONDS)
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
    feedback = fields.Nested(
        FeedbackSummary,
        required=True,
        metadata={"description": "Whether somebody gave feedback, such as the coach."},
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
    feeling = optional_enum(Feeling, "How the runner felt.")
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
            given = [name for name, each in self.fields.items() if data.get(each.data_key)]
            valid: Any = error.valid_data
            for each in rules.violations_of_new_log(valid.get("status"), given):
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
    feedback = Ignored()
    revision = Ignored()

    def load(self, data: Any, **kwargs: Any) -> dict[str, Sent]:
        """The members that are not ignored, by attribute.

        A value that a log can read as, but that breaks a limit of today, is for the service to
        judge: it knows whether the value changes.
        """
        try:
            # Nothing is required: marshmallow need not ask each field that is not there.
            values, messages = super().load(data, **{**kwargs, "partial": True}), {}
        except ma.ValidationError as error:
            messages = error.messages_dict
            refused = {name: each for name, each in messages.items() if not _reads_as(name, data)}
            if refused:
                error.messages = refused
                raise
            values = self._without_none_list(error.valid_data)
        return {
            attribute: Sent(
                values.get(attribute),
                data[name],
                violations_of({"json": {name: messages[name]}}) if name in messages else (),
            )
            for attribute, field in self.fields.items()
            if (name := field.data_key or "") in data and not isinstance(field, Ignored)
        }


def _reads_as(name: str, data: Any) -> bool:
    """Whether a stored log can read as a value that this member is refused for."""
    match name, data.get(name) if isinstance(data, Mapping) else None:
        case (("notes" | "weather"), str()):
            return True
        case "injuries", list() as items:
            return all(isinstance(each, str) for each in items)
        case "status", None:
            return name in data
    return False


class WorkoutLogPagination(Pagination):
    """Where the page stands in the list, and where changes begin that it lacks."""

    sync_token = read_text(
        "On the first page of a list without a filter, where `listWorkoutLogChanges` goes on from "
        "this list; null on every other page.",
        maxLength=sync_tokens.MAX_TOKEN_LENGTH,
        pattern=sync_tokens.PATTERN,
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
    pagination = fields.Nested(WorkoutLogPagination, required=True)
