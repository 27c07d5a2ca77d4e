"""The sessions at a terminal in `docs/upkeep.md` are real ones."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.store import store
from tests.content_lake import DATASET, EDITOR_TOKEN, PROJECT, ContentLake
from tests.server import ROOT, environment

AS_IT_IS = str(ROOT / "tests" / "data" / "as-it-is.ndjson")


def shown(command: str) -> str:
    """What the page says that a command prints."""
    page = (ROOT / "docs" / "upkeep.md").read_text()
    [block] = re.findall(rf"```\n\$ workout-log-api {command}\n(.*?)```", page, re.S)
    return str(block)


@pytest.mark.parametrize("command", ["store check", "store migrate"])
def test_the_embedded_store_is_as_the_page_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    env = {"SQLITE_PATH": "club.db"}
    CliRunner().invoke(store, ["import", AS_IT_IS], env=env)
    done = CliRunner().invoke(store, command.split()[1:], env=env)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == shown(command)


def test_data_goes_in_and_out_as_the_page_shows_it(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "upkeep.md").read_text()
    [commands] = re.findall(r"```sh\n(.*?)```", page, re.S)
    shutil.copy(AS_IT_IS, tmp_path / "club.ndjson")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", commands],
        cwd=tmp_path,
        env=environment(PATH=path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "42 documents added" in done.stdout
    assert "The store is sound." in done.stdout or "see `store migrate`" in done.stdout
    lines = Path(AS_IT_IS).read_text().splitlines()
    assert len((tmp_path / "club.ndjson").read_text().splitlines()) == len(lines)


def test_conformance_is_as_the_page_shows_it(content_lake: ContentLake) -> None:
    content_lake.reset()
    env = {
        "SANITY_PROJECT_ID": PROJECT,
        "SANITY_DATASET": DATASET,
        "SANITY_API_TOKEN": EDITOR_TOKEN,
        "SANITY_API_URL": content_lake.url,
    }
    done = CliRunner().invoke(store, ["conformance"], env=env)

    def facts(text: str) -> list[str]:
        """The lines but for the queries, which others add to, and without what was measured."""
        lines = [each for each in text.splitlines() if "  query " not in each and each != "…"]
        return [re.sub(r"\d+", "", each) for each in lines]

    assert facts(done.stdout) == facts(shown("store conformance"))
