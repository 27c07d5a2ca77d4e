"""Settings are read, cast and checked at the start; what is wrong is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.factory import create_app
from app.server import listening_address
from app.settings import Settings, SettingsError
from tests.ports import free_port
from tests.server import ROOT, environment

SANITY: dict[str, Any] = {"sanity_project_id": "abc123", "sanity_api_token": "sk-secret"}
OAUTH: dict[str, Any] = {
    "oauth_issuer": "https://issuer.example",
    "oauth_audience": "https://api.example",
}


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without settings, in a folder without a `.env` file."""
    for name in Settings.__dataclass_fields__:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def test_an_empty_environment_has_the_defaults(clean: pytest.MonkeyPatch) -> None:
    assert Settings.from_environ() == Settings()


def test_values_are_cast(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("PORT", "9000")
    clean.setenv("CALLER_CACHE_SECONDS", "0.5")
    clean.setenv("EXTERNAL_LINK_HOSTS", " www.strava.com , connect.garmin.com ,")
    settings = Settings.from_environ()
    assert (settings.port, settings.caller_cache_seconds) == (9000, 0.5)
    assert settings.external_link_hosts == ("www.strava.com", "connect.garmin.com")


def test_a_file_is_read_and_the_real_environment_wins(
    clean: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("PORT=9000\nHOST=0.0.0.0\n")
    clean.setenv("PORT", "9001")
    settings = Settings.from_environ()
    assert (settings.port, settings.host) == (9001, "0.0.0.0")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_ENV", "staging"),
        ("LOG_LEVEL", "loud"),
        ("PORT", "0"),
        ("PORT", "http"),
        ("WORKERS", "0"),
        ("THREADS", "-1"),
        ("SQLITE_PATH", ""),
        ("SQLITE_PATH", ":memory:"),
        ("SQLITE_PATH", "file::memory:?cache=shared"),
        ("CONCURRENT_REQUESTS", "0"),
        ("CALLER_CACHE_SECONDS", "-1"),
        ("CALLER_CACHE_SECONDS", "nan"),
        ("OAUTH_USER_CLAIM", "a claim"),
        ("OAUTH_ISSUER", "http://issuer.example"),
        ("OAUTH_ISSUER", "https://issuer.example"),
        ("OAUTH_ISSUER", "https://user:secret@issuer.example"),
        ("OAUTH_ISSUER", "issuer.example"),
        ("OAUTH_ISSUER", "https://[issuer"),
        ("NEXTAUTH_SECRET", "short"),
        ("SANITY_API_TOKEN", "sk-secret"),
        ("SANITY_API_URL", "https://x.example"),
        ("SANITY_PROJECT_ID", "abc123"),
        ("SANITY_READ_TIMEOUT", "0"),
        ("SANITY_RETRIES", "11"),
        ("SANITY_WRITES_AT_ONCE", "0"),
        ("SANITY_PROJECT_ID", "../x"),
        ("EXTERNAL_LINK_HOSTS", "https://www.strava.com"),
        ("EXTERNAL_LINK_HOSTS", "strava"),
        ("EXTERNAL_LINK_HOSTS", ""),
        ("EXTERNAL_LINK_HOSTS", ","),
        ("EXTERNAL_LINK_HOSTS", "**.strava.com,x"),
        ("CORS_ORIGINS", '["https://a.example","https://b.example"]'),
        ("CORS_ORIGINS", "https://(x"),
        ("CORS_ORIGINS", "https://a.example:443"),
        ("CORS_ORIGINS", "http://localhost:80"),
        ("CORS_ORIGINS", "https://a.example:08443"),
        ("CORS_ORIGINS", "https://a..example"),
    ],
)
def test_a_wrong_one_is_named(clean: pytest.MonkeyPatch, name: str, value: str) -> None:
    clean.setenv(name, value)
    with pytest.raises(SettingsError) as complaint:
        Settings.from_environ()
    assert (
        name in str(complaint.value)
        or "OAUTH_AUDIENCE" in str(complaint.value)
        or ("SANITY_" in str(complaint.value))
    )
    assert "sk-secret" not in str(complaint.value)


def test_a_word_may_have_any_case_and_a_number_left_empty_has_its_default(
    clean: pytest.MonkeyPatch,
) -> None:
    clean.setenv("LOG_LEVEL", "INFO")
    clean.setenv("COACH_RELATION", "Plan")
    for name in ("PORT", "SANITY_DEADLINE", "NEXTAUTH_COOKIE", "APP_ENV"):
        clean.setenv(name, "")
    assert Settings.from_environ() == Settings(log_level="info", coach_relation="plan")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("NEXTAUTH_SECRET", "0123456789abcdef, 0123456789ABCDEF\n", None),
        ("RATE_LIMIT_STORAGE", "redis://:pass@cache.example/0\r\n", None),
        ("LOG_USER_KEY", "a key with spaces \n", "a key with spaces "),
    ],
)
def test_a_secret_may_come_from_a_file(
    clean: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str, value: str | None
) -> None:
    (tmp_path / "secret").write_bytes(text.encode())
    clean.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    read = Settings.from_environ()
    clean.delenv(f"{name}_FILE")
    clean.setenv(name, value or text.strip())
    assert read == Settings.from_environ()


