"""The WSGI application for development: the API, and the issuer that signs people in to it."""

from __future__ import annotations

from flask import Flask

from app import factory
from app.development import authorization_server, demo
from app.development.issuer import DevelopmentIssuer
from app.service.stores.port import Store
from app.settings import Settings


def create_app(
    settings: Settings | None = None,
    store: Store | None = None,
    issuer: DevelopmentIssuer | None = None,
) -> Flask:
    """The application of `app.factory` with the development authorization server and the demo.

    Raises `SettingsError` outside development and beside a real issuer. Serve it from one process:
    the signing key and the authorization codes are in its memory.
    """
    settings = settings or Settings.from_environ()
    issuer = issuer or DevelopmentIssuer(settings)
    app = factory.create_app(settings, store, issuer)
    app.register_blueprint(authorization_server.create_blueprint(issuer))
    app.register_blueprint(demo.create_blueprint())
    return app
