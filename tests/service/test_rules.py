"""The rules across the members of a log: on a new one, and on what an update changes."""

from __future__ import annotations

from typing import Any

import pytest

from app.service import documents, rules
from app.service.days import UTC_ZONE
from app.service.errors import InvalidLog, Violation
from app.service.external_links import ExternalLinks
from app.service.model import Status
from app.service.reading import LogReader
from app.service.rows import StoredLog
from app.service.rules import Sent
from tests.world import RUNNER, log

COMPLETED, DNF, UNDONE = Status.COMPLETED, Status.DNF, Status.UNDONE
DISTANCE, DURATION, PACE = "actual_distance", "actual_duration", "actual_pace"
NEEDS = {"/actualDistance": "required-when-completed"}


def not_allowed(*names: str) -> dict[str, str]:
    return {f"/{documents.field_name(each)}": "not-allowed-when-undone" for each in names}


@pytest.mark.parametrize(
    ("status", "given", "broken"),
    [
        (COMPLETED, [], NEEDS),
        (COMPLETED, [PACE], NEEDS),
        (COMPLETED, [DISTANCE], {}),
        (COMPLETED, [DURATION], {}),
        (COMPLETED, ["external_link"], {}),
        (DNF, [], {}),
        (DNF, [DISTANCE, DURATION, PACE], {}),
        (UNDONE, [], {}),
        (UNDONE, ["external_link", "notes"], {}),
        (UNDONE, [DISTANCE, DURATION, PACE], not_allowed(DISTANCE, DURATION, PACE)),
        (None, [DISTANCE], {}),
    ],
)
def test_of_a_new_log(status: Status | None, given: list[str], broken: dict[str, str]) -> None:
    found = rules.violations_of_new_log(status, given)
    assert {each.pointer: each.code for each in found} == broken


@pytest.mark.parametrize(
    ("sent", "pace"),
    [
        ({DISTANCE: 10, DURATION: "0:50:00"}, "5:00"),
        ({DISTANCE: 10, DURATION: "0:50:00", PACE: "5:10"}, "5:10"),
        ({DISTANCE: 2, DURATION: "0:10:01"}, "5:01"),
        ({DISTANCE: 10}, None),
        ({DURATION: "0:50:00"}, None),
    ],
)
def test_the_pace_of_a_new_log_follows(sent: dict[str, Any], pace: str | None) -> None:
    assert rules.values_of_new_log(sent).get(PACE) == pace


def changes(document: dict[str, Any], **sent: Any) -> dict[str, Any]:
    """What `rules` makes of members that are sent to the log in the document."""
    stored = StoredLog(document, None, None)
    read = LogReader(ExternalLinks(["strava.com"]), UTC_ZONE).read_stored(stored)
    members = {
        name: value if isinstance(value, Sent) else Sent(value, value)
        for name, value in sent.items()
    }
    return rules.changes_of_update(read, document, members)


def broken(document: dict[str, Any], **sent: Any) -> dict[str | None, str]:
    with pytest.raises(InvalidLog) as refused:
        changes(document, **sent)
    return {each.pointer: each.code for each in refused.value.violations}


DONE = log(RUNNER, 1)
"""Completed: 10 km in an hour, 6:00 a kilometre."""
ODD = log(RUNNER, 1, status="undone", actualDuration="about an hour", actualPace="quick")
"""Undone, yet with measurements, of which two cannot be read."""
LINKED = log(
    *(RUNNER, 1),
    actualDistance=None,
    actualDuration=None,
    actualPace=None,
    externalLink="https://strava.com/activities/1",
)


@pytest.mark.parametrize(
    ("sent", "changed"),
    [
        ({"notes": "x"}, {"notes": "x"}),
        ({"status": COMPLETED, DISTANCE: 10, DURATION: "1:00:00", PACE: "6:00"}, {}),
        ({DISTANCE: 12}, {DISTANCE: 12, PACE: "5:00"}),
        ({DISTANCE: 12, PACE: "6:00"}, {DISTANCE: 12, PACE: "5:00"}),
        ({DISTANCE: 12, PACE: "6:30"}, {DISTANCE: 12, PACE: "6:30"}),
        ({DURATION: None}, {DURATION: None, PACE: None}),
        (
            {"status": UNDONE, DISTANCE: None, DURATION: None},
            {"status": UNDONE, DISTANCE: None, DURATION: None, PACE: None},
        ),
    ],
    ids=str,
)
def test_what_an_update_changes(sent: dict[str, Any], changed: dict[str, Any]) -> None:
    assert changes(DONE, **sent) == changed


@pytest.mark.parametrize(
    ("document", "sent", "expected"),
    [
        (DONE, {"status": UNDONE}, not_allowed(DISTANCE, DURATION, PACE)),
        (DONE, {DISTANCE: None, DURATION: None}, NEEDS),
        (LINKED, {"external_link": None}, NEEDS),
        (LINKED, {"status": UNDONE, PACE: "5:00"}, not_allowed(PACE)),
        (ODD, {DISTANCE: 11}, not_allowed(DISTANCE, DURATION, PACE)),
        (DONE, {"session_id": "another"}, {"/sessionId": "immutable"}),
        (DONE, {"runner_id": None}, {"/runnerId": "immutable"}),
    ],
    ids=str,
)
def test_what_an_update_breaks(
    document: dict[str, Any], sent: dict[str, Any], expected: dict[str, str]
) -> None:
    assert broken(document, **sent) == expected


@pytest.mark.parametrize("name", ["notes", "weather", "feeling"])
def test_a_log_that_breaks_a_rule_can_be_edited_in_every_other_field(name: str) -> None:
    assert changes(ODD, **{name: "x"}) == {name: "x"}


def test_a_value_that_cannot_be_read_goes_when_the_log_becomes_undone() -> None:
    odd = ODD | {"status": "completed"}
    cleared = dict.fromkeys((DISTANCE, DURATION, PACE))
    assert changes(odd, status=UNDONE, **cleared) == {"status": UNDONE, **cleared}


def test_a_value_that_cannot_be_read_stays_when_null_is_sent_otherwise() -> None:
    assert changes(ODD, notes="x", **{DURATION: None, PACE: None}) == {"notes": "x"}


def test_limits_hold_for_what_changes_only() -> None:
    too_long = Violation("too-long", "At most 2000 characters.", "/notes")
    old, new = "o" * 3000, "n" * 3000
    document = log(RUNNER, 1, notes=old)
    assert changes(document, notes=Sent(None, old, [too_long])) == {}
    assert broken(document, notes=Sent(None, new, [too_long])) == {"/notes": "too-long"}


def test_every_violation_is_told_at_once() -> None:
    too_long = Violation("too-long", "At most 2000 characters.", "/notes")
    found = broken(
        DONE, status=UNDONE, session_id="another", notes=Sent(None, "n" * 3000, [too_long])
    )
    assert found == {
        "/notes": "too-long",
        "/sessionId": "immutable",
        **not_allowed(DISTANCE, DURATION, PACE),
    }
