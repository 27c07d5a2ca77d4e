"""Lists, sessions and progress: a weak `ETag`, and 304 while the response would be the same."""

from __future__ import annotations

import pytest

from app.service import sync_tokens
from app.service.stores.port import SyncPoint
from app.web.conditions import weak_tag
from tests.api.test_create import codes
from tests.conftest import Client, OpenStore
from tests.world import COACH, RUNNER, log_of, session, session_of, user

LOG = log_of(RUNNER, 1)
PATHS = [
    "/api/workout-logs",
    "/api/workout-logs?limit=1&withTotal=true",
    "/api/training-sessions?asOf=2026-01-10",
    f"/api/training-sessions/{session_of(RUNNER, 1)}?asOf=2026-01-10",
    "/api/progress?asOf=2026-01-10",
]


@pytest.mark.parametrize("accepted", ["application/json", "text/csv"])
@pytest.mark.parametrize("path", PATHS)
def test_what_is_as_it_was_is_304(runner: Client, path: str, accepted: str) -> None:
    first = runner.request("GET", path, headers={"Accept": accepted})
    assert first.status_code == 200
    tag = first.headers["ETag"]
    assert tag.startswith('W/"')
    for known in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
        headers = {"Accept": accepted, "If-None-Match": known}
        again = runner.request("GET", path, headers=headers)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == tag
        assert again.headers.get_all("Vary") == first.headers.get_all("Vary")


@pytest.mark.parametrize("path", PATHS[2:])
@pytest.mark.parametrize("known", ['"x"', "x", ""])
def test_with_another_tag_it_is_sent(runner: Client, path: str, known: str) -> None:
    response = runner.request("GET", path, headers={"If-None-Match": known})
    assert response.status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_what_has_changed_is_sent(runner: Client, open_store: OpenStore, path: str) -> None:
    tag = runner.request("GET", path).headers["ETag"]
    runner.update(log_of(RUNNER, 3), {"feeling": "tired", "actualDistance": 12})
    runner.update(LOG, {"feeling": "tired"})
    changed = runner.request("GET", path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    open_store([{**session(RUNNER, each), "distance": "99 km"} for each in (1, 3)])
    embedded = runner.request("GET", path, headers={"If-None-Match": changed.headers["ETag"]})
    assert embedded.status_code == 200


def test_json_and_csv_have_tags_of_their_own(runner: Client) -> None:
    tag = runner.list().headers["ETag"]
    headers = {"Accept": "text/csv", "If-None-Match": tag}
    assert runner.request("GET", headers=headers).status_code == 200


def test_the_sync_token_of_the_first_page_stays_good(runner: Client) -> None:
    """It is of the moment of the request, so it alone makes no new response."""
    first = runner.list()
    token = first.json["pagination"]["syncToken"]
    known = {"If-None-Match": first.headers["ETag"]}
    assert runner.request("GET", headers=known).status_code == 304
    runner.update(LOG, {"notes": "x"})
    assert runner.request("GET", headers=known).status_code == 200
    changes = runner.request("GET", f"/api/workout-log-changes?since={token}").json["data"]
    assert [each["log"]["id"] for each in changes] == [LOG]


def test_a_sync_token_that_is_good_no_longer_is_renewed(
    coach: Client, open_store: OpenStore
) -> None:
    first = coach.list()
    open_store([user("runner-new", "runner", COACH)])
    since = first.json["pagination"]["syncToken"]
    assert coach.request("GET", f"/api/workout-log-changes?since={since}").status_code == 410
    again = coach.request("GET", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.json["data"]) == (200, first.json["data"])
    since = again.json["pagination"]["syncToken"]
    assert coach.request("GET", f"/api/workout-log-changes?since={since}").status_code == 200


def test_a_tag_tells_of_which_runners_and_which_day_a_sync_token_is() -> None:
    def tag(at: str, runner_ids: list[str]) -> str:
        token = sync_tokens.encode(SyncPoint(at, ("place",)), runner_ids)
        return weak_tag(b'{"pagination":{"syncToken":"%s"}}' % token.encode(), "")

    of_a_day = {tag(f"2026-01-19T{hour:02}:59:59.999Z", ["a"]) for hour in range(24)}
    assert len(of_a_day) == 1
    days = ("2026-01-20", "2026-01-18", "2026-02-19", "2027-01-19")
    others = {tag(f"{day}T00:00:00Z", ["a"]) for day in days} | {tag("2026-01-19T00:00:00Z", [])}
    assert len(others - of_a_day) == 5


@pytest.mark.parametrize("accepted", ["application/json", "text/csv"])
def test_that_there_is_more_is_told(runner: Client, open_store: OpenStore, accepted: str) -> None:
    path, headers = "/api/training-sessions?limit=20&asOf=2026-01-10", {"Accept": accepted}
    first = runner.request("GET", path, headers=headers)
    assert "Link" not in first.headers
    open_store([session(RUNNER, 21)])
    more = runner.request("GET", path, headers={**headers, "If-None-Match": first.headers["ETag"]})
    assert more.status_code == 200
    assert 'rel="next"' in more.headers["Link"]


@pytest.mark.parametrize("known", ["x" * 1025, "\u0001"])
def test_a_broken_header_is_told_beside_a_broken_query(runner: Client, known: str) -> None:
    response = runner.request("GET", "/api/workout-logs?limit=0", headers={"If-None-Match": known})
    assert codes(response) == {"limit": "out-of-range", "If-None-Match": "format"}


def test_the_changes_have_none(runner: Client) -> None:
    response = runner.request("GET", "/api/workout-log-changes?since=now")
    assert "ETag" not in response.headers
