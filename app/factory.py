"""The application factory: the one place where the parts are wired."""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING

from flask import Flask
from requests.adapters import BaseAdapter

from app.auth import metadata
from app.auth.callers import CallerResolver, Users
from app.auth.claims import AccessTokenRules, AudienceClaim, ScopeClaim, UserClaim
from app.auth.cookies import SessionCookies
from app.auth.introspection import IntrospectedJWTs, IntrospectedTokens, ask_issuer
from app.auth.issuer import RemoteIssuer
from app.auth.jwt import JWTValidator
from app.auth.keys import Issuer
from app.auth.nextauth import BY_EMAIL, SessionTokens
from app.auth.protector import Protector
from app.auth.tokens import TokenFormat, TokenKind, TokenValidator
from app.batches import routes as batches
from app.changes import routes as changes
from app.me import routes as me
from app.openapi.api import Api
from app.openapi.security import served_sign_in
from app.pages import assets
from app.pages import problems as problem_pages
from app.pages import routes as docs
from app.progress import routes as progress
from app.service.changes import Changes
from app.service.days import time_zone
from app.service.external_links import ExternalLinks
from app.service.people import People
from app.service.progress_reports import ProgressReports
from app.service.reading import LogReader
from app.service.stores.observed import LoggedFailure, watched
from app.service.stores.port import Store
from app.service.stores.sanity.client import ContentLake, Limits
from app.service.stores.sanity.conformance.probe import Probe
from app.service.stores.sanity.pacing import Paced
from app.service.stores.sanity.store import SanityStore
from app.service.stores.sanity.transport import Connections
from app.service.stores.sqlite.store import SqliteStore
from app.service.training import TrainingSessions
from app.service.upkeep.rules import Rules
from app.service.workout_logs import WorkoutLogs
from app.settings import Settings, default_lookup
from app.strict_json import MAX_BODY_BYTES
from app.training_sessions import routes as training_sessions
from app.web import access_log, admission, cors, health, http_rules, log_redaction, problems
from app.web.flask_app import ApiFlask
from app.web.prefix import TrustedProxies
from app.web.rate_limits import RateLimits
from app.workout_logs import routes as workout_logs

if TYPE_CHECKING:
    from app.web.metrics import Metrics
    from app.web.tracing import Tracing

logger = logging.getLogger(__name__)


