"""The codes in a problem's `errors`: each says which rule a value breaks.

They are stable: a front end may show its own words for each.
"""

from __future__ import annotations

from collections.abc import Mapping

VIOLATIONS: Mapping[str, str] = {
    "date-order": "The first day of a range is after its last.",
    "empty": "Nothing is left of the text when it is trimmed.",
    "format": "The text does not have the form that its field needs.",
    "idempotency-key-reused": "The key was used for another request on the same session.",
    "immutable": "The value cannot be changed after creation.",
    "invalid": "The value breaks a rule that has no code of its own.",
    "link": "Not an https URL on a host that is allowed for activities.",
    "not-a-choice": "The value is not one of the field's values.",
    "not-allowed-when-undone": "A session that was not done has no distance, duration or pace.",
    "not-found": "What the value refers to does not exist, or the caller may not read it.",
    "null-not-allowed": "The value cannot be null.",
    "out-of-range": "The number is outside of the range.",
    "required": "The value is missing.",
    "required-when-completed": "A completed session needs a distance, a duration or a link.",
    "too-large": "The number is above the range.",
    "too-long": "The text has too many characters.",
    "too-many-weeks": "The range of days touches too many weeks.",
    "too-many": "The list has too many items.",
    "too-small": "The number is below the range.",
    "type": "The value is not of the field's JSON type.",
    "unknown-field": "The API knows no such field or parameter here.",
}
