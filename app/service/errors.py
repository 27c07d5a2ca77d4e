"""What can go wrong in the service, by name. `app.web.problems` says each of them in HTTP.

ServiceError
├── NotFound                     no such log, or none that this caller may know of
├── Forbidden                    the caller may see it, yet not do this
├── InvalidLog                   the log as it would be stored breaks rules
├── DuplicateLog                 the runner has a log for this session already
├── LogInUse                     other documents refer to the log
├── RevisionMismatch             the log is not at the revision that the caller named
├── SyncTokenExpired             changes cannot be told from here on
├── DuplicateItem                an earlier item of the batch is about the same log
├── NotApplied                   another item of an atomic batch failed
├── CallerRefused                the token is good, the person behind it is not known well
│   ├── UnknownUser
│   ├── AmbiguousUser
│   ├── UnverifiedEmail
│   └── UnknownRole
└── StoreError                   the store's fault, not the caller's
    ├── StoreUnavailable
    └── StoreTimeout
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class ServiceError(Exception):
    """Root of the tree above."""


class NotFound(ServiceError):
    """No such log, or none that this caller may know of."""


class Forbidden(ServiceError):
    """The caller may know of it, yet not do this. The message is safe to show."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: the JSON Pointer, header or query parameter at fault, a stable code and a
    sentence.
    """

    code: str
    detail: str
    pointer: str | None = None
    header: str | None = None
    parameter: str | None = None


class InvalidLog(ServiceError):
    """The request cannot be carried out as it stands; `violations` holds every reason."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(each.detail for each in violations))
        self.violations = tuple(violations)


class DuplicateLog(ServiceError):
    """There is a log for this runner and session already: `existing` is its document."""

    def __init__(self, existing: Mapping[str, Any]) -> None:
        super().__init__(existing["_id"])
        self.existing = existing

    @property
    def existing_id(self) -> str:
        """The log's id."""
        return str(self.existing["_id"])


class LogInUse(ServiceError):
    """Other documents, such as a coach's `feedback`, hold strong references to the log."""


class RevisionMismatch(ServiceError):
    """The log is not, or no longer, at the revision that was named: `current` is its document."""

    def __init__(self, current: Mapping[str, Any]) -> None:
        super().__init__(current["_id"])
        self.current = current


class SyncTokenExpired(ServiceError):
    """The token does not say where to go on: it is too old, of other runners, or not ours."""


class DuplicateItem(ServiceError):
    """An earlier item of the same batch is about the same log, or the same runner and session."""


class NotApplied(ServiceError):
    """The batch is atomic, and another of its items failed: nothing was changed."""


class WritesRefused(Exception):
    """A store has made none of several writes: `errors` by the place of the write among them."""

    def __init__(self, errors: Mapping[int, ServiceError]) -> None:
        super().__init__(", ".join(f"{place}: {each!r}" for place, each in errors.items()))
        self.errors = errors


class CallerRefused(ServiceError):
    """The token is valid, but does not lead to one known person with one known role."""


class UnknownUser(CallerRefused):
    """No `user` document fits the token."""


class AmbiguousUser(CallerRefused):
    """More than one `user` document fits the token."""


class UnverifiedEmail(CallerRefused):
    """The token names its person by an e-mail address that the issuer has not verified."""


class UnknownRole(CallerRefused):
    """The `user` document's role is not one of runner, coach, admin."""


class StoreError(ServiceError):
    """The store failed; nothing in its message may reach a client."""

    retry_after = 5
    """Seconds after which a client may try again."""


class StoreUnavailable(StoreError):
    """The store cannot be reached, refuses us, or responds with nonsense."""


class StoreBusy(StoreUnavailable):
    """Other work kept the store busy for too long: nothing was read, and nothing was changed."""


class StoreTimeout(StoreError):
    """The store did not respond in time."""
