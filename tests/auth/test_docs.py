"""The blocks of `docs/authentication.md` are settings that start, and code that works."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from app.auth.protector import Protector
from app.cli.auth import auth
from app.factory import create_app
from app.settings import Settings
from tests.auth import kit
from tests.conftest import OpenStore
from tests.node import install, node
from tests.server import ROOT

PAGE = (ROOT / "docs" / "authentication.md").read_text()
TOOLS = ROOT / "tests" / "spec" / "node"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.S | re.M)


@pytest.mark.parametrize("recipe", blocks("sh"))
def test_a_recipe_starts(recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pasted into `.env`, but for what a reader fills in."""
    monkeypatch.chdir(tmp_path)
    text = re.sub(r"<[^>]+>|…", "filled-in-by-the-reader", recipe)
    (tmp_path / ".env").write_text(text)
    settings = Settings.from_environ(to_serve=True)
    for name, value in re.findall(r"^([A-Z_]+)=(\S+)", text, re.M):
        found = getattr(settings, name.lower())
        found = ",".join(found) if isinstance(found, tuple) else str(found)
        assert found.casefold() == value.casefold()


class Auth0(kit.InMemoryIssuer):
    url = "https://club.eu.auth0.com/"


def test_a_token_is_explained_as_shown(open_store: OpenStore) -> None:
    [shown] = re.findall(r"\$ workout-log-api auth explain < token.txt\n(.*?)```", PAGE, re.S)
    key = kit.rsa_key("x1")
    audience = "https://logs.club.example"
    settings = Settings(
        oauth_issuer=Auth0.url, oauth_audience=audience, oauth_token_profile="jwt", rate_limit=""
    )
    [relaxed] = settings.relaxed_checks
    now = int(time.time())
    claims = {"iss": Auth0.url, "aud": [audience], "sub": "auth0|65f0c1", "scope": "openid"}
    token = kit.sign(
        key, {"typ": "JWT", "alg": "RS256", "kid": "x1"}, {**claims, "iat": now, "exp": now + 60}
    )
    app = create_app(settings, open_store([]), Auth0(key))
    done = CliRunner().invoke(auth, ["explain"], input=token, obj=Protector.of(app))
    printed = [f"relaxed: {relaxed}", *done.stdout.splitlines()]
    before, after = shown.split("  …\n")
    assert printed[: before.count("\n")] == before.splitlines()
    assert printed[-after.count("\n") :] == after.splitlines()


def test_the_callback_of_next_auth_compiles(tmp_path: Path) -> None:
    [callback] = blocks("ts")
    program = tmp_path / "callbacks.ts"
    program.write_text(
        "type Token = { email?: string | null; [claim: string]: unknown };\n"
        "type Account = { provider: string; providerAccountId: string };\n"
        "declare function findUserId(...known: (string | null | undefined)[]): Promise<string>;\n"
        "type Callbacks = { jwt(of: { token: Token; account: Account | null }): Promise<Token> };\n"
        f"export const callbacks: Callbacks = {{ {callback} }};\n"
    )
    tsc = install(TOOLS) / "typescript" / "bin" / "tsc"
    command = (node(), tsc, "--strict", "--noEmit", "--target", "es2022", program)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_rewrites_of_next_js_reach_every_operation() -> None:
    [configuration] = blocks("js")
    program = (
        f"{configuration}module.exports.rewrites().then((all) => console.log(JSON.stringify(all)))"
    )
    printed = subprocess.check_output([node(), "-e", program], text=True)
    roots = {
        each["source"].removesuffix("/:path*"): each["destination"] for each in json.loads(printed)
    }
    paths = yaml.safe_load((ROOT / "openapi.yaml").read_text())["paths"]
    assert {"/".join(each.split("/")[:3]) for each in paths} == set(roots)
    for root, destination in roots.items():
        assert destination == f"https://logs.club.example{root}/:path*"
