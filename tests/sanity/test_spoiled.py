"""What other programs left in documents costs at most a field, and garbage is a clear error."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from app.service.days import UTC_ZONE
from app.service.errors import StoreUnavailable
from app.service.external_links import ExternalLinks
from app.service.reading import LogReader
from app.service.stores.port import LogQuery, ProgressQuery, SessionQuery
from app.service.stores.sanity.client import ContentLake, Limits
from app.service.stores.sanity.store import SanityStore

READER = LogReader(ExternalLinks(()), UTC_ZONE)
EVERYBODY = LogQuery(runner_ids=None)


class Canned(BaseAdapter):
    """Responds to every request with the same bytes."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._content = content

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 200
        response._content = self._content
        return response

    def close(self) -> None:
        pass


def store_sending(content: bytes) -> SanityStore:
    lake = ContentLake(
        "https://x.example",
        dataset="x",
        token="x",
        api_version="v1",
        limits=Limits(retries=0),
        adapter=Canned(content),
    )
    return SanityStore(lake)


def row(notes: bytes) -> bytes:
    """A row that is usual but for its notes."""
    return (
        b'{"document": {"_id": "x", "_rev": "r", "_createdAt": "2026-01-01T00:00:00Z",'
        b' "_updatedAt": "2026-01-01T00:00:00Z", "sessionId": {"_ref": "s"},'
        b' "runnerId": {"_ref": "r"}, "notes": %b}, "session": null, "runner": null}' % notes
    )


@pytest.mark.parametrize(
    ("spoiled", "left"),
    [
        (rb'"run \ud83d!"', "run !"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'"a\u0000b"', "ab"),
        (rb'"a\\u0000b"', r"a\u0000b"),
        (b'"\xff"', None),
        (b"1e400", None),
    ],
)
def test_a_spoiled_text_costs_no_page(spoiled: bytes, left: str | None) -> None:
    content = b'{"result": {"logs": [%b, %b]}}' % (row(b'"Fine."'), row(spoiled))
    rows = store_sending(content).list_logs(EVERYBODY).rows
    assert [READER.read(each).notes for each in rows] == ["Fine.", left]
    one = store_sending(b'{"result": %b}' % row(spoiled)).get_log("x")
    assert one
    assert READER.read_stored(one).notes == left


@pytest.mark.parametrize(
    ("spoiled", "left"),
    [(rb'"run \ud83d!"', "run !"), (rb'"a\u0000b"', "ab"), (b"1e400", None), (b"[" * 5000, None)],
)
def test_a_spoiled_text_costs_no_session(spoiled: bytes, left: str | None) -> None:
    spoiled += b"]" * spoiled.count(b"[")
    session = (
        b'{"_id": "s", "_type": "trainingSession", "date": "2026-01-05", "notes": %b}' % spoiled
    )
    content = (
        b'{"result": {"sessions": [%b], "plans": [], "runners": [], "logs": [%b], "reviewed": []}}'
        % (session, row(spoiled))
    )
    rows = store_sending(content).list_sessions(SessionQuery())
    assert [each.notes for each in rows.sessions] == [left]
    assert [READER.read(each).notes for each in rows.logs] == [left]
    week = ProgressQuery(date_from="2026-01-05", date_to="2026-01-11")
    progress = store_sending(content).read_progress(week)
    assert [each.id for each in progress.sessions] == ["s"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"null",
        b"{}",
        b'{"result": null}',
        b'{"result": {"logs": null}}',
        b'{"result": {"logs": [}}',
        b'{"result": {"logs": [], "total": "many"}}',
    ],
)
def test_garbage_is_no_list(content: bytes) -> None:
    with pytest.raises(StoreUnavailable):
        store_sending(content).list_logs(EVERYBODY)