def create_app(
    settings: Settings | None = None,
    store: Store | None = None,
    issuer: Issuer | None = None,
    *,
    metrics: Metrics | None = None,
    tracing: Tracing | None = None,
) -> Flask:
    """The WSGI application; settings come from the environment, the rest from the settings. It
    counts in `metrics`; its spans are those of `tracing`.

    Raises `SettingsError` when nothing says whose tokens to accept.
    """
    settings = settings or Settings.from_environ()
    if issuer is None:
        settings.require_sign_in()
        issuer = create_issuer(settings)
        if not (issuer or settings.nextauth_secret):
            logger.warning("nobody can sign in: only `make run` brings a sign-in of its own")
    store = _watched(store or create_store(settings, tracing), metrics, tracing)
    links = ExternalLinks(settings.external_link_hosts)

    log_redaction.hide_secrets(settings.secrets)
    access = access_log.AccessLog(settings.log_user_key or secrets.token_hex())
    tell = [access.write, metrics.count] if metrics else [access.write]
    app = ApiFlask("app", settings.sanity_deadline, *tell)
    if settings.trusted_proxies:
        behind = TrustedProxies(app.wsgi_app, settings.trusted_proxies)
        app.wsgi_app = behind  # type: ignore[method-assign]  # as Flask documents
    app.url_map.merge_slashes = False
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        API_TITLE="Workout Log API",
        API_VERSION=version("workout-log-api"),
        OPENAPI_VERSION="3.1.1",
    )
    access_log.register(app)
    problems.register(app)
    http_rules.register(app)
    admission.limit_requests(app, settings.threads)
    if metrics:
        metrics.register(app, settings.threads)
    if tracing:
        tracing.register(app)
    cors.allow_origins(
        app,
        settings.cors_origins,
        credentials=settings.nextauth_cookie,
        loopback=settings.development,
    )
    limits = None
    if settings.rate_limit:
        limits = RateLimits(settings.rate_limit, storage=settings.rate_limit_storage)
    concurrency = admission.ConcurrentRequests(settings.concurrent_requests)
    concurrency.register(app)
    create_protector(
        settings, store, issuer, limits=limits, concurrency=concurrency, metrics=metrics
    ).init_app(app)
    for each in settings.relaxed_checks:
        logger.warning("checks of access tokens are relaxed: %s", each)
    app.register_blueprint(health.create_blueprint(store, settings.app_commit))
    api = Api(app, lambda: served_sign_in(settings, issuer), contact_url=settings.api_contact_url)
    app.register_blueprint(metadata.create_blueprint(settings, issuer))
    zone = time_zone(settings.time_zone)
    reader = LogReader(links, zone)
    service = WorkoutLogs(store, links, zone)
    api.register_blueprint(workout_logs.create_blueprint(service, links))
    api.register_blueprint(
        training_sessions.create_blueprint(TrainingSessions(store, reader, zone))
    )
    api.register_blueprint(progress.create_blueprint(ProgressReports(store, reader, zone)))
    kept = timedelta(days=settings.deletions_kept_days)
    api.register_blueprint(changes.create_blueprint(Changes(store, reader, kept)))
    api.register_blueprint(batches.create_blueprint(service.batches, links))
    api.register_blueprint(me.create_blueprint(People(store, settings.coach_relation)))
    app.register_blueprint(assets.create_blueprint())
    app.register_blueprint(problem_pages.create_blueprint(api.problem_example))
    app.register_blueprint(docs.create_blueprint(settings, issuer, api.served_texts))
    return app


def _watched(store: Store, metrics: Metrics | None, tracing: Tracing | None) -> Store:
    """The store, whose failures are logged, and whose operations are counted and traced."""
    store = watched(store, LoggedFailure)
    if metrics:
        store = watched(store, metrics.store_operation)
    if tracing:
        store = watched(store, tracing.store_operation)
    return store


def create_store(settings: Settings, tracing: Tracing | None = None) -> Store:
    """The store in the Sanity project, if the settings name one, else the embedded store."""
    if settings.sanity_project_id:
        token = settings.sanity_api_token
        return SanityStore(create_content_lake(settings, token, tracing=tracing))
    return SqliteStore(settings.sqlite_path)


def create_content_lake(
    settings: Settings, token: str, *, patient: bool = False, tracing: Tracing | None = None
) -> ContentLake:
    """A client of the Sanity project's dataset. A `patient` one is for long work: it waits for
    minutes, and keeps to the rate that Sanity allows.
    """
    url = _sanity_url(settings)
    limits = Limits(
        connect_timeout=settings.sanity_connect_timeout,
        read_timeout=settings.sanity_read_timeout,
        deadline=settings.sanity_deadline,
        retries=settings.sanity_retries,
        pool_size=settings.sanity_pool_size or settings.threads,
        writes_at_once=settings.sanity_writes_at_once,
    )
    adapter: BaseAdapter | None = None
    if patient:
        limits = replace(limits, read_timeout=60, deadline=180, retries=8)
        adapter = Paced(Connections(url, max_idle=limits.writes_at_once))
    elif tracing:
        adapter = tracing.passed_on(Connections(url, max_idle=limits.pool_size))
    return ContentLake(
        url,
        dataset=settings.sanity_dataset,
        token=token,
        api_version=settings.sanity_api_version,
        limits=limits,
        adapter=adapter,
    )


def create_rules(settings: Settings) -> Rules:
    """What is looked for in the documents of a store."""
    zone = time_zone(settings.time_zone)
    return Rules(LogReader(ExternalLinks(settings.external_link_hosts), zone), zone)


