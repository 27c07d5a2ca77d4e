"""The HTTP API of one Sanity dataset: query, mutate and doc, with their retries.

https://www.sanity.io/docs/http-reference. The API version and the perspective are pinned: both
change what a query means.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
import requests
from requests.adapters import BaseAdapter

from app.service.documents import loads
from app.service.stores import timing
from app.service.stores.sanity.errors import (
    ConnectFailed,
    ContentLakeError,
    NotExecuted,
    ResponseLost,
    ResponseTimeout,
    TransientError,
    Unreadable,
    error_of,
    trace,
)
from app.service.stores.sanity.transport import Connections, NotConnected

MAX_FIRST_BACK_OFF_SECONDS = 0.1
"""The longest back-off before the first retry, doubled for each further one; it is of a random
length, and no shorter than the Content Lake asks for."""

MAX_PATH_LENGTH = 8000
"""Characters of the ids in one address."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long to wait (seconds), how often to try, how much to ask for at once."""

    connect_timeout: float = 2.0
    read_timeout: float = 5.0
    deadline: float = 10.0
    retries: int = 2
    pool_size: int = 32
    writes_at_once: int = 10


class Deadline:
    """The moment by which one operation, with all its tries, is over."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds; at least a moment, so that it can be waited for."""
        return max(self._at - time.monotonic(), 0.001)

    def allows(self, seconds: float) -> bool:
        return seconds < self._at - time.monotonic()


def _result_of(content: bytes) -> Any:
    return loads(content)["result"]


