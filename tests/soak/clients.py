"""The traffic: clients that know what must be stored, as far as they were told.

Each runner's log is written by one client, so that after every acknowledged write it knows the
state. A write without a response, or with 503 or 504, may have been applied or not: it is sent
again, as the API's documentation says, until it is acknowledged.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.soak.site import SESSIONS, Site
from tests.waiting import until
from tests.world import ADMIN, COACH, session_of

LOGS = "/api/workout-logs"
BATCHES = "/api/workout-log-batches"
DOCUMENTED = {
    503: {"store-unavailable", "issuer-unavailable"},
    504: {"store-timeout"},
}
PATIENCE = 300
"""Seconds in which a request that is sent again and again must succeed."""


@dataclass
class Tally:
    """What all clients saw."""

    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    """What must not be: the verdict is good without any."""
    guard: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        with self.guard:
            self.statuses[what] += 1

    def blame(self, fault: str) -> None:
        with self.guard:
            self.faults.append(fault)


class Client:
    """Sends requests for a person to both servers, until `stopping` is set."""

    def __init__(self, site: Site, person: str, tally: Tally, seed: int) -> None:
        self.person = person
        self.stopping = threading.Event()
        self.random = random.Random(seed)
        self._site = site
        self._tally = tally

    def run(self) -> None:
        """One action after the other."""
        while not self.stopping.is_set():
            self.act()
            self.stopping.wait(0.02)

    def act(self) -> None:
        """Do something, and blame whatever is not as it must be."""
        raise NotImplementedError

    def expect(self, method: str, path: str, *statuses: int, **options: Any) -> requests.Response:
        """The response, of one of these statuses, sent again until there is one.

        Other 4xx are faults, and so is every 5xx that is not documented.
        """
        (response,) = until(
            lambda: self._send(method, path, **options), patience=PATIENCE, every=0.1
        )
        if response.status_code not in statuses:
            self.blame(f"{method} {path}: {response.status_code} {response.text[:300]}")
        return response

    def _send(self, method: str, path: str, **options: Any) -> list[requests.Response]:
        """The response; none, when nothing says what became of the request."""
        server = self.random.choice((self._site.steady, self._site.restarted))
        token = self._site.issuer.token(self.person)
        headers = {"Authorization": f"Bearer {token}"} | options.pop("headers", {})
        try:
            response = requests.request(
                method, server.url + path, headers=headers, timeout=60, **options
            )
        except requests.RequestException as error:
            self._tally.count("no response")
            if server is self._site.steady:
                self.blame(f"{method} {path}: {error!r} of a server that nobody restarts")
            return []
        self._tally.count(str(response.status_code))
        if response.status_code < 500:
            return [response]
        code = response.json().get("code")
        if code not in DOCUMENTED.get(response.status_code, ()):
            self.blame(f"{method} {path}: {response.status_code} {response.text[:300]}")
        return []

    def blame(self, fault: str) -> None:
        self._tally.blame(f"{self.person}: {fault}")

    def must(self, holds: bool, fault: str) -> None:
        if not holds:
            self.blame(fault)


class Reader(Client):
    """A coach or an admin, who looks at everything, and asks what is refused."""

    def act(self) -> None:
        self.random.choice((self.read, self.read, self.read, self.look_around))()

    def read(self) -> None:
        """Reports and lists, in JSON and CSV."""
        path = self.random.choice(
            (
                f"{LOGS}?limit=100&withTotal=true",
                "/api/training-sessions?limit=100",
                "/api/progress?dateFrom=2026-01-05&dateTo=2026-02-01",
                "/api/me",
                "/api/workout-log-changes?since=now",
            )
        )
        accept = self.random.choice(("application/json", "text/csv"))
        if path.startswith(("/api/me", "/api/workout-log-changes")):
            accept = "application/json"
        self.expect("GET", path, 200, headers={"Accept": accept})

    def look_around(self) -> None:
        """Pages, and requests that are refused."""
        method, path, status, options = self.random.choice(
            (
                ("GET", "/docs", 200, {}),
                ("GET", "/openapi.yaml", 200, {}),
                ("GET", "/problems/", 200, {}),
                ("GET", f"{LOGS}/nothing", 404, {}),
                ("GET", f"{LOGS}?limit=x", 422, {}),
                (
                    "POST",
                    LOGS,
                    400,
                    {"data": b"{", "headers": {"Content-Type": "application/json"}},
                ),
                ("GET", LOGS, 401, {"headers": {"Authorization": "Bearer garbage"}}),
            )
        )
        self.expect(method, path, status, **options)


class Writer(Client):
    """A runner, whose logs nobody else writes: `logs` by the number of the session."""

    def __init__(self, site: Site, person: str, tally: Tally, seed: int) -> None:
        super().__init__(site, person, tally, seed)
        self.logs: dict[int, dict[str, Any]] = {}
        self.keys = 0

    def act(self) -> None:
        actions: list[Callable[[], None]] = [self.check_list]
        if len(self.logs) < SESSIONS:
            actions += [self.create, self.create_many]
        if self.logs:
            actions += [self.update, self.update, self.read, self.read, self.create_again]
        if len(self.logs) > SESSIONS // 2:
            actions += [self.delete, self.delete]
        self.random.choice(actions)()

    def create(self) -> None:
        """A log with a key: it is made once, however often it is sent."""
        number = self.random.choice(self._free())
        sent = {"json": self._body(number), "headers": self._key()}
        response = self.expect("POST", LOGS, 201, **sent)
        if response.status_code == 201:
            self.logs[number] = response.json()["data"]
            again = self.expect("POST", LOGS, 201, **sent)
            replayed = again.headers.get("Idempotent-Replayed") == "true"
            self.must(replayed and again.json() == response.json(), "a key was good twice")

    def create_many(self) -> None:
        """A batch of logs with one key."""
        numbers = self.random.sample(self._free(), k=min(3, len(self._free())))
        bodies = [self._body(number) for number in numbers]
        items = [{"op": "create", "log": each} for each in bodies]
        key = self._key()
        results: list[dict[str, Any]] = []

        def are_all_made() -> bool:
            """An item may fail by itself; the key makes it safe to send all again."""
            response = self.expect("POST", BATCHES, 200, json={"items": items}, headers=key)
            results[:] = response.json().get("data", {}).get("results", [])
            return all(each["status"] not in DOCUMENTED for each in results)

        until(are_all_made, patience=PATIENCE)
        for number, result in zip(numbers, results, strict=True):
            self.must(result["status"] == 201, f"an item of a batch: {result}")
            if result["status"] == 201:
                self.logs[number] = result["log"]

    def create_again(self) -> None:
        """A second log of a session is refused."""
        number, known = self._one()
        response = self.expect("POST", LOGS, 409, json=self._body(number))
        self.must(response.json().get("existingId") == known["id"], "a 409 names another log")

    def update(self) -> None:
        number, known = self._one()
        change = {"notes": uuid.uuid4().hex, "temperature": self.random.randrange(-20, 40)}
        response = self.expect("PATCH", f"{LOGS}/{known['id']}", 200, json=change)
        if response.status_code == 200:
            self.logs[number] = response.json()["data"]
            self.must(self.logs[number].items() >= change.items(), "an update is not shown")

    def delete(self) -> None:
        """A 404 says that a request without a response had done it."""
        number, known = self._one()
        self.expect("DELETE", f"{LOGS}/{known['id']}", 204, 404)
        del self.logs[number]

    def read(self) -> None:
        _, known = self._one()
        response = self.expect("GET", f"{LOGS}/{known['id']}", 200)
        if response.status_code == 200:
            self.must(_same(response.json()["data"], known), f"{known} reads {response.text}")

    def check_list(self) -> None:
        """Every page together is what is known."""
        found: list[dict[str, Any]] = []
        path = f"{LOGS}?limit=10"
        while path:
            response = self.expect("GET", path, 200)
            found += response.json().get("data", [])
            path = response.links.get("next", {}).get("url", "")
        told = {each["id"]: each for each in found}
        known = {each["id"]: each for each in self.logs.values()}
        self.must(len(told) == len(found), "a list tells a log twice")
        self.must(told.keys() == known.keys(), f"lost or left: {told.keys() ^ known.keys()}")
        for log_id in told.keys() & known.keys():
            self.must(_same(told[log_id], known[log_id]), f"{known[log_id]} lists {told[log_id]}")

    def _free(self) -> list[int]:
        return [number for number in range(1, SESSIONS + 1) if number not in self.logs]

    def _one(self) -> tuple[int, dict[str, Any]]:
        return self.random.choice(list(self.logs.items()))

    def _body(self, number: int) -> dict[str, Any]:
        notes = uuid.uuid4().hex
        return {"sessionId": session_of(self.person, number), "status": "dnf", "notes": notes}

    def _key(self) -> dict[str, str]:
        self.keys += 1
        return {"Idempotency-Key": f"{self.person}-{self.keys}"}


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two responses tell one state of a log."""
    return all(one[name] == other[name] for name in ("revision", "notes", "temperature", "status"))


def readers(site: Site, tally: Tally, seed: int) -> list[Client]:
    return [Reader(site, person, tally, seed + 100) for person in (COACH, ADMIN)]
