"""Single requests to the Content Lake, whose responses are looked at whatever they are."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import requests
from requests.adapters import BaseAdapter

from app.service.stores.sanity.errors import types_of

_TAG = "workout-log-api.conformance"

TIMEOUT = (10.0, 60.0)
"""Seconds for a connection, and for a response: how long one takes is part of the question."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response: `types` are those of its error; it is `content`, or `text` if it is no JSON."""

    status: int
    types: tuple[str, ...]
    content: Any
    text: str
    headers: Mapping[str, str]
    milliseconds: int

    @property
    def done(self) -> bool:
        return 200 <= self.status < 300

    @property
    def result(self) -> Any:
        """The result of a query; None if there is none."""
        return self.content.get("result") if isinstance(self.content, dict) else None

    def outcome(self) -> dict[str, Any]:
        """What may be passed on: nothing of any document."""
        types = {"types": list(self.types)} if self.types else {}
        return {"status": self.status, **types}


class Probe:
    """One dataset, asked through connections of its own: `open_adapter` makes them.

    Raises `requests.RequestException` when there is no response.
    """

    def __init__(
        self,
        url: str,
        *,
        dataset: str,
        token: str,
        api_version: str,
        open_adapter: Callable[[], BaseAdapter],
    ) -> None:
        self._base = f"{url.rstrip('/')}/v{api_version.removeprefix('v')}/data"
        self._dataset = dataset
        self._token = token
        self._adapters = [open_adapter(), open_adapter()]

    def close(self) -> None:
        """Close the connections."""
        for each in self._adapters:
            each.close()

    def query(
        self,
        query: str,
        params: Mapping[str, Any] | None = None,
        *,
        anonymous: bool = False,
        **options: str,
    ) -> Response:
        """Ask through the second connection, which has never carried a write."""
        options = {"perspective": "published", "returnQuery": "false", "tag": _TAG, **options}
        url = f"{self._base}/query/{self._dataset}?{urlencode(options)}"
        body = {"query": query, "params": params or {}}
        return self._send(1, "POST", url, body, anonymous=anonymous)

    def documents(self, *ids: str) -> Response:
        """The documents by `/data/doc`."""
        listed = ",".join(quote(each, safe="") for each in ids)
        return self._send(1, "GET", f"{self._base}/doc/{self._dataset}/{listed}?tag={_TAG}", None)

    def mutate(
        self,
        mutations: Sequence[Mapping[str, Any]],
        transaction_id: str | None = None,
        **options: str,
    ) -> Response:
        """One transaction, through the first connection."""
        options = {
            "returnIds": "true",
            "returnDocuments": "true",
            "visibility": "sync",
            "tag": _TAG,
            **options,
        }
        url = f"{self._base}/mutate/{self._dataset}?{urlencode(options)}"
        body = {"mutations": mutations, "transactionId": transaction_id or uuid.uuid4().hex}
        return self._send(0, "POST", url, body)

    def _send(
        self, connection: int, method: str, url: str, body: Any, *, anonymous: bool = False
    ) -> Response:
        data = b"" if body is None else msgspec.json.encode(body)
        request = requests.PreparedRequest()
        request.method, request.url, request.body = method, url, data
        headers: Any = {
            **({} if anonymous else {"Authorization": f"Bearer {self._token}"}),
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Content-Length": str(len(data)),
            "User-Agent": "workout-log-api",
        }
        request.headers = headers
        started = time.perf_counter()
        response = self._adapters[connection].send(request, timeout=TIMEOUT)
        milliseconds = round((time.perf_counter() - started) * 1000)
        content, text = None, ""
        try:
            content = msgspec.json.decode(response.content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            text = response.content.decode(errors="replace")
        types = () if response.ok else tuple(types_of(content))
        return Response(response.status_code, types, content, text, response.headers, milliseconds)
