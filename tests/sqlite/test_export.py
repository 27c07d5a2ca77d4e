"""`store export`: the former file is replaced by a whole one, or left as it was."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import import_lines
from tests import world
from tests.server import ROOT, environment
from tests.sqlite.conftest import Run

Write = Callable[..., str]

ODD = [
    '{"_id": "drafts.a", "_type": "workoutLog",  "x": 1.0, "y": 1e2, "é": "\\u00e9é"}',
    '{"_type":"other","_id":"image-1-2x3-png","big":123456789012345678901234567890}',
    '{"_id":"versions.r1.b","_type":"user","deep":[[[{"a":null}]]]}',
    '{"_id":"_.groups.x","_type":"system.group","_rev":"r"}',
]
FORMER = "a former backup\n"
USERS = 2_000


@pytest.fixture
def filled(tmp_path: Path) -> bytes:
    """A store with more documents than a pipe holds at once; what an export of it gives."""
    users = [world.user(f"runner-u{each}", "runner", notes="x" * 100) for each in range(USERS)]
    lines = [msgspec.json.encode(each) for each in users]
    store = SqliteStore(tmp_path / "store.db")
    import_lines(store, lines)
    store.close()
    return b"".join(each + b"\n" for each in lines)


@pytest.fixture
def former(tmp_path: Path) -> Path:
    """A file that an export would replace."""
    file = tmp_path / "out.ndjson"
    file.write_text(FORMER)
    file.chmod(0o644)
    return file


def files(folder: Path) -> set[str]:
    """What is there but the store."""
    return {each.name for each in folder.iterdir() if not each.name.startswith("store.db")}


def failed(done: Any, folder: Path) -> str:
    """What a command said that failed, and left the former backup as it was."""
    assert done.returncode == 1, done
    assert "exported" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert files(folder) == {"out.ndjson"}
    assert (folder / "out.ndjson").read_text() == FORMER
    return str(done.stderr)


def test_an_export_gives_back_what_an_import_took(run: Run, write: Write, tmp_path: Path) -> None:
    done = run("import", write(*world.club(), *ODD))
    assert done.exit_code == 0, done.stderr
    assert f"{len(world.club()) + len(ODD)} documents added" in done.stdout
    done = run("export", "out.ndjson")
    assert done.exit_code == 0
    assert f"{len(world.club()) + len(ODD)} documents exported" in done.stderr
    assert (tmp_path / "out.ndjson").read_bytes() == (tmp_path / "in.ndjson").read_bytes()


def test_a_file_is_replaced_and_its_owner_alone_may_read_it(
    run: Run, filled: bytes, former: Path, tmp_path: Path
) -> None:
    assert run("export", "out.ndjson").exit_code == 0
    assert former.read_bytes() == filled
    assert former.stat().st_mode & 0o777 == 0o600
    assert files(tmp_path) == {"out.ndjson"}


def test_a_link_leads_to_the_new_file(run: Run, filled: bytes, tmp_path: Path) -> None:
    (tmp_path / "real.ndjson").write_text(FORMER)
    (tmp_path / "out.ndjson").symlink_to("real.ndjson")
    assert run("export", "out.ndjson").exit_code == 0
    assert (tmp_path / "out.ndjson").is_symlink()
    assert (tmp_path / "real.ndjson").read_bytes() == filled


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("target", ["folder", "folder/", "missing/out.ndjson", "store.db"])
def test_a_target_that_cannot_be_is_refused(run: Run, tmp_path: Path, target: str) -> None:
    (tmp_path / "folder").mkdir()
    store = (tmp_path / "store.db").read_bytes()
    done = run("export", target)
    assert done.exit_code == 1
    assert target.rstrip("/") in done.stderr
    assert "exported" not in done.output
    assert files(tmp_path) == {"folder"}
    assert not any((tmp_path / "folder").iterdir())
    assert (tmp_path / "store.db").read_bytes() == store


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interruption_leaves_the_former_file(former: Path, tmp_path: Path, name: str) -> None:
    program = """
