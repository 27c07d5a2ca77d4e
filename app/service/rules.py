"""The rules across the fields of a log, and what an update changes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.service.documents import Document, field_name, is_set
from app.service.errors import InvalidLog, Violation
from app.service.model import Status, WorkoutLog
from app.service.units import derive_pace, format_pace, parse_duration

_IDENTITY = ("session_id", "runner_id")
_DISTANCE_AND_DURATION = ("actual_distance", "actual_duration")
_MEASUREMENTS = (*_DISTANCE_AND_DURATION, "actual_pace")
_ENOUGH_WHEN_COMPLETED = (*_DISTANCE_AND_DURATION, "external_link")


class Sent(NamedTuple):
    """A member of an update: its value, the same as the client sent it, and the limits it breaks.

    Limits hold for what changes: a value that is sent back as it reads is never refused.
    """

    value: Any
    as_sent: Any
    violations: Sequence[Violation] = ()

    @property
    def clears(self) -> bool:
        """Whether null is sent, or the empty text that stands for it."""
        return self.value is None and not self.violations


def values_of_new_log(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a new log: those sent, and the pace where it follows from the others."""
    values = {name: value for name, value in sent.items() if value is not None}
    pace = _pace(sent.get("actual_distance"), sent.get("actual_duration"))
    return {"actual_pace": pace, **values} if pace else values


def changes_of_update(
    log: WorkoutLog, document: Document, sent: Mapping[str, Sent]
) -> dict[str, Any]:
    """The attributes that change when `sent` is applied to the log in the document; None clears.

    What is sent as it reads is no change, so a document keeps its form where nobody changed it.
    Raises `InvalidLog` with every limit and rule that the changes break.
    """
    changed = {
        name: each
        for name, each in sent.items()
        if each.as_sent != getattr(log, name)
        and (each.violations or each.value != getattr(log, name))
    }
    violations = [violation for each in changed.values() for violation in each.violations]
    violations += [
        Violation("immutable", "This cannot be changed after creation.", f"/{field_name(name)}")
        for name in _IDENTITY
        if name in changed
    ]
    values = {name: each.value for name, each in changed.items() if not each.violations}
    if values.get("status") is Status.UNDONE:
        values |= _unreadable_measurements(document, sent, values)
    pace = _pace_that_follows(log, document, values)
    # A pace that only follows is no fault of its own beside the distance and the duration.
    violations += _broken_rules(log, document, {**values, **dict.fromkeys(pace)})
    if violations:
        raise InvalidLog(violations)
    return values | pace


def _unreadable_measurements(
    document: Document, sent: Mapping[str, Sent], values: Mapping[str, Any]
) -> dict[str, None]:
    """What a log that becomes undone loses, too: null is sent, and null is what it reads as."""
    return {
        name: None
        for name in _MEASUREMENTS
        if name in sent and name not in values and sent[name].clears
        if is_set(document.get(field_name(name)))
    }


def _pace_that_follows(
    log: WorkoutLog, document: Document, values: Mapping[str, Any]
) -> dict[str, str | None]:
    """The pace, where distance or duration change and no other one is sent.

    It is derived; where it cannot be, it goes if it was derived before, or if a measurement goes.
    """
    measured = [name for name in _DISTANCE_AND_DURATION if name in values]
    if not measured or "actual_pace" in values:
        return {}
    distance, duration = (values.get(name, getattr(log, name)) for name in _DISTANCE_AND_DURATION)
    pace = _pace(distance, duration)
    goes = any(values[name] is None for name in measured) or (
        log.actual_distance is not None and log.actual_duration is not None
    )
    if pace is None and not (goes and is_set(document.get("actualPace"))):
        return {}
    return {"actual_pace": pace}


def _broken_rules(
    log: WorkoutLog, document: Document, values: Mapping[str, Any]
) -> Iterator[Violation]:
    """The rules that the changed log breaks, of those that the changes have to do with."""
    status = values.get("status", log.status)
    given = [
        name
        for name in (*_MEASUREMENTS, "external_link")
        if is_set(values[name] if name in values else document.get(field_name(name)))
    ]
    if not values.keys().isdisjoint(("status", *_MEASUREMENTS, "external_link")):
        yield from _violations_when_completed(status, given)
    if not values.keys().isdisjoint(("status", *_MEASUREMENTS)):
        yield from _violations_when_undone(status, given)


def violations_of_new_log(status: Status | None, given: Collection[str]) -> Iterator[Violation]:
    """The rules that a new log breaks with this status and these attributes."""
    yield from _violations_when_completed(status, given)
    yield from _violations_when_undone(status, given)


def _violations_when_completed(
    status: Status | None, given: Collection[str]
) -> Iterator[Violation]:
    if status is Status.COMPLETED and not any(name in given for name in _ENOUGH_WHEN_COMPLETED):
        yield Violation(
            "required-when-completed",
            "A completed session needs actualDistance, actualDuration or externalLink.",
            "/actualDistance",
        )


def _violations_when_undone(status: Status | None, given: Collection[str]) -> Iterator[Violation]:
    for name in _MEASUREMENTS if status is Status.UNDONE else ():
        if name in given:
            yield Violation(
                "not-allowed-when-undone",
                "A session that was not done has no distance, duration or pace; clear it with "
                "null.",
                f"/{field_name(name)}",
            )


def _pace(distance: float | None, duration: str | None) -> str | None:
    """The pace that follows from distance and duration, as text."""
    pace = derive_pace(distance, parse_duration(duration) if duration else None)
    return format_pace(pace) if pace else None
