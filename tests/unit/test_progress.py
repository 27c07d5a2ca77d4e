"""Progress is what a slow and obvious computation finds, for any plans and logs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.service.model import Feeling, Status
from app.service.planned import read_distance, read_duration
from app.service.progress import DateRange, Done, Planned, range_of, summarise

FIRST = date(2026, 1, 1)
days = st.integers(0, 59).map(lambda number: FIRST + timedelta(days=number))
ranges = st.tuples(days, days).map(lambda pair: DateRange(*sorted(pair)))
distances = st.none() | st.integers(1, 10**6).map(lambda metres: metres / 1000)
instants = st.integers(0, 59 * 86400 * 4).map(
    lambda quarters: (
        (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=quarters / 4))
        .isoformat()
        .replace("+00:00", "Z")
    )
)


@st.composite
def logs(draw: st.DrawFn) -> Done:
    created_at = draw(st.none() | instants)
    return Done(
        order=(draw(st.sampled_from(["", "1", "2"])), draw(st.text("ab", min_size=1))),
        status=draw(st.none() | st.sampled_from(Status)),
        feeling=draw(st.none() | st.sampled_from(Feeling)),
        distance=draw(distances),
        duration=draw(st.none() | st.integers(1, 360_000)),
        injured=draw(st.booleans()),
        reviewed=draw(st.booleans()),
        created_at=created_at,
    )


texts = st.sampled_from([None, "", "8 km", "7.125", "12.3456 km", "5-6 km", "45 min", "1h 05m"])
sessions = st.builds(
    Planned, day=days.map(date.isoformat), rest=st.booleans(), distance=texts, duration=texts
)
with_logs = st.tuples(
    sessions, st.just([]) | st.lists(logs(), max_size=3, unique_by=lambda log: log.order)
)
others = st.tuples(days.map(date.isoformat), logs())


@given(ranges, days, st.lists(with_logs, max_size=12), st.lists(others, max_size=4))
def test_progress_is_what_the_obvious_computation_finds(
    dates: DateRange,
    as_of: date,
    planned: list[tuple[Planned, list[Done]]],
    unplanned: list[tuple[str, Done]],
) -> None:
    weeks, total = summarise(dates, as_of, planned, unplanned)
    expected = []
    monday = min(
        day for day in (dates.first - timedelta(days=each) for each in range(7)) if is_monday(day)
    )
    while monday <= dates.last:
        week = [monday + timedelta(days=each) for each in range(7)]
        inside = [day for day in week if dates.first <= day <= dates.last]
        begins = {"weekStart": monday.isoformat(), "partial": inside != week}
        expected.append(begins | obvious(inside, as_of, planned, unplanned))
        monday += timedelta(days=7)
    assert [msgspec.to_builtins(week) for week in weeks] == expected
    everything = [dates.first + timedelta(days=each) for each in range(60)]
    in_range = [day for day in everything if day <= dates.last]
    assert msgspec.to_builtins(total) == obvious(in_range, as_of, planned, unplanned)


def obvious(
    inside: Sequence[date],
    as_of: date,
    planned: Iterable[tuple[Planned, list[Done]]],
    unplanned: Iterable[tuple[str, Done]],
) -> dict[str, Any]:
    """The figures of these days, each looked for on its own."""
    here = [each for each in planned if date.fromisoformat(each[0].day) in inside]
    training = [each for each in here if not each[0].rest]
    counted = [(session, newest(logs)) for session, logs in here if logs]
    outcomes = [(session, newest(logs).status) for session, logs in training if logs]
    missing = [session for session, logs in training if not logs]
    due = [each for each in training if date.fromisoformat(each[0].day) <= as_of]
    done = [logs for _, logs in due if logs and newest(logs).status == "completed"]
    apart = [log for day, log in unplanned if date.fromisoformat(day) in inside]
    seen = [*apart, *(log for _, logs in here for log in logs)]

    def ended(status: str | None) -> int:
        return len([each for each in outcomes if each[1] == status])

    return {
        "sessions": {
            "planned": len(training),
            "due": len(due),
            "completed": ended("completed"),
            "dnf": ended("dnf"),
            "undone": ended("undone"),
            "unknown": ended(None),
            "unlogged": len([each for each in missing if date.fromisoformat(each.day) <= as_of]),
            "upcoming": len([each for each in missing if date.fromisoformat(each.day) > as_of]),
            "rest": len(here) - len(training),
        },
        "adherence": rounded(Fraction(len(done), len(due))) if due else None,
        "distance": {
            "planned": rounded(total([read_distance(each.distance or "") for each, _ in here])),
            "actual": rounded(total([log.distance for _, log in counted])),
            "plannedUnreadable": unreadable(here, "distance"),
        },
        "duration": {
            "planned": total([read_duration(each.duration or "") for each, _ in here]),
            "actual": total([log.duration for _, log in counted]),
            "plannedUnreadable": unreadable(here, "duration"),
        },
        "feelings": {
            each: len([log for _, log in counted if log.feeling == each])
            for each in ("excellent", "good", "okay", "tired", "exhausted")
        },
        "injuries": len([log for _, log in counted if log.injured]),
        "pendingReviews": len([log for _, log in counted if not log.reviewed]),
        "unplanned": {
            "logs": len(apart),
            "distance": rounded(total([log.distance for log in apart])),
        },
        "duplicates": len([log for _, logs in here for log in logs]) - len(counted),
        "lastLogAt": max(
            (log.created_at for log in seen if log.created_at),
            key=datetime.fromisoformat,
            default=None,
        ),
    }


def newest(logs: list[Done]) -> Done:
    return sorted(logs, key=lambda log: log.order)[-1]


def is_monday(day: date) -> bool:
    return day.isoweekday() == 1


def total(figures: Sequence[float | Decimal | None]) -> Fraction:
    """What the decimals that are there add up to, without a rounding error."""
    return sum((Fraction(str(each)) for each in figures if each is not None), Fraction(0))


def rounded(value: Fraction) -> float:
    return floor(value * 1000 + Fraction(1, 2)) / 1000


def unreadable(here: Iterable[tuple[Planned, Any]], name: str) -> int:
    read = {"distance": read_distance, "duration": read_duration}[name]
    texts = [getattr(session, name) for session, _ in here]
    return len([text for text in texts if text and read(text) is None])


@pytest.mark.parametrize(
    ("date_from", "date_to", "first", "last"),
    [
        (None, None, "2025-12-22", "2026-01-18"),
        ("2026-01-06", None, "2026-01-06", "2026-02-02"),
        (None, "2026-01-06", "2025-12-10", "2026-01-06"),
        ("2026-01-03", "2026-01-04", "2026-01-03", "2026-01-04"),
        ("9999-12-30", None, "9999-12-30", "9999-12-31"),
        (None, "0001-01-02", "0001-01-01", "0001-01-02"),
    ],
)
def test_the_range_is_four_weeks_unless_both_days_are_given(
    date_from: str | None, date_to: str | None, first: str, last: str
) -> None:
    given_from, given_to = (
        date.fromisoformat(each) if each else None for each in (date_from, date_to)
    )
    dates = range_of(given_from, given_to, date(2026, 1, 14))
    assert dates == DateRange(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("first", "last", "mondays"),
    [
        ("2026-01-01", "2026-01-05", ["2025-12-29", "2026-01-05"]),
        ("2026-01-05", "2026-01-11", ["2026-01-05"]),
        ("2026-01-04", "2026-01-04", ["2025-12-29"]),
        ("0001-01-01", "0001-01-08", ["0001-01-01", "0001-01-08"]),
        ("9999-12-31", "9999-12-31", ["9999-12-27"]),
    ],
)
def test_weeks_begin_on_mondays(first: str, last: str, mondays: list[str]) -> None:
    dates = DateRange(date.fromisoformat(first), date.fromisoformat(last))
    assert [each.isoformat() for each in dates.mondays] == mondays
    weeks, _ = summarise(dates, FIRST, [], [])
    assert [week.week_start for week in weeks] == mondays


def test_tenths_add_up_without_an_error_and_halves_are_rounded_up() -> None:
    day = DateRange(FIRST, FIRST)
    log = Done(("", "x"), Status.COMPLETED, None, 0.1, None, False, False, None)
    planned = Planned("2026-01-01", False, "0.1 km", None)
    _, total = summarise(day, FIRST, [(planned, [log])] * 3, [("2026-01-01", log)] * 3)
    assert (total.distance.planned, total.distance.actual) == (0.3, 0.3)
    assert total.unplanned.distance == 0.3
    _, total = summarise(day, FIRST, [(planned._replace(distance="8.0005"), [])], [])
    assert total.distance.planned == 8.001
    sessions = [(planned, [log])] * 13 + [(planned, [])] * 3
    assert summarise(day, FIRST, sessions, []).total.adherence == 0.813
