"""`make serve` says what an operator needs to know, and survives what operators do to it."""

from __future__ import annotations

import json
import logging
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from app import server as app_server
from app.server import is_relevant
from app.settings import Settings
from app.supervisor import join
from tests.ports import free_port
from tests.server import ROOT, Server, environment, running_server
from tests.waiting import PATIENCE, until

SECRET = "0123456789abcdef"


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def logging_server(folder: Path, **settings: str) -> Iterator[tuple[Server, Path]]:
    """A server whose `.env` is in the folder, and its log."""
    (folder / ".env").write_text(f"NEXTAUTH_SECRET={SECRET}\n")
    log = folder / "log"
    path = {"SQLITE_PATH": str(folder / "store.db"), "PYTHONPATH": str(ROOT)}
    with (
        log.open("wb") as output,
        running_server(path | settings, cwd=folder, output=output) as server,
    ):
        yield server, log


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
    assert [each for each in lines if each["level"] != "info"] == []
    assert {"_granian", "app.web.access_log"} <= {each["logger"] for each in lines}
    start = next(each for each in lines if each["logger"] == "app.server")
    assert start["store"] == f"SQLite, {tmp_path / 'store.db'} (new and empty)"
    assert (start["environment"], start["workers"], start["relaxed"]) == ("production", 1, [])
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


def test_the_first_line_names_what_runs_and_no_secret() -> None:
    settings = Settings(
        sanity_project_id="abc123",
        sanity_api_token="sk-secret",
        oauth_issuer="https://issuer.example",
        oauth_audience="x",
        oauth_token_profile="jwt",
        rate_limit_storage="redis://user:pass-word@cache.example/0",
    )
    facts = app_server.about(settings)
    assert facts["store"] == "Sanity, abc123/production"
    assert (facts["issuer"], facts["token_profile"]) == ("https://issuer.example", "jwt")
    assert facts["rate_limit_storage"] == "redis"
    assert facts["relaxed"] == ["OAUTH_TOKEN_PROFILE=jwt: tokens need not have the type at+jwt."]
    assert "sk-secret" not in str(facts)
    assert "pass-word" not in str(facts)


def test_development_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    app_server.announce(app_server.about(Settings(nextauth_secret=(SECRET,))))
    assert not caplog.records
    app_server.announce(app_server.about(Settings(app_env="development")))
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "APP_ENV=development" in record.getMessage()


def test_few_descriptors_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        app_server.allow_descriptors(before[0])
        assert not caplog.records
        app_server.allow_descriptors(before[1] + 1)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == before[1]
        assert "RLIMIT_NOFILE" in caplog.text
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_reload_with_a_broken_environment_keeps_the_workers(tmp_path: Path) -> None:
    with logging_server(tmp_path) as (server, log):
        workers = server.workers()
        (tmp_path / ".env").write_text("NEXTAUTH_SECRET=short\nWORKERS=many\n")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: "the workers stay as they are" in log.read_text())
        assert "WORKERS: " in log.read_text()
        assert SECRET not in log.read_text()
        assert requests.get(f"{server.url}/healthz", timeout=PATIENCE).ok
        assert server.workers() == workers
        (tmp_path / ".env").write_text(f"NEXTAUTH_SECRET={SECRET}\n")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: not set(workers) & set(server.workers()))
        assert requests.get(f"{server.url}/healthz", timeout=PATIENCE).ok


def test_a_killed_main_process_takes_its_workers_along(tmp_path: Path) -> None:
    with logging_server(tmp_path) as (server, _):
        workers = server.workers()
        server.process.kill()
        until(lambda: not any(map(runs, workers)))


@pytest.mark.parametrize("line", ["Spawning worker-1", "Spawning worker-2", "Started worker-1"])
def test_a_server_stops_at_once_however_early_it_is_told(tmp_path: Path, line: str) -> None:
    settings = environment(
        NEXTAUTH_SECRET=SECRET, SQLITE_PATH=str(tmp_path / "store.db"), PORT=str(free_port())
    )
    command = [sys.executable, "-m", "app.cli", "serve"]
    with subprocess.Popen(
        command, cwd=ROOT, env=settings, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert any(line in each for each in process.stdout)
            process.terminate()
            rest = process.stdout.read()
            assert process.wait(PATIENCE) == 0, rest
        finally:
            process.kill()  # one that hangs fails this test, and ends
    assert "refused to gracefully stop" not in rest, rest


class Process:
    """One that has ended; that it has, is seen when `is_alive` is asked the third time."""

    def __init__(self, sentinel: Connection) -> None:
        self.sentinel = sentinel
        self.asked = 0

    def join(self, timeout: float | None) -> None:
        pass

    def is_alive(self) -> bool:
        self.asked += 1
        return self.asked < 3


def test_a_worker_that_has_ended_is_known_to_have() -> None:
    """Its sentinel is the reading end of a pipe that it had open."""
    reading, writing = Pipe(duplex=False)
    with reading:
        process: Any = Process(reading)
        join(process, 1)
        assert process.asked == 0, "its time is over, and it has not ended"
        writing.close()
        join(process, 1)
        assert process.asked == 3


def wait_for(program: str) -> None:
    """Run a program with a server whose main process waits for what it is told."""
    beginning = """
import signal, sys, threading
from app.supervisor import Supervisor

def interrupted_by_sigterm():
    server = Supervisor("app.wsgi:app", complaints=list, shutdown_delay=0, interface="wsgi")
    signal.signal(signal.SIGTERM, server.signal_handler_interrupt)
    return server

server = interrupted_by_sigterm()
"""
    command = [sys.executable, "-c", beginning + program]
    subprocess.run(command, cwd=ROOT, timeout=PATIENCE, check=True)


def test_a_signal_that_does_not_interrupt_a_wait_is_seen() -> None:
    wait_for("""
# Python notes a signal that another thread gets, and the main thread waits on.
other = threading.Timer(0.2, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM))
other.start()
server.main_loop_interrupt.wait()
""")


@pytest.mark.parametrize(
    "action",
    [
        "server.main_loop_interrupt.set(); server.main_loop_interrupt.wait()",
        "server.main_loop_interrupt.clear()",
        "server.signal_handler_interrupt(signal.SIGTERM)",
        "server.signal_handler_reload(signal.SIGHUP)",
    ],
)
def test_a_signal_is_seen_at_whatever_step_of_the_main_process_it_comes(action: str) -> None:
    """Its handler takes no lock that the interrupted thread may hold."""
    wait_for(f"""
def act():
    {action}

def signal_at(step):
    def trace(frame, event, _):
        global left
        frame.f_trace_opcodes = True
        left -= event == "opcode"
        if left == 0:
            left = -1
            signal.raise_signal(signal.SIGTERM)
        return trace

    global left
    left = step
    sys.settrace(trace)
    act()
    sys.settrace(None)
    return left < 0

step = 1
while signal_at(step):
    server.main_loop_interrupt.wait()
    assert server.interrupt_signal
    server = interrupted_by_sigterm()
    step += 1
assert step > 5
""")


def test_a_signal_between_a_wait_and_what_follows_it_is_seen() -> None:
    """granian clears what it waited for when it has looked at what happened."""
    wait_for("""
server.main_loop_interrupt.set()
server.main_loop_interrupt.wait()
signal.raise_signal(signal.SIGTERM)
server.main_loop_interrupt.clear()
server.main_loop_interrupt.wait()
""")


def test_before_it_stops_the_probe_says_so_and_requests_are_served(tmp_path: Path) -> None:
    with logging_server(tmp_path, SHUTDOWN_DELAY="300") as (server, _):

        def readiness() -> int:
            return requests.get(f"{server.url}/readyz", timeout=PATIENCE).status_code

        assert readiness() == 200
        server.process.terminate()
        until(lambda: readiness() == 503)
        # Both workers say so, and both serve.
        assert {readiness() for _ in range(20)} == {503}
        assert requests.get(f"{server.url}/version", timeout=PATIENCE).ok
        server.process.terminate()
        assert server.process.wait(PATIENCE) == 0


def test_a_connection_that_sends_nothing_is_closed(tmp_path: Path) -> None:
    with logging_server(tmp_path, WORKERS="1") as (server, _):
        at = urlsplit(server.url)
        with socket.create_connection((at.hostname, at.port), timeout=PATIENCE) as connection:
            assert connection.recv(1) == b""
