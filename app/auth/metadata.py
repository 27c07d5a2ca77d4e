"""What clients need to know before their first call: protected resource metadata (RFC 9728)."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from app.auth.fetch import is_safe
from app.auth.keys import Issuer
from app.settings import Settings
from app.web.prefix import public_root
from app.web.problems import Problem

PATH = "/.well-known/oauth-protected-resource"


def create_blueprint(settings: Settings, issuer: Issuer | None) -> Blueprint:
    """The document. The resource is the audience that its tokens must name, where that is a URL.

    Otherwise it is the address that the client asks; without a good `Host` there is none.
    """
    blueprint = Blueprint("protected-resource", __name__)
    # In another claim, tokens name the client that they were issued to.
    audience = issuer.audience if issuer and settings.oauth_audience_claim == "aud" else ""

    @blueprint.get(PATH)
    def protected_resource() -> ResponseReturnValue:
        if not request.host:  # werkzeug's word for a Host header that breaks the syntax
            raise Problem("malformed", "The Host header holds no host name.")
        here = public_root()
        document = {
            "resource": audience if is_safe(audience) else here,
            "resource_name": "Workout Log API",
            "resource_documentation": f"{here}/docs",
            "scopes_supported": [*settings.scope_names.values()],
            "bearer_methods_supported": ["header"],
        }
        if issuer:
            document["authorization_servers"] = [issuer.url]
        return jsonify(document)

    return blueprint
