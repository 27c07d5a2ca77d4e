"""A token that may write and not read changes a log without being shown it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.settings import WRITE_SCOPE
from tests import world
from tests.conftest import Client

LOG = world.log_of(world.RUNNER, 1)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("body", [{}, {"notes": "changed"}])
def test_the_log_is_changed_and_not_shown(
    sign_in: Callable[..., Client], runner: Client, method: str, body: dict[str, Any]
) -> None:
    writer = sign_in(world.RUNNER, scope=WRITE_SCOPE)
    response = writer.request(method, f"/api/workout-logs/{LOG}", json=body)
    assert (response.status_code, response.data) == (204, b"")
    read = runner.get(LOG)
    assert read.headers["ETag"] == response.headers["ETag"]
    assert read.json["data"]["notes"] == body.get("notes")


def test_the_tag_of_that_response_is_good_for_the_next_change(
    sign_in: Callable[..., Client],
) -> None:
    writer = sign_in(world.RUNNER, scope=WRITE_SCOPE)
    tag = writer.update(LOG, {"notes": "one"}).headers["ETag"]
    assert writer.update(LOG, {"notes": "two"}, **{"If-Match": tag}).status_code == 204
    assert writer.update(LOG, {"notes": "three"}, **{"If-Match": tag}).status_code == 412


@pytest.mark.parametrize("more", [{}, {"atomic": True}, {"dryRun": True}])
@pytest.mark.parametrize("body", [{}, {"notes": "changed"}])
def test_a_batch_does_not_show_the_log_either(
    sign_in: Callable[..., Client], runner: Client, body: dict[str, Any], more: dict[str, bool]
) -> None:
    writer = sign_in(world.RUNNER, scope=WRITE_SCOPE)
    response = writer.request(
        "POST",
        "/api/workout-log-batches",
        json={"items": [{"op": "update", "id": LOG, "log": body}], **more},
    )
    assert response.json["data"]["results"] == [{"status": 204}]
    notes = None if "dryRun" in more else body.get("notes")
    assert runner.get(LOG).json["data"]["notes"] == notes


@pytest.mark.parametrize("log_id", ["none", world.log_of(world.OTHER_RUNNER, 1)])
def test_how_long_a_404_took_is_not_told(runner: Client, log_id: str) -> None:
    response = runner.get(log_id)
    assert response.status_code == 404
    assert "Server-Timing" not in response.headers
