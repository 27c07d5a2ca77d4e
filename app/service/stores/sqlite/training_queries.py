"""The queries for training sessions and progress, in SQL: constant text as in `queries`.

The day of a session is a column where its document has a day; where it has an instant, it follows
from the column `instant` and from the zone (`:zone`). Both columns have an index, but the sessions
of one day have to be ordered by id. So both kinds are looked for apart.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.service.model import SessionState
from app.service.stores.port import SessionQuery
from app.service.stores.sqlite.queries import FEEDBACK

DAY = "coalesce(session.local_day, day_at(:zone, session.instant))"
"""The day of a session."""

# The second part is exact where clocks were set back over midnight; the first is in the index.
_IN_DAYS = f"""(session.local_day BETWEEN :first AND :last
    OR session.instant >= :since - 86400 AND session.instant < :until + 86400
    AND {DAY} BETWEEN :first AND :last)"""

_IS_CANCELLED = "plan.status IS 'cancelled'"
_HAS_NO_PLAN = """NOT EXISTS (
    SELECT 1 FROM document AS plan
    WHERE plan.id = session.plan_id AND plan.type = 'trainingPlan')"""


def _of_runners(runner_ids: str) -> dict[str, str]:
    """Whose the sessions of some runners are, and where these are found: in their plans, and
    without a plan where they name the runner themselves.

    The indices are named: where days are asked for, SQLite would look through everybody's.
    """
    return {
        "plan.runner_id": f"""document AS plan INDEXED BY plan_by_runner
            JOIN document AS session INDEXED BY session_by_plan
            ON session.plan_id = plan.id AND session.type = 'trainingSession'
            WHERE plan.type = 'trainingPlan' AND plan.runner_id IN {runner_ids}
            AND NOT {_IS_CANCELLED}""",
        "session.runner_id": f"""document AS session INDEXED BY session_by_runner
            WHERE session.type = 'trainingSession' AND session.runner_id IN {runner_ids}
            AND {_HAS_NO_PLAN}""",
    }


_OF_SOME = _of_runners("(SELECT value FROM json_each(:runner_ids))")
_OF_ALL = {
    "CASE WHEN plan.id IS NULL THEN session.runner_id ELSE plan.runner_id END": f"""
        document AS session
        LEFT JOIN document AS plan ON plan.id = session.plan_id AND plan.type = 'trainingPlan'
        WHERE session.type = 'trainingSession' AND (plan.id IS NULL OR NOT {_IS_CANCELLED})""",
}

_TYPE = "json_extract(session.body, '$.type')"
_STATES = {
    SessionState.REST_DAY: f"{_TYPE} IS 'rest'",
    SessionState.UNSCHEDULED: f"{_TYPE} IS NOT 'rest' AND {DAY} IS NULL",
    SessionState.UPCOMING: f"{_TYPE} IS NOT 'rest' AND {DAY} > :as_of",
    SessionState.DUE: f"{_TYPE} IS NOT 'rest' AND {DAY} = :as_of",
    SessionState.OVERDUE: f"{_TYPE} IS NOT 'rest' AND {DAY} < :as_of",
}
"""Of the sessions without a log."""


def _conditions(query: SessionQuery, owner: str) -> Iterable[str]:
    if query.days is not None:
        yield _IN_DAYS
    if query.type is not None:
        yield f"{_TYPE} IS :type"
    if query.state is not None:
        logged = f"""EXISTS (
            SELECT 1 FROM document AS log WHERE log.type = 'workoutLog'
            AND log.session_id = session.id AND log.runner_id = {owner})"""
        if query.state is SessionState.LOGGED:
            yield logged
        else:
            yield f"{_STATES[query.state]} AND NOT {logged}"


def _select(query: SessionQuery, columns: str, *more: str) -> str:
    """The sessions that pass the filters of a query, and more conditions."""
    sources = _OF_ALL if query.runner_ids is None else _OF_SOME
    return " UNION ALL ".join(
        " AND ".join([f"SELECT {columns} FROM {source}", *_conditions(query, owner), *more])
        for owner, source in sources.items()
    )


_PLACE = "session.id AS id, session.seq AS seq"
_KEY = f"{DAY} AS day, {_PLACE}"
_AFTER = f"({DAY}, session.id) > (:after_day, :after_id)"


def count_sessions(query: SessionQuery) -> str:
    """How many sessions pass the filters."""
    return f"SELECT count(*) FROM ({_select(query, '1')})"


def sessions_by_day(query: SessionQuery) -> str:
    """The first of those with a day, in order."""
    after = ["(session.local_day, session.id) > (:after_day, :after_id)"] if query.after else []
    columns = f"session.local_day AS day, {_PLACE}"
    found = _select(query, columns, "session.local_day IS NOT NULL", *after)
    return f"{found} ORDER BY day, id LIMIT :limit"


def sessions_by_instant(query: SessionQuery) -> str:
    """The first instants of those with an instant, in order, from `:from_instant` on."""
    after = [_AFTER] if query.after else []
    found = _select(query, "session.instant AS instant", "session.instant >= :from_instant", *after)
    return f"{found} ORDER BY instant LIMIT :limit"


def sessions_until_instant(query: SessionQuery) -> str:
    """All of those, in any order, before `:to_instant`."""
    after = [_AFTER] if query.after else []
    return _select(
        query,
        _KEY,
        "session.instant >= :from_instant AND session.instant < :to_instant",
        *after,
    )


def sessions_without_day(query: SessionQuery) -> str:
    """The first of those without a day, in order, after `:after_unscheduled`."""
    found = _select(
        query,
        _KEY,
        "session.local_day IS NULL AND session.instant IS NULL AND session.id > :after_unscheduled",
    )
    return f"{found} ORDER BY id LIMIT :limit"


BODIES = """
SELECT CAST(body AS BLOB) FROM json_each(:seqs) AS place JOIN document ON document.seq = place.value
ORDER BY place.key
"""

SEQ_OF_SESSION = "SELECT seq FROM document WHERE id = :id AND type = 'trainingSession'"

_SESSIONS = """
json_each(:seqs) AS place JOIN document AS session ON session.seq = place.value
LEFT JOIN document AS plan ON plan.id = session.plan_id AND plan.type = 'trainingPlan'
"""

PLANS = f"""
SELECT CAST(body AS BLOB) FROM document WHERE seq IN (SELECT plan.seq FROM {_SESSIONS})
"""

RUNNERS = f"""
SELECT CAST(body AS BLOB) FROM document WHERE type = 'user' AND id IN (
    SELECT session.runner_id FROM {_SESSIONS} UNION SELECT plan.runner_id FROM {_SESSIONS})
