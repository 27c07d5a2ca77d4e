"""The embedded store under real server processes: many at once, and killed."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import import_lines
from tests import world
from tests.issuer import AUDIENCE, Issuer
from tests.server import Server, running_server
from tests.waiting import with_known_keys
from tests.world import RUNNER, session_of


@pytest.fixture
def server(tmp_path: Path, issuer: Issuer) -> Iterator[Server]:
    store = SqliteStore(tmp_path / "store.db")
    import_lines(store, map(msgspec.json.encode, world.club()))
    store.close()
    settings = {
        "SQLITE_PATH": str(tmp_path / "store.db"),
        "OAUTH_ISSUER": issuer.url,
        "OAUTH_AUDIENCE": AUDIENCE,
        "WORKERS": "3",
        "RATE_LIMIT": "",
        # All of these clients are one runner.
        "CONCURRENT_REQUESTS": "256",
    }
    with running_server(settings) as running:
        yield running


def test_of_50_creates_at_once_one_wins(server: Server, issuer: Issuer) -> None:
    token = issuer.token(RUNNER)

    def create(number: int) -> requests.Response:
        return with_known_keys(
            lambda: requests.post(
                f"{server.url}/api/workout-logs",
                json={"sessionId": session_of(RUNNER, 10), "status": "dnf", "notes": str(number)},
                headers={"Authorization": f"Bearer {token}"},
                timeout=60,
            )
        )

    assert len(server.workers()) == 3
    with ThreadPoolExecutor(50) as threads:
        responses = list(threads.map(create, range(50)))
    assert Counter(each.status_code for each in responses) == {201: 1, 409: 49}
    (winner,) = (each.json()["data"]["id"] for each in responses if each.status_code == 201)
    named = {each.json()["existingId"] for each in responses if each.status_code == 409}
    assert named == {winner}


def test_of_200_updates_at_once_none_is_lost(server: Server, issuer: Issuer) -> None:
    """Different members by different clients, none of whom states a condition."""
    headers = {"Authorization": f"Bearer {issuer.token(RUNNER)}"}
    url = f"{server.url}/api/workout-logs/{world.log_of(RUNNER, 1)}"
    members = ["notes", "weather", "temperature", "feeling", "injuries"]
    values: dict[str, list[Any]] = {
        "notes": [f"note {number}" for number in range(40)],
        "weather": [f"rain {number}" for number in range(40)],
        "temperature": list(range(40)),
        "feeling": ["excellent", "good", "okay", "tired"] * 10,
        "injuries": [[f"knee {number}"] for number in range(40)],
    }

    def update(number: int) -> int:
        member = members[number % 5]
        body = {member: values[member][number // 5]}
        return with_known_keys(
            lambda: requests.put(url, json=body, headers=headers, timeout=60)
        ).status_code

    with ThreadPoolExecutor(40) as threads:
        assert set(threads.map(update, range(200))) == {200}
    final = requests.get(url, headers=headers, timeout=60).json()["data"]
    for member in members:
        assert final[member] in values[member]


def test_a_killed_process_has_lost_nothing_that_it_acknowledged(
    server: Server, issuer: Issuer, tmp_path: Path
) -> None:
    headers = {"Authorization": f"Bearer {issuer.token(RUNNER)}"}
    created = []
    for number in range(5, 15):
        response = requests.post(
            f"{server.url}/api/workout-logs",
            json={"sessionId": session_of(RUNNER, number), "status": "dnf"},
            headers=headers,
            timeout=60,
        )
        created.append(response.json()["data"]["id"])
    workers = server.workers()
    os.kill(server.process.pid, signal.SIGKILL)
    for each in workers:
        os.kill(each, signal.SIGKILL)
    server.process.wait(60)
    store = SqliteStore(tmp_path / "store.db")
    assert all(store.get_log(log_id) for log_id in created)
    store.close()