def test_what_is_wrong_with_a_file_of_a_secret_is_told_like_the_rest(
    clean: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff")
    (tmp_path / "empty").write_bytes(b"\n")
    clean.setenv("RATE_LIMIT_STORAGE_FILE", str(tmp_path / "empty"))
    clean.setenv("SANITY_API_TOKEN_FILE", str(tmp_path / "missing"))
    clean.setenv("SANITY_PROJECT_ID", "abc123")
    clean.setenv("NEXTAUTH_SECRET_FILE", str(tmp_path / "bytes"))
    clean.setenv("LOG_USER_KEY", "0123456789abcdef")
    clean.setenv("LOG_USER_KEY_FILE", str(tmp_path / "bytes"))
    clean.setenv("PORT", "x")
    with pytest.raises(SettingsError) as complaint:
        Settings.from_environ()
    assert str(complaint.value).splitlines() == [
        "LOG_USER_KEY_FILE: LOG_USER_KEY is set as well; set one of them.",
        "SANITY_API_TOKEN_FILE: No such file or directory.",
        "NEXTAUTH_SECRET_FILE: the file is not UTF-8.",
        "RATE_LIMIT_STORAGE_FILE: the file is empty.",
        "PORT: Not a valid integer.",
    ]


def test_every_kind_of_mistake_is_told_at_once(clean: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PORT=\xff")
    clean.setenv("WORKERS", "many")
    clean.setenv("RATE_LIMIT", "often")
    clean.setenv("RATE_LIMIT_STORAGE", "redis://127.0.0.1:99999")
    with pytest.raises(SettingsError) as complaint:
        Settings.from_environ(to_serve=True)
    named = [each.split(":")[0] for each in str(complaint.value).splitlines()]
    assert named == [
        ".env",
        "WORKERS",
        "RATE_LIMIT",
        "RATE_LIMIT_STORAGE",
        "OAUTH_ISSUER, NEXTAUTH_SECRET",
    ]


def test_what_was_refused_brings_no_further_complaint(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("OAUTH_ISSUER", "https://issuer.example")
    clean.setenv("OAUTH_AUDIENCE", "x")
    clean.setenv("OAUTH_DEFAULT_SCOPES", "workout-logs:read")
    clean.setenv("OAUTH_TOKEN_PROFILE", "jwtt")
    with pytest.raises(SettingsError) as complaint:
        Settings.from_environ()
    assert str(complaint.value) == "OAUTH_TOKEN_PROFILE: Must be one of: rfc9068, jwt."


def test_a_folder_in_place_of_the_file_is_told(clean: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match=r"^\.env: it cannot be read"):
        Settings.from_environ()


@pytest.mark.parametrize("version", ["2021-13-45", "20210325", "v1", "latest", ""])
def test_a_version_of_sanitys_api_is_a_date(version: str) -> None:
    with pytest.raises(SettingsError, match="SANITY_API_VERSION"):
        Settings(**SANITY, sanity_api_version=version)
    Settings(**SANITY, sanity_api_version="v2025-02-19")


def test_all_wrong_ones_are_named(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("PORT", "x")
    clean.setenv("WORKERS", "x")
    with pytest.raises(SettingsError, match=r"(?s)PORT.*WORKERS|WORKERS.*PORT"):
        Settings.from_environ()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_plain_http_is_for_this_machine(host: str) -> None:
    Settings(oauth_issuer=f"http://{host}:9000", oauth_audience="x")


@pytest.mark.parametrize(
    "odd", ["t\nx", "t\r\nX-Injected: x", "t x", " t", "t\x00", "t\u00e9", "\t"]
)
def test_a_token_for_a_header_is_visible_ascii(odd: str) -> None:
    with pytest.raises(SettingsError, match=r"^SANITY_API_TOKEN: visible"):
        Settings(sanity_project_id="abc123", sanity_api_token=odd)


@pytest.mark.parametrize(
    ("client", "secret", "name"),
    [
        ("api\n", "secret", "OAUTH_INTROSPECTION_CLIENT_ID"),
        ("api", "secret\n", "OAUTH_INTROSPECTION_CLIENT_SECRET"),
        ("api", "s\u00e9cret", "OAUTH_INTROSPECTION_CLIENT_SECRET"),
    ],
)
def test_a_client_s_credentials_are_printable_ascii(client: str, secret: str, name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: ") as complaint:
        Settings(
            **OAUTH,
            oauth_introspection_client_id=client,
            oauth_introspection_client_secret=secret,
        )
    assert secret not in str(complaint.value)


def test_a_client_s_secret_may_hold_spaces() -> None:
    Settings(
        **OAUTH,
        oauth_introspection_client_id="a client",
        oauth_introspection_client_secret="a secret: with + and / and %",
    )


@pytest.mark.parametrize("odd", [" ", "\t", "\n", "\u00a0", "\x1b", "\u00e9"], ids=ascii)
@pytest.mark.parametrize(
    "name",
    ["OAUTH_ISSUER", "OAUTH_INTROSPECTION_URL", "SANITY_API_URL", "RATE_LIMIT_STORAGE"],
)
def test_a_url_holds_no_white_space(name: str, odd: str) -> None:
    good = {
        **OAUTH,
        **SANITY,
        "oauth_introspection_client_id": "a",
        "oauth_introspection_client_secret": "b",
        "oauth_introspection_url": "https://issuer.example/introspect",
        "sanity_api_url": "https://stand-in.example",
        "rate_limit_storage": "redis://redis.example:6379/0",
    }
    Settings(**good)
    for url in (good[name.lower()] + odd, good[name.lower()].replace(".", f".{odd}")):
        with pytest.raises(SettingsError, match=f"^{name}: ") as complaint:
            Settings(**{**good, name.lower(): url})
        assert str(complaint.value).isprintable()


@pytest.mark.parametrize("query", ["?", "?tenant=1"])
def test_an_issuer_has_no_query(query: str) -> None:
    with pytest.raises(SettingsError, match=r"OAUTH_ISSUER: .* query"):
        Settings(oauth_issuer=f"https://issuer.example/{query}", oauth_audience="x")


JWT = {**OAUTH, "oauth_token_profile": "jwt"}
INTROSPECTION = {
    "oauth_introspection_client_id": "api",
    "oauth_introspection_client_secret": "secret",
}
NAMES = ("workout-logs:read=api/read", "workout-logs:write=api/write")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({**OAUTH, "oauth_default_scopes": ("workout-logs:read",)}, "OAUTH_DEFAULT_SCOPES"),
        ({**JWT, "oauth_default_scopes": ("openid",)}, "OAUTH_DEFAULT_SCOPES"),
        ({**OAUTH, "oauth_audience_claim": "client_id"}, "OAUTH_AUDIENCE_CLAIM"),
        ({**JWT, "oauth_audience": "", "oauth_audience_claim": "azp"}, "OAUTH_AUDIENCE"),
        ({**JWT, "oauth_audience": " , "}, "OAUTH_AUDIENCE"),
        ({**OAUTH, "oauth_scope_names": ("read=api/read",)}, "OAUTH_SCOPE_NAMES"),
        ({**OAUTH, "oauth_scope_names": ("workout-logs:read",)}, "OAUTH_SCOPE_NAMES"),
        ({**OAUTH, "oauth_scope_names": ("workout-logs:read=a b",)}, "OAUTH_SCOPE_NAMES"),
        ({**OAUTH, "oauth_scope_names": (NAMES[0], "workout-logs:read=x")}, "OAUTH_SCOPE_NAMES"),
        ({**OAUTH, "oauth_user_claim": "email", "oauth_user_lookup": "id"}, "OAUTH_USER_LOOKUP"),
        ({**OAUTH, "oauth_email_verified": "assumed"}, "OAUTH_EMAIL_VERIFIED"),
        ({**OAUTH, "oauth_jwks_url": "http://issuer.example/jwks"}, "OAUTH_JWKS_URL"),
        ({**OAUTH, "oauth_jwks_url": "https://:secret@issuer.example/jwks"}, "OAUTH_JWKS_URL"),
        ({**OAUTH, "oauth_jwks_url": "https://issuer.example/jwks#"}, "OAUTH_JWKS_URL"),
        ({"api_contact_url": "mailto:help@club.example"}, "API_CONTACT_URL"),
        (
            {**OAUTH, **INTROSPECTION, "oauth_jwks_url": "https://issuer.example/jwks"},
            "OAUTH_INTROSPECTION_URL",
        ),
        ({**OAUTH, "oauth_introspect_jwt": True}, "OAUTH_INTROSPECTION_CLIENT_ID"),
        ({"nextauth_secret": ("0123456789abcdef",), "nextauth_scopes": ()}, "NEXTAUTH_SCOPES"),
        ({"oauth_token_profile": "jwt"}, "OAUTH_ISSUER"),
        ({"oauth_scope_claim": "scp"}, "OAUTH_ISSUER"),
        ({"oauth_scope_names": NAMES}, "OAUTH_ISSUER"),
        ({"oauth_jwks_url": "https://issuer.example/jwks"}, "OAUTH_ISSUER"),
    ],
    ids=str,
)
def test_what_contradicts_itself_is_named(settings: dict[str, Any], name: str) -> None:
    with pytest.raises(SettingsError, match=rf"(?m)^{name}: "):
        Settings(**settings)


@pytest.mark.parametrize(
    ("settings", "relaxed"),
    [
        (OAUTH, []),
        ({**OAUTH, "oauth_scope_names": NAMES, "oauth_scope_claim": "scp"}, []),
        ({**OAUTH, **INTROSPECTION, "oauth_introspect_jwt": True}, []),
        ({**OAUTH, "oauth_audience": "a, b", "oauth_user_claim": "oid"}, []),
        (JWT, ["OAUTH_TOKEN_PROFILE=jwt"]),
        (
            {**OAUTH, **INTROSPECTION, "oauth_audience_claim": "client_id"},
            ["OAUTH_AUDIENCE_CLAIM=client_id"],
        ),
        (
            {**JWT, "oauth_default_scopes": ("workout-logs:read",)},
            ["OAUTH_TOKEN_PROFILE=jwt", "OAUTH_DEFAULT_SCOPES=workout-logs:read"],
        ),
        (
            {
                **OAUTH,
                "oauth_user_claim": "upn",
                "oauth_user_lookup": "email",
                "oauth_email_verified": "assumed",
            },
            ["OAUTH_EMAIL_VERIFIED=assumed"],
        ),
    ],
    ids=str,
)
def test_what_is_relaxed_is_said(settings: dict[str, Any], relaxed: list[str]) -> None:
    said = Settings(**settings).relaxed_checks
    assert [each.partition(": ")[0] for each in said] == relaxed


def test_a_write_without_an_response_leaves_time_to_find_out() -> None:
    with pytest.raises(SettingsError, match="SANITY_DEADLINE"):
        Settings(**SANITY, sanity_read_timeout=5, sanity_deadline=5)  # type: ignore[arg-type]


def test_secrets_are_not_shown() -> None:
    shown = repr(Settings(**SANITY, nextauth_secret=("a very long secret",)))
    assert "secret" not in shown.replace("nextauth_secret", "").replace("client_secret", "")
    assert "sk-" not in shown


class TestTheStart:
    def test_is_refused_when_nothing_says_whose_tokens_to_accept(self) -> None:
        for settings in (Settings(), Settings(**SANITY)):
            with pytest.raises(SettingsError, match=r"OAUTH_ISSUER, NEXTAUTH_SECRET"):
                settings.require_sign_in()

    def test_is_allowed_with_an_issuer_or_a_secret(self) -> None:
        Settings(**OAUTH).require_sign_in()
        Settings(nextauth_secret=("a very long secret",)).require_sign_in()

    def test_is_allowed_in_development_where_nobody_then_can_sign_in(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings = Settings(app_env="development", sqlite_path=str(tmp_path / "logs.db"))
        client = create_app(settings).test_client()
        assert "nobody can sign in" in caplog.text
        assert client.get("/healthz").status_code == 200
        assert client.get("/api/me").status_code == 401

    def test_development_beside_a_real_issuer_has_no_sign_in_of_its_own(self) -> None:
        assert Settings(app_env="development").development_sign_in
        assert not Settings(app_env="development", **OAUTH).development_sign_in
        assert not Settings(**OAUTH).development_sign_in

    @pytest.mark.parametrize(
        "command", [["-m", "app.cli", "serve"], ["-c", "import wsgi"]], ids=["make serve", "wsgi"]
    )
    def test_of_a_process_fails_in_words(self, tmp_path: Path, command: list[str]) -> None:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env=environment(PYTHONPATH=str(ROOT)),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode
        assert "OAUTH_ISSUER, NEXTAUTH_SECRET" in done.stderr
        assert not list(tmp_path.iterdir())

    def test_of_a_server_without_its_store_fails_in_words(self, tmp_path: Path) -> None:
        (tmp_path / "store.db").write_text("not a database, " * 100)
        settings = {name.upper(): value for name, value in OAUTH.items()}
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "serve"],
            cwd=tmp_path,
            env=environment(PYTHONPATH=str(ROOT), SQLITE_PATH="store.db", **settings),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode
        assert "SQLITE_PATH store.db" in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("host", ["999.1.1.1", "no such host", "203.0.113.7"])
    def test_of_a_server_at_no_address_of_this_machine_fails_in_words(self, host: str) -> None:
        with pytest.raises(SettingsError, match="HOST"):
            listening_address(Settings(host=host, port=free_port()))

    def test_a_host_may_be_a_name(self) -> None:
        settings = Settings(host="localhost", port=free_port())
        assert listening_address(settings) in ("127.0.0.1", "::1")
