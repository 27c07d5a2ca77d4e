"""Instants as documents hold them: text, mostly as in RFC 3339, though any text can stand there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_rfc3339 = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12][0-9]|3[01])"
    r"T(?P<clock>[01][0-9]:[0-5][0-9]:[0-5][0-9]|2[0-3]:[0-5][0-9]:[0-5][0-9]|24:00:00)"
    r"(?:\.(?P<fraction>[0-9]+))?"
    r"(?:Z|(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3]):(?P<minutes>[0-5][0-9]))"
)
_utc = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")

_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
"""Of the years 1 to 9999, in seconds since 1970."""

_USUAL_LENGTHS = (len("2026-01-01T00:00:00Z"), len("2026-01-01T00:00:00.000Z"))
"""Of what Sanity and this API write: no arithmetic is needed to sort it."""

_ERA = 400
"""Years after which the calendar repeats. Python's has no year 0; GROQ's has."""


def read(text: str | None) -> str | None:
    """An instant as RFC 3339 text in UTC; None for what is none."""
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
        # Most are `YYYY-MM-DDThh:mm:ssZ`; what stands between the digits tells.
        if (text[4:20:3] == "--T::Z" and len(text) == 20) or _utc.fullmatch(text):
            return text
        if instant.tzinfo is None:
            return None
        return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return None


def of_seconds(seconds: int) -> str:
    """Seconds since 1970 as RFC 3339 text in UTC, within the years that Python has."""
    within = min(max(seconds, _FIRST_SECOND), _LAST_SECOND)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=within)
    return moment.isoformat().replace("+00:00", "Z")


def sort_key(text: object) -> str:
    """Text that sorts as GROQ's `dateTime()` of it does, in milliseconds; '' where that is null.

    Like JavaScript's, that function lets a day of 31 run over into the next month.
    """
    if isinstance(text, str) and len(text) in _USUAL_LENGTHS and read(text) == text:
        return f"{text[:19]}.{text[20:-1]:0<3}Z"
    match = _rfc3339.fullmatch(text) if isinstance(text, str) else None
    if match is None or (match["clock"] == "24:00:00" and (match["fraction"] or "").strip("0")):
        return ""
    hour, minute, second = map(int, match["clock"].split(":"))
    offset = int(match["hours"] or 0) * 60 + int(match["minutes"] or 0)
    minutes = minute - (-offset if match["sign"] == "-" else offset)
    first = datetime(int(match["year"]) % _ERA + _ERA, int(match["month"]), 1, tzinfo=UTC)
    instant = first + timedelta(int(match["day"]) - 1, second, minutes=minutes, hours=hour)
    year = instant.year - _ERA + int(match["year"]) // _ERA * _ERA
    if not 0 <= year <= 9999:
        return ""
    fraction = (match["fraction"] or "").ljust(3, "0")[:3]
    return f"{year:04}-{instant:%m-%dT%H:%M:%S}.{fraction}Z"
