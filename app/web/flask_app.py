"""Flask for answers that are ready as a whole: how they are made, and what each of them carries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Flask, Request, Response, g
from flask.json.provider import JSONProvider
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import BaseConverter, ValidationError

from app.service.documents import is_published_id
from app.service.stores import timing

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_OF_EVERY_ANSWER = (
    ("X-Content-Type-Options", "nosniff"),
    # Caches must keep the answers to different pages apart, also those without CORS headers.
    ("Vary", "Origin"),
)
_WITHOUT_BODY = (204, 304)
_OF_A_BODY = ("Content-Type", "Content-Length")


class MsgspecProvider(JSONProvider):
    """Flask's JSON through msgspec, which also writes our structs."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return msgspec.json.encode(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return msgspec.json.decode(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        obj = self._prepare_response_obj(args, kwargs)
        return Answer(msgspec.json.encode(obj), content_type="application/json")


class Answer(Response):
    """A response that gets the headers of every answer as it leaves.

    They are added to a list. As hooks of Flask, with werkzeug looking up each header in a copy of
    the others, they took a tenth of the time of a request. What is more than a finished body is
    left to werkzeug.
    """

    def get_wsgi_response(
        self, environ: WSGIEnvironment
    ) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        names = {name for name, _ in self.headers}
        if (
            isinstance(self.response, list)
            and "Content-Length" in names
            and "Location" not in names
        ):
            status, headers = self.status, [*self.headers]
            body: Iterable[bytes] = [] if environ["REQUEST_METHOD"] == "HEAD" else self.response
        else:
            body, status, headers = super().get_wsgi_response(environ)
        if self.status_code in _WITHOUT_BODY:
            # What is not there has no type; werkzeug gives it one.
            body, headers = [], [each for each in headers if each[0] not in _OF_A_BODY]
        if "Cache-Control" not in names:
            headers.append(("Cache-Control", "private, no-cache"))
        return body, status, [*headers, *_OF_EVERY_ANSWER, _store_time(), *_further_headers()]


def _store_time() -> tuple[str, str]:
    spent = timing.spent()
    calls = "1 call" if spent.calls == 1 else f"{spent.calls} calls"
    return "Server-Timing", f'store;desc="{calls}";dur={spent.seconds * 1000:.1f}'


def _further_headers() -> Iterable[tuple[str, str]]:
    further: Mapping[str, str] = g.get("headers", {})
    return further.items()


class NoSessions(SessionInterface):
    """Nothing of a caller is kept in a cookie of ours."""

    _none = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return self._none


class DocumentIdConverter(BaseConverter):
    """The id of a published document in a path; with anything else no route matches."""

    def to_python(self, value: str) -> str:
        if not is_published_id(value):
            raise ValidationError
        return value


class App(Flask):
    """Flask for views that are plain functions."""

    json_provider_class = MsgspecProvider
    response_class = Answer
    session_interface = NoSessions()

    def __init__(self, name: str) -> None:
        super().__init__(name, static_folder=None, template_folder="pages/templates")
        self.url_map.converters["document_id"] = DocumentIdConverter

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        # A list is sent at once. Anything else, such as werkzeug's iterator, granian streams
        # through a channel, which took a fifth of the time of a request.
        timing.start()
        answer = super().__call__(environ, start_response)
        if isinstance(answer, list) and answer:
            return answer
        try:
            return [b"".join(answer)]
        finally:
            if hasattr(answer, "close"):
                answer.close()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function: Flask looks seven times a request whether one is a coroutine."""
        return func


def set_headers(headers: Mapping[str, str]) -> None:
    """Give the answer to the current request further headers, whatever the answer will be."""
    g.headers = headers
