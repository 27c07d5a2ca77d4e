"""Lists as CSV: who gets it, and what a reader of CSV finds in it."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import fields
from msgspec import Struct

from app.web.base_schema import BaseSchema
from app.web.tables import Table, prefers_csv


class Inner(BaseSchema):
    name = fields.String()
    how_far = fields.Float()


class Outer(BaseSchema):
    some_text = fields.String()
    done = fields.Boolean()
    inner = fields.Nested(Inner)
    injuries = fields.List(fields.String())


class InnerRow(Struct, rename="camel"):
    name: str | None
    how_far: float | None


class OuterRow(Struct, rename="camel"):
    some_text: str | None
    done: bool | None
    inner: InnerRow | None
    injuries: list[str]


TABLE = Table(Outer(), "things")
EMPTY = OuterRow(None, None, None, [])


def rows_of(content: bytes) -> list[list[str]]:
    return [*csv.reader(io.StringIO(content.decode(), newline=""), strict=True)]


def cell_of(text: str) -> str:
    """The first cell of a row that holds the text."""
    [_, [cell, *_]] = rows_of(TABLE.write([OuterRow(text, None, None, [])]))
    return cell


@pytest.mark.parametrize(
    ("accept", "csv_is_preferred"),
    [
        ("text/csv", True),
        ("TEXT/CSV", True),
        ("text/*", True),
        ("text/csv, */*", True),
        ("text/csv; charset=utf-8", True),
        ("text/csv; header=present; q=0.9, application/json; q=0.8", True),
        ("text/csv; q=0.2", True),
        ("application/json; q=0.5, text/csv", True),
        ("text/html, text/csv; q=0.5, */*; q=0.1", True),
        ("", False),
        ("*/*", False),
        ("text/*, */*", False),
        ("text/csv, application/json", False),
        ("application/json, text/csv", False),
        ("text/csv; q=0.5, application/json", False),
        ("text/csv; q=0.5, */*", False),
        ("text/csv; q=0", False),
        ("text/csv; q=0, */*", False),
        ("text/html", False),
        ("text/html, application/xhtml+xml, */*; q=0.8", False),
        ("nonsense;;, ,", False),
    ],
)
def test_csv_goes_to_those_who_prefer_it(accept: str, csv_is_preferred: bool) -> None:
    assert prefers_csv(accept) is csv_is_preferred


def test_the_columns_are_the_members_in_the_order_of_the_schema() -> None:
    assert TABLE.columns == ["someText", "done", "inner.name", "inner.howFar", "injuries"]
    assert TABLE.write([]) == b"someText,done,inner.name,inner.howFar,injuries\r\n"


def test_a_row_holds_the_values_as_text() -> None:
    rows: list[Any] = [
        OuterRow("a", True, InnerRow("b", 8.5), ["left knee", "hip"]),
        OuterRow("ก", False, InnerRow(None, 10), []),
        EMPTY,
        {"someText": "c", "done": None, "inner": {"name": "d", "howFar": -1}, "injuries": ["e"]},
    ]
    assert rows_of(TABLE.write(rows))[1:] == [
        ["a", "true", "b", "8.5", "left knee; hip"],
        ["ก", "false", "", "10", ""],
        ["", "", "", "", ""],
        ["c", "", "d", "-1", "e"],
    ]


def test_lines_end_with_cr_lf_and_what_needs_quotes_has_them() -> None:
    content = TABLE.write([OuterRow('a "b", c\nd', None, None, [])])
    assert content.endswith(b'\r\n"a ""b"", c\nd",,,,\r\n')


def test_excel_gets_a_byte_order_mark_on_demand() -> None:
    content = TABLE.write([EMPTY], byte_order_mark=True)
    assert content == b"\xef\xbb\xbf" + TABLE.write([EMPTY])


@pytest.mark.parametrize(
    "start",
    ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\xa0@", "\u2028\v-", "＝", "＋", "－", "＠"],
    ids=ascii,
)
def test_what_looks_like_a_formula_gets_an_apostrophe(start: str) -> None:
    assert cell_of(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"
    assert cell_of(start) == f"'{start}"


@pytest.mark.parametrize("text", ["-5", "+5.5", "-.5", "5", "-1e3", "+0.0E-2"])
def test_a_number_is_left_as_it_is(text: str) -> None:
    assert cell_of(text) == text


@pytest.mark.parametrize("text", ["-5-", "+1 234", "-1e", "--1", "-5\n", "=1", "-1,5", "-๕"])
def test_what_is_not_a_number_as_a_whole_is_a_text(text: str) -> None:
    assert cell_of(text) == f"'{text}"


def test_a_formula_among_the_items_of_a_list_stays_inside_of_the_text() -> None:
    content = TABLE.write([OuterRow(None, None, None, ["knee", "=1"]), EMPTY])
    assert rows_of(content)[1][-1] == "knee; =1"
    assert rows_of(TABLE.write([OuterRow(None, None, None, ["=1"])]))[1][-1] == "'=1"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_is_read_as_it_was_but_for_the_apostrophe(text: str) -> None:
    assert cell_of(text).removeprefix("'") == text.removeprefix("'")


def test_members_of_members_have_columns() -> None:
    class Deep(BaseSchema):
        outer = fields.Nested(Outer)

    assert Table(Deep(), "deep").columns[2] == "outer.inner.name"
