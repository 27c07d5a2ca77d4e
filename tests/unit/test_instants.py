"""Instants sort by time, whatever their zone and precision; the stores are held to it elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.service import instants

moments = st.datetimes(
    datetime(2, 1, 1),  # noqa: DTZ001 - the zone is drawn
    datetime(9998, 12, 31),  # noqa: DTZ001 - as above
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda each: timezone(timedelta(minutes=each))),
)


@given(moments, moments)
def test_keys_sort_as_their_instants_do_in_milliseconds(one: datetime, other: datetime) -> None:
    def key(moment: datetime) -> str:
        text = moment.isoformat(timespec="microseconds")
        assert instants.sort_key(text.replace("+00:00", "Z")) == instants.sort_key(text)
        return instants.sort_key(text)

    cut = [each.replace(microsecond=each.microsecond // 1000 * 1000) for each in (one, other)]
    assert (key(one) < key(other)) == (cut[0] < cut[1])
    assert (key(one) == key(other)) == (cut[0] == cut[1])


@given(st.text() | st.none() | st.integers() | st.from_regex(r"[0-9TZ:.+-]{0,30}"))
def test_anything_has_a_key(value: object) -> None:
    key = instants.sort_key(value)
    assert key == "" or instants.sort_key(key) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00.000Z"),
        ("2026-02-30T10:00:00Z", "2026-03-02T10:00:00.000Z"),
        ("2026-12-31T24:00:00Z", "2027-01-01T00:00:00.000Z"),
        ("2000-03-01T00:00:00.9999+23:59", "2000-02-29T00:01:00.999Z"),
        ("0000-02-29T12:00:00Z", "0000-02-29T12:00:00.000Z"),
        ("1900-03-01T00:00:00+00:01", "1900-02-28T23:59:00.000Z"),
        ("2026-01-31T23:59:60Z", ""),
        ("2026-01-31", ""),
    ],
)
def test_keys_are_those_of_the_content_lake(text: str, key: str) -> None:
    assert instants.sort_key(text) == key


@given(st.integers(-(2**50), 2**50))
def test_seconds_become_text_within_the_years_that_there_are(seconds: int) -> None:
    text = instants.of_seconds(seconds)
    moment = datetime.fromisoformat(text)
    assert text.endswith("Z")
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert first <= moment <= last
    if first.timestamp() < seconds < last.timestamp():
        assert moment.timestamp() == seconds
