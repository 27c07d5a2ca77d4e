"""Traces: a span of each request, one of each call of the store, and nothing personal in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, format_span_id, format_trace_id

from app.factory import create_app, create_store
from app.service.errors import StoreError
from app.settings import Settings
from app.web.tracing import Tracing
from tests import world
from tests.conftest import Client, OpenStore
from tests.content_lake import ContentLake
from tests.issuer import Issuer
from tests.sanity.wire import OK, Server, sends

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
LOG = "/api/workout-logs/<document_id:log_id>"


class Spans:
    """The spans that ended, the last one of each request being that of the request."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracing = Tracing(provider, store="some-store", server="store.example")

    def take(self) -> list[ReadableSpan]:
        """The spans since the last call."""
        taken = list(self._exporter.get_finished_spans())
        self._exporter.clear()
        return taken


@pytest.fixture
def spans() -> Spans:
    return Spans()


@pytest.fixture
def app(
    settings: Settings, open_store: OpenStore, documents: list[dict[str, Any]], spans: Spans
) -> Flask:
    return create_app(settings, open_store(documents), tracing=spans.tracing)


def test_a_request_is_a_span_and_so_is_each_call_of_the_store(runner: Client, spans: Spans) -> None:
    sent = {"X-Request-Id": "my-request-1", "traceparent": f"00-{TRACE}-{PARENT}-01"}
    runner.get(world.log_of(world.RUNNER, 1), **sent)
    *calls, request = spans.take()
    assert (request.name, request.kind) == (f"GET {LOG}", SpanKind.SERVER)
    assert format_span_id(request.parent.span_id) == PARENT
    assert request.parent.is_remote
    assert request.attributes == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": LOG,
        "url.scheme": "http",
        "workout_log_api.request_id": "my-request-1",
    }
    assert [(each.name, each.kind) for each in calls] == [
        ("find-users", SpanKind.CLIENT),
        ("get-log", SpanKind.CLIENT),
    ]
    for each in calls:
        assert each.parent.span_id == request.context.span_id
        assert each.attributes == {
            "db.system.name": "some-store",
            "db.operation.name": each.name,
            "server.address": "store.example",
            "workout_log_api.store.round_trips": 1,
            "workout_log_api.store.retries": 0,
        }
    for each in (*calls, request):
        assert format_trace_id(each.context.trace_id) == TRACE
        assert each.status.status_code is StatusCode.UNSET


def test_a_request_without_a_context_begins_a_trace(runner: Client, spans: Spans) -> None:
    runner.list(traceparent="none of its own")
    *_, request = spans.take()
    assert request.parent is None


def test_a_refusal_is_no_error_and_says_its_code(
    runner: Client, sign_in: Callable[..., Client], spans: Spans
) -> None:
    for client, path in ((runner, f"{LOG}-none"), (sign_in(None), "/api/workout-logs")):
        client.request("GET", path)
    runner.get("none-of-that-id")
    requests = [each for each in spans.take() if each.kind is SpanKind.SERVER]
    assert [
        (each.name, each.attributes["workout_log_api.problem.code"], each.status.status_code)
        for each in requests
    ] == [
        ("GET", "not-found", StatusCode.UNSET),
        ("GET /api/workout-logs", "missing-token", StatusCode.UNSET),
        (f"GET {LOG}", "not-found", StatusCode.UNSET),
    ]


def test_no_span_holds_what_a_request_or_a_document_says(
    app: Flask, runner: Client, issuer: Issuer, spans: Spans
) -> None:
    log = world.log_of(world.RUNNER, 1)
    token = issuer.token(world.RUNNER)
    client = Client(app.test_client(), token)
    client.update(log, {"notes": "a secret note"}, baggage="user=a-secret-name")
    client.list(runnerId=world.RUNNER, sessionId=world.session_of(world.RUNNER, 1))
    client.request("BREW", "/api/a-secret-path?a-secret-query=1")
    # Whatever the store did: a fault of it is told by its class only.
    taken = spans.take()
    assert taken
    text = " ".join(each.to_json() for each in taken)
    for secret in (token, log, world.RUNNER, world.session_of(world.RUNNER, 1), "secret", "BREW"):
        assert secret not in text


def test_a_failure_of_the_store_is_an_error(
    settings: Settings,
    open_sanity: OpenStore,
    content_lake: ContentLake,
    documents: list[dict[str, Any]],
    issuer: Issuer,
    spans: Spans,
) -> None:
    settings = replace(settings, caller_cache_seconds=3600)
    app = create_app(settings, open_sanity(documents), tracing=spans.tracing)
    runner = Client(app.test_client(), issuer.token(world.RUNNER))
    runner.list()
    spans.take()
    content_lake.fault("drop", times=1)
    assert runner.list().status_code == 200
    call, request = spans.take()
    assert (call.attributes["workout_log_api.store.round_trips"], call.status.status_code) == (
        2,
        StatusCode.UNSET,
    )
    assert call.attributes["workout_log_api.store.retries"] == 1
    content_lake.fault("drop", times=9)
    assert runner.list().status_code == 503
    content_lake.clear_faults()
    call, request = spans.take()
    assert call.attributes["error.type"] == "StoreUnavailable"
    assert request.attributes["error.type"] == "503"
    assert {each.status.status_code for each in (call, request)} == {StatusCode.ERROR}
    assert not call.events
    assert not request.events


def test_the_context_is_passed_on_to_sanity(spans: Spans) -> None:
    with Server(sends(OK)).running() as server:
        settings = Settings(
            sanity_project_id="abc123", sanity_api_token="sk", sanity_api_url=server.url
        )
        with (
            closing(create_store(settings, spans.tracing)) as store,
            spans.tracing.store_operation("ping"),
            pytest.raises(StoreError),
        ):
            store.ping()
    (call,) = spans.take()
    trace, span = format_trace_id(call.context.trace_id), format_span_id(call.context.span_id)
    (request,) = server.requests
    (passed_on,) = re.findall(rb"(?i)\r\ntraceparent: (.*)\r\n", request)
    assert passed_on.decode().rpartition("-")[0] == f"00-{trace}-{span}"
    assert b"baggage" not in request.lower()