"""

LOGS = f"""
SELECT CAST(
    '{{"document":' || log.body
    || ',"session":null,"runner":null,"feedback":' || {FEEDBACK} || '}}' AS BLOB)
FROM json_each(:seqs) AS place JOIN document AS session ON session.seq = place.value
JOIN document AS log ON log.session_id = session.id AND log.type = 'workoutLog'
"""

_LOG_DAY = f"""coalesce(
    {DAY},
    day_of(:zone, json_extract(log.body, '$._createdAt')),
    day_of(:zone, json_extract(log.body, '$.createdAt')))"""
_LOGS_OF_RUNNERS = f"""
document AS log INDEXED BY log_by_runner
LEFT JOIN document AS session INDEXED BY session_by_id
ON session.id = log.session_id AND session.type = 'trainingSession'
WHERE log.type = 'workoutLog' AND {_LOG_DAY} BETWEEN :first AND :last AND log.runner_id IN"""

_VISIBLE = "AND user.id IN (SELECT value FROM json_each(:runner_ids))"
_IS_ACTIVE = " OR ".join(
    f"EXISTS (SELECT 1 FROM {source} {condition})"
    for source, condition in (
        *((source, f"AND {_IN_DAYS}") for source in _of_runners("(user.id)").values()),
        (_LOGS_OF_RUNNERS, "(user.id)"),
    )
)


def _runners(*, of_runners: bool) -> str:
    return f"""document AS user WHERE user.type = 'user' {_VISIBLE if of_runners else ""}
        AND (json_extract(user.body, '$.role') IS 'runner' OR {_IS_ACTIVE})"""


def list_runners(*, of_runners: bool) -> str:
    """A page of the users with progress to tell, by id."""
    found = _runners(of_runners=of_runners)
    return f"""
        SELECT user.id, CAST(user.body AS BLOB) FROM {found} AND user.id >= :from_id
        ORDER BY user.id LIMIT :limit"""


def count_runners(*, of_runners: bool) -> str:
    """How many there are."""
    return f"SELECT count(*) FROM {_runners(of_runners=of_runners)}"


# One row instead of a thousand: for each, the thread would leave the interpreter and wait for it.
SESSIONS_IN_RANGE = f"""
SELECT json_group_array(seq), CAST(group_concat(body, ',') AS BLOB) FROM ({
    " UNION ALL ".join(
        f"SELECT session.seq AS seq, session.body AS body FROM {source} AND {_IN_DAYS}"
        for source in _of_runners("(SELECT value FROM json_each(:ids))").values()
    )
})
"""

# Most logs are of a session that is read already, as `:planned` says: not twice.
LOGS_IN_RANGE = f"""
SELECT json_group_array(log.id), json_group_array(session.seq), CAST(group_concat(
    '{{"document":' || log.body || ',"session":' || CASE
        WHEN session.seq IN (SELECT value FROM json_each(:planned)) THEN 'null'
        ELSE ifnull(session.body, 'null') END || '}}', ',') AS BLOB)
FROM {_LOGS_OF_RUNNERS} (SELECT value FROM json_each(:ids))
"""

REVIEWED = """
SELECT CAST(json_group_array(DISTINCT feedback_of) AS BLOB) FROM document
WHERE type = 'feedback' AND feedback_of IN (SELECT value FROM json_each(:log_ids))
"""
