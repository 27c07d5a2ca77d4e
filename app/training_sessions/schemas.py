"""The shapes on the wire: every member with its type, range, unit and meaning."""

from __future__ import annotations

from marshmallow import fields

from app.service import units
from app.service.documents import MAX_NOTES_LENGTH
from app.service.model import Feeling, SessionState, SessionType, Status
from app.web.base_schema import (
    MAX_PAGE_SIZE,
    ResponsePart,
    ResponseSchema,
    enum,
    read_id,
    read_text,
)
from app.web.shared_schemas import (
    FeedbackSummary,
    Pagination,
    Runner,
    read_actual_distance,
    read_day,
    read_reference,
    read_seconds,
)


class SessionLog(ResponsePart):
    """The log of a session, in short."""

    id = read_id("The log's document id.")
    status = enum(Status, "How the session ended.", required=True, allow_none=True)
    feeling = enum(Feeling, "How the runner felt.", required=True, allow_none=True)
    actual_distance = read_actual_distance()
    actual_duration_seconds = read_seconds(
        "The time taken, in seconds.", units.MAX_DURATION_SECONDS
    )
    actual_pace_seconds = read_seconds("The pace, in seconds per km.", units.MAX_PACE_SECONDS)
    feedback = fields.Nested(
        FeedbackSummary, required=True, metadata={"description": "What others said of the log."}
    )
    updated_at = read_text("When the log last changed, in UTC.", format="date-time", maxLength=40)


class TrainingSession(ResponsePart):
    """A planned session and its log. Every member is always present."""

    id = read_id("The session's document id: the `sessionId` of a new log.")
    plan_id = read_reference("The training plan that the session is part of; null without one.")
    runner_id = read_reference("The user whose session it is; null if nobody's.")
    date = read_text("The day planned.", format="date", maxLength=10)
    day = read_text("The day's name or number in the plan, as the planner wrote it.")
    type = enum(SessionType, "The kind of session.", required=True, allow_none=True)
    distance = read_text("The distance planned, in the planner's words.")
    duration = read_text("The duration planned, in the planner's words.")
    pace = read_text("The pace planned, in the planner's words.")
    notes = read_text("What the planner adds.", maxLength=MAX_NOTES_LENGTH)
    state = enum(SessionState, "Where the session stands on the day `asOf`.", required=True)
    log = fields.Nested(
        SessionLog,
        required=True,
        allow_none=True,
        metadata={"description": "The runner's log of it, the newest of several; null if none."},
    )
    runner = fields.Nested(
        Runner,
        required=True,
        allow_none=True,
        metadata={"description": "Whose session it is; null if the person is gone."},
    )


class TrainingSessionResponse(ResponseSchema):
    """One session."""

    data = fields.Nested(TrainingSession, required=True)
    as_of = read_day("The day from which `state` is seen.")


class TrainingSessionList(ResponseSchema):
    """A page of sessions by date; those without a date come last."""

    data = fields.List(
        fields.Nested(TrainingSession),
        required=True,
        metadata={"description": "The sessions of the page.", "maxItems": MAX_PAGE_SIZE},
    )
    as_of = read_day("The day from which `state` is seen.")
    pagination = fields.Nested(Pagination, required=True)
