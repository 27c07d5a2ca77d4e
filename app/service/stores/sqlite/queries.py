"""The embedded store's tables and queries: constant text, values only as parameters.

One table holds every document as the JSON text it came as. What the queries look for are
columns generated from that text, kept in partial indexes; `type` is NULL for drafts and release
versions, so no index and no query ever sees one (`perspective=published`). No column may depend on
a setting: it would stay as it is when the setting changes.

Transactions that write are serialised, and numbered in their order. Each document has the number of
the one that wrote it last: who has read what is up to a number can go on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.service import days, instants
from app.service.days import time_zone

SCHEMA_VERSION = 8
APPLICATION_ID = 0x574C4F47
"""`WLOG`: tells this program's files from other SQLite files."""

FUNCTIONS: Mapping[str, Callable[[object], str | int | None]] = {
    "sort_key": instants.sort_key,
    "local_day": days.local_day_of,
    "instant": days.instant_of,
}
"""Functions of one argument that the columns are made with: each connection has to know them."""

ZONE_FUNCTIONS: Mapping[str, Callable[[str, Any], str | None]] = {
    "day_at": lambda zone, instant: None if instant is None else time_zone(zone).day_at(instant),
    "day_of": lambda zone, text: time_zone(zone).day_of(text) if isinstance(text, str) else None,
}
"""Functions of the name of a time zone and an instant, or what may be a date or a datetime."""


def _reference(name: str) -> str:
    """A reference's target, or the plain string that old documents hold; no number names anything.

    Without the types, the column would make text of a number, and 5 would be the document `5`.
    """
    return f"""coalesce(
        CASE json_type(body, '$.{name}._ref')
        WHEN 'text' THEN json_extract(body, '$.{name}._ref') END,
        CASE json_type(body, '$.{name}')
        WHEN 'text' THEN json_extract(body, '$.{name}') END
    )"""


_DAY = "coalesce(json_extract(body, '$.date'), json_extract(body, '$.scheduledDate'))"
"""The day of a training session, in any of the forms of `app.service.days`."""

CHANGES = "type IN ('workoutLog', 'workoutLogDeletion')"
"""What tells of changes, in the words of the index."""

# Stored, so that no read ever parses a document; before the text, so that finding them is short.
SCHEMA = f"""
CREATE TABLE document (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    written_in INTEGER NOT NULL,
    type TEXT AS (
        CASE WHEN id GLOB 'drafts.*' OR id GLOB 'versions.*' THEN NULL
        ELSE json_extract(body, '$._type') END
    ) STORED,
    created_at TEXT AS (sort_key(json_extract(body, '$._createdAt'))) STORED,
    runner_id TEXT AS ({_reference("runnerId")}) STORED,
    plan_id TEXT AS ({_reference("planId")}) STORED,
    session_id TEXT AS ({_reference("sessionId")}) STORED,
    coach_id TEXT AS ({_reference("coachId")}) STORED,
    status TEXT AS (json_extract(body, '$.status')) STORED,
    email TEXT AS (lower(json_extract(body, '$.email'))) STORED,
    feedback_on TEXT AS (
        CASE WHEN json_extract(body, '$.workoutLogId._weak') THEN NULL
        ELSE json_extract(body, '$.workoutLogId._ref') END
    ) STORED,
    feedback_of TEXT AS ({_reference("workoutLogId")}) STORED,
    local_day TEXT AS (local_day({_DAY})) STORED,
    instant INTEGER AS (instant({_DAY})) STORED,
    body TEXT NOT NULL
);
CREATE INDEX log_by_created ON document (created_at DESC, id DESC)
    WHERE type = 'workoutLog';
CREATE INDEX log_by_runner ON document (runner_id, created_at DESC, id DESC, session_id)
    WHERE type = 'workoutLog';
CREATE INDEX log_by_session ON document (session_id, created_at DESC, id DESC)
    WHERE type = 'workoutLog';
CREATE INDEX change_by_number ON document (written_in, id)
    WHERE {CHANGES};
CREATE INDEX change_by_runner ON document (runner_id, written_in, id)
    WHERE {CHANGES};
CREATE INDEX user_by_email ON document (email) WHERE type = 'user';
CREATE INDEX user_by_coach ON document (coach_id) WHERE type = 'user';
CREATE INDEX plan_by_runner ON document (runner_id, status, id) WHERE type = 'trainingPlan';
CREATE INDEX user_by_id ON document (id) WHERE type = 'user';
CREATE INDEX session_by_id ON document (id, local_day, instant) WHERE type = 'trainingSession';
CREATE INDEX session_by_plan ON document (plan_id, local_day, instant, id)
    WHERE type = 'trainingSession';
CREATE INDEX session_by_runner ON document (runner_id) WHERE type = 'trainingSession';
CREATE INDEX session_by_day ON document (local_day, id) WHERE type = 'trainingSession';
CREATE INDEX session_by_instant ON document (instant) WHERE type = 'trainingSession';
CREATE INDEX plan_by_coach ON document (coach_id) WHERE type = 'trainingPlan';
CREATE INDEX feedback_by_log ON document (feedback_of) WHERE type = 'feedback';
CREATE INDEX document_by_feedback_on ON document (feedback_on) WHERE feedback_on IS NOT NULL;
CREATE TABLE transactions (file TEXT NOT NULL, last INTEGER NOT NULL);
INSERT INTO transactions VALUES (lower(hex(randomblob(8))), 0)
"""

