"""`make run`: the API on this machine, with the sample club and the development sign-in."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from app.development import club, sample
from app.development.issuer import DevelopmentIssuer
from app.development.wsgi import create_app
from app.server import listening_address
from app.service.errors import StoreError
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import count_documents, import_lines
from app.settings import Settings, SettingsError
from app.web.problems import COLLECTION_PATH

TOKEN_FILE = Path("instance/dev-tokens.env")
TOKEN_HOURS = 24
PEOPLE = {
    "RUNNER_TOKEN": club.RUNNER,
    "RUNNER2_TOKEN": club.RUNNER2,
    "COACH_TOKEN": club.COACH,
    "ADMIN_TOKEN": club.ADMIN,
}


def main() -> None:
    """Prepare, print where everything is, and serve until Ctrl-C."""
    os.environ.setdefault("APP_ENV", "development")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        try:
            server, tokens = prepare(Settings.from_environ())
        except (SettingsError, StoreError) as error:
            sys.exit(f"The API cannot start:\n{error}")
        write_tokens(TOKEN_FILE, tokens)
        sys.stdout.write(welcome(server.port, tokens))
        sys.stdout.flush()
        server.serve_forever()


def prepare(settings: Settings) -> tuple[BaseWSGIServer, dict[str, str]]:
    """The server, listening, and the tokens of `PEOPLE`; an empty embedded store is filled.

    Raises `SettingsError` and `StoreError`.
    """
    issuer = DevelopmentIssuer(settings)
    address = listening_address(settings)
    if not settings.sanity_project_id:
        load_sample(settings.sqlite_path)
    app = create_app(settings, issuer=issuer)
    server = make_server(address, settings.port, app, threaded=True, request_handler=RequestHandler)
    return server, mint_tokens(issuer)


class RequestHandler(WSGIRequestHandler):
    """werkzeug's, with the protocol version of the production server."""

    protocol_version = "HTTP/1.1"


def load_sample(path: str) -> None:
    """Put the sample club into an empty store; data that is there is left alone."""
    store = SqliteStore(path)
    try:
        if not count_documents(store):
            club_today = sample.documents(datetime.now(UTC).date())
            import_lines(store, (json.dumps(each).encode() for each in club_today), "skip")
    finally:
        store.close()


def mint_tokens(issuer: DevelopmentIssuer) -> dict[str, str]:
    """A token for each of `PEOPLE`."""
    return {
        name: issuer.mint(person, lifetime=TOKEN_HOURS * 3600) for name, person in PEOPLE.items()
    }


def write_tokens(path: Path, tokens: dict[str, str]) -> None:
    """Write the tokens for `. instance/dev-tokens.env`, for this user's eyes only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={token}\n" for name, token in tokens.items()))


def welcome(port: int, tokens: dict[str, str]) -> str:
    """What a developer needs to begin."""
    url = f"http://127.0.0.1:{port}"
    return f"""
Workout Log API, for development on this machine only. Ctrl-C ends it.

  Swagger UI   {url}/docs   (Authorize lets you pick a person)
  Start page   {url}/

Tokens, good for {TOKEN_HOURS} hours; `. {TOKEN_FILE}` sets {", ".join(tokens)}:

runner  {tokens["RUNNER_TOKEN"]}

coach   {tokens["COACH_TOKEN"]}

admin   {tokens["ADMIN_TOKEN"]}

Try:

curl -H "Authorization: Bearer {tokens["RUNNER_TOKEN"]}" "{url}{COLLECTION_PATH}?limit=2"

"""


if __name__ == "__main__":
    main()
