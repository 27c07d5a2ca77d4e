"""`make run`: the API on this machine, with the sample club and the development sign-in."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, make_server

from app.development import club, sample
from app.development.issuer import DevelopmentIssuer
from app.development.requests import RequestHandler
from app.development.signing_key import kept_key
from app.development.token_file import TokenFile
from app.development.wsgi import create_app
from app.server import listening_address
from app.service.errors import StoreError
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import count_documents, import_lines
from app.settings import Settings, SettingsError
from app.web import access_log, log_format
from app.web.problems import COLLECTION_PATH

INSTANCE = Path("instance")
"""The folder of what a server keeps: the embedded store, the signing key, the tokens."""

TOKEN_HOURS = 24
PEOPLE = {
    "RUNNER_TOKEN": club.RUNNER,
    "RUNNER2_TOKEN": club.RUNNER2,
    "COACH_TOKEN": club.COACH,
    "ADMIN_TOKEN": club.ADMIN,
}


def main() -> None:
    """Serve until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        serve()


def serve() -> None:
    """Prepare, print where everything is, and serve. Exits with a message when it cannot."""
    os.environ.setdefault("APP_ENV", "development")
    try:
        settings = Settings.from_environ()
        log_format.configure(settings)
        # `RequestHandler` writes a line with the query, which production must not write.
        access_log.logger.setLevel(logging.WARNING)
        server, issuer = prepare(settings)
    except (SettingsError, StoreError) as error:
        sys.exit(f"The API cannot start:\n{error}")
    tokens = mint_tokens(issuer)
    token_file = TokenFile(INSTANCE, server.port)
    token_file.write(tokens)
    sys.stdout.write(welcome(issuer, tokens, token_file.path))
    sys.stdout.flush()
    server.serve_forever()


def prepare(
    settings: Settings, folder: Path = INSTANCE
) -> tuple[BaseWSGIServer, DevelopmentIssuer]:
    """The server, listening, and who signs people in; an empty embedded store is filled.

    The signing key is kept in `folder`. Raises `SettingsError` and `StoreError`.
    """
    address = listening_address(settings)
    issuer = DevelopmentIssuer(settings, kept_key(folder / "dev-signing-key.json"))
    if issuer.reach.host:
        # Without TLS, Authlib serves loopback hosts only.
        os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    if not settings.sanity_project_id:
        load_sample(settings.sqlite_path)
    app = create_app(settings, issuer=issuer)
    server = make_server(address, settings.port, app, threaded=True, request_handler=RequestHandler)
    return server, issuer


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


def welcome(issuer: DevelopmentIssuer, tokens: Mapping[str, str], token_file: Path) -> str:
    """What a developer needs to begin."""
    url = issuer.url
    where = "in this network" if issuer.reach.host else "on this machine only"
    names = ", ".join(tokens)
    return f"""
Workout Log API, for development {where}. Ctrl-C ends it, `make reset` brings the sample data back.
{warning(issuer)}
  Swagger UI   {url}/docs   (Authorize lets you pick a person)
  Demo         {url}/demo   (a coach's dashboard, a runner's week)
  Start page   {url}/

Tokens, good for {TOKEN_HOURS} hours, also after a restart; `source {token_file}` sets {names}:

runner  {tokens["RUNNER_TOKEN"]}

coach   {tokens["COACH_TOKEN"]}

admin   {tokens["ADMIN_TOKEN"]}

Try:

curl -H "Authorization: Bearer {tokens["RUNNER_TOKEN"]}" "{url}{COLLECTION_PATH}?limit=2"

"""


def warning(issuer: DevelopmentIssuer) -> str:
    """What is open to whom, where that is more than this machine."""
    if not issuer.reach.host:
        return ""
    return (
        f"\n  WARNING: HOST={issuer.reach.host}. Everybody in this network can sign in as anybody,"
        "\n  and read and change all data. Use it with sample data, in a network that you trust.\n"
    )


if __name__ == "__main__":
    main()
