"""Strict JSON takes what everybody reads alike, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import strict_json

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(-1e300, 1e300) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=30,
)


@given(values, st.booleans())
def test_what_json_writes_is_read_as_it_was(value: Any, ascii_only: bool) -> None:
    assert strict_json.loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(
    st.binary(max_size=60) | st.text(max_size=60).map(lambda each: each.encode(errors="replace"))
)
def test_anything_else_is_a_value_error(data: bytes) -> None:
    try:
        value = strict_json.loads(data)
    except ValueError:
        return
    assert json.loads(data) == value


@given(values, st.sampled_from(["\0", "\ud800", "a\udfffb"]))
def test_a_bad_string_is_found_wherever_it_is(value: Any, bad: str) -> None:
    for spoilt in ([value, bad], {"a": [{"b": bad}]}, {bad: value}, bad):
        with pytest.raises(ValueError, match="NUL or a lone surrogate"):
            strict_json.loads(json.dumps(spoilt).encode())


@pytest.mark.parametrize("text", ["1e400", "-1e400", "9" * 310, "-" + "9" * 310, "9" * 5000])
def test_a_number_beyond_a_double_is_refused(text: str) -> None:
    for data in (text, f"[{text}]", f'{{"a": {text}}}'):
        with pytest.raises(ValueError):  # noqa: PT011 - Python words the last one itself
            strict_json.loads(data.encode())


def test_a_backslash_before_u_is_not_an_escape() -> None:
    assert strict_json.loads(rb'"\\u0000 \\ud800"') == r"\u0000 \ud800"
