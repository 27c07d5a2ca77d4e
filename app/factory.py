"""The application factory: the one place where the parts are wired."""

from __future__ import annotations

from importlib.metadata import version

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app.auth import metadata
from app.auth.callers import CallerResolver
from app.auth.claims import UserClaim
from app.auth.cookies import SessionCookies
from app.auth.introspection import IntrospectedTokens, ask_issuer
from app.auth.issuer import RemoteIssuer
from app.auth.jwt import JWTValidator
from app.auth.keys import Issuer
from app.auth.nextauth import SessionTokens
from app.auth.protector import Protector
from app.auth.tokens import TokenFormat, TokenKind, TokenValidator
from app.openapi.api import Api
from app.openapi.security import served_schemes
from app.pages import assets
from app.pages import problems as problem_pages
from app.pages import routes as docs
from app.service.external_links import ExternalLinks
from app.service.stores.port import Store
from app.service.stores.sanity.client import ContentLake, Limits
from app.service.stores.sanity.store import SanityStore
from app.service.stores.sqlite.store import SqliteStore
from app.service.workout_logs import WorkoutLogs
from app.settings import Settings
from app.strict_json import MAX_BODY_BYTES
from app.web import cors, health, log_redaction, problems
from app.web.flask_app import App
from app.web.rate_limits import RateLimits
from app.workout_logs.routes import create_blueprint


def create_app(
    settings: Settings | None = None, store: Store | None = None, issuer: Issuer | None = None
) -> Flask:
    """The WSGI application; settings come from the environment, the rest from the settings.

    Raises `SettingsError` when nothing says whose tokens to accept.
    """
    settings = settings or Settings.from_environ()
    if issuer is None:
        settings.require_sign_in()
        issuer = _create_issuer(settings)
    store = store or create_store(settings)
    links = ExternalLinks(settings.external_link_hosts)

    log_redaction.hide_secrets(settings.secrets)
    app = App("app")
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]  # as Flask documents
    app.logger.setLevel(settings.log_level.upper())
    app.url_map.merge_slashes = False
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        API_TITLE="Workout Log API",
        API_VERSION=version("workout-log-api"),
        OPENAPI_VERSION="3.1.1",
    )
    problems.register(app)
    cors.allow_origins(
        app,
        settings.cors_origins,
        credentials=settings.nextauth_cookie,
        loopback=settings.development,
    )
    _create_protector(settings, store, issuer).init_app(app)
    app.register_blueprint(health.create_blueprint(store))
    api = Api(app, lambda: served_schemes(settings, issuer))
    app.register_blueprint(metadata.create_blueprint(issuer))
    api.register_blueprint(create_blueprint(WorkoutLogs(store, links), links))
    app.register_blueprint(assets.create_blueprint())
    app.register_blueprint(problem_pages.create_blueprint(api.problem_example))
    app.register_blueprint(docs.create_blueprint(settings, issuer, api.served_texts))
    return app


def create_store(settings: Settings) -> Store:
    """The store in the Sanity project, if the settings name one, else the embedded store."""
    if settings.sanity_project_id:
        return SanityStore(create_content_lake(settings, settings.sanity_api_token))
    return SqliteStore(settings.sqlite_path)


def create_content_lake(settings: Settings, token: str) -> ContentLake:
    """A client of the Sanity project's dataset."""
    return ContentLake(
        settings.sanity_api_url or f"https://{settings.sanity_project_id}.api.sanity.io",
        dataset=settings.sanity_dataset,
        token=token,
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


def _create_issuer(settings: Settings) -> Issuer | None:
    """Whose access tokens to accept, if anybody's."""
    if not settings.oauth_issuer:
        return None
    return RemoteIssuer(settings.oauth_issuer, settings.oauth_audience)


def _create_protector(settings: Settings, store: Store, issuer: Issuer | None) -> Protector:
    limits = None
    if settings.rate_limit:
        limits = RateLimits(settings.rate_limit, storage=settings.rate_limit_storage)
    cookies = None
    if settings.nextauth_cookie:
        cookies = SessionCookies(settings.cors_origins, secure_only=not settings.development)
    return Protector(
        TokenValidator(_create_token_kinds(settings, issuer, limits)),
        CallerResolver(store, cache_seconds=settings.caller_cache_seconds),
        cookies=cookies,
        limits=limits,
    )


def _create_token_kinds(
    settings: Settings, issuer: Issuer | None, limits: RateLimits | None
) -> dict[TokenFormat, TokenKind]:
    """The check of each kind of token that is switched on."""
    kinds: dict[TokenFormat, TokenKind] = {}
    user_claim = _user_claim(settings.oauth_user_claim)
    if issuer:
        kinds["JWT"] = JWTValidator(issuer, user_claim=user_claim)
    if issuer and settings.oauth_introspection_client_id:
        ask = ask_issuer(
            issuer,
            client_id=settings.oauth_introspection_client_id,
            client_secret=settings.oauth_introspection_client_secret,
            url=settings.oauth_introspection_url,
        )
        kinds["opaque"] = IntrospectedTokens(
            issuer,
            ask,
            user_claim=user_claim,
            before_asking=limits.check_anonymous if limits else None,
        )
    if settings.nextauth_secret:
        kinds["JWE"] = SessionTokens(
            settings.nextauth_secret,
            scopes=settings.nextauth_scopes,
            user_claim=_user_claim(settings.nextauth_user_claim or settings.oauth_user_claim),
            max_age=settings.nextauth_max_age or None,
        )
    return kinds


def _user_claim(name: str) -> UserClaim:
    return UserClaim(name, "email" if name == "email" else "id")
