"""The life of a log, told once as its runner, and again as everybody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import world
from tests.conftest import Client

FRESH = world.session_of(world.RUNNER, 10)


def test_a_runner_creates_reads_lists_updates_and_deletes_a_log(runner: Client) -> None:
    body = {
        "sessionId": FRESH,
        "status": "completed",
        "externalLink": "https://www.strava.com/activities/1",
        "actualDistance": 10,
        "actualDuration": "52:30",
        "notes": " Windy,\nbut fun ",
        "feeling": "good",
        "injuries": ["left knee"],
        "weather": "rain",
        "temperature": -3.5,
    }
    created = runner.create(body)
    assert created.status_code == 201
    log = created.json["data"]
    assert created.headers["Location"] == f"/api/workout-logs/{log['id']}"
    assert log == {
        "id": log["id"],
        "sessionId": FRESH,
        "runnerId": world.RUNNER,
        "status": "completed",
        "externalLink": "https://www.strava.com/activities/1",
        "actualDistance": 10,
        "actualDuration": "0:52:30",
        "actualPace": "5:15",
        "actualDurationSeconds": 3150,
        "actualPaceSeconds": 315,
        "notes": "Windy,\nbut fun",
        "feeling": "good",
        "injuries": ["left knee"],
        "weather": "rain",
        "temperature": -3.5,
        "createdAt": log["createdAt"],
        "updatedAt": log["updatedAt"],
        "session": {
            "id": FRESH,
            "date": "2026-01-14",
            "day": "Monday",
            "type": "easy",
            "distance": "10 km",
            "duration": "60 min",
            "pace": "6:00",
        },
        "runner": {"id": world.RUNNER, "name": "Ada"},
        "feedback": {"count": 0, "lastAt": None},
        "revision": log["revision"],
    }

    read = runner.get(log["id"])
    assert (read.status_code, read.json) == (200, created.json)
    assert read.headers["ETag"] == created.headers["ETag"]

    listed = runner.list(sessionId=FRESH)
    assert listed.status_code == 200
    assert listed.json == {
        "data": [log],
        "pagination": {"limit": 20, "nextCursor": None, "total": None, "syncToken": None},
    }

    updated = runner.update(log["id"], {"notes": None, "actualDistance": 10.5})
    assert updated.status_code == 200
    assert updated.headers["ETag"] != read.headers["ETag"]
    assert updated.json["data"] == log | {
        "notes": None,
        "actualDistance": 10.5,
        "actualPace": "5:00",
        "actualPaceSeconds": 300,
        "updatedAt": updated.json["data"]["updatedAt"],
        "revision": updated.json["data"]["revision"],
    }
    assert runner.get(log["id"]).json == updated.json

    deleted = runner.delete(log["id"])
    assert (deleted.status_code, deleted.data) == (204, b"")
    assert runner.get(log["id"]).status_code == 404
    assert runner.create(body).status_code == 201


OTHERS = {
    # Who: the statuses of create, read, update and delete, and whether they find it in their list.
    world.TEAMMATE: (422, 404, 404, 404, False),
    world.COACH: (422, 200, 403, 403, True),
    world.OTHER_COACH: (422, 404, 404, 404, False),
    world.ADMIN: (422, 200, 200, 204, True),
    None: (401, 401, 401, 401, None),
}


@pytest.mark.parametrize("who", OTHERS, ids=str)
def test_the_same_story_as_somebody_else(
    runner: Client, sign_in: Callable[[str | None], Client], who: str | None
) -> None:
    create, read, update, delete, listed = OTHERS[who]
    somebody = sign_in(who)
    body = {"sessionId": FRESH, "status": "dnf"}
    assert somebody.create(body).status_code == create
    log = runner.create(body).json["data"]

    assert somebody.get(log["id"]).status_code == read
    page = somebody.list(sessionId=FRESH, withTotal="true")
    if listed is None:
        assert page.status_code == 401
    else:
        assert page.json["data"] == ([log] if listed else [])
        assert page.json["pagination"]["total"] == listed

    assert somebody.update(log["id"], {"notes": "theirs"}).status_code == update
    assert runner.get(log["id"]).json["data"]["notes"] == ("theirs" if update == 200 else None)
    assert somebody.delete(log["id"]).status_code == delete
    assert runner.get(log["id"]).status_code == (404 if delete == 204 else 200)


@pytest.mark.parametrize("body", [{"sessionId": FRESH, "status": "undone"}])
def test_a_log_of_a_session_that_was_not_done_has_nothing_but_its_status(
    runner: Client, body: dict[str, str]
) -> None:
    log = runner.create(body).json["data"]
    unset = {name: log[name] for name in log if log[name] is None}
    assert set(unset) == {
        "externalLink",
        "actualDistance",
        "actualDuration",
        "actualPace",
        "actualDurationSeconds",
        "actualPaceSeconds",
        "notes",
        "feeling",
        "weather",
        "temperature",
    }
    assert log["injuries"] == []


def test_each_response_tells_the_share_of_the_store(runner: Client) -> None:
    timing = runner.list().headers["Server-Timing"]
    assert timing.startswith('store;desc="2 calls";dur=')
