"""The load driver: many keep-alive connections in one process, one request at a time on each.

It speaks just enough HTTP/1.1 to be no limit: requests are bytes made before, a response is read by
its Content-Length. A plan comes as JSON on standard input, the outcome goes as JSON to standard
output. `measure.py` starts it as a process of its own.
"""

from __future__ import annotations

import heapq
import json
import random
import resource
import select
import socket
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import TypedDict

GRACE_SECONDS = 30
"""How long a response may take after the end before it counts as lost."""


class Plan(TypedDict):
    """`requests` are sent in turn by all clients, each pausing up to `longest_pause` seconds.

    The load ends after `seconds`, or after `count` requests if that is not None and comes first.
    """

    port: int
    clients: int
    seconds: float
    count: int | None
    longest_pause: float
    requests: Sequence[str]


class Outcome(TypedDict):
    """Latencies in milliseconds. `busy` is the driver's own share of one core."""

    requests: int
    seconds: float
    statuses: dict[str, int]
    p50_ms: float
    p99_ms: float
    longest_ms: float
    busy: float


class Client:
    """One connection and the response it is reading."""

    __slots__ = ("connection", "received", "started", "wanted")

    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=GRACE_SECONDS)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.wanted = 0
        self.started = 0.0

    def send(self, request: bytes) -> None:
        self.received = b""
        self.wanted = 0
        self.started = time.perf_counter()
        self.connection.sendall(request)

    def receive(self) -> str | None:
        """The response's status once all of it is there; "lost" when it cannot come any more."""
        try:
            data = self.connection.recv(262_144)
        except OSError:
            return "lost"
        if not data:
            return "lost"
        self.received += data
        if not self.wanted:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return None
            self.wanted = end + 4 + _content_length(self.received[:end])
        return self.received[9:12].decode() if len(self.received) >= self.wanted else None


def _content_length(head: bytes) -> int:
    if head[9:12] in (b"204", b"304"):
        return 0
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    if not found:
        raise ValueError(f"a response without Content-Length: {head!r}")
    return int(rest.partition(b"\r\n")[0])


class Load:
    """The clients at work. A client is waiting for its turn, or busy with a request, or lost."""

    def __init__(self, plan: Plan) -> None:
        self._requests = [each.encode() for each in plan["requests"]]
        self._most = sys.maxsize if plan["count"] is None else plan["count"]
        self._longest_pause = plan["longest_pause"]
        self._poll = select.epoll()
        self._clients: dict[int, Client] = {}
        for _ in range(plan["clients"]):
            client = Client(plan["port"])
            self._clients[client.connection.fileno()] = client
            self._poll.register(client.connection, select.EPOLLIN)
        self._sent = 0
        self._busy = 0
        self._latencies: list[float] = []
        self._statuses: Counter[str] = Counter()
        self._begun = time.perf_counter()
        self._end = self._begun + plan["seconds"]
        self._turns = [(self._next_turn(self._begun), number) for number in self._clients]
        heapq.heapify(self._turns)

    def run(self) -> Outcome:
        while True:
            now = time.perf_counter()
            over = now >= self._end or self._sent >= self._most
            if over and (not self._busy or now >= self._end + GRACE_SECONDS):
                break
            if not self._busy and not self._turns:
                break
            while not over and self._turns and self._turns[0][0] <= now:
                self._send(heapq.heappop(self._turns)[1])
                over = self._sent >= self._most
            until_turn = self._turns[0][0] - now if self._turns and not over else 0.5
            for number, _ in self._poll.poll(max(0.0, min(until_turn, 0.5))):
                self._receive(number)
        return self._outcome(time.perf_counter() - self._begun)

    def _send(self, number: int) -> None:
        self._clients[number].send(self._requests[self._sent % len(self._requests)])
        self._sent += 1
        self._busy += 1

    def _receive(self, number: int) -> None:
        client = self._clients[number]
        status = client.receive()
        if status is None:
            return
        now = time.perf_counter()
        self._busy -= 1
        self._latencies.append(now - client.started)
        self._statuses[status] += 1
        if status == "lost":
            self._poll.unregister(client.connection)
            client.connection.close()
        elif self._longest_pause:
            heapq.heappush(self._turns, (self._next_turn(now), number))
        elif now < self._end and self._sent < self._most:
            self._send(number)

    def _next_turn(self, now: float) -> float:
        return now + random.uniform(0, self._longest_pause)

    def _outcome(self, seconds: float) -> Outcome:
        if self._busy:
            self._statuses["no response"] = self._busy
        ordered = sorted(self._latencies)
        return {
            "requests": len(ordered),
            "seconds": seconds,
            "statuses": dict(self._statuses),
            "p50_ms": quantile(ordered, 0.50) * 1000,
            "p99_ms": quantile(ordered, 0.99) * 1000,
            "longest_ms": quantile(ordered, 1) * 1000,
            "busy": time.process_time() / seconds,
        }


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of the ordered values lie; 0 when there are none."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    json.dump(Load(json.load(sys.stdin)).run(), sys.stdout)