OWN_INDEXES = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"

USER_BY_ID = "SELECT body FROM document WHERE id = :user_id AND type = 'user'"

USERS_BY_EMAIL = """
SELECT body FROM document
WHERE type = 'user' AND email = :email AND json_type(body, '$.email') = 'text'
LIMIT :limit
"""

# SQLite's own lower case is that of ASCII letters: these are compared one by one, from the index.
USERS_BY_UNICODE_EMAIL = """
SELECT body FROM document
WHERE type = 'user' AND email IS NOT NULL AND fold_email(email) = :email
LIMIT :limit
"""

COACHED_IDS = "SELECT id FROM document WHERE coach_id = :coach_id AND type = 'user' ORDER BY id"

PLANNED_RUNNERS = """
SELECT runner.id, ifnull(json_type(runner.body, '$.coachId'), 'null') <> 'null'
FROM document AS plan JOIN document AS runner ON runner.id = plan.runner_id
WHERE plan.type = 'trainingPlan' AND plan.coach_id = :coach_id
AND json_extract(plan.body, '$.status') = 'active' AND runner.type = 'user'
ORDER BY runner.id
"""

_ACTIVE_PLANS = """
document AS plan WHERE plan.type = 'trainingPlan' AND plan.runner_id = :id
AND json_extract(plan.body, '$.status') = 'active'
"""

ACTIVE_PLANS = f"SELECT plan.body FROM {_ACTIVE_PLANS}"

RELATED_USERS = f"""
SELECT body FROM document WHERE type = 'user' AND id IN (
    SELECT value FROM json_each(:runner_ids)
    UNION SELECT coach_id FROM document WHERE id = :id AND type = 'user'
    UNION SELECT plan.coach_id FROM {_ACTIVE_PLANS})
"""

PUBLISHED = "SELECT body FROM document WHERE id = :id AND type = :type"


FEEDBACK = """
(SELECT json_group_array(json_object('_createdAt', json_extract(body, '$._createdAt')))
FROM document WHERE type = 'feedback' AND feedback_of = log.id)"""

# A log with what `StoredLog` has, as the JSON of one object.
_ROW = f"""
CAST(
    '{{"document":' || log.body
    || ',"session":' || ifnull(session.body, 'null')
    || ',"runner":' || ifnull(runner.body, 'null')
    || ',"feedback":' || {FEEDBACK} || '}}'
    AS BLOB
)"""
_REFERRED = """
LEFT JOIN document AS session ON session.id = log.session_id AND session.type = 'trainingSession'
LEFT JOIN document AS runner ON runner.id = log.runner_id AND runner.type = 'user'
"""

LOGS_OF_PAIR = f"""
SELECT {_ROW} FROM document AS log {_REFERRED}
WHERE log.type = 'workoutLog' AND log.session_id = :session_id AND log.runner_id = :runner_id
ORDER BY log.created_at = '', log.created_at, log.id
"""

LOG = f"""
SELECT {_ROW} FROM document AS log {_REFERRED}
WHERE log.id = :id AND log.type = 'workoutLog'
"""

# The filters of a list by the parameter that switches each on.
FILTERS = {
    "session_id": "log.session_id = :session_id",
    "status": "json_extract(log.body, '$.status') = :status",
    "feeling": "json_extract(log.body, '$.feeling') = :feeling",
    "reviewed": """EXISTS (
        SELECT 1 FROM document WHERE type = 'feedback' AND feedback_of = log.id) = :reviewed""",
    "first": """EXISTS (
        SELECT 1 FROM document AS planned
        WHERE planned.id = log.session_id AND planned.type = 'trainingSession'
        AND (planned.local_day BETWEEN :first AND :last
            OR planned.instant >= :since AND planned.instant < :until))""",
}
AFTER = "(log.created_at, log.id) < (sort_key(:after_created_at), :after_id)"

_NEWEST_FIRST = "ORDER BY log.created_at DESC, log.id DESC LIMIT :limit"


