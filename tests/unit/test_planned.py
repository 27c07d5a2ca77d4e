"""Planned distances and durations are read as the table in the docs says, and never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.service import units
from app.service.planned import MAX_PLANNED_KM, read_distance, read_duration

PAGE = (Path(__file__).parents[2] / "docs" / "planned-text.md").read_text("utf-8")
ROW = re.compile(r"^\| `(.+)` \| (\S+) \|$", re.MULTILINE)


def table(heading: str) -> list[tuple[str, Decimal | None]]:
    """The rows of the section: a text and what it reads as."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = ROW.findall(section)
    assert len(rows) == section.count("\n| `") >= 60
    return [(text, None if figure == "–" else Decimal(figure)) for text, figure in rows]


@pytest.mark.parametrize(("text", "km"), table("Distances"))
def test_a_distance_reads_as_the_docs_say(text: str, km: Decimal | None) -> None:
    assert read_distance(text) == km


@pytest.mark.parametrize(("text", "seconds"), table("Durations"))
def test_a_duration_reads_as_the_docs_say(text: str, seconds: Decimal | None) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("read", [read_distance, read_duration])
@given(st.text(max_size=120) | st.from_regex(r"[0-9 .,:'kmhinsกมนาที๑-๙-]{0,120}", fullmatch=True))
def test_any_text_is_a_figure_in_range_or_none(
    read: Callable[[str], Decimal | int | None], text: str
) -> None:
    most = MAX_PLANNED_KM if read is read_distance else units.MAX_DURATION_SECONDS
    figure = read(text)
    assert figure is None or 0 <= figure <= most


@given(st.integers(0, 10**7), st.integers(0, 4))
def test_no_distance_is_rounded(digits: int, places: int) -> None:
    km = Decimal(digits).scaleb(-places)
    if km <= MAX_PLANNED_KM:
        assert read_distance(f"{km:f} km") == km


@given(st.integers(600, units.MAX_DURATION_SECONDS))
def test_what_the_api_writes_is_read(seconds: int) -> None:
    assert read_duration(units.format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    "text",
    ["8\N{NO-BREAK SPACE}km", "8\N{ZERO WIDTH SPACE} km\N{SOFT HYPHEN}", "\ufeff8\n\tkm"],
    ids=ascii,
)
def test_spaces_and_invisible_characters_make_no_difference(text: str) -> None:
    assert read_distance(text) == 8


@pytest.mark.parametrize("text", ["8 km" + " " * 100, "9" * 101], ids=len)
def test_a_long_text_is_no_figure(text: str) -> None:
    assert read_distance(text) is None
    assert read_duration(text) is None
