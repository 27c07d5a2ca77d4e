"""The README's walk through all five operations, pasted against `make run` as it stands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.server import ROOT, running_server


@pytest.fixture(scope="module")
def transcript(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the commands print, in a folder where the API has never run before."""
    folder = tmp_path_factory.mktemp("newcomer")
    readme = (ROOT / "README.md").read_text()
    match = re.search(r"## A walk through.*?```sh\n(.*?)```", readme, re.S)
    assert match
    settings = {"PYTHONPATH": str(ROOT)}
    with running_server(settings, module="app.development.run", cwd=folder) as server:
        commands = match[1].replace("http://127.0.0.1:8000", server.url)
        commands = commands.replace("/tmp/", f"{folder}/")
        done = subprocess.run(
            ["bash", "-euc", commands], cwd=folder, capture_output=True, text=True, check=True
        )
    assert Path(folder, "instance/dev-tokens.env").stat().st_mode & 0o777 == 0o600
    return done.stdout


def test_shows_every_operation(transcript: str) -> None:
    statuses = re.findall(r"HTTP/1\.1 (\d+)", transcript)
    assert statuses == ["201", "200", "204"]
    assert '"actualPace":"5:15"' in transcript
    assert '"actualPace":"5:00"' in transcript
    assert '"notes":"One more lap"' in transcript
    assert '"code":"precondition-failed"' in transcript
    assert "Too late" not in transcript


def test_the_coach_sees_the_new_log_first(transcript: str) -> None:
    listed = transcript[transcript.index('{"data":[') :]
    assert listed.startswith('{"data":[{"id":"workoutLog.')
    assert listed.index("session-somchai-w5-2") < 200
