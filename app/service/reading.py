"""Reads a `workoutLog` document, with what belongs to it, as a `WorkoutLog`.

Several programs wrote these documents, and people type into some fields in Studio. What has one
clear meaning is read; what cannot be read as its type is None. `docs/documents.md` has the table.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache

from app.service import instants, units
from app.service.days import TimeZone
from app.service.documents import Document, is_published_id, javascript_number
from app.service.external_links import ExternalLinks
from app.service.model import (
    FeedbackSummary,
    PlannedSession,
    Runner,
    SessionType,
    WorkoutLog,
)
from app.service.planned import read_duration, read_pace
from app.service.rows import (
    FeedbackFields,
    Figure,
    LogRow,
    Reference,
    SessionFields,
    StoredLog,
    cut_text,
    row_of,
    session_fields,
)


class LogReader:
    """Reads rows; `links` says which external links may be shown, `zone` on which day an instant
    falls.
    """

    def __init__(self, links: ExternalLinks, zone: TimeZone) -> None:
        self._links = links
        self._day_of = zone.day_of

    def read_stored(self, stored: StoredLog) -> WorkoutLog:
        """The log in documents that are parsed already. Never raises."""
        return self.read(row_of(stored))

    def read(self, row: LogRow) -> WorkoutLog:
        """The log. Never raises, whatever the fields hold."""
        log, session, runner = row.document, row.session, row.runner
        link, session_id, runner_id = log.external_link, log.session_id, log.runner_id
        injuries = log.injuries or []
        duration, seconds = duration_of(log.actual_duration)
        if log.actual_pace is None:
            pace, seconds_per_km = _derived_pace(log.actual_distance, seconds)
        else:
            pace, seconds_per_km = _pace(log.actual_pace)
        # In the order of the model: msgspec takes keywords five times as slowly.
        return WorkoutLog(
            log.id,
            published_id(session_id.id if isinstance(session_id, Reference) else session_id),
            published_id(runner_id.id if isinstance(runner_id, Reference) else runner_id),
            log.status,
            self._links.read(link) if link else None,
            log.actual_distance,
            duration,
            pace,
            seconds,
            seconds_per_km,
            log.notes,
            log.feeling,
            injuries if isinstance(injuries, list) else [injuries],
            log.weather,
            None if log.temperature is None else javascript_number(log.temperature),
            instants.read(log.stored_created_at) or instants.read(log.created_at),
            instants.read(log.stored_updated_at) or instants.read(log.updated_at),
            self.session(session) if session else None,
            Runner(runner.id, runner.name) if runner else None,
            _summary(row.feedback) if row.feedback else _NO_FEEDBACK,
            log.revision,
        )

    def read_session(self, document: Document) -> PlannedSession:
        """The session in a `trainingSession` document. Never raises."""
        return self.session(session_fields(document))

    def session(self, session: SessionFields) -> PlannedSession:
        """The planned session. Never raises, whatever the fields hold."""
        pace = session.target_pace if session.pace is None else session.pace
        return PlannedSession(
            session.id,
            self.day_of(session),
            _planned(session.day),
            _SESSION_TYPES.get(session.type),
            planned_distance(session),
            planned_duration(session),
            _planned(pace),
        )

    def day_of(self, session: SessionFields) -> str | None:
        """`YYYY-MM-DD` of the day that it is planned for."""
        date = session.scheduled_date if session.date is None else session.date
        return self._day_of(date) if date else None


def planned_distance(session: SessionFields) -> str | None:
    """What is planned to be run, as text."""
    return _planned(session.distance, " km")


def planned_duration(session: SessionFields) -> str | None:
    """How long it is planned to take, as text."""
    return _planned(session.duration, " min")


_SESSION_TYPES: Mapping[str | None, SessionType] = {each.value: each for each in SessionType}
_NO_FEEDBACK = FeedbackSummary(0, None)


def _summary(feedback: Sequence[FeedbackFields]) -> FeedbackSummary:
    moments = [moment for each in feedback if (moment := instants.read(each.created_at))]
    return FeedbackSummary(len(feedback), max(moments, key=instants.sort_key, default=None))


# Ids of runners and of recent sessions, dates, durations, paces and plans come again and again.


@lru_cache(maxsize=4096)
def published_id(text: str | None) -> str | None:
    """The id, if a published document can have it."""
    return text if text and is_published_id(text) else None


@lru_cache(maxsize=4096)
def duration_of(value: Figure) -> tuple[str | None, int | None]:
    """`H:MM:SS` and seconds, also of what people type, and of the number of minutes of old logs."""
    seconds: int | None
    if isinstance(value, str):
        try:
            seconds = units.parse_duration(value.strip())
        except ValueError:
            seconds = read_duration(value)
    else:
        minutes = _number(value, 0, units.MAX_DURATION_SECONDS / 60)
        seconds = None if minutes is None else math.floor(minutes * 60 + 0.5)
    return (units.format_duration(seconds), seconds) if seconds else (None, None)


@lru_cache(maxsize=4096)
def _pace(value: Figure) -> tuple[str | None, int | None]:
    """`M:SS` and seconds per km, also of what people type."""
    if not isinstance(value, str):
        minutes = _number(value, 0, units.MAX_PACE_SECONDS / 60)
        value = "" if minutes is None else f"{minutes:g}"
    seconds = read_pace(value)
    return (units.format_pace(seconds), seconds) if seconds else (None, None)


def _derived_pace(
    distance: float | None, seconds: int | None
) -> tuple[str, int] | tuple[None, None]:
    """The pace of a log in which none was ever written."""
    pace = units.derive_pace(distance, seconds)
    return (units.format_pace(pace), pace) if pace else (None, None)


@lru_cache(maxsize=4096)
def _planned(value: Figure, unit: str = "") -> str | None:
    """A planner's figure: text, though some plans hold it as a number of this unit."""
    if isinstance(value, str):
        return cut_text(value) or None
    figure = _number(value, 0, sys.float_info.max)
    return None if figure is None else f"{javascript_number(figure):.15g}{unit}"


def _number(value: float | None, least: float, most: float) -> float | None:
    return value if value is not None and least <= value <= most else None
