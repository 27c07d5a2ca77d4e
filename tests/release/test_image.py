"""What the `Containerfile` does, in a folder that stands for the image's root directory.

Without a container engine: the base image is this machine's Python, `useradd` is left out, and what
is copied from the first stage to the second lies there already.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.ports import free_port
from tests.server import ROOT
from tests.waiting import until_it_responds

pytestmark = pytest.mark.timeout(900)  # it installs packages

IS_ROOT = os.geteuid() == 0


def stages() -> list[dict[str, list[str]]]:
    """The instructions of each stage: their arguments, by the word that they begin with."""
    text = (ROOT / "Containerfile").read_text()
    lines = re.sub(r"\\\n", " ", text).splitlines()
    found: list[dict[str, list[str]]] = []
    for line in lines:
        word, _, arguments = line.partition(" ")
        if word == "FROM":
            found.append({})
        if word and word != "#":
            found[-1].setdefault(word, []).append(arguments.strip())
    return found


BUILD, FINAL = stages()
USER = int(FINAL["USER"][0])
RUNS_AS = USER if IS_ROOT else None
"""Only root can be somebody else."""


@dataclass(frozen=True)
class Image:
    """The root directory, and how the instructions of the last stage read there."""

    root: Path

    def at(self, text: str) -> str:
        """A text of the file, with its paths in this root directory."""
        return re.sub(r"(?<![\w.])/(opt|data|src)\b", rf"{self.root}/\1", text)

    def command(self, *arguments: str) -> list[str]:
        """The entry point in exec form, with these arguments or those of `CMD`."""
        (entry,), (default,) = FINAL["ENTRYPOINT"], FINAL["CMD"]
        return [*json.loads(self.at(entry)), *(arguments or json.loads(default))]

    def health_check(self, port: int) -> int:
        """Its exit code."""
        (text,) = FINAL["HEALTHCHECK"]
        command = json.loads(self.at(text.partition("CMD ")[2]))
        environ = self._environ({"PORT": str(port)})
        return subprocess.run(
            command, env=environ, check=False, user=RUNS_AS, group=RUNS_AS
        ).returncode

    @contextmanager
    def running(
        self, *arguments: str, port: int, **settings: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A container in small: its first process, until the end of the block."""
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.at(FINAL["WORKDIR"][0]),
            env=self._environ(settings | {"PORT": str(port)}),
            stdout=subprocess.DEVNULL,
            user=RUNS_AS,
            group=RUNS_AS,
        )
        try:
            until_it_responds(f"http://127.0.0.1:{port}/healthz", process)
            yield process
        finally:
            process.kill()
            process.wait()

    def _environ(self, settings: Mapping[str, str]) -> dict[str, str]:
        pairs = (each.split("=", 1) for line in FINAL["ENV"] for each in shlex.split(self.at(line)))
        return {"PATH": os.defpath, **dict(pairs), **settings}

    def files(self) -> dict[str, tuple[int, float]]:
        """Size and time of everything outside of the volume."""
        found = (each for each in self.root.rglob("*") if self.root / "data" not in each.parents)
        stats = {str(each): each.lstat() for each in found if not each.is_dir()}
        return {path: (stat.st_size, stat.st_mtime) for path, stat in stats.items()}


def python() -> str:
    """A Python that the image's user may run."""
    programs = (f"{sys.base_prefix}/bin/python3", "/usr/bin/python3", "/usr/local/bin/python3")
    probe = "import ensurepip, sqlite3, sys, venv; sys.exit(sys.version_info < (3, 11))"
    for each in filter(os.path.exists, programs):
        command = [each, "-c", probe]
        with suppress(PermissionError):
            done = subprocess.run(command, cwd="/", check=False, user=RUNS_AS, group=RUNS_AS)
            if done.returncode == 0:
                return each
    raise AssertionError("no Python 3.11 with venv that other users may run")


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """The image, built. Its user must be able to come there, unlike to a folder of pytest's."""
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        image = Image(folder / "root")
        source = Path(image.at(BUILD["WORKDIR"][0]))
        source.mkdir(parents=True)
        for line in BUILD["COPY"]:
            *names, target = line.split()
            for name in names:
                if (ROOT / name).is_dir():
                    unwanted = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(ROOT / name, source / target, ignore=unwanted)
                else:
                    shutil.copy(ROOT / name, source / target)
        programs = folder / "bin"
        programs.mkdir()
        (programs / "python").write_text(f'#!/bin/sh\nexec {python()} "$@"\n')
        (programs / "python").chmod(0o755)
        environ = os.environ | {"PATH": f"{programs}:{os.defpath}"}
        for line in BUILD["RUN"]:
            run(image.at(line), source, environ)
        for line in FINAL["RUN"]:
            steps = [each for each in line.split("&&") if not each.strip().startswith("useradd")]
            owner = f"--owner {USER}" if IS_ROOT else ""
            run(image.at("&&".join(steps)).replace("--owner api", owner), folder, environ)
        shutil.rmtree(source)
        yield image
    finally:
        shutil.rmtree(folder)


def run(commands: str, folder: Path, environ: Mapping[str, str]) -> None:
    done = subprocess.run(
        ["sh", "-euc", commands],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_serves_as_its_user_and_writes_to_its_volume_only(image: Image) -> None:
    before = image.files()
    port = free_port()
    with image.running(port=port, NEXTAUTH_SECRET="x" * 32) as process:
        for path in ("/docs", "/readyz", "/version"):
            assert requests.get(f"http://127.0.0.1:{port}{path}", timeout=60).status_code == 200
        status = Path(f"/proc/{process.pid}/status").read_text()
        expected = USER if IS_ROOT else os.geteuid()
        assert f"Uid:\t{expected}\t{expected}\t" in status
        assert image.health_check(port) == 0
        # In exec form, the signal comes to the server itself.
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert image.health_check(port) != 0
    assert (image.root / "data" / "workout-logs.db").exists()
    assert image.files() == before


def test_the_sandbox_is_what_make_run_starts(image: Image) -> None:
    before = image.files()
    port = free_port()
    with image.running("sandbox", port=port, HOST="127.0.0.1") as process:
        tokens = (image.root / "data" / "instance" / "dev-tokens.env").read_text()
        token = re.search(r"RUNNER_TOKEN=(\S+)", tokens)
        assert token
        response = requests.get(
            f"http://127.0.0.1:{port}/api/workout-logs",
            headers={"Authorization": f"Bearer {token[1]}"},
            timeout=60,
        )
        assert response.status_code == 200
        assert response.json()["data"]
        metadata = f"http://127.0.0.1:{port}/.well-known/oauth-authorization-server"
        assert requests.get(metadata, timeout=60).json()["issuer"] == f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert image.files() == before
