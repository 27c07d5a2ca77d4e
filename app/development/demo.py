"""`/demo`: what a front end could look like, a coach's dashboard and a runner's week.

A page on the API's own operations, signed in like any other client: the code grant with PKCE.
"""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.pages.html import PAGE_POLICY, page

CLIENT_ID = "demo"
POLICY = PAGE_POLICY | {"script-src": "'self'", "connect-src": "'self'"}


def create_blueprint() -> Blueprint:
    """The page and its files: our own, and uPlot (MIT), which draws the charts."""
    blueprint = Blueprint(
        "demo",
        __name__,
        static_folder="static",
        static_url_path="/demo/static",
        template_folder="templates",
    )

    @blueprint.get("/demo/", strict_slashes=False)
    def demo() -> ResponseReturnValue:
        return page("development/demo.html", POLICY, client_id=CLIENT_ID)

    return blueprint
