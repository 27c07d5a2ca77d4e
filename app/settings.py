"""Every setting of the API: environment variables, read, cast and checked once, at start.

`.env.example` and `docs/configuration.md` list the same names with the same defaults; a test keeps
the three in step. A `.env` file in the working directory is read too; the real environment wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from environs import Env, EnvError, EnvValidationError, validate
from limits import RateLimitItem, parse_many

READ_SCOPE = "workout-logs:read"
WRITE_SCOPE = "workout-logs:write"
SCOPE_DESCRIPTIONS = {
    READ_SCOPE: "Read and list workout logs.",
    WRITE_SCOPE: "Create, change and delete workout logs.",
}
SCOPES = tuple(SCOPE_DESCRIPTIONS)

VISIBLE_ASCII = re.compile(r"[!-~]+")
"""What URLs are made of (RFC 3986), and tokens (RFC 6750); above all no white space."""

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


CpuAffinity = Literal["auto", "off"]
"""Whether each worker has a CPU of its own where that is possible (`app.cpu_affinity`)."""

CoachRelation = Literal["user", "plan", "either"]
"""What makes somebody a runner's coach: the runner's `user` document, an active plan, or both."""


def sends_traces(environ: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry's own variables say that traces are sent somewhere.

    https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
    """
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = environ.get("OTEL_TRACES_EXPORTER")
    if exporter:
        return exporter == "otlp"
    names = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return any(map(environ.get, names))


class SettingsError(Exception):
    """The environment does not describe a way to run; the message names each setting at fault."""


def default_lookup(claim: str) -> Literal["id", "email"]:
    """Which member of a `user` document a claim is compared with, unless a setting says so."""
    return "email" if claim == "email" else "id"


def _setting(default: Any, read: str = "str", *, secret: bool = False, **options: Any) -> Any:
    """A setting: its default, the `environs.Env` method that casts it, that method's options."""
    metadata = {"read": read, "options": options}
    return field(default=default, repr=not secret, metadata=metadata)


_SECONDS = validate.Range(0.1, 60)
_CLAIM = validate.Regexp(r"[!-~]+\Z", error="The name of a claim: visible ASCII characters only.")


def _one_of(default: str, *others: str) -> Any:
    """One of these words, in any case."""
    return _setting(default, "choice", choices=(default, *others))


def _choice(text: str, *, choices: Sequence[str]) -> str:
    if text.lower() not in choices:
        raise EnvError(f"Must be one of: {', '.join(filter(None, choices))}.")
    return text.lower()


