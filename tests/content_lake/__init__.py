"""The stand-in of the Content Lake, as a process that tests start, load, disturb and stop."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from app.service.stores.sanity import client as content_lake_client
from app.service.stores.sanity.client import Limits
from tests import node

FOLDER = Path(__file__).parent
PROJECT = "stand-in"
API_VERSION = "2025-02-19"
DATASET = "production"
EDITOR_TOKEN = "editor-token"
VIEWER_TOKEN = "viewer-token"

Document = Mapping[str, Any]


class ContentLake:
    """A running stand-in at `url`; what tests may ask of it beyond Sanity's API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False

    def client(
        self, *, token: str = EDITOR_TOKEN, dataset: str = DATASET, limits: Limits | None = None
    ) -> content_lake_client.ContentLake:
        """The product's own client of the stand-in."""
        return content_lake_client.ContentLake(
            self.url, dataset=dataset, token=token, api_version=API_VERSION, limits=limits
        )

    def reset(self) -> None:
        """Start anew: no document, no fault, no delay, nothing counted."""
        self._control("POST", "reset")

    def load(self, documents: Iterable[Document]) -> None:
        """Add these documents as they are."""
        lines = "\n".join(json.dumps(each) for each in documents)
        self._control("POST", "documents", lines)

    def fault(self, action: str, **rule: Any) -> None:
        """Disturb the next requests: the actions and members of a rule are in `faults.js`."""
        self._control("POST", "faults", json.dumps({"action": action, **rule}))

    def clear_faults(self) -> None:
        """Disturb no more."""
        self._control("DELETE", "faults")

    def delays(self, *, index_lag: float = 0, latency: float = 0) -> None:
        """How many seconds queries are behind the documents, and every response takes longer."""
        delays = {"indexLag": index_lag * 1000, "latency": latency * 1000}
        self._control("PUT", "delays", json.dumps(delays))

    def switch(
        self,
        *,
        sync_ignored: bool = False,
        patch_of_nothing: int = 409,
        index_held: bool = False,
    ) -> None:
        """Choose where Sanity's behaviour is not known, or not always the same.

        `sync_ignored`: a write with `visibility=sync` does not wait for the index.
        `patch_of_nothing`: the status of that error. `index_held`: queries see no write until this
        is switched off.
        """
        switches = {
            "syncIgnored": sync_ignored,
            "patchOfNothing": patch_of_nothing,
            "indexHeld": index_held,
        }
        self._control("PUT", "switches", json.dumps(switches))

    def reset_counters(self) -> None:
        """Count from zero."""
        self._control("DELETE", "counters")

    def requests(self) -> dict[str, int]:
        """Requests of each kind: `query`, `mutate`, `doc`."""
        counted: dict[str, int] = self._control("GET", "counters")["requests"]
        return counted

    def tags(self) -> list[str]:
        """The tag of each request, in their order; empty for one without a tag."""
        tags: list[str] = self._control("GET", "counters")["tags"]
        return tags

    def max_concurrent_mutations(self) -> int:
        """The most mutations that were at work at one time."""
        most: int = self._control("GET", "counters")["maxConcurrentMutations"]
        return most

    def documents(self, *, type_: str | None = None) -> list[dict[str, Any]]:
        """What is stored, drafts too."""
        query = "*[!defined($type) || _type == $type] | order(_id)"
        response = self._session.post(
            f"{self.url}/v{API_VERSION}/data/query/{DATASET}?perspective=raw",
            headers={"Authorization": f"Bearer {VIEWER_TOKEN}"},
            json={"query": query, "params": {"type": type_}},
            timeout=60,
        )
        found: list[dict[str, Any]] = response.json()["result"]
        return found

    def mutate(self, *mutations: Mapping[str, Any], visibility: str = "sync") -> None:
        """Write as another program would."""
        response = self._session.post(
            f"{self.url}/v{API_VERSION}/data/mutate/{DATASET}?visibility={visibility}",
            headers={"Authorization": f"Bearer {EDITOR_TOKEN}"},
            json={"mutations": mutations},
            timeout=60,
        )
        response.raise_for_status()

    def _control(self, method: str, endpoint: str, body: str = "") -> Any:
        url = f"{self.url}/control/{endpoint}"
        response = self._session.request(method, url, data=body.encode(), timeout=60)
        response.raise_for_status()
        return response.json()

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()


@contextmanager
def running_content_lake(*options: str) -> Iterator[ContentLake]:
    """A stand-in on a free port for as long as the context lasts."""
    node.install(FOLDER)
    command = [node.node(), str(FOLDER / "server.js"), "--exit-with-stdin", *options]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        lake = ContentLake(json.loads(process.stdout.readline())["url"])
        try:
            yield lake
        finally:
            lake.close()
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:  # it is still at work on a query
            process.kill()
            process.wait()
        process.stdout.close()
