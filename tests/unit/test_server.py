"""`make serve` says what an operator needs to know, and nothing that worries them for nothing."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from pathlib import Path

import pytest
import requests

from app.server import is_relevant
from tests.server import running_server


def test_every_line_of_the_server_is_json_with_a_time_and_none_is_a_warning(
    tmp_path: Path,
) -> None:
    settings = {
        "NEXTAUTH_SECRET": "0123456789abcdef",
        "SQLITE_PATH": str(tmp_path / "store.db"),
        "WORKERS": "1",
        "THREADS": "128",
    }
    log = tmp_path / "log"
    with log.open("wb") as output, running_server(settings, output=output) as server:
        requests.get(f"{server.url}/version", headers={"X-Request-Id": "my-request"}, timeout=60)
    lines = [json.loads(each) for each in log.read_text().splitlines()]
    assert all(datetime.fromisoformat(each["time"]).tzinfo for each in lines)
    assert {each["level"] for each in lines} == {"info"}
    assert {"_granian", "app.web.access_log"} <= {each["logger"] for each in lines}
    (request,) = [each for each in lines if each["logger"] == "app.web.access_log"]
    assert (request["request_id"], request["route"]) == ("my-request", "/version")


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
