"""The clients of `docs/sync.md` have what the list has, whatever happens to them and to the API."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import repeat
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from app.service.documents import log_id_of
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import import_lines
from tests import world
from tests.content_lake import DATASET, EDITOR_TOKEN, PROJECT, ContentLake
from tests.issuer import AUDIENCE, Issuer
from tests.node import install, node
from tests.published import ROOT
from tests.server import Server, running_server
from tests.waiting import until, with_known_keys
from tests.world import COACH, OTHER_COACH, RUNNER, TEAMMATE, session_of

HERE = Path(__file__).parent
CLIENTS = ROOT / "tests" / "spec" / "clients"
TOOLS = ROOT / "tests" / "spec" / "node"

PATIENCE = 600
"""The limit of the test's time ends what never comes."""

WRITES = 25
"""Of each writer."""

Logs = dict[str, Any]
Put = Callable[[list[dict[str, Any]]], None]


def shown(language: str) -> str:
    """The program in a language that the page shows."""
    (program,) = re.findall(
        rf"```{language}\n(.*?)```", (ROOT / "docs" / "sync.md").read_text("utf-8"), re.DOTALL
    )
    assert program.count("\n") <= 50
    return str(program)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs of the page, those in TypeScript checked and compiled."""
    folder = tmp_path_factory.mktemp("programs")
    (folder / "shown.py").write_text(shown("python"))
    (folder / "shown.ts").write_text(shown("ts"))
    (folder / "package.json").write_text('{"type": "module"}')
    for each in (HERE / "follow.py", HERE / "follow.ts", CLIENTS / "tsconfig.json"):
        shutil.copy(each, folder)
    modules = install(TOOLS)
    (folder / "node_modules").symlink_to(modules)
    done = subprocess.run(
        [node(), modules / "typescript/bin/tsc", "-p", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return folder


class Follower:
    """A client in a process of its own, which can be killed and started again."""

    def __init__(self, command: list[str], folder: Path, *arguments: str) -> None:
        self._command = [*command, *arguments]
        self._folder = folder
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, cwd=self._folder, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        assert self._process.poll() is None, "the client ended by itself"
        self._process.kill()
        self._process.wait()


def logs_in_sqlite(path: Path) -> Logs:
    with closing(sqlite3.connect(path)) as db:
        try:
            rows = db.execute("SELECT id, body FROM log").fetchall()
        except sqlite3.OperationalError:
            return {}  # not made yet, or being written
    return {log_id: json.loads(body) for log_id, body in rows}


def logs_in_json(path: Path) -> Logs:
    try:
        found: Logs = json.loads(path.read_text())["logs"]
    except FileNotFoundError:
        return {}
    return found


@pytest.fixture
def settings(issuer: Issuer) -> dict[str, str]:
    return {
        "OAUTH_ISSUER": issuer.url,
        "OAUTH_AUDIENCE": AUDIENCE,
        "WORKERS": "2",
        "THREADS": "8",
        "RATE_LIMIT": "",
        "CALLER_CACHE_SECONDS": "0",
    }


@pytest.fixture
def on_sqlite(settings: dict[str, str], tmp_path: Path) -> Iterator[tuple[Server, Put]]:
    store = SqliteStore(tmp_path / "store.db")

    def put(documents: list[dict[str, Any]]) -> None:
        import_lines(store, map(msgspec.json.encode, documents), on_existing="replace")

    put(world.club())
    with running_server({**settings, "SQLITE_PATH": str(store.path)}) as server:
        yield server, put
    store.close()


@pytest.fixture
def on_sanity(settings: dict[str, str], content_lake: ContentLake) -> Iterator[tuple[Server, Put]]:
    content_lake.reset()
    content_lake.load(world.club())
    content_lake.delays(index_lag=0.5)
    sanity = {
        "SANITY_PROJECT_ID": PROJECT,
        "SANITY_DATASET": DATASET,
        "SANITY_API_TOKEN": EDITOR_TOKEN,
        "SANITY_API_URL": content_lake.url,
    }

    def put(documents: list[dict[str, Any]]) -> None:
        content_lake.mutate(*({"createOrReplace": each} for each in documents), visibility="async")

    with running_server(settings | sanity) as server:
        yield server, put


class Writer:
    """Creates, changes, deletes and re-creates logs of five sessions, and asks nobody else."""

    def __init__(self, url: str, token: str, runner: str, sessions: list[int]) -> None:
        self._url = f"{url}/api/workout-logs"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._sessions = [session_of(runner, number) for number in sessions]
        self._runner = runner
        self._random = random.Random(f"{runner} {sessions}")

    def write(self, number: int) -> None:
        session_id = self._random.choice(self._sessions)
        url = f"{self._url}/{log_id_of(self._runner, session_id)}"
        method = self._random.choice(["POST", "PUT", "DELETE"])
        body = {"status": "dnf", "notes": f"{number}"}
        if method == "POST":
            url, body = self._url, {**body, "sessionId": session_id}
        # A worker that is killed takes its requests with it.
        with suppress(requests.RequestException):
            response = with_known_keys(
                lambda: requests.request(method, url, json=body, headers=self._headers, timeout=60)
            )
            assert response.status_code in (200, 201, 204, 404, 409), response.text


@pytest.mark.parametrize("store", ["sqlite", "sanity"])
def test_copies_end_as_the_list(
    request: pytest.FixtureRequest, tmp_path: Path, programs: Path, issuer: Issuer, store: str
) -> None:
    server, put = request.getfixturevalue(f"on_{store}")
    token = issuer.token(COACH, exp=4e9)
    files = {logs_in_sqlite: tmp_path / "copy.db", logs_in_json: tmp_path / "copy.json"}
    followers = [
        Follower([program, script], programs, str(file), server.url, token)
        for (program, script), file in zip(
            ((sys.executable, "follow.py"), (node(), "follow.js")), files.values(), strict=True
        )
    ]

    def copies() -> list[Logs]:
        return [read(file) for read, file in files.items()]

    try:
        until(lambda: [len(each) for each in copies()] == [6, 6], patience=PATIENCE)
        writers = [
            Writer(server.url, issuer.token(runner, exp=4e9), runner, [*sessions])
            for runner in (RUNNER, TEAMMATE)
            for sessions in (range(5, 10), range(10, 15))
        ]
        with ThreadPoolExecutor(len(writers)) as threads:
            for number in range(WRITES):
                [*threads.map(Writer.write, writers, repeat(number))]
                match number:
                    case 5 | 10 | 20:
                        for each in followers:
                            each.kill()
                            each.start()
                    case 8:
                        os.kill(server.workers()[0], signal.SIGKILL)
                    case 15:
                        put([world.user(TEAMMATE, "runner", OTHER_COACH)])
        until(lambda: copies() == [everything(server.url, token)] * 2, patience=PATIENCE)
        assert {each["runnerId"] for each in copies()[0].values()} == {RUNNER}
    finally:
        for each in followers:
            each.kill()


def everything(url: str, token: str) -> Logs | None:
    """What the list has: fewer logs than a page holds. None while nobody responds."""
    with suppress(requests.RequestException):
        response = requests.get(
            f"{url}/api/workout-logs",
            params={"limit": 100},
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        assert response.json()["pagination"]["nextCursor"] is None
        return {each["id"]: each for each in response.json()["data"]}
    return None
