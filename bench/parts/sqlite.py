"""The product on the embedded store, with a thousand logs and with a million."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from app.service import cursor, sync_tokens
from app.service.stores.port import Position, SyncPoint
from app.service.stores.sqlite.store import SqliteStore
from bench import documents, files, loads, servers, traffic
from bench.documents import ADMIN_ID, COACH_ID, RUNNER_ID, Document
from bench.measure import Load, Sample, measure
from bench.processes import Process
from bench.setting import Bench, say
from bench.targets import with_logs
from bench.traffic import CHANGES_PATH, PATH, request

_DAYS = "dateFrom=2024-12-23&dateTo=2025-03-16&asOf=2025-03-16"


def run(bench: Bench) -> list[Sample]:
    """Every size is loaded first, then all are driven interleaved."""
    sizes = bench.sizes
    with ExitStack() as stack:
        products: dict[int, Process] = {}
        for logs in sizes.log_counts:
            say(f"SQLite: loading {logs:,} logs")
            database = bench.folder / f"{logs}.db"
            files.load(
                database,
                _documents(logs, sizes.logs_per_runner, spare=sizes.writes * sizes.rounds),
            )
            products[logs] = stack.enter_context(
                servers.product_on_sqlite(bench.folder, database, bench.issuer)
            )
        tokens = {each: bench.issuer.token(each) for each in (ADMIN_ID, RUNNER_ID)}
        reads = {logs: _reads(bench, logs, tokens) for logs in products}
        say(f"SQLite: warming {len(products)} servers for {sizes.warm_seconds} s")
        bench.warm(
            [(products[logs], each) for logs, named in reads.items() for each in named.values()]
        )
        samples = []
        for turn in range(sizes.rounds):
            say(f"SQLite: round {turn + 1} of {sizes.rounds}")
            for name in reads[sizes.log_counts[0]]:
                for logs, product in products.items():
                    load = reads[logs][name]
                    samples.append(measure(product, with_logs(name, logs), load, turn=turn))
            for logs, product in products.items():
                for name, each in _writes(bench, logs, tokens, turn).items():
                    samples.append(measure(product, with_logs(name, logs), each, turn=turn))
        return samples


def _documents(logs: int, logs_per_runner: int, spare: int) -> Iterator[Document]:
    """Runners in turn log a session of theirs, minute by minute; `RUNNER_ID` is the first, and has
    `spare` sessions without a log.
    """
    yield documents.user(ADMIN_ID, "admin")
    yield documents.user(COACH_ID, "coach")
    runners = [RUNNER_ID, *(f"user.{number:06}" for number in range(1, logs // logs_per_runner))]
    for runner_id in runners:
        yield documents.user(runner_id, "runner", COACH_ID)
        yield documents.plan(f"plan.{runner_id}", runner_id)
    for number in range(logs):
        runner_id = runners[number % len(runners)]
        yield documents.session(f"session-{number}", f"plan.{runner_id}", number)
        yield documents.log(_log_id(number), runner_id, f"session-{number}", number)
    for number in range(spare):
        # On days of which no report is asked.
        yield documents.session(f"spare-{number}", f"plan.{RUNNER_ID}", 120 + number % 240)


def _beginning(database: Path) -> str:
    """A token of before all documents."""
    store = SqliteStore(database)
    at, (file, _, _) = store.sync_point()
    store.close()
    return sync_tokens.encode(SyncPoint(at, (file, "0", "")), None)


def _log_id(number: int) -> str:
    return f"workoutLog.{number:040x}"


def _reads(bench: Bench, logs: int, tokens: dict[str, str]) -> dict[str, Load]:
    admin, runner = tokens[ADMIN_ID], tokens[RUNNER_ID]
    middle = documents.log(_log_id(logs // 2), RUNNER_ID, "", logs // 2)
    deep = cursor.encode(Position(middle["_createdAt"], middle["_id"]))
    since = _beginning(bench.folder / f"{logs}.db")
    some = random.Random(logs).choices(range(logs), k=1000)
    requests = {
        loads.LISTS: [request("GET", PATH, admin)],
        loads.DEEP_LISTS: [request("GET", f"{PATH}?cursor={deep}", admin)],
        loads.LIST_OF_100: [request("GET", f"{PATH}?limit=100", admin)],
        loads.READS: [request("GET", f"{PATH}/{_log_id(number)}", admin) for number in some],
        loads.SESSIONS: [request("GET", f"/api/training-sessions?{_DAYS}", runner)],
        loads.PROGRESS_OF_ONE: [request("GET", f"/api/progress?{_DAYS}", runner)],
        loads.CHANGES: [request("GET", f"{CHANGES_PATH}?since={since}", admin)],
    }
    load = loads.ready(bench.sizes)
    return {name: load(each, 200) for name, each in requests.items()}


def _writes(bench: Bench, logs: int, tokens: dict[str, str], turn: int) -> dict[str, Load]:
    """Every request of its own kind once: a second time it would be refused, or change nothing."""
    writes, clients = bench.sizes.writes, bench.sizes.clients
    spare = range(turn * writes, (turn + 1) * writes)
    some = range(turn, logs, max(1, logs // writes))[:writes]
    changes = {**traffic.CHANGES, "notes": f"Corrected in round {turn}."}
    admin, runner = tokens[ADMIN_ID], tokens[RUNNER_ID]
    creates = [traffic.create(runner, f"spare-{number}") for number in spare]
    updates = [request("PUT", f"{PATH}/{_log_id(each)}", admin, changes) for each in some]

    def once(requests: list[str], expect: int) -> Load:
        return Load(
            requests=requests, expect=expect, clients=clients, seconds=60, count=len(requests)
        )

    return {loads.CREATES: once(creates, 201), loads.UPDATES: once(updates, 200)}