def _names(default: tuple[str, ...], *, secret: bool = False) -> Any:
    return _setting(default, "list", secret=secret, subcast=str.strip)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings by the environment's names in lower case; secrets are left out of `repr`."""

    app_env: str = _one_of("production", "development")
    app_commit: str = _setting("")
    log_level: str = _one_of("info", "debug", "warning", "error", "critical")
    log_format: Literal["", "json", "columns"] = _one_of("", "json", "columns")
    log_user_key: str = _setting("", secret=True)

    # The server (`make serve`).
    host: str = _setting("127.0.0.1")
    port: int = _setting(8000, "int", validate=validate.Range(1, 65535))
    workers: int = _setting(2, "int", validate=validate.Range(1, 64))
    threads: int = _setting(96, "int", validate=validate.Range(1, 128))
    shutdown_delay: float = _setting(0.0, "float", validate=validate.Range(0, 300))
    metrics_host: str = _setting("127.0.0.1")
    metrics_port: int = _setting(0, "int", validate=validate.Range(0, 65535))
    cpu_affinity: CpuAffinity = _one_of("auto", "off")  # noqa: RUF009 - a literal

    # The stores: Sanity when there is a project, else the embedded one.
    sqlite_path: str = _setting("instance/workout-logs.db", validate=validate.Length(min=1))
    sanity_project_id: str = _setting("")
    sanity_dataset: str = _setting("production")
    sanity_api_token: str = _setting("", secret=True)
    sanity_api_version: str = _setting("2025-02-19")
    sanity_api_url: str = _setting("")
    sanity_connect_timeout: float = _setting(2.0, "float", validate=_SECONDS)
    sanity_read_timeout: float = _setting(5.0, "float", validate=_SECONDS)
    sanity_deadline: float = _setting(10.0, "float", validate=_SECONDS)
    sanity_retries: int = _setting(2, "int", validate=validate.Range(0, 10))
    sanity_pool_size: int = _setting(0, "int", validate=validate.Range(0, 512))
    sanity_writes_at_once: int = _setting(10, "int", validate=validate.Range(1, 100))

    # Who may call.
    oauth_issuer: str = _setting("")
    oauth_audience: str = _setting("")
    oauth_client_id: str = _setting("workout-log-docs", validate=validate.Length(min=1))
    oauth_token_profile: Literal["rfc9068", "jwt"] = _one_of("rfc9068", "jwt")
    oauth_audience_claim: str = _setting("aud", validate=_CLAIM)
    oauth_scope_claim: str = _setting("scope", validate=_CLAIM)
    oauth_scope_names: tuple[str, ...] = _names(())
    oauth_default_scopes: tuple[str, ...] = _names(())
    oauth_user_claim: str = _setting("sub", validate=_CLAIM)
    oauth_user_lookup: Literal["", "id", "email"] = _one_of("", "id", "email")
    oauth_email_verified: Literal["required", "assumed"] = _one_of("required", "assumed")
    oauth_jwks_url: str = _setting("")
    oauth_keys_refresh_seconds: float = _setting(600.0, "float", validate=validate.Range(30, 86400))
    oauth_keys_outage_seconds: float = _setting(
        86400.0, "float", validate=validate.Range(30, 7 * 86400)
    )
    oauth_introspect_jwt: bool = _setting(False, "bool")
    oauth_introspection_client_id: str = _setting("")
    oauth_introspection_client_secret: str = _setting("", secret=True)
    oauth_introspection_url: str = _setting("")
    nextauth_secret: tuple[str, ...] = _names((), secret=True)
    nextauth_scopes: tuple[str, ...] = _names(SCOPES)
    nextauth_user_claim: str = _setting("email", validate=_CLAIM)
    nextauth_max_age: int = _setting(0, "int", validate=validate.Range(0))
    nextauth_cookie: bool = _setting(False, "bool")
    coach_relation: CoachRelation = _one_of("either", "user", "plan")  # noqa: RUF009 - a literal
    caller_cache_seconds: float = _setting(30.0, "float", validate=validate.Range(0, 3600))

    # Whom partners ask; the served OpenAPI document names it.
    api_contact_url: str = _setting("")

    # From where, and how often.
    cors_origins: tuple[str, ...] = _names(())
    rate_limit: str = _setting("120 per minute")
    concurrent_requests: int = _setting(16, "int", validate=validate.Range(1, 512))
    rate_limit_storage: str = _setting("memory://", secret=True)
    trusted_proxies: int = _setting(0, "int", validate=validate.Range(0, 10))

    # On which day a datetime falls.
    time_zone: str = _setting("UTC")

    # How long deletions are told to clients that keep a copy.
    deletions_kept_days: int = _setting(90, "int", validate=validate.Range(1, 3650))

    # Which hosts an `externalLink` may name.
    external_link_hosts: tuple[str, ...] = _names(
        ("connect.garmin.com", "www.garmin.com", "strava.com", "www.strava.com", "strava.app.link")
    )

    def __post_init__(self) -> None:
        complaints = list(_complaints(self))
        if complaints:
            raise SettingsError("\n".join(complaints))

    @property
    def development(self) -> bool:
        """Whether this is a developer's machine: never true unless `APP_ENV` says so."""
        return self.app_env == "development"

    @property
    def development_sign_in(self) -> bool:
        """Whether the built-in authorization server runs: never beside a real issuer."""
        return self.development and not self.oauth_issuer

    @property
    def follows_rfc_9068(self) -> bool:
        """Whether access tokens must be as RFC 9068 says."""
        return self.oauth_token_profile != "jwt"  # noqa: S105 - the name of a profile

    @property
    def oauth_audiences(self) -> tuple[str, ...]:
        """The audiences that name this API, without the commas between them."""
        return tuple(filter(None, map(str.strip, self.oauth_audience.split(","))))

    @property
    def scope_names(self) -> dict[str, str]:
        """What the issuer calls each of our scopes."""
        names = dict(each.split("=", 1) for each in self.oauth_scope_names)
        return {each: names.get(each, each) for each in SCOPES}

    @property
    def oauth_lookup(self) -> Literal["id", "email"]:
        """Which member of a `user` document the claim of an access token is compared with."""
        return self.oauth_user_lookup or default_lookup(self.oauth_user_claim)

    @property
    def relaxed_checks(self) -> tuple[str, ...]:
        """What the checks of access tokens let pass that RFC 9068 does not, a sentence each."""
        return tuple(_relaxed_checks(self))

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be seen anywhere."""
        hidden = (getattr(self, each.name) for each in fields(self) if not each.repr)
        return tuple(
            text for value in hidden for text in ((value,) if isinstance(value, str) else value)
        )

    def require_sign_in(self) -> None:
        """Raise `SettingsError` rather than serve when nothing says whose tokens to accept.

        Development may start so: `make run` brings its own issuer. Without one each call is 401.
        """
        for complaint in _sign_in_complaints(self):
            raise SettingsError(complaint)

    @classmethod
    def from_environ(cls, *, to_serve: bool = False) -> Settings:
        """Read `os.environ` and `.env`; with `to_serve`, something must say whose tokens to accept.

        Raises `SettingsError` naming everything that is wrong or missing.
        """
        values, complaints = _read()
        settings = cls.__new__(cls)
        for each in fields(cls):
            object.__setattr__(settings, each.name, values.get(each.name, each.default))
        # What was refused stands at its default here, so nothing further is known of it.
        refused = [rf"\b{re.escape(name)}\b" for name in complaints]
        for told in (*_complaints(settings), *(_sign_in_complaints(settings) if to_serve else ())):
            if not any(re.search(name, told) for name in refused):
                complaints[told] = told
        if complaints:
            raise SettingsError("\n".join(complaints.values()))
        return settings


def _read() -> tuple[dict[str, Any], dict[str, str]]:
    """The values that can be read, by the field's name; complaints, by the setting's name."""
    env = Env(eager=False)
    env.add_parser("choice", _choice)
    values, complaints = {}, {}
    try:
        env.read_env(".env", recurse=False)
    except (OSError, ValueError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)
        complaints[".env"] = f".env: it cannot be read: {reason}."
    for each in fields(Settings):
        name = each.name.upper()
        try:
            values[each.name] = _value(env, each)
        except OSError as error:
            complaints[name] = f"{name}_FILE: {error.strerror}."
        except ValueError as error:
            complaints[name] = f"{name}_FILE: {error}"
    try:
        env.seal()
    except EnvValidationError as error:
        reasons = cast("Mapping[str, list[str]]", error.error_messages)
        complaints |= {name: f"{name}: {' '.join(reasons[name])}" for name in reasons}
    return {k: v for k, v in values.items() if k.upper() not in complaints}, complaints


def _value(env: Env, setting: Field[Any]) -> Any:
    """The setting's value, cast. Raises OSError and ValueError for a secret in a file."""
    name, read = setting.name.upper(), setting.metadata["read"]
    text = env.str(name, "")
    is_text = read in ("str", "list")
    if not setting.repr and (path := env.str(f"{name}_FILE", "")):
        if text:
            raise ValueError(f"{name} is set as well; set one of them.")
        try:
            text = Path(path).read_text("utf-8").rstrip("\r\n")
        except UnicodeError:
            raise ValueError("the file is not UTF-8.") from None
        if not text:
            raise ValueError("the file is empty.")
        return text if read == "str" else tuple(filter(None, map(str.strip, text.split(","))))
    if not (text or is_text):
        return setting.default
    value = getattr(env, read)(name, setting.default, **setting.metadata["options"])
    return tuple(filter(None, value)) if isinstance(value, list) else value


