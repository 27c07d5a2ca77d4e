"""`workout-log-api auth …`: look into who may call."""

from __future__ import annotations

import sys

import click
from flask import Flask

from app.auth import explain
from app.auth.protector import Protector
from app.cli.environment import read_settings
from app.factory import create_app
from app.service.errors import StoreError
from app.settings import SettingsError


@click.group()
def auth() -> None:
    """Look into who may call."""


@auth.command("explain")
@click.pass_obj
def explain_(app: Flask | None) -> None:
    """Say what the API makes of the token on standard input; it is never printed."""
    token = sys.stdin.read().strip().removeprefix("Bearer ")
    app = app or _app()
    protector = Protector.of(app)
    with app.test_request_context():
        try:
            for line in explain.explain(token, protector.validator, protector.callers):
                click.echo(line)
        except explain.NotAccepted:
            raise click.exceptions.Exit(1) from None


def _app() -> Flask:
    """The application as the settings describe it."""
    try:
        return create_app(read_settings())
    except (SettingsError, StoreError) as error:
        raise click.ClickException(str(error)) from None
