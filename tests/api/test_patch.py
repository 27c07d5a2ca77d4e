"""PATCH: it does what PUT does, and takes JSON Merge Patch as well."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests import world
from tests.conftest import Client, OpenStore, told
from tests.world import OTHER_RUNNER, RUNNER, TEAMMATE, log_of, session_of

LOG = log_of(RUNNER, 1)
PATH = f"/api/workout-logs/{LOG}"
MERGE_PATCH = "application/merge-patch+json"
MEDIA_TYPES = [MERGE_PATCH, "application/json", f"{MERGE_PATCH}; charset=utf-8"]
ACCEPTED = "application/merge-patch+json, application/json"

CASES: dict[str, tuple[str, Any, dict[str, str]]] = {
    "one member": (LOG, {"notes": "x"}, {}),
    "clears": (LOG, {"actualPace": None}, {}),
    "pace follows": (LOG, {"actualDistance": 12}, {}),
    "nothing": (LOG, {}, {}),
    "read-only members": (LOG, {"id": "y", "revision": 5}, {}),
    "same identity": (LOG, {"sessionId": session_of(RUNNER, 1)}, {}),
    "If-Match holds": (LOG, {"notes": "x"}, {"If-Match": f'"rev-{LOG}"'}),
    "If-Match does not hold": (LOG, {"notes": "x"}, {"If-Match": '"y"'}),
    "If-None-Match": (LOG, {"notes": "x"}, {"If-None-Match": "*"}),
    "unknown member": (LOG, {"note": "x"}, {}),
    "limits": (LOG, {"actualDistance": -1, "notes": "x" * 2001}, {}),
    "status cleared": (LOG, {"status": None}, {}),
    "rules": (LOG, {"status": "undone"}, {}),
    "other identity": (LOG, {"runnerId": TEAMMATE}, {}),
    "no object": (LOG, [], {}),
    "no log": ("missing", {}, {}),
    "another runner's log": (log_of(OTHER_RUNNER, 1), {"notes": "x"}, {}),
    "a broken header": (LOG, {}, {"If-Match": "é".encode().decode("latin-1")}),
}


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@pytest.mark.parametrize("case", CASES)
def test_it_does_what_put_does(
    runner: Client, open_store: OpenStore, case: str, media_type: str
) -> None:
    log_id, body, headers = CASES[case]
    by_put = runner.update(log_id, body, **headers)
    open_store([world.log(RUNNER, 1)])
    by_patch = runner.request(
        "PATCH",
        f"/api/workout-logs/{log_id}",
        json=body,
        content_type=media_type,
        headers=headers,
    )
    assert by_patch.status_code == by_put.status_code
    assert meaning(by_patch) == meaning(by_put)


def meaning(response: TestResponse) -> dict[str, Any]:
    """What the response says, without what each write makes anew."""
    if response.status_code >= 400:
        return told(response)
    anew = ("updatedAt", "revision")
    return {name: each for name, each in response.json["data"].items() if name not in anew}


def test_a_coach_does_not_patch(coach: Client) -> None:
    response = coach.patch(LOG, {"notes": "x"})
    assert (response.status_code, response.json["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (None, b"{}"),
        ("text/plain", b"{}"),
        ("application/json-patch+json", b"[]"),
        (f"{MERGE_PATCH}; charset=latin-1", b"{}"),
    ],
)
def test_another_media_type_is_refused_with_those_that_are_taken(
    runner: Client, content_type: str | None, body: bytes
) -> None:
    response = runner.request("PATCH", PATH, data=body, content_type=content_type)
    assert (response.status_code, response.json["code"]) == (415, "unsupported-media-type")
    assert response.headers["Accept-Patch"] == ACCEPTED


def test_a_compressed_body_is_refused_alike(runner: Client) -> None:
    response = runner.request(
        "PATCH", PATH, data=b"{}", content_type=MERGE_PATCH, headers={"Content-Encoding": "gzip"}
    )
    assert response.status_code == 415
    assert response.headers["Accept-Patch"] == ACCEPTED


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_no_other_method_takes_merge_patch(runner: Client, method: str) -> None:
    path = PATH if method == "PUT" else "/api/workout-logs"
    response = runner.request(method, path, data=b"{}", content_type=MERGE_PATCH)
    assert response.status_code == 415
    assert "Accept-Patch" not in response.headers


def test_options_names_what_is_taken(app: Flask) -> None:
    response = app.test_client().options(PATH)
    assert response.headers["Accept-Patch"] == ACCEPTED
    assert "PATCH" in response.headers["Allow"]
    assert "Accept-Patch" not in app.test_client().options("/api/workout-logs").headers