_DEFAULTS = {each.name: each.default for each in fields(Settings)}

_OF_AN_ISSUER = (
    "oauth_token_profile",
    "oauth_audience_claim",
    "oauth_scope_claim",
    "oauth_scope_names",
    "oauth_default_scopes",
    "oauth_jwks_url",
    "oauth_introspect_jwt",
)
"""Settings that say how an issuer's tokens differ from those of RFC 9068."""


def _complaints(settings: Settings) -> Iterator[str]:
    """What is wrong with the settings taken together, one sentence each, the names first."""
    yield from _issuer_complaints(settings)
    yield from _claim_complaints(settings)
    yield from _introspection_complaints(settings)
    yield from _nextauth_complaints(settings)
    yield from _traffic_complaints(settings)
    if settings.metrics_port == settings.port:
        yield "METRICS_PORT: must differ from PORT, which everybody may call."
    if settings.api_contact_url:
        yield from _url_complaints("API_CONTACT_URL", settings.api_contact_url)
    yield from _sanity_complaints(settings)
    if not _is_time_zone(settings.time_zone):
        yield "TIME_ZONE: the name of a zone of the IANA database, such as Asia/Bangkok."
    if not settings.external_link_hosts:
        yield "EXTERNAL_LINK_HOSTS: name at least one host."
    for host in settings.external_link_hosts:
        if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host):
            yield f"EXTERNAL_LINK_HOSTS: {host!r} is not a host name in lower case."


