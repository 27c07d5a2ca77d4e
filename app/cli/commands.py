"""The commands of `workout-log-api`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from app import server
from app.cli import auth, config, store
from app.cli.environment import read_settings
from app.factory import create_app
from app.openapi.api import api_of
from app.openapi.document import to_yaml
from app.service.stores.sqlite.store import SqliteStore
from app.settings import Settings
from app.web import log_format


@click.group()
@click.version_option(package_name="workout-log-api")
def main() -> None:
    """The Workout Log API. Settings are environment variables, or lines of .env here."""


@main.command()
def serve() -> None:
    """Serve in production, as the settings say."""
    settings = read_settings(to_serve=True)
    log_format.configure(settings)
    facts = server.about(settings)
    if complaints := server.complaints(settings):
        raise click.ClickException("\n".join(complaints))
    server.announce(facts)
    server.serve(settings)


@main.command()
def sandbox() -> None:
    """Serve sample data here with a sign-in for development, as `make run` does."""
    # Not imported: production knows nothing of it.
    os.execv(sys.executable, [sys.executable, "-m", "app.development.run"])  # noqa: S606 - the same Python, no shell


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def spec(file: Path) -> None:
    """Write the OpenAPI document that partners build on to FILE, as YAML."""
    anybody = Settings(oauth_issuer="https://issuer.example", oauth_audience="workout-logs")
    with TemporaryDirectory() as folder:
        empty = SqliteStore(Path(folder) / "empty.db")
        try:
            document = api_of(create_app(anybody, empty)).published()
        finally:
            empty.close()
    file.write_text(to_yaml(document), "utf-8")


main.add_command(store.store)
main.add_command(auth.auth)
main.add_command(config.config)
