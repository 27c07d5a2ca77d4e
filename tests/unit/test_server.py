"""`make serve` says what an operator needs to know, and nothing that worries them for nothing."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from app.server import is_relevant
from tests.server import running_server


def test_the_server_starts_without_a_warning(tmp_path: Path) -> None:
    settings = {
        "NEXTAUTH_SECRET": "0123456789abcdef",
        "SQLITE_PATH": str(tmp_path / "store.db"),
        "WORKERS": "1",
        "THREADS": "128",
    }
    log = tmp_path / "log"
    with log.open("wb") as output, running_server(settings, output=output):
        pass
    assert "Starting granian" in log.read_text()
    assert "[WARNING]" not in log.read_text()


@pytest.mark.parametrize(
    "message",
    [
        "Killing worker-1 after it refused to gracefully stop",
        "Configuration allows spawning up to 9 workers, which seems quite high",
    ],
)
def test_every_other_warning_is_relevant(message: str) -> None:
    record = logging.LogRecord("_granian", logging.WARNING, __file__, 1, message, (), None)
    assert is_relevant(record)
