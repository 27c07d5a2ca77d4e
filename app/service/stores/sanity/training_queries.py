"""The queries for training sessions and progress, in GROQ: constant text as in `queries`.

Sessions are found through the plans of the runners asked for, never through all sessions. A query
has stages: `{…}{…}` is a projection of what the projection before it made, and `^` in a subquery
the object that the subquery is in.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.service.model import SessionState
from app.service.stores.port import SessionQuery

_PLAN = "{_id, _type, runnerId, status}"
_RUNNER = "{_id, _type, name}"


def _points(name: str, to: str) -> str:
    """Whether a reference, or the plain string of an old document, leads there."""
    return f"({name}._ref {to} || {name} {to})"


def _plans_of(runners: str) -> str:
    return f"""*[
    _type == "trainingPlan" && status != "cancelled" && {_points("runnerId", f"in {runners}")}
  ]._id"""


def _part(text: str, separator: str, number: int) -> str:
    return f'string::split({text}, "{separator}")[{number}]'


def is_day(text: str) -> str:
    """Whether a text can be a day, in which `dateTime()` alone is not to be trusted: it lets the
    30th of February run over into March and 24:00 into the next day, and takes any zone.
    """
    day, clock = _part(text, "T", 0), _part(text, "T", 1)
    zone = f'coalesce({_part(clock, "+", 1)}, {_part(clock, "-", 1)}, "")'
    return f"""(
    {day} >= "0001" && {_day(f'dateTime({day} + "T00:00:00Z")')} == {day}
    && coalesce({clock}, "") < "24" && {zone} < "15"
  )"""


def is_within_years(text: str) -> str:
    """Whether a datetime with a zone is of the years in which its day has a year of four digits."""
    return f'({text} >= "0002" && {text} < "9999")'


def day_of(name: str) -> str:
    """The day of a field in the zone whose `$offsets` are given: what `TimeZone.day_of` reads.

    GROQ has no time zones, but adds seconds to instants. `$offsets` holds pairs in order: from
    which instant on (seconds since 1970), and how many seconds east of UTC.
    """
    offset = f"""coalesce(
      $offsets[@[0] <= dateTime(^.{name}) - dateTime("1970-01-01T00:00:00Z")][-1][1],
      $offsets[0][1]
    )"""
    local = f'coalesce(dateTime({name} + "Z"), dateTime({name} + ":00Z"))'
    return f"""select(
    !{is_day(name)} => null,
    {name} == {_part(name, "T", 0)} => {name},
    {is_within_years(name)} && dateTime({name}) > dateTime("0001-01-01T00:00:00Z")
      => {_day(f"dateTime({name}) + {offset}")},
    {local} >= dateTime("0001-01-01T00:00:00Z") => {_part(name, "T", 0)}
  )"""


def _day(instant: str) -> str:
    """The day of an instant in UTC. A day that no month has runs over into the next one."""
    return _part(f"string({instant})", "T", 0)


# A session as it is read, with the day that it is planned for as `onDay`.
_SESSION = f"""{{
    _id, _type, date, scheduledDate, day, type, distance, duration, pace, targetPace, notes,
    planId, runnerId, "planned": coalesce(date, scheduledDate)
  }}{{..., "onDay": {day_of("planned")}}}"""

_LOG = """
    _id, _rev, _createdAt, _updatedAt, sessionId, runnerId, status, actualDistance, actualDuration,
    actualPace, feeling, injuries, createdAt, updatedAt"""

_IN_DAYS = "[onDay >= $first && onDay <= $last]"

# As text, a day lies within two days of its instants in any zone: an index can find these.
_NEAR_DAYS = """(
    (date >= $earliest && date <= $latest)
    || (scheduledDate >= $earliest && scheduledDate <= $latest)
  )"""

_CANCELLED_PLANS = '*[_type == "trainingPlan" && status == "cancelled"]._id'

# A session that names a runner itself is theirs unless its plan exists.
_NAMING_RUNNERS = f'*[_type == "trainingSession" && {_points("runnerId", "in $runnerIds")}].planId'
_PLANS_OF_NAMING = f"""*[
    _type == "trainingPlan" && (_id in {_NAMING_RUNNERS}._ref || _id in {_NAMING_RUNNERS})
  ]._id"""
_OF_RUNNERS = f"""(
    {_points("planId", f"in {_plans_of('$runnerIds')}")}
    || ({_points("runnerId", "in $runnerIds")} && !{_points("planId", f"in {_PLANS_OF_NAMING}")})
  )"""
_OF_ALL = f"!{_points('planId', f'in {_CANCELLED_PLANS}')}"

# Whose a session is: its plan's runner's; without a plan, the runner's that it names.
_NAMED = '{"id": coalesce(runnerId._ref, runnerId)}'
_OWNER = f"""coalesce(
    select(
      planId->_type == "trainingPlan" => planId->{_NAMED},
      *[_type == "trainingPlan" && _id == ^.planId][0]{_NAMED}
    ),
    {_NAMED}
  ).id"""

_PAIR = """{
    "pair": coalesce(sessionId._ref, sessionId) + " " + coalesce(runnerId._ref, runnerId)
  }.pair"""
_LOGGED_BY_RUNNERS = f"""coalesce(_id + " " + {_OWNER}, "") in *[
    _type == "workoutLog" && {_points("runnerId", "in $runnerIds")}
  ]{_PAIR}"""
_LOGGED_BY_ALL = f'coalesce(_id + " " + {_OWNER}, "") in *[_type == "workoutLog"]{_PAIR}'

_STATES = {
    SessionState.REST_DAY: 'type == "rest"',
    SessionState.UNSCHEDULED: 'type != "rest" && !defined(onDay)',
    SessionState.UPCOMING: 'type != "rest" && onDay > $asOf',
    SessionState.DUE: 'type != "rest" && onDay == $asOf',
    SessionState.OVERDUE: 'type != "rest" && onDay < $asOf',
}
"""Of the sessions without a log."""

_AFTER_DAY = "[onDay > $afterDay || (onDay == $afterDay && _id > $afterId) || !defined(onDay)]"
_AFTER_UNSCHEDULED = "[!defined(onDay) && _id > $afterId]"

_WITH_ALL_OF_SESSIONS = f"""{{
  ...,
  "plans": *[
    _type == "trainingPlan" && (_id in ^.sessions[].planId._ref || _id in ^.sessions[].planId)
  ]{_PLAN}
}}{{
  ...,
  "runners": *[_type == "user" && (
    _id in ^.plans[].runnerId._ref || _id in ^.plans[].runnerId
    || _id in ^.sessions[].runnerId._ref || _id in ^.sessions[].runnerId
  )]{_RUNNER},
  "logs": *[_type == "workoutLog" && {_points("sessionId", "in ^.sessions[]._id")}]{{
    "document": {{{_LOG}
    }},
    "session": null,
    "runner": null,
    "feedback": *[
      _type == "feedback" && {_points("workoutLogId", "== ^._id")}
    ]{{_createdAt}}
  }}
}}"""

# One session with its plan, its runner and its logs: by `_id`, indexed.
SESSION = f"""{{
  "sessions": *[_type == "trainingSession" && _id == $id]
}}{_WITH_ALL_OF_SESSIONS}"""


def list_sessions(query: SessionQuery) -> str:
    """A page of sessions by day, then by id, each with its plan, its runner and its logs.

    Parameters: `$runnerIds`, `$type`, `$asOf` and `$afterDay`, `$afterId` where the query has them;
    with dates `$first`, `$last` and two days around them, `$earliest` and `$latest`; always
    `$offsets` and `$limit`.
    """
    of_runners = query.runner_ids is not None
    found = ['_type == "trainingSession"', _OF_RUNNERS if of_runners else _OF_ALL]
    if query.days is not None:
        found.append(_NEAR_DAYS)
    if query.type is not None:
        found.append("type == $type")
    matching = f"*[{' && '.join(found)}]{_SESSION}{''.join(_filters(query))}"
    total = f',\n  "total": count({matching})' if query.with_total else ""
    if query.after is not None:
        matching += _AFTER_DAY if query.after.day else _AFTER_UNSCHEDULED
    page = f"{matching} | order(onDay asc, _id asc)[0...$limit]"
    return f'{{\n  "sessions": {page}{total}\n}}{_WITH_ALL_OF_SESSIONS}'


def _filters(query: SessionQuery) -> Iterable[str]:
    """What no index can tell, and is asked of the sessions found only."""
    if query.days is not None:
        yield _IN_DAYS
    if query.state is not None:
        logged = _LOGGED_BY_ALL if query.runner_ids is None else _LOGGED_BY_RUNNERS
        if query.state is SessionState.LOGGED:
            yield f"[{logged}]"
        else:
            yield f"[{_STATES[query.state]}][!({logged})]"


# A log with its session, and the day that it counts on as `onDay`: its session's, else the one on
# which it was created. A log of a runner's own session without a day counts on none.
_WITH_DAY = f"""{{
    ...,
    "session": select(
      sessionId->_type == "trainingSession" => sessionId->,
      *[_type == "trainingSession" && _id == ^.sessionId][0]
    ){{_id, _type, date, scheduledDate, planId, runnerId}}
  }}{{
    ...,
    "planned": coalesce(session.date, session.scheduledDate)
  }}{{
    ...,
    "onDay": coalesce({day_of("planned")}, {day_of("_createdAt")}, {day_of("createdAt")})
  }}{_IN_DAYS}"""


def progress(*, of_runners: bool, total: bool) -> str:
    """A page of runners by id, their sessions in a range of days, and the logs that count there.

    A runner is a user with that role, or one who has a session or a log in the range. Parameters:
    `$runnerIds` with `of_runners`; `$first`, `$last`, `$earliest`, `$latest`, `$offsets`,
    `$fromId` and `$limit`.
    """
    visible = " && _id in $runnerIds" if of_runners else ""
    runners = f"""*[
    _type == "user"{visible} && (role == "runner" || _id in ^.owners || _id in ^.loggers)"""
    return f"""{{
  "others": *[_type == "user" && role != "runner"{visible}]._id
}}{{
  ...,
  "plansOfOthers": {_plans_of("^.others")}
}}{{
  "owners": {_sessions_of("^.others", "^.plansOfOthers")}{{"id": {_OWNER}}}.id,
  "loggers": {_logs_of("^.others")}{_NAMED}.id
}}{{
  "runners": {runners} && _id >= $fromId
  ] | order(_id asc)[0...$limit]{_RUNNER},
  "total": {f"count({runners}])" if total else "null"}
}}{{
  ...,
  "ids": runners[]._id
}}{{
  ...,
  "plansOfRunners": {_plans_of("^.ids")}
}}{{
  runners,
  total,
  "sessions": {_sessions_of("^.ids", "^.plansOfRunners")},
  "logs": {_logs_of("^.ids")}{{"document": {{{_LOG}}}, session}}
}}{{
  ...,
  "plans": *[_type == "trainingPlan" && (
    _id in ^.sessions[].planId._ref || _id in ^.sessions[].planId
    || _id in ^.logs[].session.planId._ref || _id in ^.logs[].session.planId
  )]{_PLAN},
  "reviewed": *[
    _type == "feedback" && {_points("workoutLogId", "in ^.logs[].document._id")}
  ]{{"id": coalesce(workoutLogId._ref, workoutLogId)}}.id
}}"""


def _sessions_of(runners: str, plans: str) -> str:
    """The sessions in the range of days that are in the plans, or name the runners."""
    return f"""*[
    _type == "trainingSession" && {_NEAR_DAYS}
    && ({_points("planId", f"in {plans}")} || {_points("runnerId", f"in {runners}")})
  ]{_SESSION}{_IN_DAYS}"""


def _logs_of(runners: str) -> str:
    """The logs of the runners that count in the range of days."""
    return f"""*[_type == "workoutLog" && {_points("runnerId", f"in {runners}")}]{_WITH_DAY}"""
