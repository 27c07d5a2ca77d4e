"""Stored values read as `docs/documents.md` says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from app.service.days import TimeZone
from app.service.external_links import ExternalLinks
from app.service.model import WorkoutLog
from app.service.reading import LogReader
from app.service.rows import StoredLog
from app.settings import Settings
from app.web.base_schema import camel_case

CELL = "([^`]+)"
PAGE = (Path(__file__).parents[2] / "docs" / "documents.md").read_text("utf-8")
READER = LogReader(ExternalLinks(Settings().external_link_hosts), TimeZone("Asia/Bangkok"))
ATTRIBUTES = {camel_case(each): each for each in WorkoutLog.__struct_fields__}
ATTRIBUTES["_createdAt"] = "created_at"


def table(heading: str, columns: int) -> list[tuple[str, ...]]:
    """The rows in the section of the heading; what cannot be read is an empty text."""
    section = re.split(r"\n##+ ", PAGE.split(f" {heading}\n")[1])[0]
    cells = [rf"`{CELL}`"] * (columns - 1) + [rf"(?:`{CELL}`|–)"]
    rows = re.findall(r"^\| " + r" \| ".join(cells) + r" \|$", section, re.MULTILINE)
    assert len(rows) == section.count("\n| `") > 5
    return rows


def read(log: dict[str, Any], session: dict[str, Any] | None = None) -> WorkoutLog:
    planned = None if session is None else {"_id": "s-1", "_type": "trainingSession", **session}
    return READER.read_stored(StoredLog({"_id": "x", **log}, planned, None))


@pytest.mark.parametrize("name", ["actualDuration", "actualPace"])
def test_durations_and_paces(name: str) -> None:
    for stored, expected in table(name, 2):
        found = getattr(read({name: json.loads(stored)}), ATTRIBUTES[name])
        assert found == (expected or None), stored


def test_the_other_fields_of_a_log() -> None:
    for name, stored, expected in table("The other fields", 3):
        found = getattr(read({name: json.loads(stored)}), ATTRIBUTES[name])
        assert found == (json.loads(expected) if expected else None), (name, stored)


def test_the_members_of_a_session() -> None:
    for name, stored, expected in table("A training session", 3):
        session = read({}, json.loads(stored)).session
        assert session
        found = getattr(session, name)
        assert found == (json.loads(expected) if expected else None), (name, stored)


@pytest.mark.parametrize("none", [{}, {"actualPace": None}], ids=str)
def test_a_pace_that_was_never_written_is_derived(none: dict[str, None]) -> None:
    log = read({"actualDistance": 10, "actualDuration": "52:35", **none})
    assert (log.actual_pace, log.actual_pace_seconds) == ("5:16", 316)


@pytest.mark.parametrize("unreadable", ["", "quick", True, {"a": 1}], ids=str)
def test_a_pace_that_cannot_be_read_is_not_derived(unreadable: Any) -> None:
    log = read({"actualDistance": 10, "actualDuration": "52:30", "actualPace": unreadable})
    assert (log.actual_pace, log.actual_pace_seconds) == (None, None)
