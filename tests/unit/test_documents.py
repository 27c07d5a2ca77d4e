"""The JSON of stores, ids and revisions."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.service import documents


@given(st.text(max_size=140))
def test_the_published_pattern_of_an_id_is_the_rule(text: str) -> None:
    allowed = documents.is_published_id(text)
    plain = all(each.isascii() and (each.isalnum() or each in "._-") for each in text)
    starts = text[:1] != "-" and not text.startswith(("drafts.", "versions."))
    assert allowed == (plain and starts and 0 < len(text) <= 128)


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_what_is_no_text_is_left_out_of_a_store_s_json(content: Any) -> None:
    as_javascript_writes_it = json.dumps(content).encode()
    read = documents.loads(as_javascript_writes_it)
    assert msgspec.json.decode(msgspec.json.encode(read)) == read
    assert "\0" not in json.dumps(read, ensure_ascii=False)
    if not re.search(rb"u0000|ud[89a-f]", as_javascript_writes_it):
        assert read == content


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("run \ud83d!", "run !"),
        ("\udc00\ud83d\ude00\ud83d", "\U0001f600"),
        ("\0a\0", "a"),
        ("\\u0000 \\ud83d", "\\u0000 \\ud83d"),
        ("\\\0\\\ud83d\n", "\\\\\n"),
        ("\ud83d", ""),
    ],
)
def test_nul_and_lone_surrogates_are_left_out(text: str, left: str) -> None:
    assert documents.loads(json.dumps({"notes": [text]}).encode()) == {"notes": [left]}
    assert documents.loads(json.dumps(text).encode() + b" ") == left


@pytest.mark.parametrize("odd", [b"1e400", b"-1e400", b"1" * 400])
def test_a_number_beyond_a_double_costs_no_page(odd: bytes) -> None:
    assert documents.loads(b"[%b]" % odd)


@pytest.mark.parametrize("broken", [b"", b"{", b'{"a": }', b"\xff"])
def test_what_is_not_json_is_refused(broken: bytes) -> None:
    with pytest.raises(ValueError, match="Expecting"):
        documents.loads(broken)


def test_ids_of_pairs_differ() -> None:
    pairs = [("a", "b"), ("b", "a"), ("a.b", ""), ("a", ".b"), ("ab", ""), ('a","b', "")]
    ids = {documents.log_id_of(*pair) for pair in pairs}
    assert len(ids) == len(pairs)
    assert all(documents.is_published_id(each) for each in ids)


def test_a_revision_that_is_not_fit_for_a_header_is_digested() -> None:
    for revision in ("a b", "", None, 5, 'x"', "é"):
        document = {"_id": "x", "_rev": revision}
        found = documents.revision_of(document)
        assert found.startswith("sha256-")
        assert found == documents.revision_of(dict(reversed(document.items())))
        assert found != documents.revision_of({**document, "notes": "y"})
    assert documents.revision_of({"_id": "x", "_rev": "abc"}) == "abc"
