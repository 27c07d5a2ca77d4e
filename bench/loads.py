"""The loads of the operations: what the clients of one sample send."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Sequence

from bench import documents, traffic
from bench.issuer import Issuer
from bench.measure import Load, MeasureError
from bench.processes import Process
from bench.responses import LOG, batch_sessions
from bench.sizes import Sizes
from bench.traffic import CHANGES_PATH, PATH, request
from bench.upstream import log_id, session_id, user_id

LISTS, READS, CREATES, UPDATES, DELETES = "list", "read", "create", "update", "delete"
BASIC = (LISTS, READS, CREATES, UPDATES, DELETES)
"""The operations that the original application had."""

DEEP_LISTS = "list, deep page"
LIST_OF_100 = "list of 100"
PATCHES = "update (PATCH)"
SESSIONS = "training sessions (20)"
PROGRESS_OF_ONE = "progress of 1 runner, 12 weeks"
PROGRESS_OF_30 = "progress of 30 runners, 4 weeks"
PROGRESS_OF_50 = "progress of 50 runners, 4 weeks"
CHANGES = "changes (100)"
REPORTS = (SESSIONS, PROGRESS_OF_ONE, PROGRESS_OF_30, CHANGES)

BATCH = "batch of 100 creates"
BATCH_SIZE = 100

Ready = Callable[[Sequence[str], int], Load]
"""A load of these requests, which get this status."""


def ready(sizes: Sizes, clients: int | None = None, seconds: float | None = None) -> Ready:
    """Loads of so many clients for so long, by default as `sizes` says."""

    def load(requests: Sequence[str], expect: int = 200) -> Load:
        return Load(
            requests=requests,
            expect=expect,
            clients=clients or sizes.clients,
            seconds=seconds or sizes.seconds,
        )

    return load


def of_one_user(server: Process, issuer: Issuer, load: Ready) -> dict[str, Load]:
    """Every operation, each one request again and again, of one runner or one coach."""
    token = issuer.token(documents.RUNNER_ID)
    since = _sync_token(server, token)
    changes = load([request("GET", f"{CHANGES_PATH}?since={since}", token)], 200)
    return {**without_changes(issuer, load), CHANGES: changes}


def without_changes(issuer: Issuer, load: Ready) -> dict[str, Load]:
    """The same but for changes, which are asked for with a token of the server."""
    token, coach = (issuer.token(each) for each in (documents.RUNNER_ID, documents.COACH_ID))
    log = f"{PATH}/{LOG['_id']}"
    return {
        LISTS: load([request("GET", PATH, token)], 200),
        LIST_OF_100: load([request("GET", f"{PATH}?limit=100", token)], 200),
        READS: load([request("GET", log, token)], 200),
        CREATES: load([traffic.create(token, "session-0001")], 201),
        UPDATES: load([request("PUT", log, token, traffic.CHANGES)], 200),
        PATCHES: load([traffic.patch(log, token)], 200),
        DELETES: load([request("DELETE", log, token)], 204),
        SESSIONS: load([request("GET", traffic.SESSIONS_PATH, token)], 200),
        PROGRESS_OF_ONE: load([request("GET", traffic.TWELVE_WEEKS_PATH, token)], 200),
        PROGRESS_OF_30: load([request("GET", traffic.FOUR_WEEKS_PATH, coach)], 200),
    }


def of_many_users(tokens: Sequence[str], load: Ready) -> dict[str, Load]:
    """The basic operations, each user's on their own in turn."""
    users = [*enumerate(tokens)]
    return {
        LISTS: load([request("GET", PATH, each) for each in tokens], 200),
        READS: load([request("GET", f"{PATH}/{log_id(n)}", each) for n, each in users], 200),
        CREATES: load([traffic.create(each, session_id(n)) for n, each in users], 201),
        UPDATES: load(
            [request("PUT", f"{PATH}/{log_id(n)}", each, traffic.CHANGES) for n, each in users], 200
        ),
        DELETES: load([request("DELETE", f"{PATH}/{log_id(n)}", each) for n, each in users], 204),
    }


def tokens_of(issuer: Issuer, users: int) -> Sequence[str]:
    """The tokens of many users."""
    return [issuer.token(user_id(number)) for number in range(users)]


def of_thin(load: Ready) -> dict[str, Load]:
    """Each round trip of the thin proxy."""
    return {name: load([request("GET", f"/{name}", "")], 200) for name in ("list", "read", "write")}


def batch(server: Process, issuer: Issuer) -> str:
    """A batch of creates. Raises `MeasureError` unless the server makes all of them."""
    token = issuer.token(documents.RUNNER_ID)
    sent = traffic.batch(token, batch_sessions(BATCH_SIZE))
    head, _, body = sent.partition("\r\n\r\n")
    names = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    url = f"http://127.0.0.1:{server.port}{traffic.BATCH_PATH}"
    asked = urllib.request.Request(url, body.encode(), names)
    with urllib.request.urlopen(asked, timeout=60) as response:
        results = json.load(response)["data"]["results"]
    if [each["status"] for each in results] != [201] * BATCH_SIZE:
        raise MeasureError(f"{server.name}: the batch is not made: {results[:2]}")
    return sent


def _sync_token(server: Process, token: str) -> str:
    url = f"http://127.0.0.1:{server.port}{CHANGES_PATH}?since=now"
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked, timeout=60) as response:
        return str(json.load(response)["pagination"]["next"])
