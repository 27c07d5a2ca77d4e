"""Distances, durations and paces as people type them: `8 km`, `1h 05m`, `45 นาที`, `5:30/km`.

A text is read only if it has one meaning. A range (`5-6 km`), a repetition (`6 x 400m`), a word
that is no unit and a number that could be two (`1,500 m`) read as None. `docs/planned-text.md` and,
for paces, `docs/documents.md` list what is read; the tests take their cases from there.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from app.service.units import MAX_DURATION_SECONDS, MAX_PACE_SECONDS

MAX_PLANNED_KM = 1000
MAX_PLANNED_TEXT_LENGTH = 100
"""Longer texts are notes, not figures."""

# A comma before three digits separates thousands for some readers and decimals for others.
_NUMBER = r"[0-9]{1,6}(?:\.[0-9]{1,15}|,[0-9]{1,2})?"
_KM = r"k|kms?|kilomet(?:er|re)s?|กม\.?|กิโล|กิโลเมตร"
_METRES = r"m|met(?:er|re)s?|ม\.?|เมตร"
_HOURS = r"h|hrs?|hours?|ชม\.?|ชั่วโมง"
_MINUTES = r"m|mins?|minutes?|['′’]|นาที"
_SECONDS = r"s|secs?|seconds?|[\"″”]|วินาที"

_distance = re.compile(
    rf"(?P<km>{_NUMBER}) ?(?:{_KM})?\.?|(?P<metres>[0-9]{{1,7}}) ?(?:{_METRES})\.?"
)
_capital_m = re.compile(r"(?<![A-Za-z])M(?![A-Za-z])")
_clock = re.compile(r"(?:([0-9]{1,2}):([0-5][0-9])|([0-9]{2})):([0-5][0-9])")
_minutes = re.compile(_NUMBER)
_parts = re.compile(
    rf"(?:(?P<hours>{_NUMBER}) ?(?:{_HOURS})\.?)?"
    rf" ?(?:(?P<minutes>{_NUMBER}) ?(?:{_MINUTES})\.?)?"
    rf" ?(?:(?P<seconds>{_NUMBER}) ?(?:{_SECONDS})\.?)?"
)
_PER_KM = rf"(?:{_MINUTES})?\.? ?(?:(?:/|per|ต่อ) ?1? ?(?:{_KM})\.?)?"
_pace = re.compile(rf"(?P<minutes>[0-9]{{1,3}})[:'′’](?P<seconds>[0-5][0-9])[\"″”]? ?{_PER_KM}")
# `6.00` is six minutes; whether `6.30` is 6:30 or 6:18, nobody knows.
_whole_minutes = re.compile(rf"(?P<minutes>[0-9]{{1,3}})(?:[.,]0{{1,2}})? ?{_PER_KM}")
_hours_and_minutes = re.compile(r"(?P<hours>[0-9]{1,2}) ?h ?(?P<minutes>[0-5]?[0-9])")


@lru_cache(maxsize=4096)
def read_distance(text: str) -> Decimal | None:
    """Kilometres, exactly; a number without a unit is km. None if the text has no one meaning."""
    # A capital M is metres to some and miles to others.
    match = _distance.fullmatch(_plain(_capital_m.sub("?", text)))
    if match is None:
        return None
    km = _number(match["km"]) if match["km"] else Decimal(match["metres"]) / 1000
    return km if km <= MAX_PLANNED_KM else None


@lru_cache(maxsize=4096)
def read_duration(text: str) -> int | None:
    """Whole seconds, halves rounded up; a number without a unit is minutes.

    None if the text has no one meaning, as `1:30` has none: hours or minutes?
    """
    seconds = _exact_seconds(_plain(text))
    if seconds is None:
        return None
    whole = int(seconds.quantize(Decimal(1), ROUND_HALF_UP))
    return whole if whole <= MAX_DURATION_SECONDS else None


def read_pace(text: str) -> int | None:
    """Whole seconds per km; a number without a unit is minutes. None as for `read_duration`."""
    plain = _plain(text)
    match = _pace.fullmatch(plain) or _whole_minutes.fullmatch(plain)
    if match is None:
        return None
    seconds = int(match["minutes"]) * 60 + int(match.groupdict().get("seconds") or 0)
    return seconds if seconds <= MAX_PACE_SECONDS else None


def _exact_seconds(text: str) -> Decimal | None:
    if match := _clock.fullmatch(text):
        hours, minutes, only_minutes, seconds = match.groups(default="0")
        return Decimal(int(hours) * 3600 + (int(minutes) + int(only_minutes)) * 60 + int(seconds))
    if _minutes.fullmatch(text):
        return _number(text) * 60
    match = _hours_and_minutes.fullmatch(text) or _parts.fullmatch(text)
    if match is None:
        return None
    given = [(name, _number(value)) for name, value in match.groupdict().items() if value]
    # Only the last part may have a fraction, and only the first may exceed 59.
    if any(value % 1 for _, value in given[:-1]) or any(value >= 60 for _, value in given[1:]):
        return None
    weights = {"hours": 3600, "minutes": 60, "seconds": 1}
    return sum((weights[name] * value for name, value in given), Decimal()) if given else None


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def _plain(text: str) -> str:
    """The text in lower case, with ASCII digits and single spaces, without invisible characters."""
    if len(text) > MAX_PLANNED_TEXT_LENGTH:
        return ""
    visible = (each for each in text if unicodedata.category(each) != "Cf")
    digits = (
        str(unicodedata.decimal(each)) if unicodedata.category(each) == "Nd" else each
        for each in visible
    )
    return " ".join("".join(digits).lower().split())
