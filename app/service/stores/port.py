"""The store port: what the service asks of a store. `tests/contract` holds every store to it.

A store holds Sanity documents and returns them as they are; `app.service.reading` reads them.
Drafts and release versions do not exist for it (`perspective=published`). Where a document refers
to another, a store follows both a reference (`sessionId._ref`) and the plain string that old
documents hold. Besides the errors named below, every operation raises `StoreUnavailable` or
`StoreTimeout` when the store fails. A write may have been applied all the same: read the log again
to find out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from app.service import instants
from app.service.days import UTC_ZONE, DaySpan, TimeZone
from app.service.documents import Document, is_published_id
from app.service.model import SessionState
from app.service.rows import LogRow, StoredLog
from app.service.training_rows import ProgressRows, TrainingRows

MAX_SAME_EMAIL = 10
"""Users with one address, or nearly one, that a store compares."""


class PlannedRunner(NamedTuple):
    """A user whom an active `trainingPlan` names as its runner, and whether it has a `coachId`."""

    id: str
    has_coach: bool


class StoredUser(NamedTuple):
    """A `user` document, and whom it may coach; `app.service.policy` decides which of them count.

    `coached_ids` are the `_id`s of the users whose `coachId` refers to it, `planned` the runners of
    the active plans that name it as coach, one for each plan.
    """

    document: Document
    coached_ids: Sequence[str]
    planned: Sequence[PlannedRunner] = ()


class Position(NamedTuple):
    """A place between two logs of a list: just after the log with these."""

    created_at: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which logs to list: newest `_createdAt` first, then by `_id`, descending as well.

    Logs whose `_createdAt` is no instant come last (`app.service.instants.sort_key`).

    Every filter that is not None must hold. `runner_ids` None means everybody's logs. Dates are
    `YYYY-MM-DD`, inclusive, and compare the day of the training session in `zone`. `reviewed` asks
    whether a published `feedback` refers to the log. `limit` rows at most.
    """

    runner_ids: Collection[str] | None = None
    session_id: str | None = None
    status: str | None = None
    feeling: str | None = None
    date_from: str | None = None
    date_to: str | None = None
    reviewed: bool | None = None
    zone: TimeZone = UTC_ZONE
    after: Position | None = None
    limit: int = 20
    with_total: bool = False
    with_sync_point: bool = False

    @property
    def begins_all(self) -> bool:
        """Whether this is the first page of a list without any filter."""
        filters = (
            *(self.runner_ids, self.session_id, self.status, self.feeling),
            *(self.date_from, self.date_to, self.reviewed, self.after),
        )
        return all(each is None for each in filters)

    @property
    def days(self) -> DaySpan | None:
        """The days of the sessions, if they are asked for."""
        if self.date_from is None and self.date_to is None:
            return None
        return self.zone.span(self.date_from, self.date_to)


class SyncPoint(NamedTuple):
    """Where to go on in the changes of a store.

    `place` is in the store's own words. Nothing that happened until `at`, an instant as RFC 3339
    text in UTC, comes after it for the first time.
    """

    at: str
    place: tuple[str, ...]


class LogPage(NamedTuple):
    """The rows of a list; `total` counts every match, whatever `after` and `limit`, if asked.

    From `sync_point` on, if asked, come all changes that the page and those after it may lack.
    """

    rows: Sequence[LogRow]
    total: int | None
    sync_point: SyncPoint | None = None


class Deletion(NamedTuple):
    """A log that was deleted, and when: RFC 3339 text in UTC."""

    log_id: str
    deleted_at: str


def deletion(log_id: object, deleted_at: object) -> Deletion | None:
    """The deletion that a document with these values remembers; None if they are none."""
    if not (isinstance(log_id, str) and is_published_id(log_id) and isinstance(deleted_at, str)):
        return None
    instant = instants.read(deleted_at)
    return Deletion(log_id, instant) if instant else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeQuery:
    """Which changes to list: those after `since`, of logs of `runner_ids`, None for everybody's.

    Deletions before the instant `deletions_since` are left out. `limit` changes at most.
    """

    runner_ids: Collection[str] | None
    since: SyncPoint
    deletions_since: str
    limit: int = 100


