"""What changed since a client last asked, for clients that keep a copy of the logs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from app.service import instants, policy, sync_tokens
from app.service.errors import SyncTokenExpired
from app.service.model import Caller, ChangeList, ChangesPagination, Deleted, Upsert
from app.service.reading import LogReader
from app.service.stores.port import ChangeQuery, Deletion, Store

NOW = "now"
"""Instead of a token: from now on."""

MARGIN = timedelta(hours=1)
"""A token ends this much before the deletions that it needs are forgotten, so that neither clocks
nor requests under way make a difference."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Changes:
    """The operation over a store, which remembers deletions for `deletions_kept`."""

    def __init__(
        self,
        store: Store,
        reader: LogReader,
        deletions_kept: timedelta,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._store = store
        self._reader = reader
        self._kept = deletions_kept
        self._clock = clock

    def list(self, caller: Caller, since: str, limit: int) -> ChangeList:
        """The changes since a token, or none since `NOW`, of logs that the caller may read.

        Each change comes at least once; a log comes as it is now. Raises `SyncTokenExpired`.
        """
        runner_ids = policy.visible_runner_ids(caller)
        if since == NOW:
            next_ = sync_tokens.encode(self._store.sync_point(), runner_ids)
            return ChangeList([], ChangesPagination(next_, has_more=False))
        point = sync_tokens.decode(since, runner_ids)
        oldest = self._clock() - self._kept
        if instants.sort_key(point.at) < _sort_key(oldest + MARGIN):
            raise SyncTokenExpired("a token that is too old")
        page = self._store.list_changes(
            ChangeQuery(
                runner_ids=runner_ids,
                since=point,
                deletions_since=_sort_key(oldest),
                limit=limit,
            )
        )
        return ChangeList(
            [
                Deleted(each.log_id, each.deleted_at)
                if isinstance(each, Deletion)
                else Upsert(self._reader.read(each))
                for each in page.changes
            ],
            ChangesPagination(sync_tokens.encode(page.next, runner_ids), page.has_more),
        )


def _sort_key(moment: datetime) -> str:
    return instants.sort_key(moment.isoformat(timespec="milliseconds"))
