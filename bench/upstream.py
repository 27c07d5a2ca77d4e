"""The canned Content Lake: a process that responds to each query at once from bytes made before.

It knows the product's queries by their text and the peer's by their `tag`. A mutation gets the
response of the Content Lake, from its own body, so every create and update succeeds. Who asks for
one of many users (`user_id`) gets the same as the one runner, as their own.

`GET /-/calls` says how many calls it had.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast
from urllib.parse import parse_qsl

import orjson
import uvloop

from bench import documents
from bench.responses import LOG, RESPONSES, Asked

_length = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_user = re.compile(rb"user\.?([0-9]{6})")


def user_id(number: int) -> str:
    """The id of one of many users. What they ask for is the same, and theirs."""
    return f"user.{number:06}"


def log_id(number: int) -> str:
    """The id of that user's log."""
    return f"workoutLog.user{number:06}"


def session_id(number: int) -> str:
    """The id of a session of that user's."""
    return f"session-user{number:06}"


def response(method: bytes, target: bytes, body: bytes) -> bytes | None:
    """The JSON of the response to a request; None when there is none for it."""
    found = _response(method, target, body)
    user = _user.search(target) or _user.search(body)
    if found is None or user is None:
        return found
    number = int(user[1])
    own = found.replace(documents.RUNNER_ID.encode(), user_id(number).encode())
    return own.replace(LOG["_id"].encode(), log_id(number).encode())


def _response(method: bytes, target: bytes, body: bytes) -> bytes | None:
    if b"/data/query/" in target:
        return query_response(*(_asked_by_post(target, body) if body else _asked_by_get(target)))
    if b"/data/mutate/" in target and method == b"POST":
        return orjson.dumps(mutate_response(orjson.loads(body)))
    if b"/data/doc/" in target:
        return orjson.dumps({"documents": [LOG], "omitted": []})
    return None


def _asked_by_post(target: bytes, body: bytes) -> tuple[str, Asked]:
    sent = orjson.loads(body)
    query = sent["query"]
    if query not in RESPONSES:
        query = _parameters(target).get("tag", "")
    return query, _asked(sent["params"])


@lru_cache(maxsize=4096)
def _asked_by_get(target: bytes) -> tuple[str, Asked]:
    sent = _parameters(target)
    params = {name[1:]: orjson.loads(text) for name, text in sent.items() if name[0] == "$"}
    return sent.get("tag", ""), _asked(params)


def _parameters(target: bytes) -> dict[str, str]:
    return dict(parse_qsl(target.partition(b"?")[2].decode()))


def _asked(params: Mapping[str, Any]) -> Asked:
    return Asked(
        params.get("limit", 0),
        # Only that of the coach makes a difference.
        documents.COACH_ID if params.get("id") == documents.COACH_ID else "",
        len(params.get("runnerIds") or params.get("runners") or ()),
        len(params.get("sessionIds") or params.get("sessions") or ()),
    )


@lru_cache(maxsize=256)
def query_response(query: str, asked: Asked) -> bytes | None:
    """The response to a query, known by its text or its tag."""
    make = RESPONSES.get(query)
    return orjson.dumps({"result": make(asked), "ms": 2}) if make else None


def mutate_response(request: Mapping[str, Any]) -> dict[str, Any]:
    """The response to a transaction of creates, patches and deletes, documents returned."""
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

    def __init__(self, latency: float) -> None:
        self._latency = latency
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
            self._transport.write(_ok(b"%d" % Connection.calls))
            return
        Connection.calls += 1
        body = response(method, target, rest)
        reply = _ok(body) if body else _NOT_FOUND
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, reply)
        else:
            self._transport.write(reply)


_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"


def _ok(body: bytes) -> bytes:
    return _HEAD % (len(body), body)


async def serve(port: int, latency: float) -> None:
    """Serve on loopback until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(latency), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency-ms", type=float, default=0)
    arguments = parser.parse_args()
    uvloop.run(serve(arguments.port, arguments.latency_ms / 1000))
