"""Every member that a client may send of a log: values that are taken and values that are not."""

from __future__ import annotations

from typing import Any, NamedTuple


class Field(NamedTuple):
    """`valid` pairs what is sent with what is read; `invalid` pairs it with the error's code."""

    valid: list[tuple[Any, Any]]
    invalid: list[tuple[Any, str]]
    cleared: Any = None


NFC = "Amélie"
DECOMPOSED = "Ame\u0301lie"
WRONG_TYPES = [(5, "type"), (True, "type"), (["x"], "type"), ({"x": "y"}, "type")]
NOT_NUMBERS = [("10", "type"), (True, "type"), ([10], "type"), ({}, "type"), ("", "type")]

FIELDS = {
    "status": Field(
        valid=[("completed", "completed"), ("dnf", "dnf")],
        invalid=[
            (None, "null-not-allowed"),
            ("", "not-a-choice"),
            ("Completed", "not-a-choice"),
            ("finished", "not-a-choice"),
            *WRONG_TYPES,
        ],
    ),
    "externalLink": Field(
        valid=[
            (each, each)
            for each in (
                "https://www.strava.com/activities/123?x=1#y",
                "https://strava.com",
                "https://strava.app.link/abc",
                "https://connect.garmin.com/modern/activity/1",
                "https://www.strava.com/" + "a" * 2025,
            )
        ]
        + [
            ("", None),
            (" \n ", None),
            (" https://www.strava.com/", "https://www.strava.com/"),
            ("https://www.strava.com/\n", "https://www.strava.com/"),
            ("HTTPS://www.Strava.COM/A", "https://www.strava.com/A"),
        ],
        invalid=[
            *(
                (each, "link")
                for each in (
                    "javascript:alert(1)",
                    "http://www.strava.com/activities/1",
                    "https://example.com/activities/1",
                    "https://www.strava.com.example.com/",
                    "https://evilstrava.com/",
                    "https://www.strava.com@example.com/",
                    "https://user:secret@www.strava.com/",
                    "https://www.strava.com:443/",
                    "https://www.strava.com:8443/",
                    "https://www.strava.com\\@example.com/",
                    "https://example.com\\.www.strava.com/",
                    "https://www.strava.com /",
                    "//www.strava.com/",
                    "https:www.strava.com/",
                    "https://www.strava.com/ü",
                    "https://www.strava.com/" + "a" * 2026,
                )
            ),
            *WRONG_TYPES,
        ],
    ),
    "actualDistance": Field(
        valid=[(5, 5), (0.001, 0.001), (1000, 1000), (42.195, 42.195)],
        invalid=[
            (0, "too-small"),
            (-1, "too-small"),
            (1000.001, "too-large"),
            (10**300, "too-large"),
            *NOT_NUMBERS,
        ],
    ),
    "actualDuration": Field(
        valid=[
            ("1:02:03", "1:02:03"),
            ("01:02:03", "1:02:03"),
            ("99:59:59", "99:59:59"),
            ("0:00:01", "0:00:01"),
            ("5:07", "0:05:07"),
            ("45:00", "0:45:00"),
            ("75:30", "1:15:30"),
            ("", None),
        ],
        invalid=[
            *(
                (each, "format")
                for each in (
                    "0:00",
                    "0:00:00",
                    "100:00:00",
                    "1:60:00",
                    "1:2:3",
                    "1:02:60",
                    "45",
                    "45:60",
                    "-1:00",
                    " 45:00",
                    "45:00\n",
                    "1h",
                    "٤٥:٠٠",
                    "1:00:00:00",
                )
            ),
            *WRONG_TYPES,
        ],
    ),
    "actualPace": Field(
        valid=[("5:15", "5:15"), ("05:15", "5:15"), ("0:01", "0:01"), ("999:59", "999:59")],
        invalid=[
            *(
                (each, "format")
                for each in (
                    "0:00",
                    "5:60",
                    "5",
                    "5:5",
                    "1000:00",
                    "1:05:15",
                    "5:15/km",
                    " 5:15",
                    "٥:١٥",
                )
            ),
            *WRONG_TYPES,
        ],
    ),
    "notes": Field(
        valid=[
            ("Well\tdone\r\n  twice  ", "Well\tdone\r\n  twice"),
            ("a\u0007b\u009fc", "abc"),
            (DECOMPOSED, NFC),
            ("วิ่งสบาย ๆ", "วิ่งสบาย ๆ"),
            ("", None),
            (" \n\t ", None),
            ("\u0007", None),
            ("\u200b\u2800\u00ad", None),
            ("one\u2028two\u2029", "one\u2028two"),
            ("x" * 2000, "x" * 2000),
            (" " + "🏃" * 2000 + " ", "🏃" * 2000),
        ],
        invalid=[("x" * 2001, "too-long"), *WRONG_TYPES],
    ),
    "feeling": Field(
        valid=[(each, each) for each in ("excellent", "good", "okay", "tired", "exhausted")]
        + [("", None)],
        invalid=[("great", "not-a-choice"), *WRONG_TYPES],
    ),
    "injuries": Field(
        valid=[
            ([], []),
            (["left knee", " hip "], ["left knee", "hip"]),
            (["left\r\n\tknee"], ["left knee"]),
            (["x" * 200] * 20, ["x" * 200] * 20),
            ([DECOMPOSED + "\n"], [NFC]),
        ],
        invalid=[
            (["x"] * 21, "too-many"),
            (["x" * 201], "too-long"),
            ([""], "empty"),
            (["  "], "empty"),
            (["\u200b"], "empty"),
            ([None], "null-not-allowed"),
            ([5], "type"),
            ("left knee", "type"),
            (5, "type"),
            ({}, "type"),
        ],
        cleared=[],
    ),
    "weather": Field(
        valid=[
            (" rain\n ", "rain"),
            ("a\tb", "a b"),
            ("sun,\u2028then rain", "sun, then rain"),
            ("", None),
            ("\ufeff", None),
            ("x" * 100, "x" * 100),
        ],
        invalid=[("x" * 101, "too-long"), *WRONG_TYPES],
    ),
    "temperature": Field(
        valid=[(-50, -50), (60, 60), (0, 0), (21.5, 21.5)],
        invalid=[(-50.1, "too-small"), (60.1, "too-large"), *NOT_NUMBERS],
    ),
}

VALID = [(name, sent, read) for name, field in FIELDS.items() for sent, read in field.valid]
INVALID = [(name, sent, code) for name, field in FIELDS.items() for sent, code in field.invalid]
