"""The style sheets and scripts of the pages, served from here: our own and flask-swagger-ui's.

Only the files listed are served. A URL contains a digest of the content, so that browsers keep a
file for good and still see a new version at once.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from flask import Blueprint, abort, request, send_file
from flask.typing import ResponseReturnValue

from app.web.prefix import public_path

FOLDERS = {
    "app.pages": ("static", ("docs.css", "docs.js", "icon.svg", "pages.css")),
    "flask_swagger_ui": ("dist", ("oauth2-redirect.js", "swagger-ui-bundle.js", "swagger-ui.css")),
}
"""Package → its folder and the files that are served from it."""


class Asset(NamedTuple):
    """A file and the URL that it is served at."""

    path: Path
    url: str


def create_blueprint() -> Blueprint:
    """`/assets/…`; `asset(name)` and `path(path)` for templates."""
    blueprint = Blueprint("assets", __name__)
    blueprint.add_app_template_global(public_path, "path")
    assets = {
        name: _asset(Path(str(files(package))) / folder / name)
        for package, (folder, names) in FOLDERS.items()
        for name in names
    }
    paths = {asset.url: asset.path for asset in assets.values()}

    @blueprint.get("/assets/<digest>/<name>")
    def asset(digest: str, name: str) -> ResponseReturnValue:
        path = paths.get(f"/assets/{digest}/{name}") or abort(404)
        response = send_file(path, max_age=365 * 24 * 3600)
        response.cache_control.immutable = True
        if response.status_code == 304 or request.method == "HEAD":
            response.close()  # the file, which werkzeug leaves open when it does not send it
        return response

    @blueprint.app_template_global("asset")
    def asset_url(name: str) -> str:
        return public_path(assets[name].url)

    return blueprint


def _asset(path: Path) -> Asset:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return Asset(path, f"/assets/{digest}/{path.name}")
