"""The changes of a dataset, which queries show in the order of `_updatedAt`, and some of them late.

The Content Lake sets `_updatedAt` when it executes a write; queries see the write up to
`MAX_INDEX_LAG` later. So what a query does not show yet was written after its *horizon*: the moment
of the query less that lag. A walk through the changes goes forward by `_updatedAt` and `_id`. As
soon as it has passed the horizon, it remembers it, and when it has come to its end, the next walk
begins there. Changes of the last moments come twice that way, and none is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.service import cursor, instants
from app.service.documents import DELETION, Document, is_published_id
from app.service.errors import SyncTokenExpired
from app.service.rows import LogRow, StoredLog, row_of
from app.service.stores.port import Deletion, SyncPoint, deletion

MAX_INDEX_LAG = timedelta(seconds=60)
"""How far a query may be behind the writes. Sanity documents no bound, and that a write with
`visibility=sync` is seen at once (https://www.sanity.io/docs/http-reference/mutation); the tests of
its own client wait for up to 15 s."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A place in a walk: after the document `id` that was written at `at`; '' is before all of that
    moment. `resume` is where the next walk begins, as soon as this one has passed its horizon.
    """

    at: str
    id: str = ""
    resume: str = ""

    @classmethod
    def of(cls, point: SyncPoint, key: str) -> Walk:
        """The place that a point names. Raises `SyncTokenExpired` if it is not in this dataset."""
        match point.place:
            case (dataset, at, id_, resume) if dataset == key and _is_instant(at):
                if (not id_ or is_published_id(id_)) and (not resume or _is_instant(resume)):
                    return cls(at, id_, resume)
        raise SyncTokenExpired("a place in another dataset")

    def point(self, key: str) -> SyncPoint:
        """The place as a point of the dataset with this key."""
        complete = instants.sort_key(self.resume or self.at)
        return SyncPoint(complete, (key, self.at, self.id, self.resume))

    def following(self, last: Document | None, horizon: str) -> Walk:
        """The place after `last`, or after the end of the walk, of a query with this horizon."""
        if last is None:
            return Walk(self.resume or horizon)
        at = cursor.within_nanoseconds(last["_updatedAt"])
        passed = instants.sort_key(at) >= instants.sort_key(horizon)
        return Walk(at, last["_id"], self.resume or (horizon if passed else ""))


def horizon(now: object) -> str:
    """The horizon of a query at `now`, as it says itself. Raises ValueError or TypeError.

    It is a whole second, since an `_updatedAt` may be cut to one.
    """
    if not isinstance(now, str):
        raise TypeError("no instant")
    moment = datetime.fromisoformat(now).astimezone(UTC) - MAX_INDEX_LAG
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def read(row: dict[str, Any]) -> LogRow | Deletion | None:
    """The change in a row; None for a deletion of a log that exists again."""
    document = row["document"]
    if document["_type"] != DELETION:
        return row_of(StoredLog.of(row))
    return None if row["exists"] else deletion(document.get("logId"), document["_updatedAt"])


def _is_instant(text: str) -> bool:
    return len(text) <= cursor.MAX_INSTANT_LENGTH and bool(instants.sort_key(text))
