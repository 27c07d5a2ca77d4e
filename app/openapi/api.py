"""flask-smorest's Api, whose errors are problems and whose document this package makes."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, cast

import flask_smorest
from apispec import APISpec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from app.openapi import document
from app.openapi.docs import Docs
from app.openapi.operations import Operations, Paths, Schemas
from app.openapi.security import SignIn
from app.web.problems import problem_of_http_exception, respond


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest is not typed
    """The Api whose errors are problems and whose document is made in `app.openapi`."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask, sign_in: Callable[[], SignIn], *, contact_url: str = "") -> None:
        """`sign_in` says how callers sign in at this deployment, when its document is asked for;
        `contact_url` is where they ask questions.
        """
        self._sign_in = sign_in
        self._contact_url = contact_url
        self._undocumented: list[Any] = []
        self._documenting, self._writing = Lock(), Lock()
        self._written: tuple[SignIn, document.Texts] | None = None
        self._introductions: list[str] = []
        self._schemas = Schemas()
        self._operations = Operations()
        super().__init__(
            app,
            spec_kwargs={
                "flask_plugin": Paths(),
                "marshmallow_plugin": self._schemas,
                "extra_plugins": [self._operations],
                "info": document.INFO,
            },
        )

    def register_blueprint(self, blp: Any, **options: Any) -> None:
        """Serve a resource, whose `docs/` are beside its routes.

        As flask-smorest does (checked with version 0.47), but for the document: that takes most of
        the time of a start, and few processes are ever asked for it.
        """
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp, **options)
        self._undocumented.append(blp)

    def published(self) -> dict[str, Any]:
        """The OpenAPI document for partners."""
        return document.published(self._documented(), self._introductions)

    def served(self) -> dict[str, Any]:
        """The OpenAPI document of this deployment."""
        return self._served(self._sign_in())

    def _served(self, sign_in: SignIn, **options: str) -> dict[str, Any]:
        return document.served(
            self._documented(), self._introductions, sign_in, self._contact_url, **options
        )

    def served_texts(self) -> document.Texts:
        """The same as it is sent, at `document.PREFIX`; kept, since anybody may ask and YAML is
        slow to write.
        """
        sign_in = self._sign_in()
        with self._writing:
            if self._written is None or self._written[0] != sign_in:
                self._written = (
                    sign_in,
                    document.to_texts(self._served(sign_in, url=document.PREFIX)),
                )
            return self._written[1]

    def problem_example(self, code: str) -> dict[str, Any]:
        """A problem of this code, as one of the operations responds with it."""
        self._documented()
        return self._operations.problems.example(code)

    def _documented(self) -> APISpec:
        """The specification with every resource in it."""
        with self._documenting:
            for blp in self._undocumented:
                docs = Docs.of(blp.import_name.rpartition(".")[0])
                self._schemas.use(docs)
                self._operations.use(docs)
                if docs.introduction:
                    self._introductions.append(docs.introduction)
                blp.register_views_in_doc(
                    self, self._app, self.spec, name=blp.name, parameters=None
                )
                self.spec.tag({"name": blp.name, "description": blp.description})
            self._undocumented.clear()
        return cast("APISpec", self.spec)

    def handle_http_exception(self, error: HTTPException) -> Response:
        return respond(problem_of_http_exception(error))

    def _register_responses(self) -> None:
        """`app.openapi.problems` has them; flask-smorest's are named as this Python names them."""

    def _register_etag_headers(self) -> None:
        """`app.openapi.components` has them."""

    def _register_pagination_header(self) -> None:
        """Pages are described in the body and in `Link`."""


def api_of(app: Flask) -> Api:
    """The Api of an application."""
    api: Api = app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    return api
