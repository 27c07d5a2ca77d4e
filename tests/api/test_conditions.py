"""Entity tags: no response is stale, and no write fails for what is only embedded in it."""

from __future__ import annotations

from typing import Any

import pytest

from tests import world
from tests.conftest import Client, OpenStore
from tests.world import RUNNER, log_of, session_of

LOG = log_of(RUNNER, 1)
EMBEDDED = {
    "session": {**world.session(RUNNER, 1), "date": "2026-01-09"},
    "runner": world.user(RUNNER, "runner", world.COACH, name="Ada L."),
}


def weak(etag: str) -> str:
    """The tag as a proxy that compresses makes it."""
    return f"W/{etag}"


class TestWhatIsEmbedded:
    """Another program changes the session or the runner, and the log itself stays as it was."""

    @pytest.mark.parametrize("changed", EMBEDDED)
    def test_a_read_is_never_stale(
        self, runner: Client, open_store: OpenStore, changed: str
    ) -> None:
        before = runner.get(LOG)
        open_store([EMBEDDED[changed]])
        after = runner.get(LOG, **{"If-None-Match": before.headers["ETag"]})
        assert after.status_code == 200
        assert after.json["data"][changed] != before.json["data"][changed]
        assert after.headers["ETag"] != before.headers["ETag"]
        again = runner.get(LOG, **{"If-None-Match": after.headers["ETag"]})
        assert again.status_code == 304

    @pytest.mark.parametrize("changed", EMBEDDED)
    def test_a_write_goes_on(self, runner: Client, open_store: OpenStore, changed: str) -> None:
        etag = runner.get(LOG).headers["ETag"]
        open_store([EMBEDDED[changed]])
        assert runner.get(LOG, **{"If-Match": etag}).status_code == 200
        assert runner.update(LOG, {"notes": "x"}, **{"If-Match": etag}).status_code == 200
        assert runner.delete(LOG, **{"If-Match": etag}).status_code == 412


class TestIfMatch:
    def test_on_a_read_it_is_412_when_it_does_not_hold(self, runner: Client) -> None:
        etag = runner.get(LOG).headers["ETag"]
        for good in (etag, weak(etag), "*", f'"x", {etag}'):
            assert runner.get(LOG, **{"If-Match": good}).status_code == 200
        runner.update(LOG, {"notes": "x"})
        response = runner.get(LOG, **{"If-Match": etag})
        assert (response.status_code, response.json["code"]) == (412, "precondition-failed")

    def test_it_comes_before_if_none_match(self, runner: Client) -> None:
        etag = runner.get(LOG).headers["ETag"]
        assert runner.get(LOG, **{"If-Match": '"x"', "If-None-Match": etag}).status_code == 412
        assert runner.get(LOG, **{"If-Match": etag, "If-None-Match": etag}).status_code == 304

    def test_a_weak_tag_holds_since_the_revision_names_one_state(self, runner: Client) -> None:
        etag = weak(runner.get(LOG).headers["ETag"])
        assert runner.update(LOG, {"notes": "1"}, **{"If-Match": etag}).status_code == 200
        assert runner.update(LOG, {"notes": "2"}, **{"If-Match": etag}).status_code == 412

    def test_the_revision_of_a_list_is_enough(self, runner: Client) -> None:
        log = next(each for each in runner.list().json["data"] if each["id"] == LOG)
        held = {"If-Match": f'"{log["revision"]}"'}
        changed = runner.update(LOG, {"notes": "1"}, **held)
        assert changed.status_code == 200
        assert runner.delete(LOG, **held).status_code == 412
        held = {"If-Match": f'"{changed.json["data"]["revision"]}"'}
        assert runner.delete(LOG, **held).status_code == 204

    @pytest.mark.parametrize("odd", ['"{0}', '{0}"', "{0}", "'{0}'", '"{0}" "x"', '"{0}"x'])
    def test_what_is_no_list_of_tags_never_holds(self, runner: Client, odd: str) -> None:
        revision = runner.get(LOG).json["data"]["revision"]
        held = {"If-Match": odd.format(revision)}
        assert runner.update(LOG, {"notes": "1"}, **held).status_code == 412


class TestIfNoneMatch:
    @pytest.mark.parametrize("template", ["*", "{}", "W/{}", '"x", {}'])
    @pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
    def test_on_a_write_the_current_tag_is_412(
        self, runner: Client, method: str, template: str
    ) -> None:
        before = runner.get(LOG)
        body = {"notes": "x"} if method != "DELETE" else None
        headers = {"If-None-Match": template.format(before.headers["ETag"])}
        path = f"/api/workout-logs/{LOG}"
        response = runner.request(method, path, json=body, headers=headers)
        assert (response.status_code, response.json["code"]) == (412, "precondition-failed")
        assert runner.get(LOG).json == before.json

    def test_on_a_write_another_tag_lets_it_through(self, runner: Client) -> None:
        etag = runner.get(LOG).headers["ETag"]
        assert runner.update(LOG, {"notes": "1"}, **{"If-None-Match": '"x"'}).status_code == 200
        assert runner.update(LOG, {"notes": "2"}, **{"If-None-Match": etag}).status_code == 200

    def test_on_a_read_the_whole_tag_counts(self, runner: Client) -> None:
        revision = runner.get(LOG).json["data"]["revision"]
        response = runner.get(LOG, **{"If-None-Match": f'"{revision}"'})
        assert response.status_code == 200


def test_a_log_that_is_created_again_has_a_new_tag(runner: Client) -> None:
    body: dict[str, Any] = {"sessionId": session_of(RUNNER, 10), "status": "dnf"}
    key = {"Idempotency-Key": "once"}
    seen = set()
    for _ in range(3):
        created = runner.create(body, **key)
        assert created.status_code == 201
        assert "Idempotent-Replayed" not in created.headers
        seen.add(created.headers["ETag"])
        assert runner.delete(created.json["data"]["id"]).status_code == 204
    assert len(seen) == 3
