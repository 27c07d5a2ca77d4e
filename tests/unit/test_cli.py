"""`workout-log-api` itself, and `config check`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.commands import main
from app.settings import Settings
from app.web.access_log import digest_of
from tests.issuer import AUDIENCE, Issuer

Run = Callable[..., Any]
SECRET = "a very long secret"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `config check` in a folder of its own, with these settings and no others."""
    monkeypatch.chdir(tmp_path)
    for each in fields(Settings):
        monkeypatch.delenv(each.name.upper(), raising=False)

    def run(*options: str, **settings: str) -> Any:
        return CliRunner().invoke(main, ["config", "check", *options], env=settings)

    return run


def test_the_command_has_a_version() -> None:
    assert version("workout-log-api") in CliRunner().invoke(main, ["--version"]).stdout


def test_every_command_says_what_it_does() -> None:
    shown = CliRunner().invoke(main, ["--help"]).stdout
    for each in ("serve", "store", "auth", "config", "spec"):
        assert f"\n  {each} " in shown


def test_each_setting_is_told_with_its_origin_and_no_secret(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"NEXTAUTH_SECRET={SECRET}\nPORT=8001\n")
    done = run(PORT="8002", CORS_ORIGINS="https://a.example,https://b.example")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "PORT=8002  (environment)" in lines
    assert "NEXTAUTH_SECRET=set  (.env)" in lines
    assert "SANITY_API_TOKEN=unset  (default)" in lines
    assert "CORS_ORIGINS=https://a.example,https://b.example  (environment)" in lines
    assert "SANITY_DEADLINE=10  (default)" in lines
    assert "NEXTAUTH_COOKIE=false  (default)" in lines
    assert SECRET not in done.output


def test_the_file_of_a_secret_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    done = run(NEXTAUTH_SECRET_FILE="secret")
    assert "NEXTAUTH_SECRET=set  (secret)" in done.stdout.splitlines()


def test_the_digest_of_a_user_is_told_where_it_lasts(run: Run) -> None:
    command = ["auth", "digest", "runner-ada"]
    told = CliRunner().invoke(main, command, env={"LOG_USER_KEY": SECRET})
    assert told.stdout == f"{digest_of('runner-ada', SECRET)}\n"
    refused = CliRunner().invoke(main, command)
    assert refused.exit_code == 1
    assert "LOG_USER_KEY" in refused.stderr


def test_settings_that_nothing_can_run_with_are_an_error(run: Run) -> None:
    done = run()
    assert done.exit_code == 1
    assert "OAUTH_ISSUER, NEXTAUTH_SECRET" in done.stderr
    done = run(OAUTH_ISSUER="https://issuer.example")
    assert done.exit_code == 1
    assert "OAUTH_AUDIENCE" in done.stderr


AWAY = {
    "OAUTH_ISSUER": "http://127.0.0.1:1",
    "OAUTH_AUDIENCE": "workout-logs",
    "SANITY_PROJECT_ID": "abc",
    "SANITY_API_TOKEN": "sk-token",
    "SANITY_API_URL": "http://127.0.0.1:1",
    "SANITY_RETRIES": "0",
    "RATE_LIMIT_STORAGE": "redis://127.0.0.1:1",
}


def test_nothing_is_asked_unless_wanted(run: Run) -> None:
    assert run(**AWAY).exit_code == 0


def test_what_does_not_respond_is_named(run: Run) -> None:
    done = run("--online", **AWAY)
    assert done.exit_code == 1
    assert "The store does not respond: ConnectFailed" in done.stderr
    assert "OAUTH_ISSUER: the issuer is unavailable" in done.stderr
    assert "RATE_LIMIT_STORAGE: it does not respond" in done.stderr


def test_what_responses_is_good(run: Run, tmp_path: Path, issuer: Issuer) -> None:
    settings = {"OAUTH_ISSUER": issuer.url, "OAUTH_AUDIENCE": AUDIENCE}
    done = run("--online", SQLITE_PATH="new/store.db", **settings)
    assert done.exit_code == 0, done.stderr
    assert not any(tmp_path.iterdir())


def test_what_is_imported_is_no_garbage_and_what_is_made_later_can_be() -> None:
    code = """
import atexit, gc
from app.cli import main
looks = []
gc.callbacks.append(lambda *_: gc.get_freeze_count() or looks.append("before the freeze"))
atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 10_000, looks))
main()
"""
    command = [sys.executable, "-c", code, "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True True []"
