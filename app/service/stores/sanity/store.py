"""The store in a Sanity dataset.

Queries read an index, which may be behind the documents: behind the writes of other programs, and
for moments even behind our own, though each waits until queries should see it (`visibility=sync`).
So the revision guards each write, a refused write brings the document as it really is
(`RevisionMismatch.current`, `DuplicateLog.existing`), and `read_current` asks the documents
themselves (https://www.sanity.io/docs/http-reference/doc).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from app.service import emails, instants
from app.service.days import DaySpan
from app.service.documents import (
    Document,
    is_log_id,
    is_of,
    reference_id,
)
from app.service.errors import (
    LogInUse,
    WritesRefused,
)
from app.service.rows import StoredLog
from app.service.stores.port import (
    MAX_SAME_EMAIL,
    BatchContext,
    ChangePage,
    ChangeQuery,
    CreateContext,
    LogPage,
    LogQuery,
    LogWrite,
    Pair,
    ProgressQuery,
    Relations,
    SessionQuery,
    StoredUser,
    SyncPoint,
)
from app.service.stores.sanity import changes, queries, training_queries
from app.service.stores.sanity import writes as executing
from app.service.stores.sanity.client import ContentLake
from app.service.stores.sanity.errors import (
    HasExistingReferences,
    Unreadable,
    translated,
)
from app.service.stores.sanity.mutations import TAGS, change_of, errors_of, mutations_of
from app.service.stores.sanity.results import (
    ListResult,
    context_of_batch,
    context_of_create,
    itself,
    json_of,
    list_result_of,
    pair_of,
    users_of,
)
from app.service.training_rows import (
    ProgressRows,
    TrainingRows,
    decode_progress,
    decode_training,
)

TWO_DAYS = 2 * 24 * 3600


class SanityStore:
    """The store in the dataset behind `lake`."""

    def __init__(self, lake: ContentLake) -> None:
        self._lake = lake

    def close(self) -> None:
        """Close the idle connections."""
        self._lake.close()

    def find_users(
        self, *, user_id: str | None = None, email: str | None = None
    ) -> list[StoredUser]:
        with translated():
            if user_id is not None:
                return self._lake.query(
                    queries.USER_BY_ID, {"id": user_id}, users_of, tag="find-users"
                )
            parameters = {"email": (email or "").lower(), "limit": MAX_SAME_EMAIL}
            found = self._lake.query(queries.USERS_BY_EMAIL, parameters, users_of, tag="find-users")
        return [each for each in found if emails.same(each.document.get("email"), email or "")]

    def read_relations(self, *, user_id: str, runner_ids: Collection[str]) -> Relations:
        params = {"id": user_id, "runnerIds": sorted(runner_ids)}
        with translated():
            return self._lake.query(
                queries.RELATIONS,
                params,
                lambda found: Relations(found["user"] or {}, found["plans"], found["others"]),
                tag="read-relations",
            )

    def list_logs(self, query: LogQuery) -> LogPage:
        filters = filters_of(query)
        params: dict[str, Any] = {"limit": query.limit}
        for each in filters.values():
            params |= each
        if query.after is not None:
            params |= {"afterCreatedAt": query.after.created_at, "afterId": query.after.id}
        text = queries.list_logs(
            filters, after=query.after, total=query.with_total, now=query.with_sync_point
        )
        with translated():
            found: ListResult = self._lake.query(
                text, params, itself, tag="list-logs", result_of=list_result_of
            )
            point = self._horizon(found.now) if query.with_sync_point else None
            return LogPage(found.logs, found.total, point)

    def sync_point(self) -> SyncPoint:
        with translated():
            return self._lake.query(queries.NOW, {}, self._horizon, tag="sync-point")

    def list_changes(self, query: ChangeQuery) -> ChangePage:
        walk = changes.Walk.of(query.since, self._lake.key)
        params: dict[str, Any] = {
            "at": walk.at,
            "id": walk.id,
            "deletionsSince": query.deletions_since,
            "limit": query.limit + 1,
        }
        if query.runner_ids is not None:
            params["runnerIds"] = sorted(query.runner_ids)
        text = queries.list_changes(of_runners=query.runner_ids is not None)

        def page_of(result: Any) -> ChangePage:
            rows = result["changes"]
            has_more = len(rows) > query.limit
            del rows[query.limit :]
            last = rows[-1]["document"] if has_more else None
            following = walk.following(last, changes.horizon(result["now"]))
            told = [each for each in map(changes.read, rows) if each is not None]
            return ChangePage(told, following.point(self._lake.key), has_more)

        with translated():
            return self._lake.query(text, params, page_of, tag="list-changes")

    def _horizon(self, now: object) -> SyncPoint:
        return changes.Walk(changes.horizon(now)).point(self._lake.key)

    def list_sessions(self, query: SessionQuery) -> TrainingRows:
        params: dict[str, Any] = {"limit": query.limit, "offsets": query.zone.offsets}
        if query.runner_ids is not None:
            params["runnerIds"] = sorted(query.runner_ids)
        if query.days is not None:
            params |= params_of_days(query.days)
        if query.after is not None:
            params |= {"afterDay": query.after.day, "afterId": query.after.id}
        params |= {"type": query.type, "asOf": query.as_of}
        text = training_queries.list_sessions(query)
        return self._training_rows(text, params, tag="list-sessions")

    def get_session(self, session_id: str) -> TrainingRows:
        return self._training_rows(training_queries.SESSION, {"id": session_id}, tag="get-session")

    def read_progress(self, query: ProgressQuery) -> ProgressRows:
        of_runners = query.runner_ids is not None
        text = training_queries.progress(of_runners=of_runners, total=query.with_total)
        params = {
            **params_of_days(query.days),
            "runnerIds": sorted(query.runner_ids or ()),
            "offsets": query.zone.offsets,
            "fromId": query.from_id,
            "limit": query.limit,
        }
        with translated():
            return self._lake.query(
                text, params, decode_progress, tag="read-progress", result_of=json_of
            )

    def _training_rows(self, text: str, params: Mapping[str, Any], *, tag: str) -> TrainingRows:
        with translated():
            return self._lake.query(text, params, decode_training, tag=tag, result_of=json_of)

    def get_log(
        self, log_id: str, *, runner_ids: Collection[str] | None = None
    ) -> StoredLog | None:
        with translated():
            found = self._lake.query(
                queries.LOG,
                {"id": log_id},
                lambda row: StoredLog.of(row) if row else None,
                tag="get-log",
            )
        if found is not None and is_of(found.document, runner_ids):
            return found
        return self._get_unindexed(log_id, runner_ids) if is_log_id(log_id) else None

    def _get_unindexed(self, log_id: str, runner_ids: Collection[str] | None) -> StoredLog | None:
        """A log of these runners that queries may not see yet."""
        document = self.read_current([log_id]).get(log_id)
        if document is None or not is_of(document, runner_ids):
            return None
        context = self.read_for_create(
            runner_id=reference_id(document.get("runnerId")) or "",
            session_id=reference_id(document.get("sessionId")) or "",
        )
        feedback = [each.feedback for each in context.existing if each.document["_id"] == log_id]
        return StoredLog(document, context.session, context.runner, *feedback)

    def read_current(self, log_ids: Collection[str]) -> dict[str, Document]:
        with translated():
            found = self._lake.documents(log_ids, tag="read-current")
        return {each["_id"]: each for each in found.values() if each["_type"] == "workoutLog"}

    def read_for_create(self, *, runner_id: str, session_id: str) -> CreateContext:
        pair = {"runnerId": runner_id, "sessionId": session_id}
        with translated():
            return self._lake.query(
                queries.CONTEXT_OF_CREATE, pair, context_of_create, tag="read-for-create"
            )

    def read_for_batch(
        self,
        *,
        log_ids: Collection[str],
        pairs: Collection[Pair],
        runner_ids: Collection[str] | None = None,
    ) -> BatchContext:
        params = {
            "logIds": sorted(log_ids),
            "sessionIds": sorted({each.session_id for each in pairs}),
            "runnerIds": sorted({each.runner_id for each in pairs}),
        }
        with translated():
            found = self._lake.query(
                queries.CONTEXT_OF_BATCH,
                params,
                lambda result: context_of_batch(result, pairs),
                tag="read-for-batch",
            )
        logs = {
            log_id: each for log_id, each in found.logs.items() if is_of(each.document, runner_ids)
        }
        unseen = [each for each in log_ids if each not in logs and is_log_id(each)]
        return found._replace(logs={**logs, **self._unindexed(unseen, runner_ids)})

    def _unindexed(
        self, log_ids: Collection[str], runner_ids: Collection[str] | None
    ) -> Mapping[str, StoredLog]:
        """Those of the logs of these runners that exist although queries do not see them yet."""
        read = self.read_current(log_ids) if log_ids else {}
        current = {log_id: each for log_id, each in read.items() if is_of(each, runner_ids)}
        if not current:
            return {}
        pairs = {log_id: pair_of(document) for log_id, document in current.items()}
        contexts = self.read_for_batch(log_ids=(), pairs=set(pairs.values())).pairs
        return {
            log_id: StoredLog(
                document,
                contexts[pairs[log_id]].session,
                contexts[pairs[log_id]].runner,
            )
            for log_id, document in current.items()
        }

    def write_logs(
        self, writes: Sequence[LogWrite], *, transaction_id: str, dry_run: bool = False
    ) -> list[Document]:
        tag = TAGS[type(writes[0])] if len(writes) == 1 else "write-logs"
        mutations = [mutations_of(each) for each in writes]
        write = executing.Write(
            changes=[change_of(each, transaction_id) for each in writes],
            mutations=[*itertools.chain(*mutations)],
            transaction_id=transaction_id,
            tag=tag,
            dry_run=dry_run,
        )
        with translated():
            try:
                left = executing.execute(self._lake, write)
            except executing.Conflict as conflict:
                raise WritesRefused(dict(errors_of(conflict, writes))) from None
            except HasExistingReferences as error:
                places = [place for place, each in enumerate(mutations) for _ in each]
                at_fault = {places[each] for each in error.places if each < len(places)}
                if not at_fault:
                    raise Unreadable("a refusal that names none of the mutations") from error
                raise WritesRefused(
                    {place: LogInUse(writes[place].log_id) for place in at_fault}
                ) from None
        return [left.get(each.log_id, {}) for each in writes]

    def ping(self) -> None:
        with translated():
            self._lake.query(queries.PING, {}, bool, tag="ping")


def filters_of(query: LogQuery) -> dict[str, dict[str, Any]]:
    """The names of the filters in use (`queries.FILTERS`), each with its parameters."""
    filters: dict[str, dict[str, Any]] = {}
    if query.runner_ids is not None:
        filters["runnerIds"] = {"runnerIds": sorted(query.runner_ids)}
    if query.session_id is not None:
        filters["sessionId"] = {"sessionId": query.session_id}
    if query.status is not None:
        filters["status"] = {"status": query.status}
    if query.feeling is not None:
        filters["feeling"] = {"feeling": query.feeling}
    if query.reviewed is not None:
        filters["reviewed"] = {"reviewed": query.reviewed}
    if query.days is not None:
        filters["days"] = params_of_days(query.days)
        if query.runner_ids is not None:
            del filters["days"]["earliest"], filters["days"]["latest"]
    return filters


def params_of_days(days: DaySpan) -> dict[str, str]:
    """The parameters of a span of days."""
    return {
        "first": days.first,
        "last": days.last,
        "since": instants.of_seconds(days.since),
        "until": instants.of_seconds(days.until),
        # In any zone, a day lies within two days of its instants. Compared with text that goes on.
        "earliest": instants.of_seconds(days.since - TWO_DAYS)[:10],
        "latest": instants.of_seconds(days.until + TWO_DAYS)[:10] + "~",
    }
