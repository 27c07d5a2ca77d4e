"""The API with every logger of the process at its loudest, and two views that misbehave."""

from __future__ import annotations

import logging
import sys

from flask import request
from werkzeug.serving import make_server

from app.factory import create_app

logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
app = create_app()
for name in [*logging.root.manager.loggerDict]:
    logging.getLogger(name).setLevel(logging.DEBUG)


@app.route("/fault", methods=["GET", "POST"])
def fault() -> str:
    raise RuntimeError(f"could not work with {request.headers} at {request.url}")


@app.route("/leak", methods=["GET", "POST"])
def leak() -> str:
    app.logger.error("headers %s and cookies %r", request.headers, request.cookies)
    return ""


server = make_server("127.0.0.1", int(sys.argv[1]), app, threaded=True)
print("ready", flush=True)
server.serve_forever()
