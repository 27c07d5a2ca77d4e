"""Generated clients: they compile under the strictest settings, and do a log's whole life."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest

from app.development import club, sample
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import import_lines
from tests.issuer import AUDIENCE, Issuer
from tests.node import install, node
from tests.published import ROOT, SESSION_ID
from tests.server import running_server

HERE = Path(__file__).parent
PROGRAMS = HERE / "clients"
TOOLS = HERE / "node"
PUBLISHED = ROOT / "openapi.yaml"


@pytest.fixture
def url(tmp_path: Path, issuer: Issuer) -> Iterator[str]:
    """The API on the sample club, as operators run it."""
    store = SqliteStore(tmp_path / "store.db")
    import_lines(store, map(msgspec.json.encode, sample.documents(date(2026, 11, 18))))
    store.close()
    settings = {
        "SQLITE_PATH": str(store.path),
        "OAUTH_ISSUER": issuer.url,
        "OAUTH_AUDIENCE": AUDIENCE,
        "WORKERS": "1",
    }
    with running_server(settings) as server:
        yield server.url


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What a command prints; its failure fails the test with all it said."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def readme_program(language: str, url: str) -> str:
    """The README's program in a language, for this server."""
    section = (ROOT / "README.md").read_text("utf-8").split("\n## Clients\n")[1].split("\n## ")[0]
    [program] = re.findall(rf"```{language}\n(.*?)```", section, re.S)
    assert program.count("\n") <= 10
    assert "http://127.0.0.1:8000" in program
    return str(program).replace("http://127.0.0.1:8000", url)


def test_python(tmp_path: Path, url: str, issuer: Issuer) -> None:
    folder = tmp_path / "python"
    folder.mkdir()
    (folder / "config.yaml").write_text("post_hooks: []\n")
    generated = run(
        *(sys.executable, "-m", "openapi_python_client", "generate", "--path", PUBLISHED),
        *("--output-path", "workout_log_client", "--meta", "none", "--config", "config.yaml"),
        cwd=folder,
    )
    assert "warning" not in generated.lower()
    shutil.copy(PROGRAMS / "life.py", folder)
    (folder / "readme.py").write_text(readme_program("python", url))
    run(
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "workout_log_client",
        "life.py",
        "readme.py",
        cwd=folder,
    )

    token = issuer.token(club.RUNNER)
    run(sys.executable, "life.py", url, token, SESSION_ID, cwd=folder)
    printed = run(sys.executable, "readme.py", cwd=folder, RUNNER_TOKEN=token)
    assert printed.startswith("workoutLog.")


def test_typescript(tmp_path: Path, url: str, issuer: Issuer) -> None:
    folder = tmp_path / "typescript"
    folder.mkdir()
    modules = install(TOOLS)
    (folder / "node_modules").symlink_to(modules)
    (folder / "package.json").write_text(json.dumps({"type": "module"}))
    for name in ("life.ts", "tsconfig.json"):
        shutil.copy(PROGRAMS / name, folder)
    (folder / "readme.ts").write_text(readme_program("ts", url))
    run(
        *(node(), modules / "openapi-typescript/bin/cli.js", PUBLISHED, "-o", "workout-logs.ts"),
        cwd=folder,
    )
    run(node(), modules / "typescript/bin/tsc", "-p", ".", cwd=folder)

    token = issuer.token(club.RUNNER)
    run(node(), "life.js", url, token, SESSION_ID, cwd=folder)
    printed = run(node(), "readme.js", cwd=folder, RUNNER_TOKEN=token)
    assert printed.startswith("workoutLog.")
