"""`store …` as an operator types it, with no settings but SQLITE_PATH."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.store import store
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

    def type_in(*arguments: str, **options: Any) -> Any:
        piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "timeout": 60}
        return subprocess.run(
            [sys.executable, "-m", "app.cli", "store", *arguments],
            cwd=tmp_path,
            env=environment(PYTHONPATH=str(ROOT), SQLITE_PATH="store.db"),
            check=False,
            **(piped | options),
        )

    return type_in


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    def write(*lines: Any) -> str:
        texts = [each if isinstance(each, str) else json.dumps(each) for each in lines]
        (tmp_path / "in.ndjson").write_text("".join(f"{each}\n" for each in texts))
        return "in.ndjson"

    return write
