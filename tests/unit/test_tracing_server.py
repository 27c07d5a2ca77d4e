"""Traces of a real server: sent by OTLP as the OTEL_* variables say, or not even loaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from app.settings import sends_traces
from tests.server import ROOT, environment, running_server, serving
from tests.waiting import PATIENCE

SECRET = "0123456789abcdef"


@contextmanager
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """Where spans are sent to, and what came."""
    received: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces"
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing to see."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        yield url, received


def test_all_spans_of_all_workers_have_come_when_the_server_has_stopped(tmp_path: Path) -> None:
    with collector() as (url, received):
        settings = {
            "NEXTAUTH_SECRET": SECRET,
            "SQLITE_PATH": str(tmp_path / "store.db"),
            "RATE_LIMIT": "",
            "WORKERS": "2",
            "OTEL_EXPORTER_OTLP_ENDPOINT": url,
            "OTEL_SERVICE_NAME": "the-api-of-this-test",
            # Only the end makes it send.
            "OTEL_BSP_SCHEDULE_DELAY": "3600000",
        }
        with running_server(settings) as server:
            for _ in range(30):
                requests.get(f"{server.url}/api/workout-logs", timeout=PATIENCE)
    names = [
        span.name
        for each in received
        for resource in each.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert names.count("GET /api/workout-logs") == 30
    about = {
        attribute.key: attribute.value.string_value
        for each in received
        for resource in each.resource_spans
        for attribute in resource.resource.attributes
    }
    assert about["service.name"] == "the-api-of-this-test"
    assert about["service.version"]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "x", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "x", "OTEL_SDK_DISABLED": "TRUE"}, False),
    ],
)
def test_the_variables_say_whether_there_are_traces(
    variables: dict[str, str], expected: bool
) -> None:
    assert sends_traces(variables) is expected


PROGRAM = """
import sys
{before}
import app.wsgi
of_traces = ("app.web.tracing", "opentelemetry.sdk.trace", "opentelemetry.exporter")
print(sorted(each for each in sys.modules if each.startswith(of_traces)))
"""


def modules(tmp_path: Path, before: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """What a worker imports for traces; `redis` imports parts of OpenTelemetry by itself."""
    settings = environment(
        NEXTAUTH_SECRET=SECRET, SQLITE_PATH=str(tmp_path / "store.db"), **variables
    )
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before)],
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        check=True,
    )


def test_nothing_for_them_is_imported_where_traces_are_off(tmp_path: Path) -> None:
    assert modules(tmp_path).stdout == "[]\n"
    done = modules(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
    assert "app.web.tracing" in done.stdout


def test_without_the_extra_the_log_says_what_to_install(tmp_path: Path) -> None:
    without = 'sys.modules["opentelemetry"] = None'
    done = modules(tmp_path, without, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
    assert "workout-log-api[otel]" in done.stdout + done.stderr
    assert done.stdout.endswith("[]\n")
