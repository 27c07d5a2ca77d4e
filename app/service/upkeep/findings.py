"""What may be found in a document: of which kind, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple


class Kind(StrEnum):
    """A kind of findings. `store migrate` mends those up to `ADDRESSES`."""

    REFERENCES = "references"
    INJURIES = "injuries"
    DURATIONS = "durations"
    PACES = "paces"
    LINKS = "links"
    SESSIONS = "sessions"
    DATES = "dates"
    DUPLICATES = "duplicates"
    ADDRESSES = "addresses"
    ROLES = "roles"
    MISSING = "missing"
    UNREADABLE = "unreadable"


MIGRATED = tuple(each for each in Kind if each not in (Kind.ROLES, Kind.MISSING, Kind.UNREADABLE))

ADVICE = {
    Kind.REFERENCES: "Restore or publish the document that is meant, or remove the field.",
    Kind.INJURIES: "Write one text for each injury.",
    Kind.DURATIONS: "Write the duration as H:MM:SS.",
    Kind.PACES: "Write the pace per kilometre as M:SS.",
    Kind.LINKS: "Add the host to EXTERNAL_LINK_HOSTS, or leave the link to other programs.",
    Kind.SESSIONS: "Put the session into a plan, or leave it to the runner that it names.",
    Kind.DATES: "Write the date as YYYY-MM-DD.",
    Kind.DUPLICATES: "Keep one log of the runner and session, and delete the others in Studio.",
    Kind.ADDRESSES: "Keep one user for the address: nobody can sign in by it while it is shared.",
    Kind.ROLES: "Set runner, coach or admin; until then the user gets 403 unknown-role.",
    Kind.MISSING: "Restore the document that is meant, or remove the reference.",
    Kind.UNREADABLE: "Correct the value: it reads null until then.",
}
"""What a person can do about what no program can decide."""


class Finding(NamedTuple):
    """Something in one document. Without changes, a person must decide.

    `about` says what it is, in words that hold nothing of the document's content.
    """

    kind: Kind
    document_id: str
    about: str
    set_fields: Mapping[str, Any] = {}
    unset_fields: Sequence[str] = ()

    @property
    def decided(self) -> bool:
        """Whether it is known what to change."""
        return bool(self.set_fields or self.unset_fields)