import sys
from app.cli.output import OutputFailed, open_output
try:
    with open_output("out.ndjson") as output:
        output.write(b"half" * 50_000)
        print("writing", flush=True)
        sys.stdin.read()
except OutputFailed as error:
    sys.exit(str(error))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment(PYTHONPATH=str(ROOT)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    assert len(files(tmp_path)) == 2
    process.send_signal(signal.Signals[name])
    stdout, stderr = process.communicate(timeout=60)
    done = subprocess.CompletedProcess("", process.returncode, stdout, stderr)
    assert f"out.ndjson is as it was: interrupted by {name}" in failed(done, tmp_path)


def test_a_full_disk_leaves_the_former_file(
    type_in: Run, filled: bytes, former: Path, tmp_path: Path
) -> None:
    nearly = len(filled) - 10

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (nearly, nearly))

    done = type_in("export", "out.ndjson", preexec_fn=limit)
    assert "File too large" in failed(done, tmp_path)


@pytest.mark.usefixtures("filled", "former")
def test_a_damaged_page_leaves_the_former_file(type_in: Run, tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    content = bytearray(file.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 10 * 4096] = b"\xff" * (10 * 4096)
    file.write_bytes(content)
    said = failed(type_in("export", "out.ndjson"), tmp_path)
    assert "out.ndjson is as it was: the store failed" in said


class TestStreams:
    """What is no file is written to directly."""

    @pytest.fixture
    def fifo(self, tmp_path: Path) -> Path:
        path = tmp_path / "fifo"
        os.mkfifo(path)
        (tmp_path / "link").symlink_to("fifo")
        return path

    @pytest.mark.parametrize("target", ["fifo", "link"])
    def test_a_fifo_is_written_to(
        self, type_in: Run, filled: bytes, fifo: Path, target: str
    ) -> None:
        read: list[bytes] = []
        reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()))
        reader.start()
        done = type_in("export", target)
        reader.join()
        assert done.returncode == 0, done.stderr
        assert read == [filled]
        assert fifo.is_fifo()

    @pytest.mark.usefixtures("filled")
    def test_a_reader_that_leaves_is_an_error(self, type_in: Run, fifo: Path) -> None:
        def read_some() -> None:
            with fifo.open("rb") as stream:
                stream.read(10)

        reader = threading.Thread(target=read_some)
        reader.start()
        done = type_in("export", "fifo")
        reader.join()
        assert done.returncode == 1
        assert "fifo: Broken pipe. The output is incomplete" in done.stderr
        assert fifo.is_fifo()

    def test_standard_output_holds_the_documents_alone(self, type_in: Run, filled: bytes) -> None:
        done = type_in("export", "-", text=False)
        assert done.stdout == filled
        assert f"{USERS} documents exported".encode() in done.stderr

    @pytest.mark.usefixtures("filled")
    def test_standard_output_without_a_reader_is_an_error(self, type_in: Run) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        done = type_in("export", "-", stdout=writing)
        os.close(writing)
        assert done.returncode == 1
        assert "standard output: Broken pipe" in done.stderr

    @pytest.mark.usefixtures("filled")
    def test_a_short_write_is_an_error(self, type_in: Run) -> None:
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        done = type_in("export", "-", stdout=writing)
        os.close(writing)
        os.close(reading)
        assert done.returncode == 1
        assert "standard output: " in done.stderr
        assert "exported" not in done.stderr

    @pytest.mark.usefixtures("filled")
    def test_a_closed_standard_output_is_an_error(self, type_in: Run, tmp_path: Path) -> None:
        store = (tmp_path / "store.db").read_bytes()
        done = type_in("export", "-", stdout=None, preexec_fn=lambda: os.close(1))
        assert done.returncode == 1
        assert "standard output" in done.stderr
        assert (tmp_path / "store.db").read_bytes() == store


def test_documents_may_come_through_a_pipe_and_leave_through_one(type_in: Run) -> None:
    line = json.dumps(world.user("runner-ada", "runner"))
    done = type_in("import", "-", input=line)
    assert "1 documents added" in done.stdout, done.stderr
    assert type_in("export", "-").stdout == f"{line}\n"