class ChangePage(NamedTuple):
    """Logs that were written, as they are now, and deletions, in the order of the store.

    `next` is where to go on; `has_more` whether there is something at once.
    """

    changes: Sequence[LogRow | Deletion]
    next: SyncPoint
    has_more: bool


class CreateContext(NamedTuple):
    """All that decides whether a log may be created, read at one moment.

    `session` and its `plan`, `runner` (the `user`), and `existing`: every published `workoutLog` of
    the pair, whatever its `_id`, oldest first.
    """

    session: Document | None
    plan: Document | None
    runner: Document | None
    existing: Sequence[StoredLog]


class Pair(NamedTuple):
    """Of whom a log is, and about which session."""

    runner_id: str
    session_id: str


class BatchContext(NamedTuple):
    """All that decides on a batch of writes, read at one moment: the logs that exist, by id, and
    what decides on a new log, for each pair that was asked for.
    """

    logs: Mapping[str, StoredLog]
    pairs: Mapping[Pair, CreateContext]


class CreateLog(NamedTuple):
    """Store a new log.

    `document` has `_id`, `_type` and its fields; the store adds `_rev`, `_createdAt` and
    `_updatedAt`. A deletion of the same `_id` is forgotten in the same transaction. Refused with
    `DuplicateLog` when the `_id` exists, with the document that has it.
    """

    document: Document

    @property
    def log_id(self) -> str:
        """The log's `_id`."""
        return str(self.document["_id"])


class UpdateLog(NamedTuple):
    """Change fields of a log that is still at `if_revision`.

    Refused with `RevisionMismatch`, which has the document as it really is, even where reads are
    behind, or with `NotFound` when it is gone.
    """

    log_id: str
    set_fields: Mapping[str, Any]
    unset_fields: Collection[str]
    if_revision: str


class DeleteLog(NamedTuple):
    """Delete a runner's log that is still at `if_revision`.

    The same transaction stores what remembers it (`app.service.documents.deletion_of`). Refused
    with `RevisionMismatch`, `NotFound`, or `LogInUse` while another document holds a strong
    reference to it.
    """

    log_id: str
    if_revision: str
    runner_id: str | None


LogWrite = CreateLog | UpdateLog | DeleteLog


class Relations(NamedTuple):
    """A user, the active plans of which they are the runner, and others: those asked for, and every
    user whom the user or one of the plans names as coach.
    """

    user: Document
    plans: Sequence[Document]
    others: Sequence[Document]


class SessionPosition(NamedTuple):
    """A place between two training sessions: just after the one with these; `day` '' is none."""

    day: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionQuery:
    """Which training sessions to list: by their day in `zone`, then by `_id`, both ascending; those
    without a day come last. Sessions of `cancelled` plans are left out.

    Every filter that is not None must hold. `runner_ids` None means everybody's sessions, also
    those that belong to nobody. Dates are `YYYY-MM-DD`, inclusive. `state` is that on the day
    `as_of`, `YYYY-MM-DD`, which it needs. `limit` rows at most.
    """

    runner_ids: Collection[str] | None = None
    date_from: str | None = None
    date_to: str | None = None
    type: str | None = None
    state: SessionState | None = None
    as_of: str | None = None
    zone: TimeZone = UTC_ZONE
    after: SessionPosition | None = None
    limit: int = 20
    with_total: bool = False

    @property
    def days(self) -> DaySpan | None:
        """The days that are asked for, if any are."""
        if self.date_from is None and self.date_to is None:
            return None
        return self.zone.span(self.date_from, self.date_to)


