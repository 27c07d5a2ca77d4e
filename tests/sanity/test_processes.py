"""The Sanity store under two server processes at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle

import pytest
import requests

from tests import world
from tests.content_lake import DATASET, EDITOR_TOKEN, PROJECT, ContentLake
from tests.issuer import AUDIENCE, Issuer
from tests.server import running_server
from tests.waiting import until, with_known_keys
from tests.world import RUNNER, session_of

Send = Callable[..., requests.Response]


@pytest.fixture(scope="module")
def settings(content_lake: ContentLake, issuer: Issuer) -> dict[str, str]:
    return {
        "SANITY_PROJECT_ID": PROJECT,
        "SANITY_DATASET": DATASET,
        "SANITY_API_TOKEN": EDITOR_TOKEN,
        "SANITY_API_URL": content_lake.url,
        "OAUTH_ISSUER": issuer.url,
        "OAUTH_AUDIENCE": AUDIENCE,
        "WORKERS": "1",
        "RATE_LIMIT": "",
        # All of these clients are one runner.
        "CONCURRENT_REQUESTS": "256",
    }


@pytest.fixture(scope="module")
def send(settings: dict[str, str], issuer: Issuer) -> Iterator[Send]:
    """Sends the runner's requests to two servers in turn."""
    headers = {"Authorization": f"Bearer {issuer.token(RUNNER)}"}
    with ExitStack() as stack:
        servers = cycle([stack.enter_context(running_server(settings)).url for _ in range(2)])

        def send(method: str, path: str = "", body: object = None) -> requests.Response:
            url = f"{next(servers)}/api/workout-logs{path}"
            return with_known_keys(
                lambda: requests.request(method, url, json=body, headers=headers, timeout=60)
            )

        yield send


@pytest.fixture
def lake(content_lake: ContentLake) -> ContentLake:
    content_lake.reset()
    content_lake.load(world.club())
    return content_lake


@pytest.mark.parametrize("index_lag", [0, 0.5])
def test_of_50_creates_at_once_one_wins(lake: ContentLake, send: Send, index_lag: float) -> None:
    lake.delays(index_lag=index_lag)

    def create(number: int) -> requests.Response:
        body = {"sessionId": session_of(RUNNER, 10), "status": "dnf", "notes": str(number)}
        return send("POST", body=body)

    with ThreadPoolExecutor(50) as threads:
        responses = list(threads.map(create, range(50)))
    assert Counter(each.status_code for each in responses) == {201: 1, 409: 49}
    (winner,) = (each.json()["data"] for each in responses if each.status_code == 201)
    named = {each.json()["existingId"] for each in responses if each.status_code == 409}
    assert named == {winner["id"]}
    (stored,) = (each for each in lake.documents() if each["_id"] == winner["id"])
    assert stored["notes"] == winner["notes"]


def test_of_200_updates_at_once_none_is_lost(lake: ContentLake, send: Send) -> None:
    """Each client counts up a member of its own, so a lost update would leave a lower count."""
    path = f"/{world.log_of(RUNNER, 1)}"
    members: dict[str, Callable[[int], object]] = {
        "notes": lambda number: f"note {number}",
        "weather": lambda number: f"rain {number}",
        "temperature": lambda number: number,
        "injuries": lambda number: [f"knee {number}"],
        "actualDistance": lambda number: number + 1,
        "actualDuration": lambda number: f"1:00:{number:02}",
        "externalLink": lambda number: f"https://www.strava.com/activities/{number}",
    }

    def count_up(member: str) -> list[int]:
        return [send("PUT", path, {member: members[member](n)}).status_code for n in range(29)]

    with ThreadPoolExecutor(len(members)) as threads:
        responses = [status for each in threads.map(count_up, members) for status in each]
    assert Counter(responses) == {200: 203}
    final = send("GET", path).json()["data"]
    expected = {member: value(28) for member, value in members.items()}
    assert {member: final[member] for member in expected} == expected


def test_of_200_updates_by_200_clients_all_succeed(lake: ContentLake, send: Send) -> None:
    path = f"/{world.log_of(RUNNER, 1)}"

    def update(number: int) -> int:
        return send("PUT", path, {("notes", "weather")[number % 2]: f"{number}"}).status_code

    with ThreadPoolExecutor(200) as threads:
        assert Counter(threads.map(update, range(200))) == {200: 200}
    final = send("GET", path).json()["data"]
    assert (int(final["notes"]) % 2, int(final["weather"]) % 2) == (0, 1)


def test_a_request_under_way_ends_before_the_server_does(
    lake: ContentLake, settings: dict[str, str], issuer: Issuer
) -> None:
    headers = {"Authorization": f"Bearer {issuer.token(RUNNER)}"}
    body = {"sessionId": session_of(RUNNER, 10), "status": "dnf"}
    with running_server(settings) as server, ThreadPoolExecutor(1) as thread:
        lake.delays(latency=0.5)
        url = f"{server.url}/api/workout-logs"
        response = thread.submit(requests.post, url, json=body, headers=headers, timeout=60)
        until(lambda: sum(lake.requests().values()))
        server.process.terminate()
        assert response.result().status_code == 201
        assert server.process.wait(60) == 0
