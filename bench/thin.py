"""The least that a Python server in front of the Content Lake can do: no framework, no checks.

A bare WSGI callable for the server that runs the product: one round trip through a urllib3 pool,
whose bytes it hands on.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import urllib3

_HEADERS = {"Authorization": "Bearer bench", "Accept-Encoding": "gzip"}
_ROOT = "/v2025-02-19/data"
_UPSTREAM = {
    "/list": ("GET", f"{_ROOT}/query/bench?tag=peer.list&%24limit=20", None),
    "/read": ("GET", f"{_ROOT}/query/bench?tag=peer.read", None),
    "/write": (
        "POST",
        f"{_ROOT}/mutate/bench?returnDocuments=true",
        b'{"mutations":[{"create":{"_id":"workoutLog.thin","_type":"workoutLog"}}]}',
    ),
}
_pool = urllib3.connectionpool.connection_from_url(
    os.environ.get("UPSTREAM_URL", "http://127.0.0.1:9"), maxsize=128
)


def proxy(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    method, target, body = _UPSTREAM[environ["PATH_INFO"]]
    response = _pool.urlopen(method, target, body=body, headers=_HEADERS, retries=False)
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(response.data)))]
    start_response(f"{response.status} OK", headers)
    return [response.data]
