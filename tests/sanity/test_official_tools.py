"""A dataset goes through Sanity's own import and export, and through the product's, as it is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.service.stores.sanity.store import SanityStore
from tests import node
from tests.content_lake import FOLDER, ContentLake
from tests.server import ROOT, environment
from tests.writes import create_log

DATASET = ROOT / "tests/data/as-it-is.ndjson"
RUNNER, SESSION = "5c000000-0000-4000-8000-000000000002", "s-apiplan-0"


@pytest.fixture
def store(content_lake: ContentLake) -> Iterator[SanityStore]:
    content_lake.reset()
    opened = SanityStore(content_lake.client())
    yield opened
    opened.close()


@pytest.fixture
def embedded(tmp_path: Path) -> Callable[..., str]:
    """Runs `workout-log-api store …` on an embedded store of its own."""

    def run(*arguments: str | Path) -> str:
        settings = environment(SQLITE_PATH=str(tmp_path / "embedded.db"), PYTHONPATH=str(ROOT))
        return completed([sys.executable, "-m", "app.cli", "store", *arguments], settings)

    return run


def test_a_dataset_makes_the_round(
    store: SanityStore, content_lake: ContentLake, embedded: Callable[..., str], tmp_path: Path
) -> None:
    official("import", content_lake, DATASET)
    assert contents(content_lake.documents()) == contents(lines_of(DATASET))

    made = create_log(
        store,
        {
            "_id": "workoutLog.made-by-the-product",
            "_type": "workoutLog",
            "status": "dnf",
            "sessionId": {"_type": "reference", "_ref": SESSION},
            "runnerId": {"_type": "reference", "_ref": RUNNER},
        },
        transaction_id="made",
    )
    before = contents(content_lake.documents())
    assert made["_id"] in before

    archive, ndjson = tmp_path / "export.tar.gz", tmp_path / "export.ndjson"
    official("export", content_lake, archive)
    embedded("import", archive)
    embedded("export", ndjson)
    assert contents(lines_of(ndjson)) == before

    content_lake.reset()
    official("import", content_lake, ndjson)
    assert contents(content_lake.documents()) == before
    stored = store.get_log(made["_id"])
    assert stored
    assert stored.session
    assert stored.session["_id"] == SESSION


def contents(documents: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Documents by id, without what each import sets anew."""
    renewed = ("_rev", "_updatedAt")
    return {
        each["_id"]: {name: value for name, value in each.items() if name not in renewed}
        for each in documents
    }


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def official(command: str, lake: ContentLake, file: Path) -> None:
    """Run one of Sanity's tools."""
    node.install(FOLDER)
    completed([node.node(), FOLDER / "tools.js", command, lake.url, file], environment())


def completed(command: list[str | Path], environ: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
