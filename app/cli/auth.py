"""`workout-log-api auth …`: look into who may call."""

from __future__ import annotations

import sys

import click

from app.auth import explain
from app.auth.callers import Users
from app.auth.issuer import RemoteIssuer
from app.auth.protector import Protector
from app.cli.environment import read_settings
from app.factory import create_issuer, create_protector, create_store
from app.service.errors import StoreError
from app.service.stores.port import StoredUser
from app.service.stores.sqlite.store import SqliteStore
from app.settings import Settings
from app.web import log_redaction
from app.web.access_log import digest_of


@click.group()
def auth() -> None:
    """Look into who may call."""


@auth.command("explain")
@click.pass_obj
def explain_(protector: Protector | None) -> None:
    """Say what the API makes of the token on standard input; it is never printed."""
    token = sys.stdin.read().strip().removeprefix("Bearer ")
    protector = protector or _protector(read_settings())
    try:
        for line in explain.explain(token, protector.validator, protector.callers):
            click.echo(line)
    except explain.NotAccepted:
        raise click.exceptions.Exit(1) from None


@auth.command()
@click.argument("user_id")
def digest(user_id: str) -> None:
    """Say what stands for the user with the `_id` USER_ID in the log."""
    settings = read_settings()
    if not settings.log_user_key:
        raise click.ClickException("LOG_USER_KEY: not set, so the digests change at each start.")
    click.echo(digest_of(user_id, settings.log_user_key))


def _protector(settings: Settings) -> Protector:
    """The API's, as the settings describe it; without an issuer, the development server's."""
    log_redaction.hide_secrets(settings.secrets)
    issuer = create_issuer(settings)
    if issuer is None and (settings.development or not settings.nextauth_secret):
        url = f"http://127.0.0.1:{settings.port}"
        click.echo(f"OAUTH_ISSUER is not set: access tokens are those of `make run` at {url}.")
        issuer = RemoteIssuer(url, next(iter(settings.oauth_audiences), url))
    for each in settings.relaxed_checks:
        click.echo(f"relaxed: {each}")
    return create_protector(settings, _users(settings), issuer)


class _NoUsers:
    """A store that cannot be opened: the token's own checks are explained all the same."""

    def __init__(self, error: StoreError) -> None:
        self._error = error

    def find_users(self, **_: str | None) -> list[StoredUser]:
        raise self._error


def _users(settings: Settings) -> Users:
    try:
        if settings.sanity_project_id:
            return create_store(settings)
        return SqliteStore(settings.sqlite_path, create=False)
    except StoreError as error:
        return _NoUsers(error)
