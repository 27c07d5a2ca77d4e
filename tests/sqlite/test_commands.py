"""`store check`, and what all commands on the embedded store have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.service.documents import reference
from tests import world
from tests.sqlite.conftest import Run

Write = Callable[..., str]


@pytest.mark.parametrize("command", [["check"], ["export", "out.ndjson"], ["export", "-"]], ids=str)
@pytest.mark.parametrize("path", ["mistyped.db", "no/such/folder/store.db"])
def test_reading_makes_no_store(run: Run, tmp_path: Path, command: list[str], path: str) -> None:
    done = run(*command, SQLITE_PATH=path)
    assert done.exit_code == 1
    assert f"SQLITE_PATH {path}: " in done.stderr
    assert "No such file" in done.stderr
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("command", [["check"], ["export", "out.ndjson"]], ids=str)
def test_reading_makes_no_store_of_an_empty_file(
    run: Run, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "store.db").touch()
    done = run(*command)
    assert done.exit_code == 1
    assert "SQLITE_PATH store.db: the file is empty" in done.stderr
    assert (tmp_path / "store.db").read_bytes() == b""
    assert [each.name for each in tmp_path.iterdir()] == ["store.db"]


def test_a_sound_store_is_said_to_be_sound(run: Run, write: Write) -> None:
    run("import", write(*world.club(), world.log(world.RUNNER, 1, _id="drafts.a")))
    done = run("check")
    assert done.exit_code == 0
    assert "6 user" in done.stdout
    assert "9 workoutLog" in done.stdout
    assert "1 (draft or release version)" in done.stdout
    assert "The store is sound." in done.stdout


def test_an_empty_store_is_said_to_be_empty(run: Run, write: Write) -> None:
    run("import", write())
    done = run("check")
    assert done.exit_code == 0
    assert "       0 user" in done.stdout
    assert "There is no user" in done.stdout


def test_what_is_odd_is_told(run: Run, write: Write) -> None:
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
    assert "1 workoutLog.sessionId: there is no such trainingSession" in out
    assert "1 workoutLog.runnerId: there is no such user" in out
    assert "1 workoutLog.a further log of a runner and session" in out
    assert "1 user.email: shared with another user" in out
    assert "is sound" not in out


def test_a_damaged_file_is_told(run: Run, write: Write, tmp_path: Path) -> None:
    run("import", write(*world.club()))
    file = tmp_path / "store.db"
    content = bytearray(file.read_bytes())
    content[8192:16384] = b"\xff" * 8192
    file.write_bytes(content)
    done = run("check")
    assert done.exit_code == 1
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr
