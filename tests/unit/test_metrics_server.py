"""Metrics of a server with several processes: what was asked is what is counted, whatever dies."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from app.metrics_exporter import WorkersMetrics, server_class
from app.server import complaints
from app.settings import Settings, SettingsError
from tests.ports import free_port
from tests.server import ROOT, Server, environment, running_server
from tests.waiting import PATIENCE, until

SECRET = "0123456789abcdef"
REQUESTS = "workout_log_api_http_requests_total"
IN_PROGRESS = "workout_log_api_http_requests_in_progress"
SLOTS = "workout_log_api_request_slots"


class Measured:
    """A server with two workers, and its metrics."""

    def __init__(self, server: Server, port: int, folder: Path) -> None:
        self.server = server
        self.url = f"http://127.0.0.1:{port}/metrics"
        self.folder = folder
        self.asked = 0

    def ask(self, times: int) -> None:
        for _ in range(times):
            response = requests.get(f"{self.server.url}/api/workout-logs", timeout=PATIENCE)
            assert response.status_code == 401
        self.asked += times

    def value(self, name: str, **labels: str) -> float:
        text = requests.get(self.url, timeout=PATIENCE).text
        return sum(
            each.value
            for family in text_string_to_metric_families(text)
            for each in family.samples
            if each.name == name and labels.items() <= each.labels.items()
        )

    def counted(self) -> float:
        return self.value(
            REQUESTS, route="/api/workout-logs", status="401", code="missing-token", method="GET"
        )

    def files(self) -> set[str]:
        """What the workers' files are of: a process id, or `ended`."""
        return {each.stem.rpartition("_")[2] for each in self.folder.glob("*/*.db")}

    def has_replaced(self, workers: set[int]) -> bool:
        living = self.server.workers()
        return len(living) == 2 and not workers & {*living} and self.only_of(living)

    def only_of(self, workers: list[int]) -> bool:
        return self.files() <= {"ended", *map(str, workers)}


@contextmanager
def measured_server(folder: Path) -> Iterator[Measured]:
    port = free_port()
    temporary = folder / "temporary"
    temporary.mkdir()
    settings = {
        "NEXTAUTH_SECRET": SECRET,
        "SQLITE_PATH": str(folder / "store.db"),
        "RATE_LIMIT": "",
        "WORKERS": "2",
        "THREADS": "8",
        "METRICS_PORT": str(port),
        "TMPDIR": str(temporary),
    }
    with running_server(settings) as server:
        yield Measured(server, port, temporary)
    assert not list(temporary.iterdir())


def test_what_was_asked_is_counted_also_by_workers_that_ended(tmp_path: Path) -> None:
    with measured_server(tmp_path) as measured:
        server = measured.server
        assert until(lambda: measured.value(SLOTS) == 16)
        measured.ask(40)
        assert measured.counted() == measured.asked
        assert measured.value(IN_PROGRESS) == 0
        assert measured.value("workout_log_api_http_request_duration_seconds_count") >= 40

        (killed, stays) = server.workers()
        os.kill(killed, signal.SIGKILL)
        until(lambda: killed not in server.workers() and len(server.workers()) == 2)
        until(lambda: measured.only_of(server.workers()))
        assert stays in server.workers()
        assert measured.counted() == measured.asked
        measured.ask(20)
        assert measured.counted() == measured.asked

        for _ in range(2):
            before = set(server.workers())
            server.process.send_signal(signal.SIGHUP)
            until(partial(measured.has_replaced, before))
            assert measured.counted() == measured.asked
            measured.ask(20)
            assert measured.counted() == measured.asked
        assert until(lambda: measured.value(SLOTS) == 16)
        assert measured.value(IN_PROGRESS) == 0


def test_a_connection_to_the_metrics_that_sends_nothing_stops_nobody(tmp_path: Path) -> None:
    with measured_server(tmp_path) as measured:
        port = int(measured.url.split(":")[2].split("/")[0])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as silent:
            measured.ask(1)
            assert measured.counted() == 1
            assert silent.recv(1) == b""


def test_where_metrics_are_off_no_port_is_opened_and_no_file_made(tmp_path: Path) -> None:
    settings = {
        "NEXTAUTH_SECRET": SECRET,
        "SQLITE_PATH": str(tmp_path / "store.db"),
        "TMPDIR": str(tmp_path),
    }
    with running_server(settings) as server:
        assert listening_ports([server.process.pid, *server.workers()]) == {
            int(server.url.rpartition(":")[2])
        }
        assert not list(tmp_path.glob("*/*.db"))


def listening_ports(pids: list[int]) -> set[int]:
    """The ports on which these processes listen."""
    sockets = set()
    for pid in pids:
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed since it was listed
                sockets.add(str(each.readlink()))
    table = [each.split() for each in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {
        int(local.rpartition(":")[2], 16)
        for _, local, _, state, *more in table
        if state == "0A" and f"socket:[{more[5]}]" in sockets
    }


def test_a_port_that_is_taken_is_told_at_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = Settings(
            port=free_port(), metrics_port=port, sqlite_path=str(tmp_path / "store.db")
        )
        (complaint,) = complaints(settings)
    assert complaint.startswith(f"METRICS_PORT: something else listens on port {port} already")
    elsewhere = Settings(
        port=free_port(),
        metrics_host="none.invalid",
        metrics_port=port,
        sqlite_path=str(tmp_path / "x.db"),
    )
    assert complaints(elsewhere) == ["METRICS_HOST: there is no address none.invalid."]


def test_the_port_of_the_api_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"METRICS_PORT: must differ from PORT"):
        Settings(port=8000, metrics_port=8000)


def test_a_broken_file_of_an_ended_worker_is_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "counter_1.db").write_bytes(b"no metrics, but something else")
    WorkersMetrics(tmp_path).fold(set())
    assert "what an ended worker counted is lost" in caplog.text
    assert not list(tmp_path.glob("counter_1.db"))


def test_a_worker_for_whose_files_there_is_no_room_serves_without_metrics(tmp_path: Path) -> None:
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000)); "
        "from app.wsgi import app; print(app.test_client().get('/readyz').status_code)"
    )
    settings = {
        "NEXTAUTH_SECRET": SECRET,
        "SQLITE_PATH": str(tmp_path / "store.db"),
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "this worker counts nothing for metrics: [Errno 27]" in done.stdout + done.stderr
    assert done.stdout.endswith("200\n")


def test_an_address_of_ipv6_is_one() -> None:
    assert server_class("::1").address_family == socket.AF_INET6
    assert server_class("127.0.0.1").address_family == socket.AF_INET


def test_an_empty_file_of_a_worker_that_has_just_begun_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "counter_1.db").touch()
    metrics = WorkersMetrics(tmp_path)
    assert list(metrics.collect()) == []
    metrics.fold({1})
    assert list(tmp_path.iterdir())
    metrics.fold(set())
    assert not list(tmp_path.iterdir())
