"""What a process counts for Prometheus; `app.metrics_exporter` adds up all processes.

Imported only where metrics are on. No client chooses a label: paths are told by their route,
methods and codes come from lists of ours.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from app.service.errors import StoreError
from app.service.stores import timing
from app.web.access_log import method_of
from app.web.request_context import RequestContext

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "workout_log_api_"

BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds: from a read of SQLite to the default of SANITY_DEADLINE."""

NO_ROUTE = "none"
"""The label of requests that no route takes."""

LIMITS = ("users", "addresses", "concurrency")
"""What the fact `limit` of the access log can be."""


FILES = {"counter": 2**20, "histogram": 2**20, "gauge_livesum": 2**16}
"""Bytes of the files of prometheus_client: more than all routes, codes and operations need."""


def reserve(folder: Path, whose: str) -> None:
    """Make the files in which somebody counts: a process id, or a word. Raises OSError.

    They are mapped into memory: where the disk is full, the first write to a page that it does not
    have yet would kill the process.
    """
    for kind, size in FILES.items():
        with (folder / f"{kind}_{whose}.db").open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, size)


def of_worker(folder: Path) -> Metrics:
    """The metrics of this process, in files of the folder. Raises OSError."""
    reserve(folder, str(os.getpid()))
    return Metrics()


class Metrics:
    """The metrics, which docs/operations.md lists. They are in `registry`; with the environment
    variable PROMETHEUS_MULTIPROC_DIR they are in files of that folder.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        def name(each: str) -> dict[str, Any]:
            return {"name": PREFIX + each, "registry": registry}

        self._requests = Counter(
            **name("http_requests_total"),
            documentation="Requests, when their responses are ready.",
            labelnames=("method", "route", "status", "code"),
        )
        self._seconds = Histogram(
            **name("http_request_duration_seconds"),
            documentation="From a request's arrival in a thread to its response.",
            labelnames=("method", "route"),
            buckets=BUCKETS,
        )
        self._in_progress = Gauge(
            **name("http_requests_in_progress"),
            documentation="Requests in a thread, those that wait for their turn included.",
            multiprocess_mode="livesum",
        )
        self._slots = Gauge(
            **name("request_slots"),
            documentation="Requests of the API that can be worked on at once (THREADS).",
            multiprocess_mode="livesum",
        )
        self._limited = Counter(
            **name("rate_limited_requests_total"),
            documentation="Requests that got 429, by whose limit it was.",
            labelnames=("limit",),
        )
        self._lookups = Counter(
            **name("cache_lookups_total"),
            documentation="Look-ups of tokens and of callers in a process's memory.",
            labelnames=("cache", "result"),
        )
        self._operations = Histogram(
            **name("store_operation_duration_seconds"),
            documentation="Operations of the store, with their retries.",
            labelnames=("operation",),
            buckets=BUCKETS,
        )
        self._errors = Counter(
            **name("store_errors_total"),
            documentation="Operations at which the store failed.",
            labelnames=("operation", "error"),
        )
        self._retries = Counter(
            **name("store_retries_total"),
            documentation="Round trips to the store that repeated a failed one.",
            labelnames=("operation",),
        )
        # The library's own look-up of labels takes as long as counting.
        self._requests_of = cache(self._requests.labels)
        self._seconds_of = cache(self._seconds.labels)
        self._operations_of = cache(self._operations.labels)
        # An increase from nothing is seen by no query.
        for limit in LIMITS:
            self._limited.labels(limit)

    def register(self, app: Flask, slots: int) -> None:
        """Count the app's requests under way; `slots` of them are worked on at once."""
        self._slots.set(slots)
        begin, end, wsgi_app = self._in_progress.inc, self._in_progress.dec, app.wsgi_app

        def counting(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            begin()
            try:
                return wsgi_app(environ, start_response)
            finally:
                end()

        app.wsgi_app = counting  # type: ignore[method-assign]  # as Flask documents

    def count(
        self, environ: WSGIEnvironment, context: RequestContext, _: int, seconds: float
    ) -> None:
        """Count a request whose response is ready."""
        method, route = method_of(environ), context.route or NO_ROUTE
        facts = context.facts
        self._requests_of(method, route, context.status, facts.get("code", "")).inc()
        self._seconds_of(method, route).observe(seconds)
        if "limit" in facts:
            self._limited.labels(facts["limit"]).inc()

    def lookups(self, cache: str) -> Callable[[bool], None]:
        """What counts the look-ups in a cache, by whether it held what was looked up."""
        hits, misses = (self._lookups.labels(cache, result) for result in ("hit", "miss"))
        return lambda hit: (hits if hit else misses).inc()

    def store_operation(self, name: str) -> _Operation:
        """What counts an operation of the store: `app.service.stores.observed.Watch`."""
        return _Operation(self._operations_of(name), self._errors, self._retries, name)


class _Operation:
    def __init__(self, durations: Histogram, errors: Counter, retries: Counter, name: str) -> None:
        self._durations = durations
        self._errors = errors
        self._retries = retries
        self._name = name

    def __enter__(self) -> None:
        self._retries_before = timing.spent().retries
        self._started = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._durations.observe(time.perf_counter() - self._started)
        if kind and issubclass(kind, StoreError):
            self._errors.labels(self._name, kind.__name__).inc()
        if retries := timing.spent().retries - self._retries_before:
            self._retries.labels(self._name).inc(retries)
