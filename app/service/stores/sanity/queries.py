"""The queries, in GROQ: constant text, values only as parameters.

A list is put together from constant pieces, so that only filters that hold something are there and
Sanity can use its indices for them. A filter that follows references is a subquery for each row,
and no index can serve it: such filters stand only where others bound the rows, to those of the
runners that are asked for. References are followed in projections, where it costs something for the
rows of a page only; old documents hold plain strings for references.
"""

from __future__ import annotations

from collections.abc import Collection

from app.service.stores.port import Position
from app.service.stores.sanity.training_queries import is_day, is_within_years

_SESSION = """{
  _id, _type, date, scheduledDate, day, type, distance, duration, pace, targetPace, runnerId
}"""
_PLAN = "{_id, _type, runnerId}"
_RUNNER = "{_id, _type, name}"
_USER = "{_id, _type, name, email, role}"
_COACHED = '{_id, _type, "hasCoach": defined(coachId)}'


def _session_of_log(projection: str) -> str:
    return f"""select(
    defined(sessionId._ref) => sessionId->{projection},
    *[_type == "trainingSession" && _id == ^.sessionId][0]{projection}
  )"""


_FEEDBACK_OF_LOG = """*[
    _type == "feedback" && (workoutLogId._ref == ^._id || workoutLogId == ^._id)
  ]"""

_MEMBERS_OF_ROW = f"""
  "document": @,
  "session": {_session_of_log(_SESSION)},
  "runner": select(
    defined(runnerId._ref) => runnerId->{_RUNNER},
    *[_type == "user" && _id == ^.runnerId][0]{_RUNNER}
  ),
  "feedback": {_FEEDBACK_OF_LOG}{{_createdAt}}"""
_ROW = f"{{{_MEMBERS_OF_ROW}\n}}"

_PLAN_OF_SESSION = f"""select(
      defined(planId._ref) => planId->{_PLAN},
      *[_type == "trainingPlan" && _id == ^.planId][0]{_PLAN}
    )"""

_WITH_COACHED = f"""{{
  "document": {_USER},
  "coachedIds": *[_type == "user" && (coachId._ref == ^._id || coachId == ^._id)]._id,
  "planned": *[
    _type == "trainingPlan" && status == "active" && (coachId._ref == ^._id || coachId == ^._id)
  ]{{
    "runner": select(
      defined(runnerId._ref) => runnerId->{_COACHED},
      *[_type == "user" && _id == ^.runnerId][0]{_COACHED}
    )
  }}.runner
}}"""

# Which user, and whom do they coach? By `_id`, then by `coachId`: both indexed.
USER_BY_ID = f'*[_type == "user" && _id == $id][0...1]{_WITH_COACHED}'

# The same by e-mail: `$email` in lower case, `$limit` documents. The index serves `lower()` of an
# attribute: https://www.sanity.io/docs/developer-guides/high-performance-groq.
USERS_BY_EMAIL = f"""*[_type == "user" && lower(email) == $email]
  | order(_id asc)[0...$limit]{_WITH_COACHED}"""

# A user's active plans, and the others that belong to it: by `runnerId`, then by `_id`.
RELATIONS = """{
  "user": *[_type == "user" && _id == $id][0]{coachId},
  "plans": *[
    _type == "trainingPlan" && status == "active" && (runnerId._ref == $id || runnerId == $id)
  ]{_id, coachId, weekStart}
}{
  ...,
  "others": *[_type == "user" && (
    _id in $runnerIds || _id == ^.user.coachId._ref || _id == ^.user.coachId
    || _id in ^.plans[].coachId._ref || _id in ^.plans[].coachId
  )]{_id, _type, name}
}"""

# One log with its session and runner: by `_id`, indexed.
LOG = f'*[_type == "workoutLog" && _id == $id][0]{_ROW}'

# All that decides on a new log: three documents by `_id`, and the logs of the pair by references.
CONTEXT_OF_CREATE = f"""{{
  "session": *[_type == "trainingSession" && _id == $sessionId][0]{{
    "document": {_SESSION},
    "plan": {_PLAN_OF_SESSION}
  }},
  "runner": *[_type == "user" && _id == $runnerId][0]{_RUNNER},
  "existing": *[
    _type == "workoutLog"
    && (sessionId._ref == $sessionId || sessionId == $sessionId)
    && (runnerId._ref == $runnerId || runnerId == $runnerId)
  ] | order(dateTime(_createdAt) asc, _id asc){{
    "document": @,
    "feedback": {_FEEDBACK_OF_LOG}{{_createdAt}}
  }}
}}"""

