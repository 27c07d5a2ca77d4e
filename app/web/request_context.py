"""What is known of the current request outside of Flask: its id, its headers, facts for the log.

Lines of the log that are written while a request is handled carry its id, from whichever module.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

REQUEST_ID_PATTERN = r"^[A-Za-z0-9._\-]{8,128}$"

_request_id = re.compile(REQUEST_ID_PATTERN.removesuffix("$") + r"\Z")
_traceparent = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(slots=True)
class RequestContext:
    """One request. `trace_id` is that of W3C Trace Context; `route` is the template of its
    path, None until one matches; `status` and `headers` are the response's.
    """

    id: str
    trace_id: str | None = None
    route: str | None = None
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def begin(environ: WSGIEnvironment) -> tuple[RequestContext, Token[RequestContext | None]]:
    """The context of a new request; the token is for `end`.

    A client's `X-Request-Id` is taken over when it has the form of one.
    """
    sent = environ.get("HTTP_X_REQUEST_ID")
    context = RequestContext(sent if sent and _request_id.match(sent) else secrets.token_hex(16))
    parent = environ.get("HTTP_TRACEPARENT")
    if parent and (match := _traceparent.match(parent)):
        context.trace_id = match[1]
    return context, _current.set(context)


def end(token: Token[RequestContext | None]) -> None:
    """The request is over."""
    _current.reset(token)


def current() -> RequestContext | None:
    """The request that is being handled, if any."""
    return _current.get()


def set_headers(headers: Mapping[str, str]) -> None:
    """Give the response to the current request further headers, whatever the response will be."""
    if context := _current.get():
        context.headers.update(headers)


def note(**facts: Any) -> None:
    """Tell the line in the access log of the current request: see `app.web.access_log`."""
    if context := _current.get():
        context.facts.update(facts)
