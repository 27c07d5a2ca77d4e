"""The settings of a command, and the store that they describe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import click

from app.service.errors import StoreError
from app.service.stores.sqlite.store import SqliteStore
from app.settings import Settings, SettingsError


def read_settings(*, to_serve: bool = False) -> Settings:
    """What the environment says, or the end of the command in words."""
    try:
        return Settings.from_environ(to_serve=to_serve)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def embedded_store(*, create: bool = True) -> Iterator[SqliteStore]:
    """The store that the settings describe; what goes wrong with it ends the command in words."""
    settings = read_settings()
    if settings.sanity_project_id:
        raise click.ClickException(
            "SANITY_PROJECT_ID is set, so the data lives in Sanity: "
            "use `sanity dataset import` and `sanity dataset export`."
        )
    try:
        with closing(SqliteStore(settings.sqlite_path, create=create)) as embedded:
            yield embedded
    except StoreError as error:
        raise click.ClickException(str(error)) from None
