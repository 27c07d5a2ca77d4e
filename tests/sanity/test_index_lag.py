"""Queries read an index that is behind the documents: what is said all the same is true."""

from __future__ import annotations

import pytest

from app.service.documents import log_id_of
from tests import world
from tests.conftest import Client
from tests.content_lake import ContentLake
from tests.world import RUNNER, log_of, session_of

OLD = log_of(RUNNER, 1)
NEW = {"sessionId": session_of(RUNNER, 10), "status": "dnf"}
NEW_ID = log_id_of(RUNNER, session_of(RUNNER, 10))

FOR_GOOD = 3600.0
"""Seconds: the index stays as it is for the whole test."""


class TestBehindAcknowledgedWrites:
    """`visibility=sync` is documented to prevent this, and seen not to."""

    @pytest.fixture(params=[0.3, FOR_GOOD])
    def lag(self, request: pytest.FixtureRequest, lake: ContentLake) -> float:
        lake.delays(index_lag=request.param)
        lake.switch(sync_ignored=True)
        lag: float = request.param
        return lag

    def test_a_log_is_found_from_its_creation_on(self, lag: float, runner: Client) -> None:
        created = runner.create(NEW)
        assert created.status_code == 201
        read = runner.get(NEW_ID)
        assert read.json == created.json
        assert read.headers["ETag"] == created.headers["ETag"]
        changed = runner.update(NEW_ID, {"notes": "x"})
        assert (changed.status_code, changed.json["data"]["notes"]) == (200, "x")

    def test_the_newest_etag_is_good(self, lag: float, runner: Client) -> None:
        tag = {"If-Match": runner.get(OLD).headers["ETag"]}
        for notes in "abc":
            changed = runner.update(OLD, {"notes": notes}, **tag)
            assert (changed.status_code, changed.json["data"]["notes"]) == (200, notes)
            tag = {"If-Match": changed.headers["ETag"]}
        assert runner.delete(OLD, **tag).status_code == 204

    def test_an_older_etag_is_not(self, lag: float, runner: Client) -> None:
        old = {"If-Match": runner.get(OLD).headers["ETag"]}
        newest = {"If-Match": runner.update(OLD, {"notes": "x"}).headers["ETag"]}
        assert runner.update(OLD, {"notes": "y"}, **old).status_code == 412
        assert runner.delete(OLD, **old).status_code == 412
        assert runner.delete(OLD, **newest).status_code == 204

    def test_a_new_log_is_deleted_by_its_etag(self, lag: float, runner: Client) -> None:
        tag = {"If-Match": runner.create(NEW).headers["ETag"]}
        assert runner.delete(NEW_ID, **tag).status_code == 204
        assert runner.delete(NEW_ID, **tag).status_code == 404
        assert runner.get(NEW_ID).status_code == 404

    def test_no_update_is_lost(self, lag: float, lake: ContentLake, runner: Client) -> None:
        """Not even one that sets what the index still holds."""
        assert runner.update(OLD, {"weather": "hail"}).status_code == 200
        assert runner.update(OLD, {"notes": "x"}).json["data"]["weather"] == "hail"
        assert runner.update(OLD, {"weather": None}).json["data"]["weather"] is None
        lake.mutate({"patch": {"id": OLD, "set": {"temperature": 7}}})
        stored = runner.update(OLD, {"notes": "y"}).json["data"]
        assert (stored["weather"], stored["temperature"]) == (None, 7)

    def test_a_deleted_log_is_not_changed(self, lag: float, runner: Client) -> None:
        assert runner.delete(OLD).status_code == 204
        assert runner.update(OLD, {"notes": "x"}).status_code == 404
        assert runner.update(OLD, {}).status_code == 404
        assert runner.delete(OLD).status_code == 404

    def test_a_log_is_created_anew_after_its_deletion(self, lag: float, runner: Client) -> None:
        assert runner.create({**NEW, "sessionId": session_of(RUNNER, 1)}).status_code == 409
        assert runner.delete(OLD).status_code == 204
        again = runner.create({**NEW, "sessionId": session_of(RUNNER, 1)})
        assert again.status_code == 201
        assert runner.get(again.json["data"]["id"]).status_code == 200

    def test_a_key_replays_until_the_deletion(self, lag: float, runner: Client) -> None:
        key = {"Idempotency-Key": "once"}
        first, second = runner.create(NEW, **key), runner.create(NEW, **key)
        assert (second.status_code, second.headers["ETag"]) == (201, first.headers["ETag"])
        assert "Idempotent-Replayed" in second.headers
        assert runner.delete(NEW_ID).status_code == 204
        third = runner.create(NEW, **key)
        assert third.status_code == 201
        assert "Idempotent-Replayed" not in third.headers

    def test_a_read_may_ask_for_the_newest(self, lag: float, runner: Client) -> None:
        tag = runner.update(OLD, {"notes": "x"}).headers["ETag"]
        read = runner.get(OLD, **{"If-Match": tag})
        assert (read.status_code, read.json["data"]["notes"]) == (200, "x")

    def test_what_a_list_names_is_found(self, lag: float, runner: Client) -> None:
        created = runner.create(NEW).json["data"]["id"]
        listed = [each["id"] for each in runner.list().json["data"]]
        assert {runner.get(each).status_code for each in [created, *listed]} == {200}