def _sign_in_complaints(settings: Settings) -> Iterator[str]:
    if not (settings.development or settings.oauth_issuer or settings.nextauth_secret):
        yield (
            "OAUTH_ISSUER, NEXTAUTH_SECRET: one of them must say whose tokens to accept; "
            "only `make run` has a sign-in of its own."
        )


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _relaxed_checks(settings: Settings) -> Iterator[str]:
    if not settings.follows_rfc_9068:
        yield "OAUTH_TOKEN_PROFILE=jwt: tokens need not have the type at+jwt."
    if settings.oauth_audience_claim != "aud":
        yield (
            f"OAUTH_AUDIENCE_CLAIM={settings.oauth_audience_claim}: a token without an audience "
            "is accepted for the client that it was issued to."
        )
    if settings.oauth_default_scopes:
        scopes = ",".join(settings.oauth_default_scopes)
        yield f"OAUTH_DEFAULT_SCOPES={scopes}: granted by a token without any scope claim."
    if settings.oauth_email_verified == "assumed":
        yield (
            "OAUTH_EMAIL_VERIFIED=assumed: an e-mail address counts as verified "
            "unless the issuer says that it is not."
        )


def _issuer_complaints(settings: Settings) -> Iterator[str]:
    if settings.oauth_issuer:
        yield from _url_complaints("OAUTH_ISSUER", settings.oauth_issuer)
        if "?" in settings.oauth_issuer:
            yield "OAUTH_ISSUER: an issuer's URL has no query (RFC 8414)."
        if not settings.oauth_audiences:
            yield "OAUTH_AUDIENCE: required with OAUTH_ISSUER; tokens for other APIs are refused."
    else:
        for name in _OF_AN_ISSUER:
            if getattr(settings, name) != _DEFAULTS[name]:
                yield f"OAUTH_ISSUER: required with {name.upper()}."
    if settings.oauth_jwks_url:
        yield from _url_complaints("OAUTH_JWKS_URL", settings.oauth_jwks_url)
        if settings.oauth_introspection_client_id and not settings.oauth_introspection_url:
            yield (
                "OAUTH_INTROSPECTION_URL: required with OAUTH_JWKS_URL, "
                "which is for issuers without metadata."
            )
    if settings.oauth_introspect_jwt and not settings.oauth_introspection_client_id:
        yield "OAUTH_INTROSPECTION_CLIENT_ID: required with OAUTH_INTROSPECT_JWT."


