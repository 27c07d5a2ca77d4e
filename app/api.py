"""flask-smorest and webargs, made to speak the API's own dialect of JSON and of errors."""

from __future__ import annotations

from typing import Any

import flask_smorest
import marshmallow as ma
import orjson
from flask import Request, Response
from flask.json.provider import JSONProvider
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from app import strict_json
from app.auth.openapi import prepare_security_doc
from app.problems import Problem, problem_of_http_exception, respond


class OrjsonProvider(JSONProvider):
    """Flask's JSON through orjson."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        obj = self._prepare_response_obj(args, kwargs)
        return Response(orjson.dumps(obj), content_type="application/json")


class Parser(FlaskParser):
    """Requests read strictly: JSON bodies only, nothing unknown, no parameter twice."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": ma.RAISE}

    def _raw_load_json(self, req: Request) -> Any:
        if req.mimetype != "application/json":
            raise Problem("unsupported-media-type")
        if req.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
            raise Problem("unsupported-media-type", "JSON is UTF-8; no other charset is read.")
        try:
            return strict_json.loads(req.get_data())
        except ValueError as error:
            raise Problem("malformed", f"The body is not JSON as it should be: {error}.") from None

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """A parameter that is given twice is a list, which no field accepts."""
        parameters: MultiDict[str, str] = req.args
        return {
            name: values[0] if len(values) == 1 else values for name, values in parameters.lists()
        }


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest is not typed
    """A blueprint whose arguments are read strictly."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(prepare_security_doc)


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest is not typed
    """The Api whose errors are problems."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def handle_http_exception(self, error: HTTPException) -> Response:
        return respond(problem_of_http_exception(error))
