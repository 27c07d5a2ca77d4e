"""What the API counts: each request once, by labels that no client chooses."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from app.factory import create_app
from app.service.days import UTC_ZONE
from app.service.errors import StoreUnavailable
from app.service.external_links import ExternalLinks
from app.service.model import Caller, Role
from app.service.stores.observed import watched
from app.service.stores.port import LogQuery, StoredUser
from app.service.workout_logs import WorkoutLogs
from app.settings import Settings
from app.web.metrics import PREFIX, Metrics
from tests import world
from tests.conftest import Client, OpenStore
from tests.content_lake import ContentLake
from tests.issuer import Issuer
from tests.server import ROOT, environment
from tests.service.fake_store import FakeStore


class WithUsers:
    """A fake store that knows the users, too."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def find_users(self, *, user_id: str, **_: object) -> list[StoredUser]:
        return [StoredUser(self._store.documents[user_id], (), ())]


LOGS = "/api/workout-logs"
LOG = "/api/workout-logs/<document_id:log_id>"


class Counts:
    """The metrics of an app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry)

    def value(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(PREFIX + name, labels) or 0

    def requests(self) -> dict[tuple[str, ...], float]:
        """How many requests by method, route, status and code."""
        return self.all("http_requests_total", "method", "route", "status", "code")

    def all(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        return {
            tuple(each.labels[label] for label in labels): each.value
            for metric in self.registry.collect()
            for each in metric.samples
            if each.name == PREFIX + name
        }


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, caller_cache_seconds=3600, rate_limit="")


@pytest.fixture
def app(
    settings: Settings, open_store: OpenStore, documents: list[dict[str, Any]], counts: Counts
) -> Flask:
    return create_app(settings, open_store(documents), metrics=counts.metrics)


def test_requests_are_counted_by_route_status_and_code(
    app: Flask, runner: Client, sign_in: Callable[..., Client], counts: Counts
) -> None:
    log = world.log_of(world.RUNNER, 1)
    for _ in range(3):
        runner.get(log)
    runner.get(log, **{"If-None-Match": runner.get(log).headers["ETag"]})
    runner.list(limit=0)
    runner.update(log, {"status": "none"})
    sign_in(None).list()
    for path in ("/api/none", "/api/workout-logs/../x", "/wp-login.php"):
        runner.request("GET", path)
    app.test_client().open("/healthz", method="BREW")
    assert counts.requests() == {
        ("GET", LOG, "200", ""): 4,
        ("GET", LOG, "304", ""): 1,
        ("GET", LOGS, "422", "validation-failed"): 1,
        ("PUT", LOG, "422", "validation-failed"): 1,
        ("GET", LOGS, "401", "missing-token"): 1,
        ("GET", "none", "404", "not-found"): 3,
        ("other", "none", "405", "method-not-allowed"): 1,
    }
    durations = counts.all("http_request_duration_seconds_count", "method", "route")
    assert durations == {
        ("GET", LOG): 5,
        ("PUT", LOG): 1,
        ("GET", LOGS): 2,
        ("GET", "none"): 3,
        ("other", "none"): 1,
    }
    assert counts.value("http_requests_in_progress") == 0
    assert counts.value("request_slots") == Settings().threads


def test_operations_of_the_store_are_counted(runner: Client, counts: Counts) -> None:
    for _ in range(3):
        runner.list()
    runner.create({"sessionId": world.session_of(world.RUNNER, 10), "status": "dnf"})
    operations = counts.all("store_operation_duration_seconds_count", "operation")
    assert operations[("find-users",)] == 1
    assert operations[("list-logs",)] == 3
    assert operations[("write-logs",)] == 1
    assert not counts.all("store_errors_total", "operation")
    assert not counts.all("store_retries_total", "operation")


def test_tokens_and_callers_that_are_remembered_are_hits(
    app: Flask, coach: Client, runner: Client, issuer: Issuer, counts: Counts
) -> None:
    # The issuer's keys are fetched, and what was remembered before is looked at again.
    coach.list()
    for _ in range(3):
        runner.list()
    Client(app.test_client(), issuer.token(world.RUNNER, jti="another")).list()
    Client(app.test_client(), "a.b.c").list()
    assert counts.all("cache_lookups_total", "cache", "result") == {
        ("token", "hit"): 2,
        ("token", "miss"): 4,
        ("caller", "hit"): 3,
        ("caller", "miss"): 2,
    }


class TestLimits:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, rate_limit="4 per hour", concurrent_requests=1)

    def test_of_users_and_addresses(
        self, runner: Client, sign_in: Callable[..., Client], counts: Counts
    ) -> None:
        for _ in range(6):
            runner.list()
        for _ in range(4):
            sign_in(None).list()
        assert counts.all("rate_limited_requests_total", "limit") == {
            ("users",): 2,
            ("addresses",): 3,
            ("concurrency",): 0,
        }
        assert counts.requests()["GET", LOGS, "429", "too-many-requests"] == 5


def test_requests_under_way_are_counted(
    settings: Settings, documents: list[dict[str, Any]], issuer: Issuer, counts: Counts
) -> None:
    store = FakeStore(documents)
    app = create_app(settings, WithUsers(store), metrics=counts.metrics)  # type: ignore[arg-type]  # the part of the port that logs need
    runner = Client(app.test_client(), issuer.token(world.RUNNER))
    seen: list[float] = []
    store.before_writing = lambda: seen.append(counts.value("http_requests_in_progress"))
    assert runner.delete(world.log_of(world.RUNNER, 1)).status_code == 204
    assert seen == [1]
    assert counts.value("http_requests_in_progress") == 0


def test_a_retry_is_counted(
    settings: Settings,
    open_sanity: OpenStore,
    content_lake: ContentLake,
    documents: list[dict[str, Any]],
    issuer: Issuer,
    counts: Counts,
) -> None:
    app = create_app(settings, open_sanity(documents), metrics=counts.metrics)
    runner = Client(app.test_client(), issuer.token(world.RUNNER))
    runner.list()
    content_lake.fault("drop", times=1)
    assert runner.list().status_code == 200
    assert counts.all("store_retries_total", "operation") == {("list-logs",): 1}
    assert not counts.all("store_errors_total", "operation")


def test_a_failure_of_the_store_is_counted(counts: Counts) -> None:
    store = FakeStore(world.club())
    service = WorkoutLogs(
        watched(store, counts.metrics.store_operation),  # type: ignore[arg-type]  # the part of the port that logs need
        ExternalLinks(["strava.com"]),
        UTC_ZONE,
    )

    def fail() -> None:
        raise StoreUnavailable("it is gone")

    store.before_writing = fail
    caller = Caller(world.RUNNER, Role.RUNNER)
    service.list(caller, LogQuery())
    with pytest.raises(StoreUnavailable):
        service.delete(caller, world.log_of(world.RUNNER, 1))
    assert counts.all("store_errors_total", "operation", "error") == {
        ("write-logs", "StoreUnavailable"): 1
    }
    assert counts.value("store_operation_duration_seconds_count", operation="write-logs") == 1


def test_the_page_for_operators_lists_every_metric_with_its_labels(counts: Counts) -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    table = page.partition(f"| metric, after `{PREFIX}` |")[2].partition("\n\n")[0]
    listed = {
        name: (kind, set(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\|", table, re.M)
    }
    counted = {
        each._name + ("_total" if each._type == "counter" else ""): (
            each._type,
            set(each._labelnames),
        )
        for each in vars(counts.metrics).values()
        if isinstance(each, Counter | Gauge | Histogram)
    }
    assert {PREFIX + name: told for name, told in listed.items()} == counted


def test_nothing_of_it_is_imported_where_metrics_are_off(tmp_path: Path) -> None:
    program = "import sys, app.wsgi; print('prometheus_client' in sys.modules)"
    settings = environment(
        NEXTAUTH_SECRET="0123456789abcdef", SQLITE_PATH=str(tmp_path / "store.db")
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
