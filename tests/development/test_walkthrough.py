"""What the README shows, pasted against `make run` as it stands."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.development import club, run
from tests.server import ROOT, running_server

README = (ROOT / "README.md").read_text()


class Shell:
    """Where commands are pasted."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url

    def paste(self, commands: str) -> str:
        """What the commands print."""
        commands = commands.replace("http://127.0.0.1:8000", self.url)
        commands = commands.replace("/tmp/", f"{self.folder}/")
        done = subprocess.run(
            ["bash", "-euc", commands], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A folder where the API has never run before, and runs now."""
    folder = tmp_path_factory.mktemp("newcomer")
    settings = {"PYTHONPATH": str(ROOT)}
    with running_server(settings, module="app.development.run", cwd=folder) as server:
        yield Shell(folder, server.url)


@pytest.fixture(scope="module")
def transcript(shell: Shell) -> str:
    """What the commands print that walk through the life of a log."""
    match = re.search(r"## The life of a log.*?```sh\n(.*?)```", README, re.S)
    assert match
    printed = shell.paste(match[1])
    assert Path(shell.folder, "instance/dev-tokens.env").stat().st_mode & 0o777 == 0o600
    return printed


def without_what_changes(value: Any) -> Any:
    """JSON without days and ids of requests."""
    text = json.dumps(value)
    return json.loads(re.sub(r"\d{4}-\d\d-\d\d|[0-9a-f]{32}", "", text))


def test_each_response_is_as_shown(shell: Shell) -> None:
    shown = re.findall(r"```sh\n([^`]*?)```\n\n```json\n(.*?)```", README, re.S)
    assert len(shown) == 2
    for commands, response in shown:
        printed = json.loads(shell.paste(f"source instance/dev-tokens.env\n{commands}"))
        assert without_what_changes(printed) == without_what_changes(json.loads(response))


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text()


def test_the_page_for_clients_shows_commands_that_work(shell: Shell) -> None:
    """Pages and CSV, with a cursor in place of the one that is cut."""
    text = page("clients")
    before = f"source instance/dev-tokens.env; TOKEN=$RUNNER_TOKEN; API={shell.url}\n"
    [paging] = re.findall(r"## Pages\n\n```sh\n(.*?)```", text, re.S)
    first, second = paging.strip().splitlines()
    response = json.loads(shell.paste(before + first.replace("limit=100", "limit=20")))
    cursor = response["pagination"]["nextCursor"]
    response = json.loads(shell.paste(before + second.replace("WyIyMDI2…", cursor)))
    assert response["pagination"]["nextCursor"] is None
    [csv] = re.findall(r"## CSV\n\n```sh\n(.*?)```", text, re.S)
    shell.paste(before + csv)
    lines = (shell.folder / "logs.csv").read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("id,sessionId,runnerId,status")
    assert len(lines) > 20


def test_the_introduction_of_the_document_starts_quickly(shell: Shell) -> None:
    document = yaml.safe_load((ROOT / "openapi.yaml").read_text())
    [block] = re.findall(r"```sh\n(.*?)```", document["info"]["description"], re.S)
    commands = block.replace(document["servers"][0]["url"], shell.url)
    printed = shell.paste(f"source instance/dev-tokens.env; TOKEN=$RUNNER_TOKEN\n{commands}")
    assert printed.startswith('{"data":{"id":"user-somchai"')
    assert '"state":"overdue"' in printed


def test_the_page_on_copies_begins_as_shown(shell: Shell) -> None:
    [(commands, shown)] = re.findall(r"```sh\n([^`]*?)```\n\n```json\n(.*?)```", page("sync"), re.S)
    printed = json.loads(shell.paste(f"source instance/dev-tokens.env\n{commands}"))
    expected = json.loads(shown)
    for each in (printed, expected):
        assert each["pagination"].pop("next")
    assert printed == expected


def test_the_page_on_sanity_writes_one_log(shell: Shell) -> None:
    [block] = re.findall(r"```sh\n(.*?serve &.*?)```", page("sanity"), re.S)
    _, _, commands = block.partition("&\n")
    before = "source instance/dev-tokens.env; TOKEN=$RUNNER_TOKEN\n"
    created = shell.paste(before + commands.replace("<_id of a session>", "session-somchai-w3-3"))
    assert created.startswith("HTTP/1.1 201")
    [path] = re.findall(r"^Location: (\S+)", created, re.M)
    url = f"http://127.0.0.1:8000{path}"
    shell.paste(f'{before}curl -sf -X DELETE {url} -H "Authorization: Bearer $TOKEN"')


def test_the_page_on_development_names_the_users_of_the_tokens() -> None:
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| `([\w-]+)` \|", page("development"), re.M)
    assert dict(rows) == run.PEOPLE
    for place in club.UNLOGGED:
        assert f"`{place}`" in page("development")


def test_shows_every_operation(transcript: str) -> None:
    statuses = re.findall(r"HTTP/1\.1 (\d+)", transcript)
    assert statuses == ["201", "200", "204"]
    assert '"actualPace":"5:15"' in transcript
    assert '"actualPace":"5:00"' in transcript
    assert '"notes":"One more lap"' in transcript
    assert '"code":"precondition-failed"' in transcript
    assert "Too late" not in transcript


def test_each_response_ends_its_line(transcript: str) -> None:
    assert not re.search(r"\}(\{|HTTP)", transcript)


def test_the_coach_sees_the_new_log_first(transcript: str) -> None:
    listed = transcript[transcript.index('{"data":[') :]
    assert listed.startswith('{"data":[{"id":"workoutLog.')
    assert listed.index("session-somchai-w5-2") < 200
