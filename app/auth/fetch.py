"""JSON documents from the issuer, over HTTP and with bounds on everything."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from app.settings import LOOPBACK_HOSTS, VISIBLE_ASCII

TIMEOUT = (3.0, 5.0)
"""Seconds to connect, and to wait for bytes."""

DEADLINE = 10.0
"""Seconds for a body in all, however steadily its bytes come."""

MAX_DOCUMENT_BYTES = 256 * 1024
"""Bytes."""

Fetch = Callable[[str], Mapping[str, Any]]
"""A URL to the JSON object behind it, or `FetchFailed`."""


class FetchFailed(Exception):
    """There is no such document at the moment; the message says why.

    `status` is that of the response, where it is the reason.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


def fetch_json(url: str, *, deadline: float = DEADLINE) -> Mapping[str, Any]:
    """The JSON object at a URL. Follows no redirect: keys come from the issuer only."""
    headers = {"Accept": "application/json"}
    with requests.Session() as session:
        return read_json(session.get, url, deadline=deadline, auth=_nobody, headers=headers)


def read_json(
    send: Callable[..., requests.Response],
    url: str,
    *,
    deadline: float = DEADLINE,
    **options: Any,
) -> dict[str, Any]:
    """Send a request and read the JSON object of its 200 response. Raises `FetchFailed`."""
    if not is_safe(url):
        raise FetchFailed(f"{url!a}: neither https nor a loopback address")
    try:
        with send(url, timeout=TIMEOUT, allow_redirects=False, stream=True, **options) as response:
            if response.status_code != 200:
                status = response.status_code
                raise FetchFailed(f"{url}: status {status}", status)
            document = json.loads(_read(response, url, deadline))
    except (requests.RequestException, HTTPError, ValueError, RecursionError) as error:
        raise FetchFailed(f"{url}: {type(error).__name__}") from error
    if not isinstance(document, dict):
        raise FetchFailed(f"{url}: not a JSON object")
    return document


def is_safe(url: object, *, named_by: str | None = None) -> TypeGuard[str]:
    """Whether what comes from this URL can be trusted to come from its host.

    That is https, or http on this machine; a URL that the issuer `named_by` names may lead to this
    machine only if the issuer is here as well.
    """
    # Nothing that would be written to the log as anything but one word.
    if not isinstance(url, str) or not VISIBLE_ASCII.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    here = host in LOOPBACK_HOSTS and (named_by is None or urlsplit(named_by).scheme == "http")
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and here))


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No credentials: without these words `requests` would take some from ~/.netrc."""
    return request


def _read(response: requests.Response, url: str, deadline: float) -> bytes:
    end = time.monotonic() + deadline
    content = b""
    # Not `iter_content`, which waits until a whole chunk is there.
    while chunk := response.raw.read1(16 * 1024, decode_content=True):
        content += chunk
        if len(content) > MAX_DOCUMENT_BYTES:
            raise FetchFailed(f"{url}: larger than {MAX_DOCUMENT_BYTES} bytes")
        if time.monotonic() > end:
            raise FetchFailed(f"{url}: it takes longer than {deadline} seconds")
    return content