class ContentLake:
    """One dataset behind `url`, such as `https://{projectId}.api.sanity.io`; without a token, as
    anonymous clients see it. Safe to share between threads. `adapter` sends the requests.

    `key` tells datasets apart. Every request has a `tag`, by which Sanity's request log tells what
    it was for. A tag is 1 to 58 of `a-z0-9._-`.
    """

    def __init__(
        self,
        url: str,
        *,
        dataset: str,
        token: str,
        api_version: str,
        limits: Limits | None = None,
        adapter: BaseAdapter | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self._adapter = adapter or Connections(url, max_idle=self.limits.pool_size)
        self._writes = threading.BoundedSemaphore(self.limits.writes_at_once)
        self._headers = {
            **({"Authorization": f"Bearer {token}"} if token else {}),
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": "workout-log-api",
        }
        self.key = hashlib.sha256(f"{url.rstrip('/')} {dataset}".encode()).hexdigest()[:16]
        base = f"{url.rstrip('/')}/v{api_version.removeprefix('v')}/data"
        tagged = "tag=workout-log-api."
        self._query_url = f"{base}/query/{dataset}?perspective=published&returnQuery=false&{tagged}"
        self._mutate_url = (
            f"{base}/mutate/{dataset}?returnIds=true&returnDocuments=true&visibility=sync&{tagged}"
        )
        self._doc_url = f"{base}/doc/{dataset}/%s?{tagged}"

    def close(self) -> None:
        """Close the idle connections."""
        self._adapter.close()

    def deadline(self) -> Deadline:
        """The deadline of an operation that begins now, within the time of the whole work."""
        return Deadline(min(self.limits.deadline, timing.left()))

    def query(
        self,
        query: str,
        params: Mapping[str, Any],
        read: Callable[[Any], Result],
        deadline: Deadline | None = None,
        *,
        tag: str,
        result_of: Callable[[bytes], Any] = _result_of,
    ) -> Result:
        """What `read` makes of the result of a GROQ query; `Unreadable` if it cannot read it.

        `result_of` finds the result in the response's JSON.
        """
        # Always POST: a GET would hold at most 11 kB of query and parameters.
        body = msgspec.json.encode({"query": query, "params": params})
        url = self._query_url + tag
        return self._read("POST", url, body, lambda content: read(result_of(content)), deadline)

    def documents(
        self, document_ids: Collection[str], deadline: Deadline | None = None, *, tag: str
    ) -> dict[str, dict[str, Any]]:
        """The documents that exist, by id, as they are now, even where the index of queries is
        behind. Use sparingly.
        """

        def find(content: bytes) -> dict[str, dict[str, Any]]:
            return {each["_id"]: each for each in loads(content)["documents"]}

        deadline = deadline or self.deadline()
        found: dict[str, dict[str, Any]] = {}
        for path in _paths(document_ids):
            found |= self._read("GET", self._doc_url % path + tag, b"", find, deadline)
        return found

    def mutate(
        self,
        mutations: Sequence[Mapping[str, Any]],
        transaction_id: str,
        deadline: Deadline,
        *,
        tag: str,
        dry_run: bool = False,
    ) -> dict[str, dict[str, Any]]:
        """One transaction, sent once; the documents it leaves, by id.

        The response should come when queries see the change (`visibility=sync`).
        """
        url = f"{self._mutate_url}{tag}&dryRun=true" if dry_run else self._mutate_url + tag
        body = msgspec.json.encode({"mutations": mutations, "transactionId": transaction_id})
        if not self._writes.acquire(timeout=deadline.left()):
            raise NotExecuted("too many writes are waiting")
        try:
            response = self._send("POST", url, body, deadline)
        finally:
            self._writes.release()
        return _parsed(
            response,
            lambda content: {
                each["id"]: each["document"]
                for each in loads(content)["results"]
                if "document" in each
            },
        )

    def back_off(self, attempt: int, error: ContentLakeError, deadline: Deadline) -> None:
        """Wait before the next try; raise `error` when there is to be none."""
        longest = MAX_FIRST_BACK_OFF_SECONDS * 2**attempt
        seconds = max(error.retry_after or 0, random.uniform(0, longest))  # noqa: S311 - no secret
        if attempt >= self.limits.retries or not self.wait(seconds, deadline):
            raise error
        timing.retry()

    def wait(self, seconds: float, deadline: Deadline) -> bool:
        """Wait, if the deadline leaves room for that."""
        room = deadline.allows(seconds)
        if room:
            time.sleep(seconds)
        return room

    def _read(
        self,
        method: str,
        url: str,
        body: bytes,
        read: Callable[[bytes], Result],
        deadline: Deadline | None,
    ) -> Result:
        deadline = deadline or self.deadline()
        attempt = 0
        while True:
            try:
                return _parsed(self._send(method, url, body, deadline), read)
            except (NotExecuted, ResponseLost, ResponseTimeout, TransientError) as error:
                self.back_off(attempt, error, deadline)
            attempt += 1

    def _send(self, method: str, url: str, body: bytes, deadline: Deadline) -> requests.Response:
        """One round trip; the response is a 2xx."""
        # Prepared by hand: a Session would merge cookies, proxies and .netrc into each request, and
        # a dict of its headers that minds no case takes longer than to write them.
        request = requests.PreparedRequest()
        request.method, request.url, request.body = method, url, body
        headers: Any = {**self._headers, "Content-Length": str(len(body))}
        request.headers = headers
        left = deadline.left()
        timeout = (min(self.limits.connect_timeout, left), min(self.limits.read_timeout, left))
        try:
            with timing.call():
                response = self._adapter.send(request, timeout=timeout)
        except (NotConnected, requests.ConnectTimeout) as error:
            raise ConnectFailed(str(error)) from error
        except requests.ReadTimeout as error:
            raise ResponseTimeout("no response in time") from error
        except requests.RequestException as error:
            raise ResponseLost(type(error).__name__) from error
        if not 200 <= response.status_code < 300:
            raise error_of(response.status_code, response.headers, response.content)
        return response


def _paths(document_ids: Iterable[str]) -> Iterator[str]:
    """The ids as parts of addresses: one, unless they are uncommonly many and long."""
    path = ""
    for each in document_ids:
        if len(path) + len(each) > MAX_PATH_LENGTH:
            yield path
            path = ""
        path += f"{',' if path else ''}{quote(each, safe='')}"
    yield path


def _parsed(response: requests.Response, read: Callable[[bytes], Result]) -> Result:
    try:
        return read(response.content)
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        about = f"{response.status_code} without a response of the API{trace(response.headers)}"
        raise Unreadable(about) from error
