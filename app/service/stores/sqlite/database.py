"""The SQLite file: its connections, its transactions and its schema.

Durable when it has responded (WAL with `synchronous=FULL`), safe with any number of threads and
processes on one machine: every write is one short `BEGIN IMMEDIATE` transaction, and whoever finds
the file busy waits for up to `BUSY_SECONDS`, first for its own process's writers, then for others'.
A request whose time ends earlier (`timing.left`) waits no longer than that.
"""

from __future__ import annotations

import logging
import math
import os
import queue
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.service.errors import StoreBusy, StoreUnavailable
from app.service.stores import timing
from app.service.stores.sqlite import queries

logger = logging.getLogger(__name__)

BUSY_SECONDS = 10

MIN_FREE_BYTES = 16 * 1024 * 1024
"""A disk with less room counts as full: the log of changes beside the file needs some."""


class Database:
    """The file at `path`, which is made when it is missing, unless `create` is False.

    Raises StoreUnavailable when the file cannot be opened, is not one of this program's, or was
    written by a later version of it.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        create: bool = True,
        busy_seconds: float = BUSY_SECONDS,
        min_free_bytes: int = MIN_FREE_BYTES,
    ) -> None:
        self.path = Path(path)
        self._min_free_bytes = min_free_bytes
        self._busy_seconds = busy_seconds
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._turn_to_write = threading.Lock()
        try:
            if create:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                # SQLite gives the files beside it the same mode.
                os.close(os.open(self.path, os.O_RDONLY | os.O_CREAT, 0o600))
            elif not self.path.stat().st_size:
                raise StoreUnavailable("the file is empty")
            with self._exclusive() as connection:
                _ensure_schema(connection)
        except (OSError, StoreUnavailable) as error:
            self.close()
            raise StoreUnavailable(f"SQLITE_PATH {self.path}: {error}") from None

    def close(self) -> None:
        """Close the idle connections."""
        while not self._idle.empty():
            self._idle.get_nowait().close()

    def ping(self) -> None:
        with self.reading() as connection:
            connection.execute(queries.BODY, {"id": ""}).fetchone()
        try:
            free = os.statvfs(self.path)
        except OSError as error:
            raise StoreUnavailable(f"{self.path}: {error.strerror}") from None
        if free.f_bavail * free.f_frsize < self._min_free_bytes:
            raise StoreUnavailable(f"{self.path}: the disk is full")
        # Who is writing now shows that one can write.
        if self._turn_to_write.acquire(blocking=False):
            try:
                begin = self._transaction("BEGIN IMMEDIATE", max_wait=0)
                with suppress(StoreBusy, _Undone), begin as connection:
                    connection.execute(f"PRAGMA user_version = {queries.SCHEMA_VERSION}")
                    raise _Undone
            finally:
                self._turn_to_write.release()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that may write, with a number of its own: `queries.SCHEMA`."""
        with self._exclusive() as connection:
            connection.execute(queries.NEXT_TRANSACTION)
            yield connection

    @contextmanager
    def _exclusive(self) -> Iterator[sqlite3.Connection]:
        """One transaction beside which no other writes. Those of this process wait here for each
        other: SQLite would let each look again and again, ever more seldom, and some very late.
        """
        with timing.call():
            if not self._turn_to_write.acquire(timeout=min(self._busy_seconds, timing.left())):
                raise StoreBusy("the writes before it take too long")
            try:
                with self._transaction("BEGIN IMMEDIATE") as connection:
                    yield connection
            finally:
                self._turn_to_write.release()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One moment's view of the data."""
        with timing.call(), self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def _transaction(
        self, begin: str, *, max_wait: float = math.inf
    ) -> Iterator[sqlite3.Connection]:
        """One transaction, committed at the end and rolled back by any exception."""
        try:
            connection = self._connection()
            wait = min(max_wait, timing.left())
            hurried = wait < self._busy_seconds - 1
            try:
                if hurried:
                    connection.execute(f"PRAGMA busy_timeout = {wait * 1000:.0f}")
                connection.execute(begin)
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if hurried:
                    connection.execute(f"PRAGMA busy_timeout = {self._busy_seconds * 1000:.0f}")
                self._idle.put(connection)
        except sqlite3.Error as error:
            # The low byte is the code, the others say more of it.
            busy = getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY
            raise (StoreBusy if busy else StoreUnavailable)(str(error)) from error

    def _connection(self) -> sqlite3.Connection:
        """An idle connection, or a new one: as many are made as threads are at work at once."""
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            connection = sqlite3.connect(
                self.path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
            )
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                # Some builds of SQLite trust no function in a schema unless they are told to.
                connection.execute("PRAGMA trusted_schema = ON")
                for name, function in queries.FUNCTIONS.items():
                    connection.create_function(name, 1, function, deterministic=True)
                for name, of_zone in queries.ZONE_FUNCTIONS.items():
                    connection.create_function(name, 2, of_zone, deterministic=True)
            except sqlite3.Error:
                connection.close()
                raise
            return connection


class _Undone(Exception):
    """Ends a transaction that is not to be committed."""


_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _ensure_schema(connection: sqlite3.Connection) -> None:
    """Make the tables in a new file, rebuild those of an older one, refuse any other file."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if version == queries.SCHEMA_VERSION and application == queries.APPLICATION_ID:
        return
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    older = application == queries.APPLICATION_ID and 0 < version < queries.SCHEMA_VERSION
    if (tables or version) and not older:
        raise StoreUnavailable(
            f"holds schema version {version} of application {application:#x}, "
            f"not version {queries.SCHEMA_VERSION} of this program"
        )
    if older:
        _rebuild(connection, version)
    else:
        _run(connection, queries.SCHEMA)
    connection.execute(f"PRAGMA application_id = {queries.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {queries.SCHEMA_VERSION}")


def _rebuild(connection: sqlite3.Connection, version: int) -> None:
    """Put every document into new tables: in each version, all else follows from its text.

    The transactions are counted anew, so places in the file that clients know are refused.
    """
    logger.info("rebuilding the file from schema version %d: every document stays", version)
    indexes = connection.execute(queries.OWN_INDEXES).fetchall()
    for (name,) in indexes:
        connection.execute(f'DROP INDEX "{name}"')
    connection.execute("ALTER TABLE document RENAME TO older")
    connection.execute("DROP TABLE IF EXISTS transactions")
    _run(connection, queries.SCHEMA)
    connection.execute(queries.COPY)
    connection.execute("DROP TABLE older")


def _run(connection: sqlite3.Connection, script: str) -> None:
    """Run the statements of a script, without the COMMIT that `executescript` starts with."""
    for statement in script.split(";"):
        connection.execute(statement)
