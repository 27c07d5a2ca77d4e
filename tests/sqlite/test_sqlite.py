"""The embedded store's own promises: its file, its version, its plans, bare documents."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.factory import create_app
from app.service.errors import StoreBusy, StoreUnavailable
from app.service.stores.port import LogQuery, Position
from app.service.stores.sqlite import queries
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import export_lines, import_lines
from app.settings import Settings
from tests import world
from tests.conftest import Client
from tests.issuer import Issuer
from tests.world import RUNNER, TEAMMATE, log, log_of
from tests.writes import delete_log, update_log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "store.db"


@pytest.fixture
def store(path: Path) -> Any:
    store = SqliteStore(path)
    import_lines(store, map(msgspec.json.encode, world.club()))
    yield store
    store.close()


def open_once(path: Path) -> str:
    store = SqliteStore(path)
    try:
        store.ping()
    finally:
        store.close()
    return "opened"


def test_many_processes_may_make_the_file_at_once(path: Path) -> None:
    with ProcessPoolExecutor(8, mp_context=get_context("spawn")) as processes:
        assert set(processes.map(open_once, [path] * 24)) == {"opened"}


def test_writes_ahead_and_through_to_the_disk(store: SqliteStore) -> None:
    with store.writing() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        full = 2
        assert connection.execute("PRAGMA synchronous").fetchone() == (full,)


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("PRAGMA user_version = 1000", "schema version 1000"),
        ("PRAGMA application_id = 7", "application 0x7"),
    ],
)
def test_a_file_of_another_version_or_program_is_refused(
    store: SqliteStore, path: Path, statement: str, complaint: str
) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    with pytest.raises(StoreUnavailable, match=f"SQLITE_PATH.*{complaint}"):
        SqliteStore(path)


VERSION_1 = """
CREATE TABLE document (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    type TEXT AS (json_extract(body, '$._type')) STORED,
    body TEXT NOT NULL
);
CREATE INDEX user_by_email ON document (type) WHERE type = 'user';
PRAGMA application_id = 0x574C4F47;
PRAGMA user_version = 1;
"""


def test_an_older_file_is_rebuilt_with_every_document(path: Path, tmp_path: Path) -> None:
    documents = [json.dumps(each) for each in world.club()]
    path.parent.mkdir(parents=True)
    older = sqlite3.connect(path)
    older.executescript(VERSION_1)
    rows = [(json.loads(each)["_id"], each) for each in documents]
    older.executemany("INSERT INTO document (id, body) VALUES (?, ?)", rows)
    older.commit()
    older.close()

    rebuilt, new = SqliteStore(path), SqliteStore(tmp_path / "new.db")
    try:
        assert [*export_lines(rebuilt)] == documents
        assert rebuilt.find_users(email=f"{RUNNER}@club.example")
        with rebuilt.reading() as ours, new.reading() as theirs:
            for query in ("PRAGMA user_version", "SELECT name, sql FROM sqlite_schema ORDER BY 1"):
                assert ours.execute(query).fetchall() == theirs.execute(query).fetchall()
    finally:
        rebuilt.close()
        new.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("not a database, " * 100)
    with pytest.raises(StoreUnavailable, match="SQLITE_PATH"):
        SqliteStore(tmp_path / "x.db")


def test_a_path_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="SQLITE_PATH"):
        SqliteStore(tmp_path / "file" / "x.db")


def test_a_file_that_stays_locked_is_a_timeout(store: SqliteStore, path: Path) -> None:
    impatient = SqliteStore(path, busy_seconds=0.05)
    with store.writing():
        with pytest.raises(StoreBusy):
            delete_log(impatient, log_of(RUNNER, 1), if_revision="x")
        assert impatient.get_log(log_of(RUNNER, 1))
    with impatient.writing(), pytest.raises(StoreBusy):
        delete_log(impatient, log_of(RUNNER, 1), if_revision="x")
    impatient.close()


class TestPlans:
    """The queries that must stay fast at a million logs use their indexes, and sort nothing big."""

    @pytest.mark.parametrize("of_runners", [True, False])
    @pytest.mark.parametrize("conditions", [[], [queries.AFTER]], ids=str)
    def test_a_page_walks_an_index(
        self, store: SqliteStore, of_runners: bool, conditions: list[str]
    ) -> None:
        query = queries.list_logs(conditions, of_runners=of_runners)
        plan = self.explain(store, query)
        index = "log_by_runner" if of_runners else "log_by_created"
        assert f"USING COVERING INDEX {index}" in plan or f"USING INDEX {index}" in plan
        assert "SCAN log\n" not in plan

    @pytest.mark.parametrize(
        ("query", "index"),
        [
            (queries.LOGS_OF_PAIR, "log_by_session"),
            (queries.USERS_BY_EMAIL, "user_by_email"),
            (queries.COACHED_IDS, "user_by_coach"),
            (queries.IS_REFERRED_TO, "document_by_feedback_on"),
            (queries.LOG, "sqlite_autoindex_document_1"),
        ],
    )
    def test_a_lookup_searches_an_index(self, store: SqliteStore, query: str, index: str) -> None:
        plan = self.explain(store, query)
        assert index in plan
        assert "SCAN" not in plan.replace("SCAN CONSTANT ROW", "")

    def explain(self, store: SqliteStore, query: str) -> str:
        names = [
            "after_created_at",
            "after_id",
            "id",
            "session_id",
            "runner_id",
            "email",
            "coach_id",
        ]
        parameters = dict.fromkeys(names, "x") | {"runner_ids": "[]", "limit": 1}
        with store.reading() as connection:
            rows = connection.execute(f"EXPLAIN QUERY PLAN {query}", parameters).fetchall()
        return "\n".join(row[3] for row in rows) + "\n"


class TestBareDocuments:
    """An import may hold documents without `_createdAt` and `_rev`; Sanity's never do."""

    @pytest.fixture
    def runner(self, settings: Settings, issuer: Issuer, tmp_path: Path) -> Any:
        system = ("_createdAt", "_updatedAt", "_rev")
        bare = [
            {name: each for name, each in document.items() if name not in system}
            for document in world.club()
        ]
        store = SqliteStore(tmp_path / "bare.db")
        import_lines(store, map(msgspec.json.encode, bare))
        yield Client(create_app(settings, store).test_client(), issuer.token(RUNNER))
        store.close()

    def test_can_be_paged_read_changed_and_deleted(self, runner: Client) -> None:
        first = runner.list(limit=1).json
        second = runner.list(limit=2, cursor=first["pagination"]["nextCursor"]).json
        seen = [each["id"] for each in first["data"] + second["data"]]
        assert seen == [log_of(RUNNER, number) for number in (3, 2, 1)]
        assert first["data"][0]["createdAt"] is None
        etag = runner.get(seen[0]).headers["ETag"]
        changed = runner.update(seen[0], {"notes": "x"}, **{"If-Match": etag})
        assert changed.status_code == 200
        stale = runner.update(seen[0], {"notes": "y"}, **{"If-Match": etag})
        assert stale.status_code == 412
        assert runner.delete(seen[1]).status_code == 204


