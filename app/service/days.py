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
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

_FIRST_YEAR, _LAST_YEAR = 1970, 2100
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

    def _day_of(self, text: str) -> str | None:
        """`YYYY-MM-DD` of a date or a datetime in one of the three forms; None for any other text.

        A zone is less than 15 hours from UTC, as all are. A datetime with a zone is read from the
        year 2 to 9998, so that its day has a year of four digits.
        """
        match = _day.fullmatch(text)
        if match is None:
            return None
        try:
            day = date.fromisoformat(match["date"])
        except ValueError:
            return None
        if match["zone"] is None:
            return match["date"]
        if not 2 <= day.year <= 9998:
            return None
        local = self.local_seconds(_instant(day, match))
        return date.fromordinal(local // _DAY + _EPOCH).isoformat()

    def local_seconds(self, instant: int) -> int:
        """The local time at an instant, both in seconds since 1970."""
        number = bisect_right(self._instants, instant)
        return instant + self.offsets[max(number - 1, 0)].seconds


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
