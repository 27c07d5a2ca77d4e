"""What is the Sanity store's alone: its round trips, its index, its rights, its limits."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask

from app.factory import create_app
from app.service.documents import log_id_of
from app.service.errors import DuplicateLog, RevisionMismatch, StoreError, StoreUnavailable
from app.service.stores.port import LogQuery
from app.service.stores.sanity.client import Limits
from app.service.stores.sanity.store import SanityStore
from app.settings import Settings
from tests import world
from tests.conftest import Client
from tests.content_lake import (
    API_VERSION,
    DATASET,
    EDITOR_TOKEN,
    VIEWER_TOKEN,
    ContentLake,
    content_lake_client,
    running_content_lake,
)
from tests.issuer import AUDIENCE, Issuer
from tests.sanity.wire import OK, Server, sends, tls_of
from tests.world import RUNNER, log_of, session_of
from tests.writes import create_log, delete_log

OLD = log_of(RUNNER, 1)
NEW = {"sessionId": session_of(RUNNER, 10), "status": "dnf"}
NEW_ID = log_id_of(RUNNER, session_of(RUNNER, 10))


@pytest.fixture
def store(lake: ContentLake) -> Iterator[SanityStore]:
    opened = SanityStore(lake.client())
    yield opened
    opened.close()


class TestRoundTrips:
    def test_of_each_operation(self, lake: ContentLake, runner: Client) -> None:
        for call, queries, mutations in [
            (lambda: runner.list(withTotal="true", dateFrom="2026-01-01"), 1, 0),
            (lambda: runner.get(OLD), 1, 0),
            (lambda: runner.create(NEW), 1, 1),
            (lambda: runner.update(OLD, {"notes": "x"}), 1, 1),
            (lambda: runner.delete(OLD), 1, 1),
        ]:
            lake.reset_counters()
            response = call()
            assert response.status_code < 300
            assert lake.requests() == {"query": queries, "mutate": mutations, "doc": 0}
            total = queries + mutations
            calls = "1 call" if total == 1 else f"{total} calls"
            assert f'desc="{calls}"' in response.headers["Server-Timing"]

    def test_an_unknown_caller_costs_one_more(
        self, lake: ContentLake, app: Flask, issuer: Issuer
    ) -> None:
        unknown = Client(app.test_client(), issuer.token(world.OTHER_RUNNER))
        assert unknown.list().status_code == 200
        assert lake.requests() == {"query": 2, "mutate": 0, "doc": 0}


class TestRefusedWrites:
    def test_bring_the_document_as_it_is(self, store: SanityStore) -> None:
        first = create_log(store, {"_id": NEW_ID, "_type": "workoutLog"}, transaction_id="t1")
        with pytest.raises(DuplicateLog) as duplicate:
            create_log(store, {"_id": NEW_ID, "_type": "workoutLog"}, transaction_id="t2")
        assert duplicate.value.existing == first
        with pytest.raises(RevisionMismatch) as mismatch:
            delete_log(store, NEW_ID, if_revision="t0")
        assert mismatch.value.current == first

    def test_a_create_sent_twice_is_the_same_create(self, store: SanityStore) -> None:
        document = {"_id": NEW_ID, "_type": "workoutLog"}
        first = create_log(store, document, transaction_id="t1")
        assert create_log(store, document, transaction_id="t1") == first


class TestIdempotencyKey:
    def test_replays_after_the_lost_response_of_a_server(
        self, lake: ContentLake, runner: Client
    ) -> None:
        lake.fault("drop", kind="mutate", when="after")
        lake.fault("drop", kind="doc", times=100)
        key = {"Idempotency-Key": "once"}
        assert runner.create(NEW, **key).status_code == 503
        lake.clear_faults()
        replayed = runner.create(NEW, **key)
        assert (replayed.status_code, replayed.json["data"]["id"]) == (201, NEW_ID)
        assert runner.create({**NEW, "notes": "x"}, **key).status_code == 422
        assert runner.create(NEW).status_code == 409


class TestTags:
    def test_every_request_says_what_it_is_for(self, lake: ContentLake, runner: Client) -> None:
        lake.reset_counters()
        runner.list()
        runner.get(OLD)
        runner.create(NEW)
        runner.update(OLD, {"notes": "x"})
        lake.fault("drop", kind="mutate", when="after")
        runner.delete(OLD)
        prefix = "workout-log-api."
        assert [each.removeprefix(prefix) for each in lake.tags()] == [
            "list-logs",
            "get-log",
            "read-for-create",
            "create-log",
            "get-log",
            "update-log",
            "get-log",
            "delete-log",
            "read-back",
            "await-index",
        ]


class TestLimits:
    def test_writes_at_once(self, lake: ContentLake, issuer: Issuer) -> None:
        lake.delays(latency=0.3)
        store = SanityStore(lake.client(limits=Limits(writes_at_once=3)))

        def create(number: int) -> None:
            create_log(
                store, {"_id": f"log-{number}", "_type": "workoutLog"}, transaction_id=f"t{number}"
            )

        with ThreadPoolExecutor(12) as threads:
            list(threads.map(create, range(12)))
        store.close()
        assert lake.max_concurrent_mutations() == 3

    def test_more_waiting_writes_than_time(self, lake: ContentLake) -> None:
        lake.delays(latency=1)
        limits = Limits(writes_at_once=1, read_timeout=2.4, deadline=2.5)
        store = SanityStore(lake.client(limits=limits))

        def create(number: int) -> bool:
            document = {"_id": f"log-{number}", "_type": "workoutLog"}
            try:
                create_log(store, document, transaction_id=f"t{number}")
            except StoreError:
                return False
            return True

        with ThreadPoolExecutor(6) as threads:
            made = list(threads.map(create, range(6)))
        store.close()
        assert 1 <= sum(made) < 6

    def test_a_coach_of_very_many(self, store: SanityStore) -> None:
        """Parameters far longer than a URL may be."""
        runner_ids = [f"runner-of-a-large-club-{number:06}" for number in range(5000)]
        page = store.list_logs(LogQuery(runner_ids=[*runner_ids, RUNNER], with_total=True))
        assert page.total == 3


class TestAccess:
    def test_a_viewers_token_reads_and_does_not_write(self, lake: ContentLake) -> None:
        store = SanityStore(lake.client(token=VIEWER_TOKEN))
        assert store.get_log(OLD)
        with pytest.raises(StoreUnavailable):
            create_log(store, {"_id": NEW_ID, "_type": "workoutLog"}, transaction_id="t1")
        store.close()

    @pytest.mark.parametrize("wrong", [{"token": "no-such-token"}, {"dataset": "elsewhere"}])
    def test_a_wrong_token_or_dataset_serves_nobody(
        self, lake: ContentLake, wrong: dict[str, str]
    ) -> None:
        store = SanityStore(lake.client(**wrong))  # type: ignore[arg-type]
        with pytest.raises(StoreUnavailable):
            store.ping()
        store.close()

    def test_the_token_goes_to_nobody_without_a_good_certificate(self, certificate: Path) -> None:
        with Server(sends(OK), tls_of(certificate)).running() as server:
            url = server.url.replace("127.0.0.1", "localhost")
            lake = content_lake_client.ContentLake(
                url, dataset=DATASET, token=EDITOR_TOKEN, api_version=API_VERSION
            )
            store = SanityStore(lake)
            with pytest.raises(StoreUnavailable):
                store.ping()
            store.close()
        assert server.requests == []

    def test_anonymous_clients_see_no_log_even_in_a_public_dataset(self, issuer: Issuer) -> None:
        """Its id keeps a log that we make out of anonymous reads."""
        with running_content_lake("--public") as public:
            public.load(world.club())
            settings = Settings(oauth_issuer=issuer.url, oauth_audience=AUDIENCE)
            store = SanityStore(public.client())
            client = create_app(settings, store).test_client()
            assert Client(client, issuer.token(RUNNER)).create(NEW).status_code == 201
            store.close()
            anonymous = SanityStore(public.client(token=""))
            assert anonymous.get_log(OLD), "or the dataset is not public"
            assert anonymous.get_log(NEW_ID) is None
            anonymous.close()
