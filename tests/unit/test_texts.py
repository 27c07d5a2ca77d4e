"""Text is normalised before it is stored: one form, one line, and something to see."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.service.texts import normalised

INVISIBLE = [
    *("", " ", "\n\t", "\u00a0", "\u2003", "\u3000", "\u2028\u2029"),
    *("\u200b", "\u200d\u200c", "\ufeff", "\u00ad", "\u2060", "\u202e", "\U000e0041"),
    *("\u2800", "\u3164", "\u115f\u1160", "\uffa0", "\u0007", " \u200b \u2800\n"),
]


@pytest.mark.parametrize("multiline", [True, False])
@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
def test_a_text_of_which_nothing_is_visible_is_none(text: str, multiline: bool) -> None:
    assert normalised(text, multiline=multiline) is None


@pytest.mark.parametrize("visible", ["x", ".", "👟", "ก", "\u0301", "中", "\u200dx", "x\u2800"])
def test_a_text_with_something_visible_stays(visible: str) -> None:
    assert normalised(visible) == unicodedata.normalize("NFC", visible)


@pytest.mark.parametrize(
    "line_break", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\t", "\n\n", "\t\r\n\u2028"], ids=ascii
)
def test_a_line_break_is_one_space_in_one_line_and_stays_in_several(line_break: str) -> None:
    assert normalised(f"left{line_break}knee") == "left knee"
    assert normalised(f"left{line_break}knee", multiline=True) == f"left{line_break}knee"
    assert normalised(f"{line_break}knee{line_break}") == "knee"


def test_control_characters_go_and_letters_are_composed() -> None:
    assert normalised("a\u0007b\u009f\u0085c") == "abc"
    assert normalised("Ame\u0301lie") == "Am\u00e9lie"


@given(st.text(), st.booleans())
def test_what_is_normalised_stays_as_it_is(text: str, multiline: bool) -> None:
    once = normalised(text, multiline=multiline)
    if once is not None:
        assert normalised(once, multiline=multiline) == once
        assert once == once.strip() == unicodedata.normalize("NFC", once)
