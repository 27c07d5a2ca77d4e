"""The shapes of progress: every figure with its unit and meaning."""

from __future__ import annotations

from marshmallow import fields, validate

from app.service.progress_reports import MAX_WEEKS_OF_ONE
from app.web.base_schema import MAX_PAGE_SIZE, ResponsePart, ResponseSchema, read_text
from app.web.fields import Number
from app.web.shared_schemas import Pagination, Runner, read_day

MAX_KM = 1_000_000_000


def _count(description: str, name: str | None = None) -> fields.Integer:
    return fields.Integer(
        required=True,
        data_key=name,
        validate=validate.Range(0, 2**31 - 1),
        metadata={"description": description, "format": "int32"},
    )


def _km(description: str) -> Number:
    return Number(
        least=0, most=MAX_KM, required=True, metadata={"description": f"{description}, in km."}
    )


def _seconds(description: str) -> fields.Integer:
    return fields.Integer(
        required=True,
        validate=validate.Range(0, 2**53),
        metadata={"description": f"{description}, in seconds.", "format": "int64"},
    )


def _part(schema: type[ResponsePart], description: str) -> fields.Nested:
    return fields.Nested(schema, required=True, metadata={"description": description})


class SessionCounts(ResponsePart):
    """How many sessions; `planned` = `completed` + `dnf` + `undone` + `unknown` + `unlogged` +
    `upcoming`. Rest days count in `rest` only.
    """

    planned = _count("Sessions that are no rest days.")
    due = _count("Those of them up to and including the day `asOf`.")
    completed = _count("Those logged as completed.")
    dnf = _count("Those logged as not finished.")
    undone = _count("Those logged as not done.")
    # marshmallow's schemas have an attribute `unknown`, and one `partial`.
    unknown_status = _count("Those whose log has a status that cannot be read.", "unknown")
    unlogged = _count("Those that are due and have no log.")
    upcoming = _count("Those that are later and have no log.")
    rest = _count("Rest days.")


class DistanceFigures(ResponsePart):
    """Kilometres, rounded to metres."""

    planned = _km("What the plans add up to, as far as it can be read")
    actual = _km("What was covered, one log of each session")
    planned_unreadable = _count("Planned distances that cannot be read, and add nothing.")


class DurationFigures(ResponsePart):
    """Seconds."""

    planned = _seconds("What the plans add up to, as far as it can be read")
    actual = _seconds("What was taken, one log of each session")
    planned_unreadable = _count("Planned durations that cannot be read, and add nothing.")


class FeelingCounts(ResponsePart):
    """How many logs tell each feeling, one log of each session."""

    excellent = _count("Logs with this feeling.")
    good = _count("Logs with this feeling.")
    okay = _count("Logs with this feeling.")
    tired = _count("Logs with this feeling.")
    exhausted = _count("Logs with this feeling.")


class UnplannedFigures(ResponsePart):
    """Logs whose session is gone, is not the runner's, or is in a cancelled plan."""

    logs = _count("How many there are.")
    distance = _km("What was covered in them")


class ProgressTotal(ResponsePart):
    """The sum of the weeks."""

    sessions = _part(SessionCounts, "Planned sessions by what became of them.")
    adherence = Number(
        least=0,
        most=1,
        required=True,
        allow_none=True,
        metadata={
            "description": "The share of due sessions that were completed, rounded to three "
            "digits; null when nothing is due."
        },
    )
    distance = _part(DistanceFigures, "Distance planned and covered.")
    duration = _part(DurationFigures, "Time planned and taken.")
    feelings = _part(FeelingCounts, "How the runner felt.")
    injuries = _count("Logs that name an injury.")
    pending_reviews = _count("Logs without feedback.")
    unplanned = _part(UnplannedFigures, "What stands apart from the plans.")
    duplicates = _count("Logs beyond the first of a session.")
    last_log_at = read_text(
        "When the newest log was created, in UTC.", format="date-time", maxLength=40
    )


class _WeekStart(ResponsePart):
    week_start = read_day("The Monday.")
    is_partial = fields.Boolean(
        required=True,
        data_key="partial",
        metadata={"description": "Whether days of the week are outside of the range."},
    )


class ProgressWeek(ProgressTotal, _WeekStart):
    """A week of a runner, from Monday to Sunday."""


class RunnerProgress(ResponsePart):
    """A runner's weeks."""

    runner = _part(Runner, "Whose progress it is.")
    weeks = fields.List(
        fields.Nested(ProgressWeek),
        required=True,
        metadata={
            "description": "Every week that the range touches, in order.",
            "maxItems": MAX_WEEKS_OF_ONE,
        },
    )
    total = _part(ProgressTotal, "The sum of the weeks.")


class ProgressResponse(ResponseSchema):
    """A page of runners by id."""

    data = fields.List(
        fields.Nested(RunnerProgress),
        required=True,
        metadata={"description": "The runners of the page.", "maxItems": MAX_PAGE_SIZE},
    )
    as_of = read_day("The day up to which sessions are due.")
    date_from = read_day("The first day of the range.")
    date_to = read_day("The last day of the range.")
    pagination = fields.Nested(Pagination, required=True)


class _WhoseWeek(ResponsePart):
    runner = _part(Runner, "Whose week it is.")


class WeekRow(ProgressWeek, _WhoseWeek):
    """A week of a runner, as a row of CSV."""