def _claim_complaints(settings: Settings) -> Iterator[str]:
    if settings.oauth_audience_claim != "aud":
        if not settings.oauth_audiences:
            yield "OAUTH_AUDIENCE: required with OAUTH_AUDIENCE_CLAIM."
        if settings.follows_rfc_9068 and not settings.oauth_introspection_client_id:
            yield (
                "OAUTH_AUDIENCE_CLAIM: tokens as in RFC 9068 name their audience in `aud`; "
                "others need OAUTH_TOKEN_PROFILE=jwt."
            )
    if settings.oauth_default_scopes and settings.follows_rfc_9068:
        yield (
            "OAUTH_DEFAULT_SCOPES: tokens as in RFC 9068 name their scopes; "
            "others need OAUTH_TOKEN_PROFILE=jwt."
        )
    yield from _unknown_scopes("OAUTH_DEFAULT_SCOPES", settings.oauth_default_scopes)
    named = [each.partition("=") for each in settings.oauth_scope_names]
    if not all(theirs and VISIBLE_ASCII.fullmatch(theirs) for _, _, theirs in named):
        yield f"OAUTH_SCOPE_NAMES: like {READ_SCOPE}=api/read,{WRITE_SCOPE}=api/write."
    ours = [each for each, _, _ in named]
    yield from _unknown_scopes("OAUTH_SCOPE_NAMES", ours)
    if len(ours) != len(set(ours)):
        yield "OAUTH_SCOPE_NAMES: each scope can have one name only."
    if settings.oauth_user_lookup == "id" and settings.oauth_user_claim == "email":
        yield "OAUTH_USER_LOOKUP: no document's id is an e-mail address, as OAUTH_USER_CLAIM is."
    if settings.oauth_email_verified == "assumed" and settings.oauth_lookup == "id":
        yield "OAUTH_EMAIL_VERIFIED: users are looked up by id here; see OAUTH_USER_LOOKUP."


def _unknown_scopes(name: str, scopes: Iterable[str]) -> Iterator[str]:
    unknown = set(scopes) - set(SCOPES)
    if unknown:
        yield f"{name}: {' '.join(sorted(unknown))} is none of {' '.join(SCOPES)}."


def _introspection_complaints(settings: Settings) -> Iterator[str]:
    credentials = (
        settings.oauth_introspection_client_id,
        settings.oauth_introspection_client_secret,
    )
    if not any((*credentials, settings.oauth_introspection_url)):
        return
    if not all(credentials):
        yield (
            "OAUTH_INTROSPECTION_CLIENT_ID, OAUTH_INTROSPECTION_CLIENT_SECRET: "
            "both are needed to introspect tokens."
        )
    for name, value in zip(("ID", "SECRET"), credentials, strict=True):
        # They may hold spaces (RFC 6749, appendix A).
        if not (value.isascii() and value.isprintable()):
            yield f"OAUTH_INTROSPECTION_CLIENT_{name}: printable ASCII characters only."
    if not settings.oauth_issuer:
        yield "OAUTH_ISSUER: required with OAUTH_INTROSPECTION_CLIENT_ID."
    if settings.oauth_introspection_url:
        yield from _url_complaints("OAUTH_INTROSPECTION_URL", settings.oauth_introspection_url)


def _nextauth_complaints(settings: Settings) -> Iterator[str]:
    if any(len(secret) < 16 for secret in settings.nextauth_secret):
        yield "NEXTAUTH_SECRET: too short to be a secret; use at least 16 characters."
    yield from _unknown_scopes("NEXTAUTH_SCOPES", settings.nextauth_scopes)
    if settings.nextauth_secret and not settings.nextauth_scopes:
        yield "NEXTAUTH_SCOPES: name at least one scope, or every session would be refused."
    if settings.nextauth_cookie and not settings.nextauth_secret:
        yield "NEXTAUTH_SECRET: required with NEXTAUTH_COOKIE."


