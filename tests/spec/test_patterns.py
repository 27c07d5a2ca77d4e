"""The published patterns: one meaning in every engine that clients and generators use."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
import re2

from app.service import units
from app.service.external_links import ExternalLinks
from tests.node import node
from tests.published import published

JAVASCRIPT = """
const [patterns, texts] = JSON.parse(require("fs").readFileSync(0, "utf8"));
const matches = (flag) => patterns.map((pattern) => {
  const compiled = new RegExp(pattern, flag);
  return texts.map((text) => compiled.test(text));
});
const found = ["", "u", "v"].map((flag) => [flag, matches(flag)]);
console.log(JSON.stringify(Object.fromEntries(found)));
"""

TEXTS = [
    'W/"t0Xw6kQbV1uA"',
    *("", " ", "a", " a ", "a\nb", "\t", "é", "\u2028", "\u2003", "😀", "\x00", "a\x00", "\x7f"),
    *("0:00", "00:00", "0:01", "00:59", "1:00", "99:59", "100:00", "0:60", "5:5"),
    *("0:00:00", "00:00:01", "0:00:59", "0:01:00", "1:00:00", "99:59:59", "100:00:00", "0:60:00"),
    *("000:00", "000:01", "001:00", "010:00", "999:59", "1000:00"),
    *("user-somchai", "-a", ".a", "a" * 128, "a" * 129, "a b", "drafts.a"),
    *("120;w=60", "120;w=60, 1000;w=3600", "120"),
    *('"a"', '"a-b"', '"a-b:0123456789a_"', 'W/"a"', '"a'),
    *("Bearer a", 'Bearer realm="x"', "Basic a", "120;w=60", "120;w=60, 9;w=1", "120"),
    *('</a>; rel="next"', '<>; rel="next"', '</a>; rel="prev"'),
    *('attachment; filename="workout-logs.csv"', 'attachment; filename=".csv"', "attachment"),
    *("https://strava.com", "https://strava.com/a?b#c-d", "https://strava.com:80", "http://a.b"),
    *("https://strava.com@a.b", "https://strava.com/\\", "https://strava.com/[a]", "https://a.b"),
]


def patterns_in(node: Any) -> Iterator[str]:
    """Every `pattern` of a document."""
    if isinstance(node, list):
        for each in node:
            yield from patterns_in(each)
    elif isinstance(node, dict):
        for name, each in node.items():
            if name == "pattern" and isinstance(each, str):
                yield each
            yield from patterns_in(each)


PATTERNS = sorted(
    {
        *patterns_in(published().document),
        ExternalLinks(["a-b.example"]).pattern,
        ExternalLinks([]).pattern,
    }
)


@pytest.fixture(scope="module")
def in_python() -> list[list[bool]]:
    # `$` also matches before a line break at the end in Python, and nowhere else.
    compiled = [re.compile(re.sub(r"\$$", r"\\Z", pattern)) for pattern in PATTERNS]
    return [[each.search(text) is not None for text in TEXTS] for each in compiled]


def test_every_pattern_tells_some_of_the_texts_apart(in_python: list[list[bool]]) -> None:
    never = {pattern for pattern, found in zip(PATTERNS, in_python, strict=True) if not any(found)}
    assert never <= {ExternalLinks([]).pattern, ExternalLinks(["a-b.example"]).pattern}


def test_they_hold_nothing_that_an_editor_or_a_generator_breaks() -> None:
    for pattern in PATTERNS:
        assert pattern.isascii()
        assert pattern.isprintable()
        assert "(?" not in pattern, f"look-around, or a group of one engine: {pattern}"
        assert "\\u" not in pattern, f"PCRE and RE2 write \\x00: {pattern}"
        assert pattern.startswith("^")
        assert pattern.endswith("$")


def test_in_re2_they_mean_the_same(in_python: list[list[bool]]) -> None:
    compiled = [re2.compile(pattern) for pattern in PATTERNS]
    assert [[bool(each.search(text)) for text in TEXTS] for each in compiled] == in_python


def test_in_javascript_they_mean_the_same(in_python: list[list[bool]]) -> None:
    done = subprocess.run(
        [node(), "-e", JAVASCRIPT],
        input=json.dumps([PATTERNS, TEXTS]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for flag, found in json.loads(done.stdout).items():
        assert found == in_python, flag


PARTS = ("", "0", "00", "000", "1", "01", "001", "9", "10", "59", "60", "99", "100", "999", "1000")


@pytest.mark.parametrize(
    ("pattern", "parse"),
    [
        (units.DURATION_PATTERN, units.parse_duration),
        (units.PACE_PATTERN, units.parse_pace),
    ],
)
def test_a_duration_or_pace_is_read_exactly_if_it_matches(pattern: str, parse: Any) -> None:
    for count in (1, 2, 3, 4):
        for parts in product(PARTS, repeat=count):
            text = ":".join(parts)
            try:
                parse(text)
                read = True
            except ValueError:
                read = False
            assert (re.search(pattern, text) is not None) == read, text


def test_what_is_written_matches() -> None:
    for seconds in (1, 59, 60, 599, 3599, 3600, 35999, 36000, units.MAX_DURATION_SECONDS):
        assert re.search(units.WRITTEN_DURATION_PATTERN, units.format_duration(seconds))
        if seconds <= units.MAX_PACE_SECONDS:
            assert re.search(units.PACE_PATTERN, units.format_pace(seconds))
    for text in ("0:00:00", "00:00:01", "01:00:00", "1:00", "100:00:00"):
        assert not re.search(units.WRITTEN_DURATION_PATTERN, text)
