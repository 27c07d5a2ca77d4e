"""`workout-log-api auth explain`, and the documents that tell clients how to get in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from app.auth.jwt import JWTValidator
from app.auth.protector import Protector
from app.cli.auth import auth
from app.development import club, run
from app.factory import create_app
from app.openapi.security import code_grant_endpoints
from app.settings import Settings
from tests import issuers, world
from tests.auth import kit
from tests.conftest import OpenStore
from tests.issuer import AUDIENCE, Issuer
from tests.server import ROOT, environment, free_port, serving

SECRET = "the-secret-of-the-front-end"

Run = Callable[[str], tuple[int, str]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, nextauth_secret=(SECRET,))


@pytest.fixture
def explain(app: Flask) -> Run:
    def run(token: str) -> tuple[int, str]:
        result = CliRunner().invoke(auth, ["explain"], input=token, obj=Protector.of(app))
        assert token.strip() not in result.output
        return result.exit_code, result.output

    return run


def test_a_good_token_is_explained(explain: Run, issuer: Issuer) -> None:
    code, said = explain(f"Bearer {issuer.token(world.COACH, scope='workout-logs:read')}\n")
    assert code == 0
    assert said.splitlines() == [
        "kind: OAuth 2.0 access token (JWT)",
        f"  it says: typ='at+jwt', alg='ES256', kid='{issuer.key.kid}'",
        f"  it says: iss='{issuer.url}', aud='{AUDIENCE}', client_id='tests', "
        "scope='workout-logs:read'",
        *(f"  passes {check}" for check in JWTValidator.checks),
        "scopes: workout-logs:read",
        f"user: {world.COACH}, found by the token's sub",
        "role: coach, coaches 3",
    ]


def test_a_session_is_explained(explain: Run) -> None:
    (token,) = issuers.mint(
        {"version": 4, "secret": SECRET, "token": {"email": world.email_of(world.ADMIN)}}
    )
    code, said = explain(token)
    assert code == 0
    assert said.startswith("kind: NextAuth.js / Auth.js session token (JWE)\n")
    assert said.endswith(f"user: {world.ADMIN}, found by the token's email\nrole: admin\n")


def test_the_failing_check_is_named(explain: Run, issuer: Issuer) -> None:
    code, said = explain(issuer.token(world.RUNNER, exp=1))
    assert code == 1
    assert said.splitlines()[-2:] == ["  passes claims", "  FAILS  expiry: The token has expired."]
    code, said = explain(issuer.token(world.RUNNER, aud="https://other.example"))
    assert code == 1
    assert said.splitlines()[-1].startswith("  FAILS  audience: ")
    assert "OAUTH_AUDIENCE" in said


def test_a_refused_user_is_named_so(explain: Run, issuer: Issuer) -> None:
    code, said = explain(issuer.token("nobody"))
    assert code == 1
    assert said.splitlines()[-2:] == [
        "user: refused; no user has its claim 'sub' as _id; see OAUTH_USER_CLAIM.",
        "  its sub is 'nobody'",
    ]


@pytest.mark.parametrize("token", ["", "an opaque one", "x" * 20_000])
def test_a_token_of_no_kind_is_said_to_be_none(app: Flask, token: str) -> None:
    result = CliRunner().invoke(auth, ["explain"], input=token, obj=Protector.of(app))
    assert result.exit_code == 1
    assert result.output.startswith("kind: unknown. ")


def test_an_issuer_that_is_down_is_named(open_store: OpenStore, issuer: Issuer) -> None:
    away = Settings(oauth_issuer="http://127.0.0.1:1", oauth_audience=AUDIENCE)
    app = create_app(away, open_store([]))
    token = issuer.token(world.RUNNER)
    result = CliRunner().invoke(auth, ["explain"], input=token, obj=Protector.of(app))
    assert result.exit_code == 1
    assert "  FAILS  issuer: It cannot be reached now" in result.output


def test_the_command_reads_standard_input(tmp_path: Path, issuer: Issuer) -> None:
    settings = {
        "OAUTH_ISSUER": issuer.url,
        "OAUTH_AUDIENCE": AUDIENCE,
        "SQLITE_PATH": str(tmp_path / "store.db"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "auth", "explain"],
        cwd=ROOT,
        env=environment(**settings),
        input=issuer.token("nobody"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "  passes expiry" in done.stdout
    assert "SQLITE_PATH" in done.stdout.splitlines()[-1], "the store does not exist"
    assert done.stderr == ""
    assert not (tmp_path / "store.db").exists()


METADATA = "/.well-known/oauth-protected-resource"


def test_clients_learn_issuer_and_scopes(app: Flask, issuer: Issuer) -> None:
    document = app.test_client().get(METADATA, base_url="https://api.example.com").json
    assert document == {
        "resource": AUDIENCE,
        "resource_name": "Workout Log API",
        "resource_documentation": "https://api.example.com/docs",
        "authorization_servers": [issuer.url],
        "scopes_supported": ["workout-logs:read", "workout-logs:write"],
        "bearer_methods_supported": ["header"],
    }


def test_clients_ask_the_issuer_for_its_own_scopes(
    settings: Settings, open_store: OpenStore, issuer: Issuer
) -> None:
    names = ("workout-logs:read=api/read", "workout-logs:write=api/write")
    app = create_app(
        replace(settings, oauth_scope_names=names), open_store([world.user("user-u", "runner")])
    )
    client = app.test_client()
    assert client.get(METADATA).json["scopes_supported"] == ["api/read", "api/write"]
    spec = client.get("/openapi.json").json
    flow = spec["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]
    assert flow["scopes"].keys() == {"api/read", "api/write"}
    assert spec["paths"]["/api/me"]["get"]["security"][0] == {"oauth2": ["api/read"]}
    assert "api/read" in client.get("/docs").text
    token = issuer.token("user-u", scope="api/read")
    refused = client.post(
        "/api/workout-logs", json={}, headers={"Authorization": f"Bearer {token}"}
    )
    assert 'scope="api/write"' in refused.headers["WWW-Authenticate"]


def test_the_client_that_tokens_are_for_is_not_the_resource(
    settings: Settings, open_store: OpenStore
) -> None:
    app = create_app(
        replace(
            settings,
            oauth_token_profile="jwt",
            oauth_audience="https://app.example",
            oauth_audience_claim="azp",
        ),
        open_store([]),
    )
    document = app.test_client().get(METADATA, base_url="https://api.example.com").json
    assert document["resource"] == "https://api.example.com"


def test_an_audience_that_is_no_address_does_not_name_the_resource(
    settings: Settings, open_store: OpenStore
) -> None:
    app = create_app(replace(settings, oauth_audience="workout-logs"), open_store([]))
    document = app.test_client().get(METADATA, base_url="https://api.example.com").json
    assert document["resource"] == "https://api.example.com"


ODD_HOSTS = ["a b", "", "x:y:z", "api.example.com/path", "<b>", "api.example.com:99999", "\u00e9"]


@pytest.mark.parametrize("host", ODD_HOSTS)
@pytest.mark.parametrize("audience", ["workout-logs", AUDIENCE])
def test_nothing_is_made_of_a_host_that_cannot_be_one(
    settings: Settings, open_store: OpenStore, audience: str, host: str
) -> None:
    app = create_app(replace(settings, oauth_audience=audience), open_store([]))
    response = app.test_client().get(METADATA, environ_overrides={"HTTP_HOST": host})
    assert (response.status_code, response.json["code"]) == (400, "malformed")
    assert "Host" in response.json["detail"]


def schemes(app: Flask) -> dict[str, list[str]]:
    """The security schemes by name, with what reading asks of each; both must be the same set."""
    spec = app.test_client().get("/openapi.json").json
    defined = spec["components"]["securitySchemes"]
    security = spec["paths"]["/api/workout-logs"]["get"]["security"]
    asked = {name: scopes for each in security for name, scopes in each.items()}
    assert set(asked) == set(defined)
    assert len(security) == len(defined), "any one of them will do"
    return asked


def test_the_spec_names_what_is_switched_on(settings: Settings, open_store: OpenStore) -> None:
    reading = ["workout-logs:read"]
    store = open_store([])
    plain = replace(settings, nextauth_secret=())
    assert schemes(create_app(plain, store)) == {"oauth2": reading, "accessToken": []}
    introspecting = replace(
        plain, oauth_introspection_client_id="a", oauth_introspection_client_secret="b"
    )
    assert schemes(create_app(introspecting, store)) == {
        "oauth2": reading,
        "accessToken": [],
        "opaqueToken": [],
    }
    session = Settings(nextauth_secret=(SECRET,))
    assert schemes(create_app(session, store)) == {"sessionToken": []}
    cookies = replace(session, nextauth_cookie=True)
    assert schemes(create_app(cookies, store)) == {"sessionToken": [], "sessionCookie": []}


@pytest.mark.parametrize("elsewhere", ["http://127.0.0.1/x", "https://a.example/\x1b", None])
@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint"])
def test_nobody_is_sent_to_sign_in_where_it_is_not_safe(name: str, elsewhere: str | None) -> None:
    issuer = kit.InMemoryIssuer(kit.ec_key())
    good = {name: f"{kit.ISSUER}/{name}" for name in ("authorization_endpoint", "token_endpoint")}
    issuer.metadata = good
    assert code_grant_endpoints(issuer) == tuple(good.values())
    issuer.metadata = {**good, name: elsewhere}
    assert code_grant_endpoints(issuer) is None


def test_every_operation_names_its_scope(app: Flask) -> None:
    spec = app.test_client().get("/openapi.json").json
    for path in ("/api/workout-logs", "/api/workout-logs/{logId}"):
        for method, operation in spec["paths"][path].items():
            if method == "parameters":
                continue
            scope = "workout-logs:read" if method == "get" else "workout-logs:write"
            assert {"oauth2": [scope]} in operation["security"]


def run_command(cwd: Path, token: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "auth", "explain"],
        cwd=cwd,
        env=environment(PYTHONPATH=str(ROOT), **settings),
        input=token,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_any_settings_the_command_speaks_of_the_development_server(tmp_path: Path) -> None:
    port = str(free_port())
    done = run_command(tmp_path, kit.mint(kit.ec_key()), PORT=port)
    said = done.stdout.splitlines()
    assert done.returncode == 1
    assert said[0] == (
        "OAUTH_ISSUER is not set: access tokens are those of `make run` "
        f"at http://127.0.0.1:{port}."
    )
    assert said[-1].startswith("  FAILS  issuer: It cannot be reached now")
    assert "Traceback" not in done.stdout + done.stderr
    assert not list(tmp_path.iterdir())


def test_a_token_of_the_running_development_server_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    port = free_port()
    store = tmp_path / "store.db"
    settings = Settings(app_env="development", port=port, sqlite_path=str(store))
    server, issuer = run.prepare(settings)
    with serving(server):
        done = run_command(
            tmp_path, issuer.mint(club.COACH), PORT=str(port), SQLITE_PATH=str(store)
        )
    said = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert said[-1].startswith("role: coach, coaches ")
    assert f"user: {club.COACH}, found by the token's sub" in said


@pytest.mark.parametrize("name", ["OAUTH_ISSUER", "PORT"])
def test_a_setting_that_is_wrong_is_named(tmp_path: Path, name: str) -> None:
    done = run_command(tmp_path, "x", **{name: "nonsense"})
    assert done.returncode == 1
    assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_relaxed_is_said_first(tmp_path: Path, issuer: Issuer) -> None:
    relaxed = {"OAUTH_TOKEN_PROFILE": "jwt", "OAUTH_DEFAULT_SCOPES": "workout-logs:read"}
    settings = {"OAUTH_ISSUER": issuer.url, "OAUTH_AUDIENCE": AUDIENCE, **relaxed}
    done = run_command(tmp_path, issuer.token("nobody"), **settings)
    assert [line[: line.index("=")] for line in done.stdout.splitlines()[:2]] == [
        f"relaxed: {name}" for name in relaxed
    ]


def test_the_start_says_what_is_relaxed(
    open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    strict = Settings(oauth_issuer="https://issuer.example", oauth_audience="x")
    create_app(strict, open_store([]))
    assert caplog.messages == []
    create_app(replace(strict, oauth_token_profile="jwt"), open_store([]))
    assert caplog.messages == [
        "checks of access tokens are relaxed: OAUTH_TOKEN_PROFILE=jwt: "
        "tokens need not have the type at+jwt."
    ]


@pytest.mark.parametrize("odd", ["a.b.c", "e30.e30.", ".e30.x", "W10.W10.W10", "bnVsbA.bnVsbA.x"])
def test_whatever_a_token_holds_it_is_explained(explain: Run, odd: str) -> None:
    code, said = explain(odd)
    assert code == 1
    assert "  FAILS  " in said
