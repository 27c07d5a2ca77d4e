"""The settings of a command."""

from __future__ import annotations

import click

from app.settings import Settings, SettingsError


def read_settings() -> Settings:
    """What the environment says, or the end of the command in words."""
    try:
        return Settings.from_environ()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
