"""Start page, Swagger UI, and the spec as JSON and as YAML."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import version
from importlib.resources import files

from flask import Blueprint, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from app.auth.keys import Issuer
from app.openapi.document import Texts, below
from app.openapi.security import code_grant_endpoints
from app.pages.html import SCRIPT_POLICY, page, wants_html
from app.settings import Settings
from app.web.prefix import public_path, public_root
from app.web.problems import COLLECTION_PATH, Problem

INDEX = {
    "workoutLogs": COLLECTION_PATH,
    "docs": "/docs",
    "openapi": "/openapi.json",
    "openapiYaml": "/openapi.yaml",
    "problems": "/problems/",
    "changelog": "/changelog",
    "apiCatalog": "/.well-known/api-catalog",
    "health": "/healthz",
    "readiness": "/readyz",
    "version": "/version",
}

START_LINKS = {
    "/openapi.json": 'rel="service-desc"; type="application/json"',
    "/docs": 'rel="service-doc"; type="text/html"',
    "/.well-known/api-catalog": 'rel="api-catalog"',
}
"""The relations of RFC 8631 and RFC 9727, for programs that know only the host."""

CATALOG_TYPE = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'

SPEC_SECONDS = 60
"""How long caches keep the spec without asking."""


def create_blueprint(
    settings: Settings, issuer: Issuer | None, spec: Callable[[], Texts]
) -> Blueprint:
    """The pages; without an issuer nobody signs in there. `spec` gives the OpenAPI document."""
    blueprint = Blueprint("docs", __name__)
    released = version("workout-log-api")
    changes = files(__package__).joinpath("CHANGELOG.md").read_text("utf-8")
    scopes = [*settings.scope_names.values()]
    sign_in = {"clientId": settings.oauth_client_id, "scopes": scopes} if issuer else None

    @blueprint.get("/", strict_slashes=False)
    def start() -> ResponseReturnValue:
        if wants_html():
            found = page("start.html", version=released, development=settings.development_sign_in)
        else:
            links = {name: public_path(path) for name, path in INDEX.items()}
            found = jsonify(name="Workout Log API", version=released, links=links)
        found.headers["Link"] = ", ".join(
            f"<{public_path(path)}>; {parameters}" for path, parameters in START_LINKS.items()
        )
        return found

    @blueprint.get("/.well-known/api-catalog")
    def api_catalog() -> ResponseReturnValue:
        """Where the API and all about it are (RFC 9727)."""
        if not request.host:  # werkzeug's word for a Host header that breaks the syntax
            raise Problem("malformed", "The Host header holds no host name.")
        here = public_root()
        described = {
            "anchor": f"{here}/api",
            "service-desc": [
                {"href": f"{here}/openapi.json", "type": "application/json"},
                {"href": f"{here}/openapi.yaml", "type": "application/yaml"},
            ],
            "service-doc": [{"href": f"{here}/docs", "type": "text/html"}],
            "service-meta": [{"href": f"{here}/version", "type": "application/json"}],
            "status": [{"href": f"{here}/readyz", "type": "application/json"}],
        }
        catalog = {"anchor": f"{here}{request.path}", "item": [{"href": f"{here}/api"}]}
        response = jsonify(linkset=[catalog, described])
        response.content_type = CATALOG_TYPE
        response.headers["Link"] = f'<{public_path(request.path)}>; rel="api-catalog"'
        return response

    @blueprint.get("/docs")
    @blueprint.get("/docs/", strict_slashes=False)
    def swagger_ui() -> ResponseReturnValue:
        connect = " ".join(["'self'", *_origins(issuer)])
        return page("swagger_ui.html", SCRIPT_POLICY | {"connect-src": connect}, sign_in=sign_in)

    @blueprint.get("/docs/oauth2-redirect.html")
    def oauth2_redirect() -> ResponseReturnValue:
        """Where the issuer sends the browser back to; Swagger UI's own script takes the code."""
        return page("oauth2_redirect.html", SCRIPT_POLICY)

    @blueprint.get("/reference")
    @blueprint.get("/reference/", strict_slashes=False)
    def reference() -> ResponseReturnValue:
        """A page of version 1.0.0 that the Swagger UI replaces."""
        return redirect(public_path("/docs"), 308)

    @blueprint.get("/openapi.json")
    def openapi_json() -> ResponseReturnValue:
        return _cached(below(spec().json, public_path("")), "application/json")

    @blueprint.get("/openapi.yaml")
    def openapi_yaml() -> ResponseReturnValue:
        return _cached(below(spec().yaml, public_path("")), "application/yaml")

    @blueprint.get("/changelog")
    def changelog() -> ResponseReturnValue:
        """What the introduction of the spec links to."""
        return Response(changes, content_type="text/markdown; charset=utf-8")

    return blueprint


def _cached(text: bytes, content_type: str) -> Response:
    """The same for everybody, for a minute; after that 304 as long as it has not changed."""
    response = Response(text, content_type=content_type)
    response.cache_control.public = True
    response.cache_control.max_age = SPEC_SECONDS
    response.vary.add("X-Forwarded-Prefix")
    response.add_etag()
    response.make_conditional(request)
    return response


def _origins(issuer: Issuer | None) -> list[str]:
    """Where the Swagger UI asks how to sign in, and for a token; safe to be put in a header."""
    if issuer is None:
        return []
    urls = (issuer.url, *(code_grant_endpoints(issuer) or ()))
    matches = (re.match(r"https?://[A-Za-z0-9.:\[\]-]+", url) for url in urls)
    return sorted({match[0] for match in matches if match})
