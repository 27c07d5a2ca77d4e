"""The application factory: the one place where the parts are wired."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, cast

from flask import Flask, Response, g

from app import health, problems
from app.api import Api, OrjsonProvider
from app.auth.callers import Callers
from app.auth.issuer import RemoteIssuer
from app.auth.jwt import JWTAccessTokens
from app.auth.protector import Protector
from app.auth.tokens import Shape, TokenKind, TokenValidator, UserClaim
from app.docs import assets
from app.docs import problems as problem_pages
from app.docs import routes as docs
from app.openapi.security import served_schemes
from app.service.links import ExternalLinks
from app.service.stores import timing
from app.service.stores.content_lake import ContentLake, Limits
from app.service.stores.port import Store
from app.service.stores.sanity import SanityStore
from app.service.stores.sqlite import SqliteStore
from app.service.workout_logs import WorkoutLogs
from app.settings import Settings
from app.workout_logs.routes import create_blueprint

if TYPE_CHECKING:
    from app.development.issuer import DevelopmentIssuer

LARGEST_BODY = 64 * 1024
"""Bytes of a request body."""


def create_app(settings: Settings | None = None, store: Store | None = None) -> Flask:
    """The WSGI application; settings come from the environment, the store from the settings."""
    settings = settings or Settings.from_environ()
    settings.require_sign_in()
    store = store or create_store(settings)
    links = ExternalLinks(settings.external_link_hosts)

    app = Flask("app", static_folder=None)
    app.logger.setLevel(settings.log_level.upper())
    app.json = OrjsonProvider(app)
    app.url_map.merge_slashes = False
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        API_TITLE="Workout Log API",
        API_VERSION=version("workout-log-api"),
        OPENAPI_VERSION="3.1.1",
        OPENAPI_URL_PREFIX="/",
    )
    app.before_request(_start_store_time)
    app.after_request(_finish)
    problems.register(app)
    issuer = _create_issuer(app, settings)
    _create_protector(settings, store, issuer).init_app(app)
    app.register_blueprint(health.create_blueprint(store))
    api = Api(app, lambda: served_schemes(settings, issuer))
    api.register_blueprint(create_blueprint(WorkoutLogs(store, links), links))
    app.register_blueprint(assets.create_blueprint())
    app.register_blueprint(problem_pages.create_blueprint())
    app.register_blueprint(docs.create_blueprint(settings, issuer, api.served))
    return app


def create_store(settings: Settings) -> Store:
    """The store in the Sanity project, if the settings name one, else the embedded store."""
    if settings.sanity_project_id:
        return SanityStore(create_content_lake(settings))
    return SqliteStore(settings.sqlite_path)


def create_content_lake(settings: Settings) -> ContentLake:
    """The client of the Sanity project's dataset."""
    return ContentLake(
        settings.sanity_api_url or f"https://{settings.sanity_project_id}.api.sanity.io",
        dataset=settings.sanity_dataset,
        token=settings.sanity_api_token,
        api_version=settings.sanity_api_version,
        limits=Limits(
            connect_timeout=settings.sanity_connect_timeout,
            read_timeout=settings.sanity_read_timeout,
            deadline=settings.sanity_deadline,
            retries=settings.sanity_retries,
            pool_size=settings.sanity_pool_size,
            writes_at_once=settings.sanity_writes_at_once,
        ),
    )


def _create_issuer(app: Flask, settings: Settings) -> RemoteIssuer | DevelopmentIssuer | None:
    """Whose access tokens are accepted, if anybody's."""
    if settings.oauth_issuer:
        return RemoteIssuer(settings.oauth_issuer)
    if settings.development_sign_in:
        # Imported here, so that a process in production never holds it.
        from app.development import authorization_server  # noqa: PLC0415

        return authorization_server.install(app, settings)
    return None


def _create_protector(
    settings: Settings, store: Store, issuer: RemoteIssuer | DevelopmentIssuer | None
) -> Protector:
    kinds: dict[Shape, TokenKind] = {}
    if issuer:
        kinds["JWT"] = JWTAccessTokens(
            issuer=issuer.url,
            # Only the development issuer does without the setting; it is its own audience.
            audience=settings.oauth_audience or issuer.url,
            keys=issuer,
            user_claim=cast("UserClaim", settings.oauth_user_claim),
        )
    callers = Callers(store, cache_seconds=settings.caller_cache_seconds)
    return Protector(TokenValidator(kinds), callers)


def _start_store_time() -> None:
    g.store_time = timing.start()


def _finish(response: Response) -> Response:
    """What every answer carries."""
    spent: timing.StoreTime = g.store_time
    calls = "1 call" if spent.calls == 1 else f"{spent.calls} calls"
    headers = response.headers
    headers["Server-Timing"] = f'store;desc="{calls}";dur={spent.seconds * 1000:.1f}'
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Cache-Control", "private, no-cache")
    if response.status_code in (204, 304):
        # What is not there has no type; werkzeug gives it one.
        headers.pop("Content-Type", None)
    return response
