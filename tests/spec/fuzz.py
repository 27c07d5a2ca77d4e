"""Runs Schemathesis against the API on the sample club."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from app.development import club, sample
from app.service.documents import reference
from tests.published import ROOT
from tests.server import serving

TODAY = date(2026, 11, 18)
RUNNERS = {"somchai": club.RUNNER, "jose": club.RUNNER2}
LIFE = (
    *("--phases", "stateful"),
    *(
        argument
        for operation in ("create", "get", "update", "delete")
        for argument in ("--include-operation-id", f"{operation}WorkoutLog")
    ),
)
"""Sequences of requests that lead from one to the next by the document's links."""
CONFIG = Path(__file__).parent / "schemathesis.toml"


def documents(more_sessions: int) -> list[dict[str, Any]]:
    """The sample club with these runners only, and more sessions for them to log."""
    others = [runner.key for runner in club.RUNNERS if runner.key not in RUNNERS]
    small_club = [
        each
        for each in sample.documents(TODAY)
        if not any(f"-{key}" in json.dumps(each) for key in others)
    ]
    by_id = {each["_id"]: each for each in small_club}
    more = [
        by_id[f"session-{key}-w8-6"] | {"_id": f"session-{key}-more-{number}"}
        for key in RUNNERS
        for number in range(more_sessions)
    ]
    return small_club + more


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Thousands of requests are not worth a line each."""


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The app's address while it is served by threads of this process."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    with serving(server) as url:
        yield url


class Outcome(NamedTuple):
    """The kinds of failures, and what Schemathesis says of them."""

    failures: set[str]
    output: str


def run(
    folder: Path,
    app: Flask,
    tokens: Mapping[str, str],
    stored: Iterable[Mapping[str, Any]],
    *arguments: str,
) -> Outcome:
    """Run Schemathesis on the app, which holds what is `stored`, as people with these tokens."""
    shutil.copy(CONFIG, folder / "schemathesis.toml")
    write_people(folder / "people.json", tokens)
    for name, ids in ids_to_use(stored).items():
        write_dictionary(folder / f"{name}.dict", ids)
    report = folder / "report.json"
    with served(app) as url:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--no-color"),
                *("run", str(ROOT / "openapi.yaml"), "--url", url, "--checks", "all"),
                *("--warnings", "off", "--report-json-path", str(report), *arguments),
            ],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    output = done.stdout + done.stderr
    assert report.exists(), output
    found = json.loads(report.read_text())
    assert not found["errors"], output
    return Outcome({each["type"] for each in found["failures"]}, output)


def ids_to_use(stored: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The first runner's: what the second one should get nothing of."""
    runner = next(iter(RUNNERS.values()))
    sessions = [each["_id"] for each in stored if each["_type"] == "trainingSession"]
    logs = [each["_id"] for each in stored if each.get("runnerId") == reference(runner)]
    return {
        "runners": [runner],
        "sessions": [each for each in sessions if "-jose-" not in each],
        "logs": logs,
    }


def write_people(path: Path, tokens: Mapping[str, str]) -> None:
    """Credentials as Web Fuzzing Commons writes them."""
    people = [
        {
            "name": name,
            "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {token}"}],
        }
        for name, token in tokens.items()
    ]
    path.write_text(json.dumps({"auth": people}))


def write_dictionary(path: Path, values: Iterable[str]) -> None:
    path.write_text("".join(f'"{value}"\n' for value in values))