class WeekPosition(NamedTuple):
    """Where a page of progress starts: at this runner, and this week of theirs, a Monday; '' is the
    first.
    """

    week_start: str
    runner_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressQuery:
    """Whose progress to read, by `_id` from `from_id` on, `limit` runners at most: those among
    `runner_ids` (None: all users) with the role of a runner, and others who have a session or a log
    in the range.

    Dates are `YYYY-MM-DD`, inclusive, and speak of days in `zone`: that of the session, whenever
    its log was written; that on which the log was created, where it has no session or one without a
    day.
    """

    date_from: str
    date_to: str
    runner_ids: Collection[str] | None = None
    zone: TimeZone = UTC_ZONE
    from_id: str = ""
    limit: int = 50
    with_total: bool = False

    @property
    def days(self) -> DaySpan:
        """The range."""
        return self.zone.span(self.date_from, self.date_to)


class Store(Protocol):
    """The port."""

    def find_users(
        self, *, user_id: str | None = None, email: str | None = None
    ) -> list[StoredUser]:
        """The published `user` documents with this `_id`, or with this e-mail address.

        `app.service.emails` says which addresses are the same. At most `MAX_SAME_EMAIL` documents:
        more than one is ambiguous, however many there are.
        """

    def read_relations(self, *, user_id: str, runner_ids: Collection[str]) -> Relations:
        """What decides on a user's coach, and the users among `runner_ids`.

        A user who does not exist has an empty document.
        """

    def list_logs(self, query: LogQuery) -> LogPage:
        """One page of logs."""

    def list_sessions(self, query: SessionQuery) -> TrainingRows:
        """One page of training sessions, with their plans, their runners and all logs of them."""

    def get_session(self, session_id: str) -> TrainingRows:
        """One training session with the same; no session if there is none."""

    def read_progress(self, query: ProgressQuery) -> ProgressRows:
        """One page of runners, their sessions in the range and the logs that count there.

        Sessions of others, and logs of sessions without a day, may be among them.
        """

    def sync_point(self) -> SyncPoint:
        """Where the changes from now on begin."""

    def list_changes(self, query: ChangeQuery) -> ChangePage:
        """One page of changes. Raises `SyncTokenExpired` for a place that is not in this store.

        A change may come again, but each comes at least once after every place before it, also
        where reads are behind writes. A log that exists is told as deleted by no later change than
        the one that tells of it.
        """

    def get_log(
        self, log_id: str, *, runner_ids: Collection[str] | None = None
    ) -> StoredLog | None:
        """One log of these runners, None of anybody; or None. One that this API has created is
        found as soon as it exists.

        A log of somebody else takes as many round trips as one that does not exist: the time, and
        the `Server-Timing` of a batch, would tell them apart.
        """

    def read_current(self, log_ids: Collection[str]) -> Mapping[str, Document]:
        """The logs with these ids that exist, by id, as they are now.

        The other reads of a store may be some moments behind its writes. This one is not, and costs
        a round trip: it is for what would otherwise be refused without reason.
        """

    def read_for_create(self, *, runner_id: str, session_id: str) -> CreateContext:
        """What decides on a new log for the pair."""

    def read_for_batch(
        self,
        *,
        log_ids: Collection[str],
        pairs: Collection[Pair],
        runner_ids: Collection[str] | None = None,
    ) -> BatchContext:
        """What decides on updates and deletes of the logs, and on new logs for the pairs.

        The logs are found as by `get_log`.
        """

    def write_logs(
        self, writes: Sequence[LogWrite], *, transaction_id: str, dry_run: bool = False
    ) -> Sequence[Document]:
        """Make all of these writes of different logs in one transaction, or none.

        Returns the documents that they leave, in the order of the writes, their `_rev` the
        transaction's id; an empty one for a delete. Raises `WritesRefused` with the error of each
        write that cannot be made, as far as they are known: those that are not named may be refused
        once these are left out.

        A dry run changes nothing. It raises what the writes would, and returns nothing of use.
        """

    def ping(self) -> None:
        """Return if the store responds and lets us in; else raise `StoreError`."""

    def close(self) -> None:
        """Let go of the connections that are idle."""