def _traffic_complaints(settings: Settings) -> Iterator[str]:
    for origin in settings.cors_origins:
        if not _ORIGIN.fullmatch(origin) or origin.endswith(_DEFAULT_PORTS[origin[:5]]):
            yield (
                f"CORS_ORIGINS: {origin!r} is not an origin as browsers send it, "
                "such as https://app.example.com: lower case, no path, no wildcard, no :443."
            )
        else:
            yield from _url_complaints("CORS_ORIGINS", origin)
    if settings.rate_limit:
        try:
            limits = parse_many(settings.rate_limit)
        except ValueError:
            yield "RATE_LIMIT: like `120 per minute`, several joined by `;`, or empty for none."
        else:
            if not all(map(_fits_headers, limits)):
                yield (
                    "RATE_LIMIT: each limit is of 1 to 1,000,000,000 requests in at most a day; "
                    "empty for none."
                )
    if not _is_storage(settings.rate_limit_storage):
        yield "RATE_LIMIT_STORAGE: memory:// or the URL of a Redis, such as redis://host:6379/0."


_ORIGIN = re.compile(r"https?://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?")
_DEFAULT_PORTS = {"https": ":443", "http:": ":80"}


def _is_storage(url: str) -> bool:
    if not re.fullmatch(r"(memory|rediss?|redis\+unix)://[!-~]*", url):
        return False
    if url.startswith("memory:"):
        return True
    # Imported only here: it costs each process 5 MB and a tenth of a second.
    from redis import ConnectionPool  # noqa: PLC0415

    try:
        # A Redis is asked nothing here; the limits' storage itself would ask.
        return bool(ConnectionPool.from_url(url.removeprefix("redis+")))
    except (ValueError, TypeError):
        return False


def _fits_headers(limit: RateLimitItem) -> bool:
    """Whether it fits the `RateLimit-*` headers as they are documented."""
    return 1 <= limit.amount <= 1_000_000_000 and limit.get_expiry() <= 86_400


def _sanity_complaints(settings: Settings) -> Iterator[str]:
    if settings.sqlite_path == ":memory:" or settings.sqlite_path.startswith("file:"):
        yield "SQLITE_PATH: the path of a file; a store in memory would be each connection's own."
    if not settings.sanity_project_id:
        if settings.sanity_api_token or settings.sanity_api_url:
            yield (
                "SANITY_PROJECT_ID: required with SANITY_API_TOKEN or SANITY_API_URL; "
                "without it the data would go to the embedded store."
            )
        return
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", settings.sanity_project_id):
        yield "SANITY_PROJECT_ID: lower-case letters, digits and dashes only."
    if not re.fullmatch(r"[a-z0-9~][a-z0-9_~-]{0,63}", settings.sanity_dataset):
        yield "SANITY_DATASET: lower-case letters, digits, dashes and underscores only."
    if not _is_date(settings.sanity_api_version.removeprefix("v")):
        yield "SANITY_API_VERSION: a date such as 2025-02-19."
    if not settings.sanity_api_token:
        yield "SANITY_API_TOKEN: required with SANITY_PROJECT_ID."
    elif not VISIBLE_ASCII.fullmatch(settings.sanity_api_token):
        yield "SANITY_API_TOKEN: visible ASCII characters only, no white space."
    if settings.sanity_api_url:
        yield from _url_complaints("SANITY_API_URL", settings.sanity_api_url)
    if settings.sanity_deadline <= settings.sanity_read_timeout:
        yield (
            "SANITY_DEADLINE: longer than SANITY_READ_TIMEOUT, or there is no time left to find "
            "out what has become of a write without a response."
        )


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _url_complaints(name: str, url: str) -> Iterator[str]:
    """Credentials and keys travel to these addresses, so plain http is for this machine only."""
    if not VISIBLE_ASCII.fullmatch(url):
        yield f"{name}: visible ASCII characters only, no white space."
        return
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        yield f"{name}: not a URL."
        return
    has_more = "@" in parts.netloc or "#" in url
    if parts.scheme not in ("http", "https") or not host or has_more:
        yield f"{name}: an https URL without credentials or fragment."
    elif parts.scheme == "http" and host not in LOOPBACK_HOSTS:
        yield f"{name}: http is for a loopback host only; use https."