def create_probe(settings: Settings) -> Probe:
    """What asks the Content Lake single questions."""
    url = _sanity_url(settings)
    return Probe(
        url,
        dataset=settings.sanity_dataset,
        token=settings.sanity_api_token,
        api_version=settings.sanity_api_version,
        open_adapter=lambda: Connections(url, max_idle=10),
    )


def _sanity_url(settings: Settings) -> str:
    return settings.sanity_api_url or f"https://{settings.sanity_project_id}.api.sanity.io"


def create_issuer(settings: Settings) -> Issuer | None:
    """Whose access tokens to accept, if anybody's."""
    if not settings.oauth_issuer:
        return None
    return RemoteIssuer(
        settings.oauth_issuer,
        settings.oauth_audiences[0],
        jwks_url=settings.oauth_jwks_url,
        refresh_seconds=settings.oauth_keys_refresh_seconds,
        outage_seconds=settings.oauth_keys_outage_seconds,
    )


def create_protector(
    settings: Settings,
    users: Users,
    issuer: Issuer | None,
    *,
    limits: RateLimits | None = None,
    concurrency: admission.ConcurrentRequests | None = None,
    metrics: Metrics | None = None,
) -> Protector:
    """Who may call, as the settings say: without `limits` as often as they like."""
    cookies = None
    if settings.nextauth_cookie:
        if not settings.cors_origins:
            logger.warning("NEXTAUTH_COOKIE: no page can write until CORS_ORIGINS names its origin")
        cookies = SessionCookies(settings.cors_origins, secure_only=not settings.development)
    return Protector(
        TokenValidator(
            _create_token_kinds(settings, issuer, limits),
            tell_lookup=metrics.lookups("token") if metrics else None,
        ),
        CallerResolver(
            users,
            cache_seconds=settings.caller_cache_seconds,
            coach_relation=settings.coach_relation,
            before_asking=limits.check_user if limits else None,
            tell_lookup=metrics.lookups("caller") if metrics else None,
        ),
        cookies=cookies,
        scope_names=settings.scope_names,
        limits=limits,
        concurrency=concurrency,
    )


def _create_token_kinds(
    settings: Settings, issuer: Issuer | None, limits: RateLimits | None
) -> dict[TokenFormat, TokenKind]:
    """The check of each kind of token that is switched on."""
    kinds: dict[TokenFormat, TokenKind] = {}
    if issuer:
        rules = _access_token_rules(settings, issuer)
        jwts = JWTValidator(issuer, rules, complete=not settings.oauth_introspect_jwt)
        kinds["JWT"] = jwts
        if settings.oauth_introspection_client_id:
            ask = ask_issuer(
                issuer,
                client_id=settings.oauth_introspection_client_id,
                client_secret=settings.oauth_introspection_client_secret,
                url=settings.oauth_introspection_url,
            )
            before_asking = limits.check_anonymous if limits else None
            opaque = IntrospectedTokens(issuer, ask, rules, before_asking=before_asking)
            kinds["opaque"] = opaque
            if settings.oauth_introspect_jwt:
                kinds["JWT"] = IntrospectedJWTs(jwts, opaque)
    if settings.nextauth_secret:
        claim = settings.nextauth_user_claim
        kinds["JWE"] = SessionTokens(
            settings.nextauth_secret,
            scopes=settings.nextauth_scopes,
            user_claim=replace(BY_EMAIL, name=claim, lookup=default_lookup(claim)),
            max_age=settings.nextauth_max_age or None,
        )
    return kinds


def _access_token_rules(settings: Settings, issuer: Issuer) -> AccessTokenRules:
    audiences = frozenset(settings.oauth_audiences or (issuer.audience,))
    return AccessTokenRules(
        audience=AudienceClaim(audiences, settings.oauth_audience_claim),
        scope=ScopeClaim(
            settings.oauth_scope_claim,
            settings.scope_names,
            frozenset(settings.oauth_default_scopes),
        ),
        user=UserClaim(
            settings.oauth_user_claim, settings.oauth_lookup, settings.oauth_email_verified
        ),
        profile=settings.oauth_token_profile,
    )
