"""Start page, Swagger UI, reference, and the spec as YAML."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import version
from importlib.resources import files
from typing import Any, NamedTuple

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from app.docs.html import SCRIPT_POLICY, page, wants_html
from app.openapi.document import to_yaml
from app.openapi.security import Issuer, code_grant_endpoints
from app.problems import COLLECTION_PATH
from app.settings import SCOPES, Settings

INDEX = {
    "workoutLogs": COLLECTION_PATH,
    "docs": "/docs",
    "reference": "/reference",
    "openapi": "/openapi.json",
    "openapiYaml": "/openapi.yaml",
    "changelog": "/changelog",
    "problems": "/problems/",
    "health": "/healthz",
    "readiness": "/readyz",
}


class SignIn(NamedTuple):
    """What the Swagger UI's Authorize button needs."""

    authorization_url: str
    token_url: str
    client_id: str
    scopes: tuple[str, ...] = SCOPES

    @property
    def token_origin(self) -> str:
        """The only other host that the Swagger UI may call; safe to be put in a header."""
        match = re.match(r"https?://[A-Za-z0-9.:\[\]-]+", self.token_url)
        return match[0] if match else ""


def create_blueprint(
    settings: Settings, issuer: Issuer | None, spec: Callable[[], dict[str, Any]]
) -> Blueprint:
    """The pages; without an issuer nobody signs in there, `spec` makes the OpenAPI document."""
    blueprint = Blueprint("docs", __name__)
    released = version("workout-log-api")
    changes = files(__package__).joinpath("CHANGELOG.md").read_text("utf-8")

    @blueprint.get("/")
    def start() -> ResponseReturnValue:
        if wants_html():
            return page("start.html", version=released, development=settings.development_sign_in)
        return jsonify(name="Workout Log API", version=released, links=INDEX)

    @blueprint.get("/docs")
    def swagger_ui() -> ResponseReturnValue:
        sign_in = _sign_in(issuer, settings.oauth_client_id)
        policy = dict(SCRIPT_POLICY)
        if sign_in:
            policy["connect-src"] += f" {sign_in.token_origin}"
        return page("swagger_ui.html", policy, sign_in=sign_in and sign_in._asdict())

    @blueprint.get("/docs/oauth2-redirect.html")
    def oauth2_redirect() -> ResponseReturnValue:
        """Where the issuer sends the browser back to; Swagger UI's own script takes the code."""
        return page("oauth2_redirect.html", SCRIPT_POLICY)

    @blueprint.get("/reference")
    def reference() -> ResponseReturnValue:
        return page("reference.html", SCRIPT_POLICY)

    @blueprint.get("/openapi.yaml")
    def openapi_yaml() -> ResponseReturnValue:
        return Response(to_yaml(spec()), content_type="application/yaml")

    @blueprint.get("/changelog")
    def changelog() -> ResponseReturnValue:
        """What the introduction of the spec links to."""
        return Response(changes, content_type="text/markdown; charset=utf-8")

    return blueprint


def _sign_in(issuer: Issuer | None, client_id: str) -> SignIn | None:
    """None while the issuer does not say where to sign in; the docs are there all the same."""
    endpoints = code_grant_endpoints(issuer) if issuer else None
    return SignIn(*endpoints, client_id) if endpoints else None
