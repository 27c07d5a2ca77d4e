"""Durations and paces are read, written and derived."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.service import units

durations = st.integers(1, units.MAX_DURATION_SECONDS)
paces = st.integers(1, units.MAX_PACE_SECONDS)


@given(durations)
def test_a_duration_reads_as_it_was_written(seconds: int) -> None:
    text = units.format_duration(seconds)
    assert re.fullmatch(r"[0-9]{1,2}:[0-5][0-9]:[0-5][0-9]", text)
    assert units.parse_duration(text) == seconds


@given(paces)
def test_a_pace_reads_as_it_was_written(seconds: int) -> None:
    assert units.parse_pace(units.format_pace(seconds)) == seconds


@given(st.text(max_size=9) | st.from_regex(r"[0-9:٠-٩ ]{0,9}", fullmatch=True))
def test_anything_else_is_a_value_error(text: str) -> None:
    for parse, pattern, most in (
        (units.parse_duration, units.DURATION_PATTERN, units.MAX_DURATION_SECONDS),
        (units.parse_pace, units.PACE_PATTERN, units.MAX_PACE_SECONDS),
    ):
        try:
            seconds = parse(text)
        except ValueError:
            continue
        assert 0 < seconds <= most
        assert re.match(pattern, text)


@given(st.floats(0.001, 1000), durations)
def test_a_pace_is_the_nearest_second_halves_up(distance: float, duration: int) -> None:
    pace = units.derive_pace(distance, duration)
    exact = Fraction(duration) / Fraction(distance)
    if pace is None:
        assert not Fraction(1, 2) <= exact < units.MAX_PACE_SECONDS + Fraction(1, 2)
    else:
        assert abs(exact - pace) <= Fraction(1, 2) + Fraction(1, 10**6)


@pytest.mark.parametrize(("distance", "duration"), [(None, 5), (5, None), (None, None)])
def test_without_both_there_is_no_pace(distance: float | None, duration: int | None) -> None:
    assert units.derive_pace(distance, duration) is None
