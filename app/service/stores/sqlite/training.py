"""Training sessions and progress in the embedded store: each a few queries in one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.service.rows import id_of
from app.service.stores.port import ProgressQuery, SessionPosition, SessionQuery
from app.service.stores.sqlite import training_queries as queries
from app.service.training_rows import (
    ProgressRows,
    TrainingRows,
    decode_progress,
    decode_training,
)

_DAY_SECONDS = 24 * 3600

Parameters = dict[str, Any]


class _Place(NamedTuple):
    """Where a session stands in a list, and in the file."""

    day: str | None
    id: str
    seq: int


def list_sessions(connection: sqlite3.Connection, query: SessionQuery) -> TrainingRows:
    """As `Store.list_sessions`."""
    parameters = _parameters(query)
    total = None
    if query.with_total:
        (total,) = connection.execute(queries.count_sessions(query), parameters).fetchone()
    places = [] if _is_beyond_days(query.after) else _with_day(connection, query, parameters)
    if len(places) < query.limit and query.days is None:
        places += _places(connection, queries.sessions_without_day(query), parameters)
    seqs = [place.seq for place in places[: query.limit]]
    return decode_training(_json(_belongings(connection, seqs), total=total))


def get_session(connection: sqlite3.Connection, session_id: str) -> TrainingRows:
    """As `Store.get_session`."""
    found = connection.execute(queries.SEQ_OF_SESSION, {"id": session_id})
    return decode_training(_json(_belongings(connection, [seq for (seq,) in found])))


def read_progress(connection: sqlite3.Connection, query: ProgressQuery) -> ProgressRows:
    """As `Store.read_progress`."""
    of_runners = query.runner_ids is not None
    parameters: Parameters = {
        **query.days._asdict(),
        "runner_ids": json.dumps(sorted(query.runner_ids or ())),
        "zone": query.zone.name,
        "from_id": query.from_id,
        "limit": query.limit,
    }
    total = None
    if query.with_total:
        counting = queries.count_runners(of_runners=of_runners)
        (total,) = connection.execute(counting, parameters).fetchone()
    listing = queries.list_runners(of_runners=of_runners)
    runners = connection.execute(listing, parameters).fetchall()
    parameters["ids"] = json.dumps([id_ for id_, _ in runners])
    planned, sessions = connection.execute(queries.SESSIONS_IN_RANGE, parameters).fetchone()
    parameters["planned"] = planned
    log_ids, logged, logs = connection.execute(queries.LOGS_IN_RANGE, parameters).fetchone()
    (reviewed,) = connection.execute(queries.REVIEWED, {"log_ids": log_ids}).fetchone()
    seqs = {*json.loads(planned), *json.loads(logged)} - {None}
    with_plans = {"seqs": json.dumps(sorted(seqs))}
    rows = decode_progress(
        _json(
            {
                "runners": [body for _, body in runners],
                "sessions": [sessions or b""],
                "logs": [logs or b""],
                "plans": _column(connection, queries.PLANS, with_plans),
                "reviewed": [reviewed[1:-1]],
            },
            total=total,
        )
    )
    by_id = {each.id: each for each in rows.sessions}
    for each in rows.logs:
        each.session = each.session or by_id.get(id_of(each.document.session_id) or "")
    return rows


def _parameters(query: SessionQuery) -> Parameters:
    after = query.after or SessionPosition("", "")
    return {
        "runner_ids": json.dumps(sorted(query.runner_ids or ())),
        "type": query.type,
        "as_of": query.as_of,
        "zone": query.zone.name,
        "limit": query.limit,
        "after_day": after.day,
        "after_id": after.id,
        "after_unscheduled": after.id if _is_beyond_days(query.after) else "",
        # Clocks that were set back bring a day back for some hours.
        "from_instant": query.zone.span(after.day or None, None).since - _DAY_SECONDS,
        **(query.days._asdict() if query.days else {}),
    }


def _is_beyond_days(after: SessionPosition | None) -> bool:
    return after is not None and not after.day


def _with_day(
    connection: sqlite3.Connection, query: SessionQuery, parameters: Parameters
) -> list[_Place]:
    """The first sessions with a day: a merge of those whose documents hold days and instants."""
    by_day = _places(connection, queries.sessions_by_day(query), parameters)
    first = connection.execute(queries.sessions_by_instant(query), parameters).fetchall()
    if not first:
        return by_day
    last_day = max(query.zone.day_at(instant) for (instant,) in first)
    to_instant = query.zone.span(None, last_day).until + _DAY_SECONDS
    until = parameters | {"to_instant": to_instant}
    by_instant = _places(connection, queries.sessions_until_instant(query), until)
    return sorted([*by_day, *by_instant])[: query.limit]


def _places(connection: sqlite3.Connection, query: str, parameters: Parameters) -> list[_Place]:
    return [_Place(*row) for row in connection.execute(query, parameters)]


def _belongings(connection: sqlite3.Connection, seqs: Sequence[int]) -> dict[str, Sequence[bytes]]:
    """The sessions and what belongs to them, each as JSON."""
    places = {"seqs": json.dumps(seqs)}
    return {
        "sessions": _column(connection, queries.BODIES, places),
        "plans": _column(connection, queries.PLANS, places),
        "runners": _column(connection, queries.RUNNERS, places),
        "logs": _column(connection, queries.LOGS, places),
    }


def _column(
    connection: sqlite3.Connection, query: str, parameters: Mapping[str, Any]
) -> list[bytes]:
    return [value for (value,) in connection.execute(query, parameters)]


def _json(lists: Mapping[str, Iterable[bytes]], *, total: int | None = None) -> bytes:
    """An object of lists, each of parts that are JSON already."""
    members = [b'"%b":[%b]' % (name.encode(), b",".join(values)) for name, values in lists.items()]
    return b'{%b,"total":%b}' % (b",".join(members), json.dumps(total).encode())