@pytest.mark.parametrize("limit", [1, 2])
def test_odd_instants_are_neither_skipped_nor_repeated(
    settings: Settings, issuer: Issuer, tmp_path: Path, limit: int
) -> None:
    odd = [
        5,
        "now",
        "2026-01-01",
        "2026-01-01T10:00",
        "2026-99-99T10:00:00Z",
        None,
        {"a": 1},
        "x" * 99,
    ]
    logs = [log(RUNNER, number, _createdAt=each) for number, each in enumerate(odd, 4)]
    store = SqliteStore(tmp_path / "odd.db")
    import_lines(store, map(msgspec.json.encode, [*world.club(), *logs]))
    runner = Client(create_app(settings, store).test_client(), issuer.token(RUNNER))
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = runner.list(limit=limit, **cursor).json
        seen += [each["id"] for each in page["data"]]
        if page["pagination"]["nextCursor"] is None:
            break
        cursor = {"cursor": page["pagination"]["nextCursor"]}
    assert sorted(seen) == sorted(log_of(RUNNER, number) for number in range(1, 12))
    store.close()


def test_several_runners_pages_merge(store: SqliteStore) -> None:
    query = LogQuery(
        runner_ids=[RUNNER, TEAMMATE],
        limit=2,
        after=Position("2026-01-07T18:00:00.000Z", log_of(TEAMMATE, 3)),
    )
    found = [row.document.id for row in store.list_logs(query).rows]
    assert found == [log_of(RUNNER, 3), log_of(TEAMMATE, 2)]


def test_an_update_changes_no_number_that_it_does_not_touch(store: SqliteStore) -> None:
    big = 2**70
    import_lines(store, [msgspec.json.encode(log(RUNNER, 9)).replace(b"10,", b"%d," % big, 1)])
    found = store.get_log(log_of(RUNNER, 9))
    assert found
    update_log(
        store,
        log_of(RUNNER, 9),
        set_fields={"notes": "x"},
        unset_fields=[],
        if_revision=found.document["_rev"],
        transaction_id="t1",
    )
    with store.reading() as connection:
        body = connection.execute(queries.BODY, {"id": log_of(RUNNER, 9)}).fetchone()[0]
    assert f":{big}," in body


def test_only_the_owner_may_read_the_files(path: Path, store: SqliteStore) -> None:
    files = [*path.parent.iterdir()]
    assert {each.name for each in files} >= {"store.db", "store.db-wal"}
    assert {each.stat().st_mode & 0o777 for each in files} == {0o600}


def test_a_full_disk_is_told_to_the_probe(path: Path) -> None:
    store = SqliteStore(path, min_free_bytes=2**62)
    with pytest.raises(StoreUnavailable, match="the disk is full"):
        store.ping()
    store.close()


def test_a_deleted_file_is_told_to_the_probe(path: Path, store: SqliteStore) -> None:
    store.ping()
    path.unlink()
    with pytest.raises(StoreUnavailable, match="No such file"):
        store.ping()


def test_a_file_that_cannot_be_written_is_told_to_the_probe(path: Path) -> None:
    class ReadOnly(SqliteStore):
        """With connections as SQLite makes them to a file that it may only read."""

        def _connection(self) -> sqlite3.Connection:
            return sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, isolation_level=None)

    SqliteStore(path).close()
    store = ReadOnly(path)
    with pytest.raises(StoreUnavailable, match="readonly"):
        store.ping()
    store.close()


def test_a_long_write_of_another_process_is_no_failure(path: Path, store: SqliteStore) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store.ping()
    other.close()