class TestRoundTrips:
    """One more only before a 404, a 412 or a 409."""

    @pytest.mark.parametrize(
        ("log_id", "documents"),
        [("workoutLog." + 40 * "0", 1), ("workoutLog.0", 0), ("nothing", 0)],
    )
    def test_before_a_404(
        self, lake: ContentLake, runner: Client, log_id: str, documents: int
    ) -> None:
        """An id of another form is of a log that this API has not created."""
        assert runner.get(log_id).status_code == 404
        assert lake.requests() == {"query": 1, "mutate": 0, "doc": documents}

    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    def test_before_a_412(self, lake: ContentLake, runner: Client, method: str) -> None:
        path, wrong = f"/api/workout-logs/{OLD}", {"If-Match": '"wrong"'}
        body = {"json": {"notes": "x"}} if method == "PUT" else {}
        assert runner.request(method, path, headers=wrong, **body).status_code == 412
        assert lake.requests() == {"query": 1, "mutate": 0, "doc": 1}

    def test_before_a_412_of_a_read(self, lake: ContentLake, runner: Client) -> None:
        assert runner.get(OLD, **{"If-Match": '"wrong"'}).status_code == 412
        assert lake.requests() == {"query": 1, "mutate": 0, "doc": 1}

    def test_before_a_409(self, lake: ContentLake, runner: Client) -> None:
        assert runner.create({**NEW, "sessionId": session_of(RUNNER, 1)}).status_code == 409
        assert lake.requests() == {"query": 1, "mutate": 0, "doc": 1}

    def test_of_an_update_that_changes_nothing(self, lake: ContentLake, runner: Client) -> None:
        assert runner.update(OLD, {"notes": None}).status_code == 200
        assert lake.requests() == {"query": 1, "mutate": 0, "doc": 1}


class TestBehindOtherPrograms:
    """They write with `visibility=async`."""

    @pytest.fixture(autouse=True)
    def _lag(self, lake: ContentLake) -> None:
        lake.delays(index_lag=0.5)

    def test_what_a_client_has_written_it_reads_back(self, runner: Client) -> None:
        created = runner.create(NEW)
        assert created.status_code == 201
        assert runner.get(NEW_ID).json == created.json
        assert runner.list(sessionId=NEW["sessionId"]).json["data"] == [created.json["data"]]
        assert runner.update(NEW_ID, {"notes": "x"}).status_code == 200
        assert runner.get(NEW_ID).json["data"]["notes"] == "x"
        assert runner.delete(NEW_ID).status_code == 204
        assert runner.get(NEW_ID).status_code == 404
        assert runner.create(NEW).status_code == 201

    def test_an_update_keeps_what_another_program_has_just_written(
        self, lake: ContentLake, runner: Client
    ) -> None:
        lake.delays(index_lag=FOR_GOOD)
        lake.switch(sync_ignored=True)
        lake.mutate({"patch": {"id": OLD, "set": {"weather": "hail"}}}, visibility="async")
        assert runner.get(OLD).json["data"]["weather"] is None, "or the index does not lag"
        changed = runner.update(OLD, {"notes": "x"}).json["data"]
        assert (changed["weather"], changed["notes"]) == ("hail", "x")

    def test_an_etag_of_before_is_refused(self, lake: ContentLake, runner: Client) -> None:
        etag = runner.get(OLD).headers["ETag"]
        lake.mutate({"patch": {"id": OLD, "set": {"weather": "hail"}}}, visibility="async")
        assert runner.update(OLD, {"notes": "x"}, **{"If-Match": etag}).status_code == 412
        assert runner.delete(OLD, **{"If-Match": etag}).status_code == 412

    def test_a_second_log_of_the_pair_is_refused(self, lake: ContentLake, runner: Client) -> None:
        lake.mutate({"create": {**world.log(RUNNER, 10), "_id": NEW_ID}}, visibility="async")
        refused = runner.create(NEW)
        assert (refused.status_code, refused.json["existingId"]) == (409, NEW_ID)

    @pytest.mark.parametrize("patch_of_nothing", [404, 409])
    def test_a_deleted_log_is_gone(
        self, lake: ContentLake, runner: Client, patch_of_nothing: int
    ) -> None:
        lake.switch(patch_of_nothing=patch_of_nothing)
        lake.mutate({"delete": {"id": OLD}}, visibility="async")
        assert runner.update(OLD, {"notes": "x"}).status_code == 404
        assert runner.delete(OLD).status_code == 404
