"""Training sessions and what belongs to them, as stores hand them out.

As in `app.service.rows`, any field can hold anything: msgspec gives every field one of the types
that it usually has while it parses; where a document does not pass, each is checked by its fields.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct, field

from app.service.documents import Document, holds_nul, loads
from app.service.errors import StoreUnavailable
from app.service.rows import (
    LogFields,
    LogRow,
    Notes,
    Pointer,
    RunnerFields,
    SessionFields,
    StoredLog,
    cut,
    row_of,
    typed,
)

logger = logging.getLogger(__name__)

Rows = TypeVar("Rows", bound=Struct)


class TrainingFields(SessionFields, gc=False):
    """A `trainingSession` document."""

    notes: Notes | None = None
    plan_id: Pointer = field(name="planId", default=None)
    runner_id: Pointer = field(name="runnerId", default=None)


class PlanFields(Struct, gc=False):
    """A `trainingPlan` document."""

    id: str = field(name="_id")
    runner_id: Pointer = field(name="runnerId", default=None)
    status: str | None = None


class TrainingRows(Struct, gc=False):
    """Sessions in their order, their plans, the users that these or the sessions name as runners,
    and all logs of the sessions.

    `total` counts every match, whatever the page, if it was asked for.
    """

    sessions: list[TrainingFields]
    plans: list[PlanFields]
    runners: list[RunnerFields]
    logs: list[LogRow]
    total: int | None = None


class ProgressLogRow(Struct, gc=False):
    """A log and the session that it refers to."""

    document: LogFields
    session: TrainingFields | None


class ProgressRows(Struct, gc=False):
    """Runners by id, sessions, logs, the plans of all these sessions and of those of the logs, and
    the ids of the logs to which `feedback` refers.
    """

    runners: list[RunnerFields]
    sessions: list[TrainingFields]
    logs: list[ProgressLogRow]
    plans: list[PlanFields]
    reviewed: list[str | None]
    total: int | None = None


def decode_training(json: bytes | Raw) -> TrainingRows:
    """The rows in the JSON of an object with these members.

    Raises `StoreUnavailable` if they are none.
    """
    rows = _decode(json, TrainingRows)
    if isinstance(rows, TrainingRows):
        return rows
    with _refused():
        logs = [row_of(StoredLog.of(each)) for each in rows["logs"]]
        return TrainingRows(**_common(rows), logs=logs)


def decode_progress(json: bytes | Raw) -> ProgressRows:
    """The same of progress."""
    rows = _decode(json, ProgressRows)
    if isinstance(rows, ProgressRows):
        return rows
    with _refused():
        logs = [
            ProgressLogRow(
                row_of(StoredLog.of({**each, "session": None, "runner": None})).document,
                _training(each["session"]) if each["session"] else None,
            )
            for each in rows["logs"]
        ]
        return ProgressRows(**_common(rows), logs=logs, reviewed=rows["reviewed"])


def _decode(json: bytes | Raw, kind: type[Rows]) -> Rows | dict[str, Any]:
    """At once, or as objects where something is unusual."""
    with suppress(ValueError, RecursionError):
        if not holds_nul(bytes(json)):
            return msgspec.json.decode(json, type=kind)
    with _refused():
        objects: dict[str, Any] = loads(bytes(json))
        return objects


def _common(rows: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sessions": [*map(_training, rows["sessions"])],
        "plans": [typed(PlanFields, each) for each in rows["plans"]],
        "runners": [typed(RunnerFields, cut(each)) for each in rows["runners"]],
        "total": rows.get("total"),
    }


def _training(document: Document) -> TrainingFields:
    return typed(TrainingFields, cut(document))


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        logger.error("the store lists what is no training session (%s)", type(error).__name__)
        raise StoreUnavailable("a list with a row that is no training session") from error
