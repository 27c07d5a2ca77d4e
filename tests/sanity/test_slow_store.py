"""A slow store does not take the process with it: probes respond, and nobody waits too long."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import requests

from app.factory import create_app
from app.service.stores.sanity.client import Limits
from app.service.stores.sanity.store import SanityStore
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import import_lines
from app.settings import Settings
from tests import world
from tests.conftest import Client
from tests.content_lake import DATASET, EDITOR_TOKEN, PROJECT, ContentLake
from tests.issuer import AUDIENCE, Issuer
from tests.server import Server, running_server
from tests.world import RUNNER, log_of

WAITING = 160
THREADS = 32
DEADLINE = 10

Send = Callable[[Server], requests.Response]


@contextmanager
def sending(server: Server, send: Send) -> Iterator[list[Future[requests.Response]]]:
    """Many clients at once, each with one request."""
    with ThreadPoolExecutor(WAITING) as clients:
        yield [clients.submit(send, server) for _ in range(WAITING)]


def settings(issuer: Issuer) -> dict[str, str]:
    return {
        "OAUTH_ISSUER": issuer.url,
        "OAUTH_AUDIENCE": AUDIENCE,
        "WORKERS": "1",
        "THREADS": str(THREADS),
        "RATE_LIMIT": "",
        # All of these clients are one runner.
        "CONCURRENT_REQUESTS": str(WAITING),
        "SANITY_DEADLINE": str(DEADLINE),
        "SANITY_READ_TIMEOUT": "9",
    }


def check_probe(server: Server) -> None:
    began = time.monotonic()
    assert requests.get(f"{server.url}/healthz", timeout=60).status_code == 200
    assert time.monotonic() - began < 2


def check_refusals(responses: list[requests.Response]) -> None:
    for response in responses:
        assert response.elapsed.total_seconds() < DEADLINE + 3
        if response.status_code != 200:
            assert response.status_code == 503
            assert response.json()["code"] == "store-unavailable"
            assert "nothing was changed" in response.json()["detail"]
            assert int(response.headers["Retry-After"]) > 0


def test_of_sanity(content_lake: ContentLake, issuer: Issuer) -> None:
    content_lake.reset()
    content_lake.load(world.club())
    headers = {"Authorization": f"Bearer {issuer.token(RUNNER)}"}

    def read(server: Server) -> requests.Response:
        url = f"{server.url}/api/workout-logs/{log_of(RUNNER, 1)}"
        return requests.get(url, headers=headers, timeout=60)

    sanity = {
        "SANITY_PROJECT_ID": PROJECT,
        "SANITY_DATASET": DATASET,
        "SANITY_API_TOKEN": EDITOR_TOKEN,
        "SANITY_API_URL": content_lake.url,
    }
    with running_server(settings(issuer) | sanity) as server:
        assert read(server).status_code == 200, "the caller is known now"
        content_lake.reset_counters()
        content_lake.delays(latency=5)
        with sending(server, read) as sent:
            while content_lake.requests()["query"] < THREADS:
                pass
            check_probe(server)
            responses = [each.result() for each in sent]
        content_lake.delays()
        check_refusals(responses)
        assert {each.status_code for each in responses} == {200, 503}
        assert read(server).status_code == 200


def test_of_a_locked_file(issuer: Issuer, tmp_path: Path) -> None:
    path = tmp_path / "logs.db"
    store = SqliteStore(path)
    import_lines(store, (json.dumps(each).encode() for each in world.club()))
    store.close()
    headers = {"Authorization": f"Bearer {issuer.token(RUNNER)}"}

    def write(server: Server) -> requests.Response:
        url = f"{server.url}/api/workout-logs/{log_of(RUNNER, 1)}"
        change = {"notes": str(uuid4())}
        return requests.put(url, headers=headers, json=change, timeout=60)

    with running_server(settings(issuer) | {"SQLITE_PATH": str(path)}) as server:
        assert write(server).status_code == 200
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with sending(server, write) as sent:
            while not any(each.running() for each in sent):
                pass
            check_probe(server)
            responses = [each.result() for each in sent]
        other.execute("ROLLBACK")
        other.close()
        check_refusals(responses)
        assert {each.status_code for each in responses} == {503}
        assert write(server).status_code == 200


def test_all_calls_of_a_request_share_its_deadline(
    content_lake: ContentLake, issuer: Issuer
) -> None:
    content_lake.reset()
    content_lake.load(world.club())
    # An update of a caller who is not known yet takes three calls.
    hasty = Settings(
        oauth_issuer=issuer.url,
        oauth_audience=AUDIENCE,
        sanity_deadline=1,
        sanity_read_timeout=0.9,
    )
    limits = Limits(deadline=hasty.sanity_deadline, read_timeout=hasty.sanity_read_timeout)
    store = SanityStore(content_lake.client(limits=limits))
    runner = Client(create_app(hasty, store).test_client(), issuer.token(RUNNER))
    content_lake.delays(latency=0.4)
    assert runner.update(log_of(RUNNER, 1), {"notes": "x"}).status_code == 504
    content_lake.delays()
    assert runner.update(log_of(RUNNER, 1), {"notes": "x"}).status_code == 200
    store.close()
