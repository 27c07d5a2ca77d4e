"""Traces for OpenTelemetry: a span of each request, and one of each call of the store in it.

Imported only where traces are on; it needs the extra `otel`. Spans name routes and operations: no
path, query, user, token or content is in them, and only W3C Trace Context comes in and goes on. The
OTEL_* variables of OpenTelemetry say where they are sent; docs/operations.md has those that count.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from flask import Flask
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from requests.adapters import BaseAdapter

from app.service.errors import StoreError
from app.service.stores import timing
from app.settings import Settings
from app.web import request_context
from app.web.access_log import method_of
from app.web.request_context import RequestContext

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "workout_log_api."
SERVICE = "workout-log-api"

MAX_FLUSH_SECONDS = 5
"""How long the end of a process waits for the last spans to be sent."""

_w3c = TraceContextTextMapPropagator()


def create_tracing(settings: Settings) -> Tracing:
    """Spans that are sent by OTLP, as the OTEL_* variables say, also at the end of this process."""
    about = {"service.name": SERVICE, "service.version": version(SERVICE)}
    # What the variables say wins.
    resource = Resource.create(about).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))

    def end() -> None:
        flush = threading.Thread(target=provider.shutdown, daemon=True)
        flush.start()
        flush.join(MAX_FLUSH_SECONDS)

    # A worker is a process of `multiprocessing`, in which `atexit` calls nothing.
    Finalize(None, end, exitpriority=0)
    if not settings.sanity_project_id:
        return Tracing(provider, store="sqlite")
    server = urlsplit(settings.sanity_api_url).hostname
    return Tracing(
        provider, store="sanity", server=server or f"{settings.sanity_project_id}.api.sanity.io"
    )


class Tracing:
    """The spans of an app, made by a provider; `store` and `server` name the store's system and, if
    it has one, its host.
    """

    def __init__(self, provider: TracerProvider, *, store: str, server: str | None = None) -> None:
        self._tracer = provider.get_tracer(SERVICE)
        self._store = {"db.system.name": store}
        if server:
            self._store["server.address"] = server

    def register(self, app: Flask) -> None:
        """Make a span of each request of the app."""
        wsgi_app = app.wsgi_app

        def traced(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            sent = {
                name: environ[key]
                for name, key in (
                    ("traceparent", "HTTP_TRACEPARENT"),
                    ("tracestate", "HTTP_TRACESTATE"),
                )
                if key in environ
            }
            method = method_of(environ)
            with self._tracer.start_as_current_span(
                method, _w3c.extract(sent), SpanKind.SERVER, record_exception=False
            ) as span:
                context = request_context.current()
                if context and not context.trace_id:
                    context.trace_id = format_trace_id(span.get_span_context().trace_id)
                try:
                    return wsgi_app(environ, start_response)
                finally:
                    if context and span.is_recording():
                        _describe(span, environ, method, context)

        app.wsgi_app = traced  # type: ignore[method-assign]  # as Flask documents

    @staticmethod
    def passed_on(adapter: BaseAdapter) -> BaseAdapter:
        """An adapter that sends requests through this one, with the current span's context."""
        return _PassedOn(adapter)

    @contextmanager
    def store_operation(self, name: str) -> Iterator[None]:
        """The span of an operation of the store: `app.service.stores.observed.Watch`."""
        before = timing.spent()
        calls, retries = before.calls, before.retries
        with self._tracer.start_as_current_span(
            name,
            kind=SpanKind.CLIENT,
            attributes={**self._store, "db.operation.name": name},
            record_exception=False,
            # That there is no such log is no failure of the store.
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except StoreError as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(StatusCode.ERROR)
                raise
            finally:
                after = timing.spent()
                span.set_attribute(f"{PREFIX}store.round_trips", after.calls - calls)
                span.set_attribute(f"{PREFIX}store.retries", after.retries - retries)


def _describe(span: Span, environ: WSGIEnvironment, method: str, context: RequestContext) -> None:
    """The semantic conventions of HTTP servers, without `url.path`: a path has ids in it."""
    attributes: dict[str, Any] = {
        "http.request.method": "_OTHER" if method == "other" else method,
        "http.response.status_code": context.status,
        "url.scheme": environ["wsgi.url_scheme"],
        f"{PREFIX}request_id": context.id,
    }
    if context.route:
        span.update_name(f"{method} {context.route}")
        attributes["http.route"] = context.route
    if code := context.facts.get("code"):
        attributes[f"{PREFIX}problem.code"] = code
    if context.status >= 500:
        attributes["error.type"] = str(context.status)
        span.set_status(StatusCode.ERROR)
    span.set_attributes(attributes)


class _PassedOn(BaseAdapter):
    def __init__(self, adapter: BaseAdapter) -> None:
        super().__init__()
        self._adapter = adapter

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]  # passed on as they come
        _w3c.inject(request.headers)
        return self._adapter.send(request, **options)

    def close(self) -> None:
        self._adapter.close()