def list_logs(conditions: list[str], *, of_runners: bool) -> str:
    """A page of logs under constant `conditions`, of everybody or of `:runner_ids` (JSON).

    A row is what to sort it by, descending, and the log: SQLite would sort the bodies along.
    For several runners each one's newest are taken from their own stretch of the index and merged,
    so that a page never reads more than `limit` rows of a runner, however many they have.
    """
    where = " AND ".join(["log.type = 'workoutLog'", *conditions])
    newest = f"SELECT log.seq FROM document AS log WHERE {where}"
    if of_runners:
        page = f"""
            SELECT log.seq FROM json_each(:runner_ids) AS visible
            JOIN document AS log
            ON log.seq IN ({newest} AND log.runner_id = visible.value {_NEWEST_FIRST})
            {_NEWEST_FIRST}"""
    else:
        page = f"{newest} {_NEWEST_FIRST}"
    return f"""
        WITH page AS ({page})
        SELECT log.created_at, log.id, {_ROW}
        FROM page JOIN document AS log ON log.seq = page.seq {_REFERRED}"""


def count_logs(conditions: list[str], *, of_runners: bool) -> str:
    """How many logs pass the conditions."""
    where = " AND ".join(["log.type = 'workoutLog'", *conditions])
    visible = " AND log.runner_id IN (SELECT value FROM json_each(:runner_ids))"
    return f"SELECT count(*) FROM document AS log WHERE {where}{visible if of_runners else ''}"


# The changes: logs that exist, and deletions of logs that do not.
_TOLD = """(
    type = 'workoutLog'
    OR sort_key(json_extract(body, '$._updatedAt')) >= :deletions_since
    AND NOT EXISTS (
        SELECT 1 FROM document AS log
        WHERE log.id = json_extract(change.body, '$.logId') AND log.type = 'workoutLog')
)"""


def list_changes(*, of_runners: bool) -> str:
    """The changes after `:number` and `:id`, of everybody or of `:runner_ids` (JSON).

    A row is what to sort it by, and the log, or a deletion's `logId` and `_updatedAt`. Of several
    runners each one's come from their own stretch of the index, as in a list.
    """
    where = f"{CHANGES} AND (written_in, id) > (:number, :id) AND {_TOLD}"
    first = "ORDER BY written_in, id LIMIT :limit"
    changes = f"SELECT seq FROM document AS change WHERE {where}"
    if of_runners:
        page = f"""
            SELECT document.seq FROM json_each(:runner_ids) AS visible
            JOIN document
            ON document.seq IN ({changes} AND runner_id = visible.value {first})
            ORDER BY document.written_in, document.id LIMIT :limit"""
    else:
        page = f"{changes} {first}"
    return f"""
        WITH page AS ({page})
        SELECT log.written_in, log.id, iif(log.type = 'workoutLog', {_ROW}, NULL),
            json_extract(log.body, '$.logId'), json_extract(log.body, '$._updatedAt')
        FROM page JOIN document AS log ON log.seq = page.seq {_REFERRED}"""


TRANSACTIONS = "SELECT file, last FROM transactions"
NEXT_TRANSACTION = "UPDATE transactions SET last = last + 1"
_THIS_TRANSACTION = "(SELECT last FROM transactions)"

PUT = f"""
INSERT INTO document (id, body, written_in) VALUES (:id, :body, {_THIS_TRANSACTION})
ON CONFLICT (id) DO UPDATE SET body = excluded.body, written_in = excluded.written_in
"""
COPY = f"""
INSERT INTO document (seq, id, body, written_in)
SELECT seq, id, body, {_THIS_TRANSACTION} FROM older
"""
DELETE = "DELETE FROM document WHERE id = :id"
BODY = "SELECT body FROM document WHERE id = :id"
IS_REFERRED_TO = "SELECT EXISTS (SELECT 1 FROM document WHERE feedback_on = :id)"
BODIES = "SELECT body FROM document ORDER BY seq"

PRUNE = f"""
DELETE FROM document WHERE {CHANGES} AND type = 'workoutLogDeletion'
AND sort_key(json_extract(body, '$._updatedAt')) < :before
"""

COUNT_BY_TYPE = """
SELECT coalesce(type, '(draft or release version)'), count(*) FROM document
GROUP BY type ORDER BY type
"""

# For the upkeep: the documents of a type in the order of the table, and the types of some.
PAGE = """
SELECT seq, body FROM document WHERE type = :type AND seq > :after ORDER BY seq LIMIT :limit
"""
TYPES = """
SELECT id, type FROM document
WHERE id IN (SELECT value FROM json_each(:ids)) AND type IS NOT NULL
"""