# The same of many logs and pairs, by their ids: each session belongs to one runner, so hardly a log
# is read that is of no pair.
CONTEXT_OF_BATCH = f"""{{
  "logs": *[_type == "workoutLog" && _id in $logIds]{_ROW},
  "sessions": *[_type == "trainingSession" && _id in $sessionIds]{{
    "document": {_SESSION},
    "plan": {_PLAN_OF_SESSION}
  }},
  "runners": *[_type == "user" && _id in $runnerIds]{_RUNNER},
  "existing": *[
    _type == "workoutLog"
    && (sessionId._ref in $sessionIds || sessionId in $sessionIds)
    && (runnerId._ref in $runnerIds || runnerId in $runnerIds)
  ] | order(dateTime(_createdAt) asc, _id asc){{
    "document": @,
    "feedback": {_FEEDBACK_OF_LOG}{{_createdAt}}
  }}
}}"""

# Which revision do queries see? By `_id`, indexed.
REVISION = "*[_id == $id][0]._rev"

# Does the store respond? The cheapest query that needs the right to read.
PING = 'defined(*[_type == "user"][0]._id)'

# What is there? For the operator only; `count()` by type is indexed.
COUNTS = """{
  "user": count(*[_type == "user"]),
  "trainingPlan": count(*[_type == "trainingPlan"]),
  "trainingSession": count(*[_type == "trainingSession"]),
  "workoutLog": count(*[_type == "workoutLog"]),
  "feedback": count(*[_type == "feedback"]),
  "workoutLogDeletion": count(*[_type == "workoutLogDeletion"])
}"""

# For the upkeep: the documents of a type, page by page, and the types of some documents.
DOCUMENTS = "*[_type == $type && _id > $after] | order(_id asc)[0...$limit]"
TYPES = "*[_id in $ids]{_id, _type}"

# Deletions that nobody is told of any more, page by page.
OLD_DELETIONS = """*[
    _type == "workoutLogDeletion" && _id > $after
    && coalesce(dateTime(_updatedAt) < dateTime($before), true)
  ] | order(_id asc)[0...$limit]{_id, _rev}"""

# The day of a session in `date` or `scheduledDate`: text without a zone is local, and compared as
# if it were UTC, an instant as it is. GROQ's `dateTime` is null for any other text.
_DAY = "coalesce(date, scheduledDate)"
_LOCAL = f"""coalesce(
    dateTime({_DAY} + "T00:00:00Z"), dateTime({_DAY} + "Z"), dateTime({_DAY} + ":00Z")
  )"""
_IN_DAYS = f"""({is_day(_DAY)} && (
    ({_LOCAL} >= dateTime($first + "T00:00:00Z")
      && {_LOCAL} <= dateTime($last + "T23:59:59.999999999Z"))
    || ({is_within_years(_DAY)}
      && dateTime({_DAY}) >= dateTime($since) && dateTime({_DAY}) < dateTime($until)))
  )"""

# The sessions of everybody, from an index: as text, a day lies between its neighbours.
_SESSIONS_IN_DAYS = f"""*[
    _type == "trainingSession"
    && ((date >= $earliest && date <= $latest)
      || (scheduledDate >= $earliest && scheduledDate <= $latest))
    && {_IN_DAYS}
  ]._id"""

_REVIEWED = '*[_type == "feedback"]'

# The filters of a list.
_FILTERS = {
    "runnerIds": "(runnerId._ref in $runnerIds || runnerId in $runnerIds)",
    "sessionId": "(sessionId._ref == $sessionId || sessionId == $sessionId)",
    "status": "status == $status",
    "feeling": "feeling == $feeling",
}
_IN_DAYS_OF_SESSION = f'{{"is": _type == "trainingSession" && {_IN_DAYS}}}'
_FILTERS_OF_SOME = _FILTERS | {
    "days": f"{_session_of_log(_IN_DAYS_OF_SESSION)}.is",
    "reviewed": f"(count({_FEEDBACK_OF_LOG}) > 0) == $reviewed",
}
"""For some runners' logs, row by row: the sessions and the feedback of others are not read."""

