"""The queries, in GROQ: constant text, values only as parameters.

A list is put together from constant pieces, so that only filters that hold something are there and
Sanity can use its indices for them. No filter follows a reference (`->`): that would be a subquery
for every document, and no index can serve it. References are followed in projections, where it
costs something for the rows of a page only; old documents hold plain strings for references.
"""

from __future__ import annotations

from collections.abc import Iterable

_SESSION = "{_id, _type, date, day, type, distance, duration, pace}"
_PLAN = "{_id, _type, runnerId}"
_RUNNER = "{_id, _type, name}"
_USER = "{_id, _type, name, email, role}"
_COACHED = '{_id, _type, "hasCoach": defined(coachId)}'

_ROW = f"""{{
  "document": @,
  "session": select(
    defined(sessionId._ref) => sessionId->{_SESSION},
    *[_type == "trainingSession" && _id == ^.sessionId][0]{_SESSION}
  ),
  "runner": select(
    defined(runnerId._ref) => runnerId->{_RUNNER},
    *[_type == "user" && _id == ^.runnerId][0]{_RUNNER}
  )
}}"""

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
    "plan": select(
      defined(planId._ref) => planId->{_PLAN},
      *[_type == "trainingPlan" && _id == ^.planId][0]{_PLAN}
    )
  }},
  "runner": *[_type == "user" && _id == $runnerId][0]{_RUNNER},
  "existing": *[
    _type == "workoutLog"
    && (sessionId._ref == $sessionId || sessionId == $sessionId)
    && (runnerId._ref == $runnerId || runnerId == $runnerId)
  ] | order(dateTime(_createdAt) asc, _id asc)
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
  "feedback": count(*[_type == "feedback"])
}"""

# For the upkeep: the documents of a type, page by page, and the types of some documents.
DOCUMENTS = "*[_type == $type && _id > $after] | order(_id asc)[0...$limit]"
TYPES = "*[_id in $ids]{_id, _type}"

_IN_DATES = '*[_type == "trainingSession" && date >= $dateFrom && date <= $dateTo]._id'

# The filters of a list. The subquery of `dates` speaks of no row, so it is evaluated once.
FILTERS = {
    "runnerIds": "(runnerId._ref in $runnerIds || runnerId in $runnerIds)",
    "sessionId": "(sessionId._ref == $sessionId || sessionId == $sessionId)",
    "status": "status == $status",
    "feeling": "feeling == $feeling",
    "dates": f"(sessionId._ref in {_IN_DATES} || sessionId in {_IN_DATES})",
}

# Text would sort `…00.500Z` before `…00Z`, in the filter as in the order.
_AFTER = (
    "(dateTime(_createdAt) < dateTime($afterCreatedAt)"
    " || (dateTime(_createdAt) == dateTime($afterCreatedAt) && _id < $afterId))"
)


def list_logs(filters: Iterable[str], *, after: bool, total: bool) -> str:
    """One page of the logs that pass the named filters, newest first, and how many pass in all.

    A page goes on from a place (keyset), so it costs the same at any depth. Parameters: those of
    the filters, `$limit`, and with `after` also `$afterCreatedAt` and `$afterId`.
    """
    matching = " && ".join(['_type == "workoutLog"', *(FILTERS[each] for each in filters)])
    page = f"{matching} && {_AFTER}" if after else matching
    counted = f',\n"total": count(*[{matching}])' if total else ""
    newest_first = "order(dateTime(_createdAt) desc, _id desc)[0...$limit]"
    return f'{{"logs": *[{page}] | {newest_first}{_ROW}{counted}}}'
