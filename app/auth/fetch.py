"""JSON documents from the issuer, over HTTP and with bounds on everything."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard
from urllib.parse import urlsplit

import requests

from app.settings import LOOPBACK_HOSTS

TIMEOUT = (3.0, 5.0)
"""Seconds to connect, and to wait for bytes."""

LARGEST_DOCUMENT = 256 * 1024
"""Bytes."""

Fetch = Callable[[str], Mapping[str, Any]]
"""A URL to the JSON object behind it, or `FetchFailed`."""


class FetchFailed(Exception):
    """There is no such document at the moment; the message says why.

    `status` is that of the answer, if it is the status that makes it none.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


def fetch_json(url: str) -> Mapping[str, Any]:
    """The JSON object at a URL. Follows no redirect: keys come from the issuer only."""
    with requests.Session() as session:
        return read_json(session.get, url, headers={"Accept": "application/json"})


def read_json(send: Callable[..., requests.Response], url: str, **options: Any) -> dict[str, Any]:
    """Send a request and read the JSON object of its 200 answer. Raises `FetchFailed`."""
    if not is_safe(url):
        raise FetchFailed(f"{url}: neither https nor a loopback address")
    try:
        with send(url, timeout=TIMEOUT, allow_redirects=False, stream=True, **options) as response:
            if response.status_code != 200:
                status = response.status_code
                raise FetchFailed(f"{url}: status {status}", status)
            document = json.loads(_read(response, url))
    except (requests.RequestException, ValueError, RecursionError) as error:
        raise FetchFailed(f"{url}: {type(error).__name__}") from error
    if not isinstance(document, dict):
        raise FetchFailed(f"{url}: not a JSON object")
    return document


def is_safe(url: object) -> TypeGuard[str]:
    """Whether what comes from this URL can be trusted to come from its host."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        host = parts.hostname if parts else None
    except ValueError:
        return False
    if parts is None or not host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK_HOSTS)


def _read(response: requests.Response, url: str) -> bytes:
    content = b""
    for chunk in response.iter_content(16 * 1024):
        content += chunk
        if len(content) > LARGEST_DOCUMENT:
            raise FetchFailed(f"{url}: larger than {LARGEST_DOCUMENT} bytes")
    return content
