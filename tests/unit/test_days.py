"""A date or a datetime is the day on which it falls in a time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.service.days import TimeZone, instant_of

NAMES = (
    *("UTC", "Asia/Bangkok", "Asia/Kathmandu", "Europe/Berlin", "America/St_Johns"),
    *("Africa/Casablanca", "Australia/Lord_Howe", "Pacific/Apia", "Antarctica/Troll"),
)
zone = cache(TimeZone)

instants = st.datetimes(datetime(1970, 1, 1), datetime(2100, 12, 31))  # noqa: DTZ001 - UTC below


@pytest.mark.parametrize("name", NAMES)
@given(instants, st.integers(-14 * 60, 14 * 60))
def test_a_datetime_is_the_day_that_it_is_in_the_zone(
    name: str, instant: datetime, minutes: int
) -> None:
    expected = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(name)).date().isoformat()
    assert zone(name).day_of(f"{instant.isoformat(timespec='milliseconds')}Z") == expected
    elsewhere = instant + timedelta(minutes=minutes)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    text = f"{elsewhere.isoformat(timespec='microseconds')}{sign}{hours:02}:{rest:02}"
    assert zone(name).day_of(text) == expected


@pytest.mark.parametrize("name", NAMES)
@given(st.dates(), st.times())
def test_a_date_and_a_datetime_without_a_zone_are_local(name: str, day: date, time: object) -> None:
    assert zone(name).day_of(day.isoformat()) == day.isoformat()
    assert zone(name).day_of(f"{day}T{time}") == day.isoformat()


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2026-1-5", "20260105", "2026-W02-1", "2026-02-30", "0000-01-01"),
        *("2026-01-05T", "2026-01-05T10", "2026-01-05T24:00:00", "2026-01-05T10:60:00Z"),
        *("2026-01-05T10:00:60Z", "2026-01-05T10:00Z", "2026-01-05 10:00:00Z"),
        *("2026-01-05T10:00:00z", "2026-01-05t10:00:00Z", "2026-01-05T10:00:00+0700"),
        *(
            "2026-01-05T10:00:00+15:00",
            "2026-01-05T10:00:00-15:00",
            "2026-01-05T10:00:00+07:60",
            "2026-01-05T10:00:00.Z",
        ),
        *("2026-02-30T10:00:00Z", " 2026-01-05", "2026-01-05\n", "２０２６-01-05", "๒๐๒๖-01-05"),
        *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_any_other_text_is_no_day(text: str) -> None:
    assert zone("Asia/Bangkok").day_of(text) is None


def test_outside_of_its_years_the_table_goes_on_with_its_ends() -> None:
    berlin = zone("Europe/Berlin")
    assert berlin.day_of("1900-06-01T23:00:00Z") == "1900-06-02"
    assert berlin.day_of("2200-06-01T22:30:00Z") == "2200-06-01"


def test_today_is_the_day_in_the_zone() -> None:
    before = datetime.now(UTC)
    today = zone("Pacific/Apia").today()
    after = datetime.now(UTC)
    assert today in {each.astimezone(ZoneInfo("Pacific/Apia")).date() for each in (before, after)}


@pytest.mark.parametrize("name", ["nope", "", "../x", "\0", "Europe", "UTC\n", "/etc/passwd"])
def test_a_zone_that_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no time zone"):
        TimeZone(name)


spans = st.lists(st.dates(date(1990, 1, 1), date(2090, 1, 1)), min_size=2, max_size=2).map(sorted)


@pytest.mark.parametrize("name", NAMES)
@given(spans, instants)
def test_an_instant_is_within_a_span_if_its_day_is(
    name: str, days: list[date], instant: datetime
) -> None:
    first, last = (each.isoformat() for each in days)
    span = zone(name).span(first, last)
    text = f"{instant.replace(microsecond=0).isoformat()}Z"
    seconds = instant_of(text)
    assert seconds is not None
    assert (span.since <= seconds < span.until) == (
        first <= (zone(name).day_of(text) or "") <= last
    )


@pytest.mark.parametrize("name", NAMES)
@given(st.dates(date(1, 1, 2), date(9998, 12, 30)))
def test_a_day_begins_where_the_one_before_ends(name: str, day: date) -> None:
    before, after = (day + timedelta(days=step) for step in (-1, 1))
    span = zone(name).span(day.isoformat(), day.isoformat())
    assert zone(name).span(before.isoformat(), before.isoformat()).until == span.since
    assert zone(name).span(after.isoformat(), after.isoformat()).since == span.until
    assert zone(name).span(before.isoformat(), day.isoformat()).until == span.until


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Asia/Beirut", "2026-03-29", 23),
        ("America/Santiago", "2026-09-06", 23),
        ("Pacific/Apia", "2011-12-30", 0),
        ("UTC", "2026-03-29", 24),
    ],
)
def test_a_day_is_as_long_as_it_is_in_the_zone(name: str, day: str, hours: int) -> None:
    span = zone(name).span(day, day)
    assert span.until - span.since == hours * 3600


def test_a_span_may_be_open() -> None:
    span = zone("Asia/Bangkok").span(None, None)
    assert span[:2] == ("0001-01-01", "9999-12-31")
    for text in ("0002-01-01T00:00:00Z", "9998-12-31T23:59:59Z"):
        assert span.since < (instant_of(text) or 0) < span.until
