"""The canned Content Lake: a process that responds to each query at once from bytes made before.

It knows the product's queries by their text and the peer's by their `tag`. A mutation is answered
as the Content Lake would, from its own body, so every create and update succeeds.

`GET /-/calls` says how many calls it had.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast

import orjson
import uvloop

from bench.responses import LOG, RESPONSES

_tag = re.compile(rb"[?&]tag=([a-z0-9._-]+)")
_limit = re.compile(rb"limit=(\d+)")
_length = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def response(method: bytes, target: bytes, body: bytes) -> bytes | None:
    """The JSON of the response to a request; None when there is none for it."""
    if b"/data/query/" in target:
        if body:
            asked = orjson.loads(body)
            return query_response(asked["query"], asked["params"].get("limit", 0))
        tag, limit = _tag.search(target), _limit.search(target)
        return query_response(tag[1].decode() if tag else "", int(limit[1]) if limit else 0)
    if b"/data/mutate/" in target and method == b"POST":
        return orjson.dumps(mutate_response(orjson.loads(body)))
    if b"/data/doc/" in target:
        return orjson.dumps({"documents": [LOG], "omitted": []})
    return None


@lru_cache(maxsize=64)
def query_response(query: str, limit: int) -> bytes | None:
    """The response to a query, known by its text or its tag; lists have `limit` rows."""
    make = RESPONSES.get(query)
    return orjson.dumps({"result": make(limit), "ms": 2}) if make else None


def mutate_response(request: Mapping[str, Any]) -> dict[str, Any]:
    """What a transaction of creates, patches and deletes is answered with, documents returned."""
    transaction_id = request.get("transactionId", "transaction")
    results = []
    for mutation in request["mutations"]:
        ((operation, value),) = mutation.items()
        if operation in ("create", "createOrReplace"):
            document = {**LOG, **value, "_rev": transaction_id}
        else:
            document = {**LOG, **value.get("set", {}), "_id": value["id"], "_rev": transaction_id}
        done = {"patch": "update", "delete": "delete"}.get(operation, "create")
        results.append({"id": document["_id"], "operation": done, "document": document})
    return {"transactionId": transaction_id, "results": results}


class Connection(asyncio.Protocol):
    """One keep-alive connection; requests on it come one at a time."""

    calls = 0

    def __init__(self, latency: float, compress: bool) -> None:
        self._latency = latency
        self._encode: Callable[[bytes], bytes] = _gzipped if compress else _plain
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        length = _length.search(head)
        if not found or len(rest) < (int(length[1]) if length else 0):
            return
        self._received = b""
        method, target, _ = head.split(b" ", 2)
        if target == b"/-/calls":
            self._transport.write(_plain(b"%d" % Connection.calls))
            return
        Connection.calls += 1
        found_response = response(method, target, rest)
        reply = self._encode(found_response) if found_response else _NOT_FOUND
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, reply)
        else:
            self._transport.write(reply)


_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
    b"%sContent-Length: %d\r\n\r\n%s"
)
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"


def _plain(body: bytes) -> bytes:
    return _HEAD % (b"", len(body), body)


@lru_cache(maxsize=64)
def _gzipped(body: bytes) -> bytes:
    packed = gzip.compress(body, 6)
    return _HEAD % (b"Content-Encoding: gzip\r\n", len(packed), packed)


async def serve(port: int, latency: float, compress: bool) -> None:
    """Serve on loopback until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(latency, compress), "127.0.0.1", port, backlog=4096
    )
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--gzip", action="store_true")
    arguments = parser.parse_args()
    uvloop.run(serve(arguments.port, arguments.latency_ms / 1000, arguments.gzip))
