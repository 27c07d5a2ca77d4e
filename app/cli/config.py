"""`workout-log-api config …`: look into the settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from app.auth.errors import IssuerUnavailable
from app.cli.environment import read_settings
from app.factory import create_issuer, create_store
from app.service.errors import StoreError
from app.settings import Settings, SettingsError
from app.web.rate_limits import IN_MEMORY, storage_responds


@click.group()
def config() -> None:
    """Look into the settings."""


@config.command()
@click.option("--online", is_flag=True, help="Also ask the store, the issuer and the Redis.")
def check(*, online: bool) -> None:
    """Say what the settings are, where each comes from, and whether the API can run with them.

    Without --online, nothing is connected to.
    """
    settings = read_settings()
    for each in fields(Settings):
        name, value = each.name.upper(), getattr(settings, each.name)
        source = "default" if value == each.default else ".env"
        if name in os.environ:
            source = "environment"
        elif not each.repr and f"{name}_FILE" in os.environ:
            source = os.environ[f"{name}_FILE"]
        click.echo(f"{name}={_written(value) if each.repr else _hidden(value)}  ({source})")
    complaints = [*_sign_in(settings), *(_unreachable(settings) if online else ())]
    if complaints:
        raise click.ClickException("\n".join(complaints))
    click.echo("The API can run with these settings.")


def _written(value: Any) -> str:
    """A value as it stands in the environment."""
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(value)
        case float():
            return f"{value:g}"
    return str(value)


def _hidden(value: Any) -> str:
    return "set" if value else "unset"


def _sign_in(settings: Settings) -> Iterator[str]:
    try:
        settings.require_sign_in()
    except SettingsError as error:
        yield str(error)


def _unreachable(settings: Settings) -> Iterator[str]:
    """What does not respond, a sentence each; the log on standard error says more."""
    # The embedded store is made at the first start.
    if settings.sanity_project_id or Path(settings.sqlite_path).exists():
        try:
            with closing(create_store(settings)) as store:
                store.ping()
        except StoreError as error:
            yield f"The store does not respond: {error}"
    issuer = create_issuer(settings)
    if issuer:
        try:
            _ = issuer.metadata
        except IssuerUnavailable as error:
            yield f"OAUTH_ISSUER: {error}"
    redis = settings.rate_limit_storage
    if settings.rate_limit and redis != IN_MEMORY and not storage_responds(redis):
        yield "RATE_LIMIT_STORAGE: it does not respond."
