"""The whole life of a log through the generated Python client: life.py URL TOKEN SESSION."""

from __future__ import annotations

import sys

from workout_log_client import AuthenticatedClient
from workout_log_client.api.workout_logs import (
    create_workout_log,
    delete_workout_log,
    get_workout_log,
    list_workout_logs,
    update_workout_log,
)
from workout_log_client.models import (
    Feeling,
    Problem,
    ProblemCode,
    Status,
    WorkoutLogCreate,
    WorkoutLogList,
    WorkoutLogResponse,
    WorkoutLogUpdate,
)

_, url, token, session_id = sys.argv
client = AuthenticatedClient(url, token=token, raise_on_unexpected_status=True)

new = WorkoutLogCreate(
    session_id=session_id,
    status=Status.COMPLETED,
    actual_distance=10,
    actual_duration="50:00",
    feeling=Feeling.GOOD,
)
created = create_workout_log.sync_detailed(client=client, body=new, idempotency_key="life")
assert isinstance(created.parsed, WorkoutLogResponse), created
log = created.parsed.data
assert (log.status, log.actual_pace, log.notes) == (Status.COMPLETED, "5:00", None)
assert log.session is not None
assert log.session.id == session_id

again = create_workout_log.sync(client=client, body=new)
assert isinstance(again, Problem)
assert (again.code, again.existing_id) == (ProblemCode.DUPLICATE_WORKOUT_LOG, log.id)

first = list_workout_logs.sync(client=client, limit=1, with_total=True)
assert isinstance(first, WorkoutLogList)
assert first.data[0].id == log.id
assert first.pagination.next_cursor is not None
second = list_workout_logs.sync(client=client, limit=1, cursor=first.pagination.next_cursor)
assert isinstance(second, WorkoutLogList)
assert second.data[0].id != log.id

etag = created.headers["ETag"]
unchanged = get_workout_log.sync_detailed(log.id, client=client, if_none_match=etag)
assert unchanged.status_code == 304

change = WorkoutLogUpdate(notes="One more lap", actual_distance=10.5, feeling=None)
updated = update_workout_log.sync(log.id, client=client, body=change, if_match=etag)
assert isinstance(updated, WorkoutLogResponse)
assert (updated.data.notes, updated.data.feeling) == ("One more lap", None)
assert updated.data.actual_pace_seconds == 286

late = update_workout_log.sync(log.id, client=client, body=change, if_match=etag)
assert isinstance(late, Problem)
assert late.code is ProblemCode.PRECONDITION_FAILED

wrong = update_workout_log.sync(log.id, client=client, body=WorkoutLogUpdate(temperature=1000))
assert isinstance(wrong, Problem)
assert wrong.errors
assert wrong.errors[0].pointer == "/temperature"

assert delete_workout_log.sync_detailed(log.id, client=client).status_code == 204
gone = get_workout_log.sync(log.id, client=client)
assert isinstance(gone, Problem)
assert gone.code is ProblemCode.NOT_FOUND
