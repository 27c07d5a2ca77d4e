"""flask-smorest's Api, whose errors are problems and whose document this package makes."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import flask_smorest
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from app.openapi import document
from app.openapi.docs import Docs
from app.openapi.operations import Operations, Paths, Schemas
from app.openapi.security import Schemes
from app.web.problems import problem_of_http_exception, respond


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest is not typed
    """The Api whose errors are problems and whose document is made in `app.openapi`."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(
        self, app: Flask, sign_in: Callable[[], Schemes], *, contact_url: str = ""
    ) -> None:
        """`sign_in` says how callers sign in at this deployment, when its document is asked for;
        `contact_url` is where they ask questions.
        """
        self._sign_in = sign_in
        self._contact_url = contact_url
        self._writing = Lock()
        self._written: tuple[Schemes, document.Texts] | None = None
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
        """Serve and document a resource, whose `docs/` are beside its routes."""
        docs = Docs.of(blp.import_name.rpartition(".")[0])
        self._schemas.use(docs)
        self._operations.use(docs)
        if docs.introduction:
            self._introductions.append(docs.introduction)
        super().register_blueprint(blp, **options)

    def published(self) -> dict[str, Any]:
        """The OpenAPI document for partners."""
        return document.published(self.spec, self._introductions)

    def served(self) -> dict[str, Any]:
        """The OpenAPI document of this deployment."""
        return self._served(self._sign_in())

    def _served(self, schemes: Schemes) -> dict[str, Any]:
        return document.served(self.spec, self._introductions, schemes, self._contact_url)

    def served_texts(self) -> document.Texts:
        """The same as it is sent; kept, since anybody may ask and YAML is slow to write."""
        schemes = self._sign_in()
        with self._writing:
            if self._written is None or self._written[0] != schemes:
                self._written = schemes, document.to_texts(self._served(schemes))
            return self._written[1]

    def problem_example(self, code: str) -> dict[str, Any]:
        """A problem of this code, as one of the operations responds with it."""
        return self._operations.problems.example(code)

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
