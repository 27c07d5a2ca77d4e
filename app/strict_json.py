"""JSON from outside, read as RFC 8259 and I-JSON (RFC 7493) mean it, and not more leniently."""

from __future__ import annotations

import json
import math
from typing import Any

MAX_BODY_BYTES = 64 * 1024
"""Bytes of a request body."""

MAX_BATCH_BYTES = 1024 * 1024
"""Bytes of the body of a batch."""


def loads(data: bytes) -> Any:
    """The value in `data`, which is UTF-8 text.

    Raises ValueError for what is not JSON, and for what JSON parsers disagree on: NaN and infinity,
    numbers beyond a double, a member name given twice, NUL, lone surrogates, very deep nesting.
    """
    try:
        value = _decoder.decode(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if b"\\u" in data and not all(map(_is_text, _strings(value))):
        raise ValueError("NUL or a lone surrogate in a string")
    return value


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same: `1` is `1.0`, but `true` is not `1`."""
    pairs = [(one, other)]
    while pairs:
        one, other = pairs.pop()
        if isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            pairs.extend((one[name], other[name]) for name in one)
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            pairs.extend(zip(one, other, strict=True))
        elif isinstance(one, bool) != isinstance(other, bool) or one != other:
            return False
    return True


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _whole(text: str) -> int:
    _finite(text)
    return int(text)


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(members)
    if len(unique) != len(members):
        raise ValueError("a member name is given twice")
    return unique


_decoder = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_constant=_refuse_constant,
    parse_float=_finite,
    parse_int=_whole,
)


def _strings(value: Any) -> list[str]:
    """Every string in the value, member names included."""
    found: list[str] = []
    rest = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, list):
            rest.extend(each)
        elif isinstance(each, dict):
            found.extend(each)
            rest.extend(each.values())
    return found


def _is_text(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
