"""Durations and paces: text on the wire and in documents, whole seconds in between.

A few thousand durations and paces come again and again, so each is worked out once.
"""

from __future__ import annotations

import math
import re

MAX_DURATION_SECONDS = 100 * 3600 - 1
"""Seconds: 99:59:59, the most that two digits of hours can say."""

MAX_PACE_SECONDS = 999 * 60 + 59
"""Seconds per km: 999:59, beyond any walk."""

# A zero is refused, and the patterns say so without look-ahead, which RE2 (Go) does not have.
_SOME = "(0[1-9]|[1-5][0-9])"
"""Minutes or seconds of two digits, not zero."""

DURATION_PATTERN = (
    r"^((0?[1-9]|[1-9][0-9])(:[0-5][0-9]){1,2}" rf"|00?:(00:{_SOME}|{_SOME}(:[0-5][0-9])?))$"
)
"""What `parse_duration` reads."""

WRITTEN_DURATION_PATTERN = rf"^([1-9][0-9]?(:[0-5][0-9]){{2}}|0:(00:{_SOME}|{_SOME}:[0-5][0-9]))$"
"""What `format_duration` writes."""

PACE_PATTERN = rf"^((0{{0,2}}[1-9]|0?[1-9][0-9]|[1-9][0-9]{{2}}):[0-5][0-9]|0{{1,3}}:{_SOME})$"
"""What `parse_pace` reads and `format_pace` writes."""

_duration = re.compile(r"([0-9]{1,2}:[0-5][0-9]|[0-9]{1,2}):[0-5][0-9]")
_pace = re.compile(r"([0-9]{1,3}):([0-5][0-9])", re.ASCII)


def parse_duration(text: str) -> int:
    """Seconds of `H:MM:SS`, `MM:SS` or `M:SS`. Raises ValueError, also for zero."""
    if not _duration.fullmatch(text):
        raise ValueError("not H:MM:SS, MM:SS or M:SS")
    total = 0
    for each in text.split(":"):
        total = total * 60 + int(each)
    if not total:
        raise ValueError("no time at all")
    return total


def format_duration(seconds: int) -> str:
    """`H:MM:SS`."""
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"


def parse_pace(text: str) -> int:
    """Seconds per km of `M:SS`. Raises ValueError, also for zero."""
    match = _pace.fullmatch(text)
    if not match:
        raise ValueError("not M:SS")
    total = int(match[1]) * 60 + int(match[2])
    if not total:
        raise ValueError("no time at all")
    return total


def format_pace(seconds: int) -> str:
    """`M:SS`."""
    return f"{seconds // 60}:{seconds % 60:02}"


def derive_pace(distance: float | None, duration: int | None) -> int | None:
    """Seconds per km, halves rounded up; None when unknown or beyond what `M:SS` can say."""
    if distance is None or duration is None:
        return None
    per_km = duration / distance + 0.5
    return math.floor(per_km) if 1 <= per_km < MAX_PACE_SECONDS + 1 else None
