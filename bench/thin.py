"""The least that a Python server in front of the Content Lake can do: no framework, no checks.

`proxy` makes one round trip through a urllib3 pool and hands its bytes on; `constant` makes none.
Both are bare WSGI callables for the server that runs the product.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import urllib3

from bench.upstream import query_response

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
_CONSTANT = {"/list": query_response("peer.list", 20), "/read": query_response("peer.read", 0)}

_pool = urllib3.connectionpool.connection_from_url(
    os.environ.get("UPSTREAM_URL", "http://127.0.0.1:9"), maxsize=128
)


def proxy(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    method, target, body = _UPSTREAM[environ["PATH_INFO"]]
    response = _pool.urlopen(method, target, body=body, headers=_HEADERS, retries=False)
    return _answered(response.status, response.data, start_response)


def constant(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    return _answered(200, _CONSTANT[environ["PATH_INFO"]] or b"", start_response)


def _answered(status: int, body: bytes, start_response: Any) -> Iterable[bytes]:
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(f"{status} OK", headers)
    return [body]
