"""`flask --app wsgi store …`, as an operator types it, with no settings but SQLITE_PATH."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli import store
from app.service.documents import reference
from tests import world
from tests.server import ROOT, environment

Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process, which saves a second each; see also `type_in`."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **settings: str) -> Any:
        return CliRunner().invoke(store, arguments, env={"SQLITE_PATH": "store.db", **settings})

    return run


@pytest.fixture
def type_in(tmp_path: Path) -> Run:
    """Runs a command as it is typed in."""

    def type_in(*arguments: str, stdin: str | None = None) -> Any:
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", "store", *arguments],
            cwd=tmp_path,
            env=environment(PYTHONPATH=str(ROOT), SQLITE_PATH="store.db"),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return type_in


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    def write(*lines: Any) -> str:
        texts = [each if isinstance(each, str) else json.dumps(each) for each in lines]
        (tmp_path / "in.ndjson").write_text("".join(f"{each}\n" for each in texts))
        return "in.ndjson"

    return write


ODD = [
    '{"_id": "drafts.a", "_type": "workoutLog",  "x": 1.0, "y": 1e2, "é": "\\u00e9é"}',
    '{"_type":"other","_id":"image-1-2x3-png","big":123456789012345678901234567890}',
    '{"_id":"versions.r1.b","_type":"user","deep":[[[{"a":null}]]]}',
    '{"_id":"_.groups.x","_type":"system.group","_rev":"r"}',
]


def test_an_export_gives_back_what_an_import_took(
    run: Run, write: Callable[..., str], tmp_path: Path
) -> None:
    done = run("import", write(*world.club(), *ODD))
    assert done.exit_code == 0, done.stderr
    assert f"{len(world.club()) + len(ODD)} documents added" in done.stdout
    assert run("export", "out.ndjson").exit_code == 0
    assert (tmp_path / "out.ndjson").read_bytes() == (tmp_path / "in.ndjson").read_bytes()


def test_an_import_again_changes_nothing(run: Run, write: Callable[..., str]) -> None:
    file = write(*world.club())
    run("import", file)
    done = run("import", file)
    assert f"0 documents added, 0 replaced, {len(world.club())} left" in done.stdout


@pytest.mark.parametrize(
    ("options", "code", "name"),
    [([], 1, "Ada"), (["--missing"], 0, "Ada"), (["--replace"], 0, "Other")],
    ids=str,
)
def test_what_differs_is_refused_skipped_or_replaced(
    run: Run, write: Callable[..., str], tmp_path: Path, options: list[str], code: int, name: str
) -> None:
    run("import", write(world.user("runner-ada", "runner")))
    changed = world.user("runner-ada", "runner", name="Other")
    done = run("import", *options, write(world.user("runner-new", "runner"), changed))
    assert done.exit_code == code
    run("export", "out.ndjson")
    documents = [json.loads(each) for each in (tmp_path / "out.ndjson").read_text().splitlines()]
    assert [each["name"] for each in documents] == [name, "New"][: 2 - code]
    if code:
        assert "line 2: runner-ada is in the store already" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"_id": "a"}',
        '{"_type": "user"}',
        '{"_id": "", "_type": "user"}',
        '{"_id": "a b", "_type": "user"}',
        '{"_id": 5, "_type": "user"}',
        '{"_id": "a", "_type": ""}',
        '{"_id": "a", "_id": "b", "_type": "user"}',
        '{"_id": "a", "_type": "user", "x": NaN}',
        '{"_id": "a", "_type": "user", "x": "\\ud800"}',
        '{"_id": "runner-ada", "_type": "user"}',
        "not json",
    ],
)
def test_a_broken_line_is_named_and_nothing_is_loaded(
    run: Run, write: Callable[..., str], tmp_path: Path, line: str
) -> None:
    first = world.user("runner-ada", "runner")
    done = run("import", write(first, "", line, world.user("runner-bo", "runner")))
    assert done.exit_code == 1
    assert "line 3: " in done.stderr
    assert "Nothing was imported" in done.stderr
    assert "Traceback" not in done.stderr
    run("export", "out.ndjson")
    assert (tmp_path / "out.ndjson").read_text() == ""


def test_documents_may_come_through_a_pipe_and_leave_through_one(type_in: Run) -> None:
    line = json.dumps(world.user("runner-ada", "runner"))
    done = type_in("import", "-", stdin=line)
    assert "1 documents added" in done.stdout, done.stderr
    assert type_in("export", "-").stdout.splitlines()[0] == line


def test_a_missing_file_is_told(run: Run) -> None:
    done = run("import", "nothing.ndjson")
    assert done.exit_code == 2
    assert "No such file" in done.stderr


def test_a_sound_store_is_said_to_be_sound(run: Run, write: Callable[..., str]) -> None:
    run("import", write(*world.club(), ODD[0]))
    done = run("check")
    assert done.exit_code == 0
    assert "6 user" in done.stdout
    assert "9 workoutLog" in done.stdout
    assert "1 (draft or release version)" in done.stdout
    assert "The store is sound." in done.stdout


def test_what_is_odd_is_told(run: Run, write: Callable[..., str]) -> None:
    ada = world.RUNNER
    run(
        "import",
        write(
            *world.club(),
            world.log(ada, 9, sessionId=reference("gone"), runnerId=reference("left")),
            world.log(ada, 8, sessionId=world.session_of(ada, 1)),
            world.user("runner-twin", "runner", email="runner-ada@club.example"),
        ),
    )
    out = run("check").stdout
    assert "log-runner-ada-9: its session gone does not exist." in out
    assert "log-runner-ada-9: its runner left does not exist." in out
    assert "Session session-runner-ada-1 has 2 logs of runner runner-ada." in out
    assert "2 users have one e-mail address" in out
    assert "is sound" not in out


def test_a_damaged_file_is_told(run: Run, write: Callable[..., str], tmp_path: Path) -> None:
    run("import", write(*world.club()))
    file = tmp_path / "store.db"
    content = bytearray(file.read_bytes())
    content[8192:16384] = b"\xff" * 8192
    file.write_bytes(content)
    done = run("check")
    assert done.exit_code == 1
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_with_sanity_the_data_is_not_here(run: Run) -> None:
    done = run("import", "-", SANITY_PROJECT_ID="abc", SANITY_API_TOKEN="x")
    assert done.exit_code == 1
    assert "sanity dataset import" in done.stderr
