"""Flask for responses that are ready as a whole, or files, with the headers of every response."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Flask, Response
from flask.json.provider import JSONProvider
from werkzeug.routing import BaseConverter, ValidationError
from werkzeug.wsgi import ClosingIterator

from app.service.documents import is_published_id
from app.service.stores import timing
from app.web import request_context
from app.web.http_rules import drain
from app.web.parsing import accept_patch
from app.web.request_context import RequestContext
from app.web.streams import Streams, file_wrapper

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

COMMON_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    # Caches must keep the responses to different pages apart, also those without CORS headers.
    ("Vary", "Origin"),
)


UNTIMED = frozenset({404, 422})
"""Statuses of what does not exist for the caller: the time would tell it from what is hidden."""


Tell = Callable[["WSGIEnvironment", RequestContext, int, float], None]
"""Gets a request's environment and context, the bytes of its response and its seconds."""


class MsgspecProvider(JSONProvider):
    """Flask's JSON through msgspec, which also writes our structs."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return msgspec.json.encode(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return msgspec.json.decode(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        obj = self._prepare_response_obj(args, kwargs)
        return Response(msgspec.json.encode(obj), content_type="application/json")


class DocumentIdConverter(BaseConverter):
    """The id of a published document in a path; with anything else no route matches."""

    def to_python(self, value: str) -> str:
        if not is_published_id(value):
            raise ValidationError
        return value


class ApiFlask(Flask):
    """Flask that adds the common headers and gives the server each response in one piece, but for
    files.

    A request may wait for the store until `max_seconds` after its start. When its response is
    ready, each of `tell` is called.
    """

    json_provider_class = MsgspecProvider

    def __init__(self, name: str, max_seconds: float, *tell: Tell) -> None:
        super().__init__(name, static_folder=None, template_folder="pages/templates")
        self._max_seconds = max_seconds
        self._tell = tell
        self._streams = Streams()
        self.url_map.converters["document_id"] = DocumentIdConverter

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        timing.start(self._max_seconds)
        context, token = request_context.begin(environ)
        size, sent = 0, list[tuple[str, str]]()
        environ["wsgi.file_wrapper"] = file_wrapper

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal sent
            context.status = int(status[:3])
            if context.status == 204:
                # werkzeug gives a body that is not there a type.
                headers = [each for each in headers if each[0] != "Content-Type"]
            if all(name != "Cache-Control" for name, _ in headers):
                headers.append(("Cache-Control", "private, no-cache"))
            headers += COMMON_HEADERS
            if context.status not in UNTIMED:
                headers.append(_store_time())
            headers.append(("X-Request-Id", context.id))
            headers += context.headers.items()
            sent = headers
            return start_response(status, headers, exc_info)

        # granian sends a list at once. It streams any other iterable, such as werkzeug's, through
        # a channel, which took a fifth of the time of a request.
        try:
            response = super().__call__(environ, start)
            is_file = not isinstance(response, ClosingIterator | tuple)
            if is_file and (stream := self._streams.begin(response)):
                size = int(dict(sent)["Content-Length"])
                return stream
            try:
                body = b"".join(response)
                size = len(body)
                return [body]
            finally:
                if hasattr(response, "close"):
                    response.close()
        finally:
            for tell in self._tell:
                tell(environ, context, size, time.perf_counter() - started)
            request_context.end(token)
            timing.stop()
            drain(environ)

    def make_default_options_response(self) -> Response:
        """Which methods there are, and what a `PATCH` may be."""
        response = super().make_default_options_response()
        if "PATCH" in response.allow:
            response.headers.update(accept_patch())
        return response

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view is a coroutine: to look, nine times a request, was 3 % of reading a log."""
        return func


def _store_time() -> tuple[str, str]:
    spent = timing.spent()
    calls = "1 call" if spent.calls == 1 else f"{spent.calls} calls"
    return "Server-Timing", f'store;desc="{calls}";dur={spent.seconds * 1000:.1f}'
