"""HTML responses and their security headers."""

from __future__ import annotations

from flask import Response, after_this_request, render_template, request

PAGE_POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
"""What a page may load: nothing but our own style sheet and images; it runs no script."""

SCRIPT_POLICY = PAGE_POLICY | {
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "connect-src": "'self'",
}
"""Swagger UI: scripts of our own host, none inline. It sets styles on elements."""


def page(template: str, policy: dict[str, str] = PAGE_POLICY, **context: object) -> Response:
    """The HTML response of a template."""
    response = Response(render_template(template, **context), mimetype="text/html")
    response.headers["Content-Security-Policy"] = "; ".join(
        f"{directive} {sources}" for directive, sources in policy.items()
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-cache"
    return response


def wants_html() -> bool:
    """Whether the client prefers HTML to JSON, as browsers do; `Vary` says that this counts."""
    after_this_request(_vary)
    accepted = request.accept_mimetypes
    return accepted["text/html"] > accepted["application/json"]


def _vary(response: Response) -> Response:
    response.vary.add("Accept")
    return response
