"""The rules across fields, checked on the whole log as it would be stored."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from app.service.errors import Violation
from app.service.model import Status, WorkoutLog
from app.service.units import derive_pace, format_pace, parse_duration

MEASUREMENTS = {
    "actual_distance": "/actualDistance",
    "actual_duration": "/actualDuration",
    "actual_pace": "/actualPace",
}
_IDENTITY = {"session_id": "/sessionId", "runner_id": "/runnerId"}


def merge(log: WorkoutLog, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of the log that change when `sent` is applied to it.

    What is sent as it already reads does not count as a change, so an old document keeps its shape
    where nobody touched it. The pace is derived anew when distance or duration change and no other
    pace is sent; where it can no longer be derived, a pace that could be before is cleared.
    """
    changes = {name: value for name, value in sent.items() if value != getattr(log, name)}
    measured = {"actual_distance", "actual_duration"} & changes.keys()
    if measured and "actual_pace" not in changes:
        distance = changes.get("actual_distance", log.actual_distance)
        duration = changes.get("actual_duration", log.actual_duration)
        followed = log.actual_distance is not None and log.actual_duration is not None
        pace = _pace(distance, duration)
        if pace != log.actual_pace and (pace is not None or followed):
            changes["actual_pace"] = pace
    return changes


def violations(log: WorkoutLog, changes: Mapping[str, Any]) -> Iterator[Violation]:
    """Every rule that the log would break with `changes` (from `merge`) made."""
    for name, pointer in _IDENTITY.items():
        if name in changes:
            yield Violation("immutable", "This cannot be changed after creation.", pointer)

    measured = {name for name in MEASUREMENTS if changes.get(name, getattr(log, name)) is not None}
    yield from status_violations(changes.get("status", log.status), measured)


def of_new_log(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a new log: what was sent, and the pace where it follows from the rest."""
    values = {name: value for name, value in sent.items() if value is not None}
    pace = _pace(sent.get("actual_distance"), sent.get("actual_duration"))
    return {"actual_pace": pace, **values} if pace else values


def status_violations(status: Status | None, measured: Collection[str]) -> Iterator[Violation]:
    """The rules between the status and which of `MEASUREMENTS` there are."""
    if status is Status.COMPLETED and not {"actual_distance", "actual_duration"} & set(measured):
        yield Violation(
            "required-when-completed",
            "A completed session needs actualDistance or actualDuration.",
            "/actualDistance",
        )
    if status is Status.UNDONE:
        for name, pointer in MEASUREMENTS.items():
            if name in measured:
                yield Violation(
                    "not-allowed-when-undone",
                    "A session that was not done has no distance, duration or pace; clear it "
                    "with null.",
                    pointer,
                )


def _pace(distance: float | None, duration: str | None) -> str | None:
    """The pace that follows from distance and duration, as text."""
    pace = derive_pace(distance, parse_duration(duration) if duration else None)
    return format_pace(pace) if pace else None
