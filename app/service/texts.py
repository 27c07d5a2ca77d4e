"""Text of clients, normalised before it is stored."""

from __future__ import annotations

import re
import unicodedata

_line_break = re.compile(r"[\r\n\t\u2028\u2029]+")
_control = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""All of the category Cc, but those of a line break and a tab."""

_INVISIBLE_LETTERS = frozenset("\u2800\u3164\u115f\u1160\uffa0")
"""BRAILLE PATTERN BLANK and the fillers of Hangul: letters and symbols without any ink."""


def normalised(text: str, *, multiline: bool = False) -> str | None:
    """The text in Unicode NFC, trimmed, without control characters; None where nothing is visible.

    A line break or a tab becomes a space, unless the text may have several lines.
    """
    one_line = text if multiline else _line_break.sub(" ", text)
    trimmed = unicodedata.normalize("NFC", _control.sub("", one_line)).strip()
    return trimmed if any(map(_is_visible, trimmed)) else None


def _is_visible(character: str) -> bool:
    return not (
        character.isspace()
        or character in _INVISIBLE_LETTERS
        or unicodedata.category(character) == "Cf"
    )
