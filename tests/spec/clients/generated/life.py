"""The life of a log through openapi-generator's client for Python: life.py URL TOKEN SESSION."""

import sys

from openapi_client import ApiClient, ApiException, Configuration
from openapi_client.api import WorkoutLogsApi
from openapi_client.models import Feeling, Status, WorkoutLogCreate, WorkoutLogUpdate

_, url, token, session_id = sys.argv
api = WorkoutLogsApi(ApiClient(Configuration(host=url, access_token=token)))


def status(call, *arguments, **keywords) -> int:
    try:
        call(*arguments, **keywords)
    except ApiException as error:
        return error.status
    return 200


body = WorkoutLogCreate(
    sessionId=session_id,
    status=Status.COMPLETED,
    actualDistance=10,
    actualDuration="50:00",
    feeling=Feeling.GOOD,
)
created = api.create_workout_log_with_http_info(body)
log = created.data.data
assert (log.actual_pace, log.notes) == ("5:00", None)
assert status(api.create_workout_log, body) == 409

etag = {name.lower(): value for name, value in created.headers.items()}["etag"]
change = WorkoutLogUpdate(actualDistance=10.5, feeling=None)
updated = api.update_workout_log(log.id, change, if_match=etag).data
assert (updated.feeling, updated.actual_distance) == (None, 10.5)
assert status(api.update_workout_log, log.id, change, if_match=etag) == 412

page = api.list_workout_logs(limit=1, with_total=True)
assert page.data[0].id == log.id
second = api.list_workout_logs(limit=1, cursor=page.pagination.next_cursor)
assert second.data[0].id != log.id

api.delete_workout_log(log.id)
assert status(api.get_workout_log, log.id) == 404