FILTERS = tuple(_FILTERS_OF_SOME)
"""The names of the filters."""

_FILTERS_OF_ALL = _FILTERS | {
    "days": f"(sessionId._ref in {_SESSIONS_IN_DAYS} || sessionId in {_SESSIONS_IN_DAYS})",
    "reviewed": (
        f"(_id in {_REVIEWED}.workoutLogId._ref || _id in {_REVIEWED}.workoutLogId) == $reviewed"
    ),
}
"""For everybody's logs: the subqueries speak of no row, so each is evaluated once."""

# Any text can be a `_createdAt`. What is no instant is neither in this range nor outside of it.
_DATED = """(
    dateTime(_createdAt) >= dateTime("0000-01-01T00:00:00Z")
    && dateTime(_createdAt) <= dateTime("9999-12-31T23:59:59.999Z")
  )"""
_UNDATED = f"coalesce({_DATED}, false) == false"

# Text would sort `…00.500Z` before `…00Z`, in the filter as in the order.
_AFTER = (
    "(dateTime(_createdAt) < dateTime($afterCreatedAt)"
    " || (dateTime(_createdAt) == dateTime($afterCreatedAt) && _id < $afterId))"
)


def list_logs(
    filters: Collection[str], *, after: Position | None, total: bool, now: bool = False
) -> str:
    """One page of the logs that pass the named filters, newest first, and how many pass in all.

    A page goes on from a place (keyset), so it costs the same at any depth. The logs without an
    instant come last, and are looked for only where the others do not fill the page. Parameters:
    those of the filters, `$limit`, and with `after` also `$afterCreatedAt` and `$afterId`. With
    `now` the moment of the query comes along.
    """
    conditions = _FILTERS_OF_SOME if "runnerIds" in filters else _FILTERS_OF_ALL
    matching = " && ".join(['_type == "workoutLog"', *(conditions[each] for each in filters)])
    counted = f',\n"total": count(*[{matching}])' if total else ""
    counted += ',\n"now": now()' if now else ""
    if after is not None and not after.created_at:
        return f'{{"logs": {_undated(f"{matching} && _id < $afterId")}{counted}}}'
    page = f"{matching} && {_DATED}" + (f" && {_AFTER}" if after is not None else "")
    newest_first = f"*[{page}] | order(dateTime(_createdAt) desc, _id desc)[0...$limit]{_ROW}"
    rest = f"select(count(dated) < $limit => {_undated(matching)}, [])"
    return f'{{"dated": {newest_first}}}{{"logs": [...dated, ...{rest}][0...$limit]{counted}}}'


NOW = "now()"

_DELETED_LOG_EXISTS = """select(
    _type == "workoutLogDeletion" => defined(*[_type == "workoutLog" && _id == ^.logId][0]._id)
  )"""


def list_changes(*, of_runners: bool) -> str:
    """The logs and deletions written after `$at` and `$id`, in the order of their writes.

    Deletions have no session and no feedback; `exists` says whether the log is there again.
    Parameters: also `$deletionsSince`, `$limit` and, with `of_runners`, `$runnerIds`.
    """
    conditions = [
        '_type in ["workoutLog", "workoutLogDeletion"]',
        *([_FILTERS["runnerIds"]] if of_runners else []),
        '(_type == "workoutLog" || dateTime(_updatedAt) >= dateTime($deletionsSince))',
        "(dateTime(_updatedAt) > dateTime($at)"
        " || (dateTime(_updatedAt) == dateTime($at) && _id > $id))",
    ]
    return f"""{{
  "changes": *[{" && ".join(conditions)}]
    | order(dateTime(_updatedAt) asc, _id asc)[0...$limit]{{{_MEMBERS_OF_ROW},
  "exists": {_DELETED_LOG_EXISTS}
}},
  "now": now()
}}"""


def _undated(matching: str) -> str:
    return f"*[{matching} && {_UNDATED}] | order(_id desc)[0...$limit]{_ROW}"
