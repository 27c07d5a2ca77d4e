"""A dataset in each store, for the upkeep."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from app.service.days import TimeZone
from app.service.external_links import ExternalLinks
from app.service.reading import LogReader
from app.service.stores.sanity.client import Limits
from app.service.stores.sanity.dataset import SanityDataset
from app.service.stores.sqlite.dataset import SqliteDataset
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import export_lines, import_lines
from app.service.upkeep.rules import Rules
from tests.content_lake import ContentLake

Document = dict[str, Any]

HOSTS = ("www.strava.com", "connect.garmin.com")
ZONE = "Asia/Bangkok"


class Opened(NamedTuple):
    """A dataset, and everything that its store holds, drafts too."""

    dataset: SqliteDataset | SanityDataset
    stored: Callable[[], dict[str, Document]]


OpenDataset = Callable[[Iterable[Document]], Opened]


@pytest.fixture
def reader() -> LogReader:
    return LogReader(ExternalLinks(HOSTS), TimeZone(ZONE))


@pytest.fixture
def rules(reader: LogReader) -> Rules:
    return Rules(reader, TimeZone(ZONE))


@pytest.fixture
def open_dataset_of_sqlite(tmp_path: Path) -> Iterator[OpenDataset]:
    store = SqliteStore(tmp_path / "store.db")

    def open_dataset(documents: Iterable[Document]) -> Opened:
        import_lines(store, map(msgspec.json.encode, documents))
        return Opened(SqliteDataset(store), lambda: _by_id(map(json.loads, export_lines(store))))

    yield open_dataset
    store.close()


@pytest.fixture
def open_dataset_of_sanity(content_lake: ContentLake) -> Iterator[OpenDataset]:
    content_lake.reset()
    # A write copies all documents in the stand-in, which is slow beside a real one.
    client = content_lake.client(limits=Limits(read_timeout=60, deadline=120))

    def open_dataset(documents: Iterable[Document]) -> Opened:
        content_lake.load(documents)
        return Opened(SanityDataset(client), lambda: _by_id(content_lake.documents()))

    yield open_dataset
    client.close()


@pytest.fixture(params=["sqlite", "sanity"])
def open_dataset(request: pytest.FixtureRequest) -> OpenDataset:
    """Makes a dataset in each kind of store in turn."""
    opened: OpenDataset = request.getfixturevalue(f"open_dataset_of_{request.param}")
    return opened


def _by_id(documents: Iterable[Document]) -> dict[str, Document]:
    return {each["_id"]: each for each in documents}
