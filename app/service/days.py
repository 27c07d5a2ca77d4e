"""The day on which a date or a datetime falls, in one time zone.

Documents hold a day in three forms: a date (`2026-01-05`), a datetime with its zone
(`2026-01-04T23:00:00.000Z`), and one without (`2026-01-05T06:00`), which is local. A store has to
order and filter by the day that the API shows, and neither GROQ nor SQLite knows time zones. So a
zone is a table here, the same for the reader and for the queries: which offset holds from which
instant on. It is exact from 1970 to 2100; outside, the first and the last offset go on.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

_FIRST_YEAR, _LAST_YEAR = 1970, 2100
_FIRST_DAY, _LAST_DAY = "0001-01-01", "9999-12-31"
_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 24 * 3600
_STEP = 14 * _DAY
"""No zone changes its offset twice within it, and back."""

_day = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:T(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])"
    r"(?::(?P<second>[0-5][0-9])(?:\.[0-9]+)?"
    r"(?P<zone>Z|(?P<sign>[+-])(?P<hours>0[0-9]|1[0-4]):(?P<minutes>[0-5][0-9]))?)?)?"
)


class DaySpan(NamedTuple):
    """The days from `first` to `last`, both included, as texts without a zone have them.

    An instant, in seconds since 1970, falls on one of them from `since` on and before `until`.
    """

    first: str
    last: str
    since: int
    until: int


class Offset(NamedTuple):
    """Seconds east of UTC that hold from an instant on, which is in seconds since 1970."""

    since: int
    seconds: int


class TimeZone:
    """A zone of the IANA database. Raises ValueError if there is none of this name."""

    def __init__(self, name: str) -> None:
        try:
            self._zone = ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is no time zone of the IANA database") from error
        self.name = name
        self.offsets = tuple(_offsets(self._zone))
        """At least one, in order; the first holds before its instant, too."""
        self._instants = [each.since for each in self.offsets]
        self.day_of = lru_cache(maxsize=4096)(self._day_of)

    def today(self) -> date:
        """The day that it is now."""
        return datetime.now(self._zone).date()

    def span(self, first: str | None, last: str | None) -> DaySpan:
        """The days between two dates; None is the first or the last day that there is.

        Where clocks were set back over midnight, the minutes before that count as the day before.
        """
        days = [date.fromisoformat(first or _FIRST_DAY), date.fromisoformat(last or _LAST_DAY)]
        since, until = (
            self._start((day.toordinal() + more - _EPOCH) * _DAY)
            for day, more in zip(days, (0, 1), strict=True)
        )
        return DaySpan(days[0].isoformat(), days[1].isoformat(), since, until)

    def _start(self, local: int) -> int:
        """The first instant at which it is this local time, or later on the same day."""
        starts = (
            max(local - seconds, since) if number else local - seconds
            for number, (since, seconds) in enumerate(self.offsets)
        )
        ends = (*self._instants[1:], None)
        return next(
            start for start, end in zip(starts, ends, strict=True) if end is None or start < end
        )

    def _day_of(self, text: str) -> str | None:
        """`YYYY-MM-DD` of a date or a datetime in one of the three forms; None for any other text.

        A zone is less than 15 hours from UTC, as all are. A datetime with a zone is read from the
        year 2 to 9998, so that its day has a year of four digits.
        """
        instant = instant_of(text)
        if instant is None:
            return local_day_of(text)
        return self.day_at(instant)

    def day_at(self, instant: int) -> str:
        """The day of an instant, in seconds since 1970, of the years that `day_of` reads."""
        return date.fromordinal(self.local_seconds(instant) // _DAY + _EPOCH).isoformat()

    def local_seconds(self, instant: int) -> int:
        """The local time at an instant, both in seconds since 1970."""
        number = bisect_right(self._instants, instant)
        return instant + self.offsets[max(number - 1, 0)].seconds


def local_day_of(text: object) -> str | None:
    """`YYYY-MM-DD` of a date or of a datetime without a zone; None for anything else."""
    match, day = _parsed(text)
    return match["date"] if match and day and match["zone"] is None else None


def instant_of(text: object) -> int | None:
    """Seconds since 1970 of a datetime with a zone; None for anything else."""
    match, day = _parsed(text)
    if match is None or day is None or match["zone"] is None or not 2 <= day.year <= 9998:
        return None
    return _instant(day, match)


def _parsed(text: object) -> tuple[re.Match[str] | None, date | None]:
    match = _day.fullmatch(text) if isinstance(text, str) else None
    try:
        return match, date.fromisoformat(match["date"]) if match else None
    except ValueError:
        return None, None


def _instant(day: date, match: re.Match[str]) -> int:
    """Seconds since 1970 of a datetime with a zone."""
    clock = int(match["hour"]) * 3600 + int(match["minute"]) * 60 + int(match["second"])
    local = (day.toordinal() - _EPOCH) * _DAY + clock
    if match["sign"] is None:
        return local
    offset = int(match["hours"]) * 3600 + int(match["minutes"]) * 60
    return local - offset if match["sign"] == "+" else local + offset


def _offsets(zone: ZoneInfo) -> Iterator[Offset]:
    first, last = (
        int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (_FIRST_YEAR, _LAST_YEAR + 1)
    )
    offset = _offset(zone, first)
    yield Offset(first, offset)
    for instant in range(first, last, _STEP):
        if _offset(zone, instant + _STEP) != offset:
            change = _change(zone, instant, instant + _STEP)
            offset = _offset(zone, change)
            yield Offset(change, offset)


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """The first second between the two at which another offset holds."""
    old = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, instant: int) -> int:
    offset = datetime.fromtimestamp(instant, zone).utcoffset() or timedelta()
    return int(offset.total_seconds())


time_zone = cache(TimeZone)
"""The zone of this name, made once."""

UTC_ZONE = time_zone("UTC")
