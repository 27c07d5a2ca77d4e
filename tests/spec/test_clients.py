"""Generated clients: they compile under the strictest settings, and do a log's whole life."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import requests

from app.development import club, sample
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import import_lines
from tests.issuer import AUDIENCE, Issuer
from tests.node import install, node
from tests.published import ROOT, SESSION_ID
from tests.server import running_server
from tests.spec.generated_clients import run
from tests.waiting import until

HERE = Path(__file__).parent
PROGRAMS = HERE / "clients"
TOOLS = HERE / "node"
GENERATORS = HERE / "generators"
PUBLISHED = ROOT / "openapi.yaml"

GENERATOR_SECONDS = 600
"""A busy machine is no defect; the first of these tests may have to install the generators."""

MAX_MOCK_LENGTH = 5_000_000
"""Characters: a page of 100 logs, all texts as long as the spec allows on average."""


@pytest.fixture
def url(tmp_path: Path, issuer: Issuer) -> Iterator[str]:
    """The API on the sample club, as operators run it."""
    store = SqliteStore(tmp_path / "store.db")
    import_lines(store, map(msgspec.json.encode, sample.documents(datetime.now(UTC).date())))
    store.close()
    settings = {
        "SQLITE_PATH": str(store.path),
        "OAUTH_ISSUER": issuer.url,
        "OAUTH_AUDIENCE": AUDIENCE,
        "WORKERS": "1",
    }
    with running_server(settings) as server:
        yield server.url


def shown_program(
    language: str, url: str, title: str = "A client in Python, and one in TypeScript"
) -> str:
    """The program in a language that `docs/clients.md` shows under a title, for this server."""
    page = (ROOT / "docs" / "clients.md").read_text("utf-8")
    section = page.split(f"\n## {title}\n")[1].split("\n## ")[0]
    [program] = re.findall(rf"```{language}\n(.*?)```", section, re.S)
    assert program.count("\n") <= 30
    assert "http://127.0.0.1:8000" in program
    return str(program).replace("http://127.0.0.1:8000", url)


def test_python(tmp_path: Path, url: str, issuer: Issuer) -> None:
    folder = tmp_path / "python"
    folder.mkdir()
    (folder / "config.yaml").write_text("post_hooks: []\n")
    generated = run(
        *(sys.executable, "-m", "openapi_python_client", "generate", "--path", PUBLISHED),
        *("--output-path", "workout_log_client", "--meta", "none", "--config", "config.yaml"),
        cwd=folder,
    )
    assert "warning" not in generated.lower()
    shutil.copy(PROGRAMS / "life.py", folder)
    (folder / "shown.py").write_text(shown_program("python", url))
    run(
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "workout_log_client",
        "life.py",
        "shown.py",
        cwd=folder,
    )

    token = issuer.token(club.RUNNER)
    run(sys.executable, "life.py", url, token, SESSION_ID, cwd=folder)
    printed = run(sys.executable, "shown.py", cwd=folder, RUNNER_TOKEN=token)
    assert printed.startswith("workoutLog.")


def test_typescript(tmp_path: Path, url: str, issuer: Issuer) -> None:
    folder = tmp_path / "typescript"
    folder.mkdir()
    modules = install(TOOLS)
    (folder / "node_modules").symlink_to(modules)
    (folder / "package.json").write_text(json.dumps({"type": "module"}))
    for name in ("life.ts", "tsconfig.json"):
        shutil.copy(PROGRAMS / name, folder)
    shown = {
        "shown": shown_program("ts", url),
        "home": shown_program("ts", url, "A runner's home screen"),
        "dashboard": shown_program("ts", url, "A coach's dashboard"),
    }
    for name, program in shown.items():
        (folder / f"{name}.ts").write_text(program)
    run(
        *(node(), modules / "openapi-typescript/bin/cli.js", PUBLISHED, "-o", "workout-logs.ts"),
        cwd=folder,
    )
    run(node(), modules / "typescript/bin/tsc", "-p", ".", cwd=folder)

    token = issuer.token(club.RUNNER)
    run(node(), "life.js", url, token, SESSION_ID, cwd=folder)
    tokens = {"RUNNER_TOKEN": token, "COACH_TOKEN": issuer.token(club.COACH)}
    printed = {name: run(node(), f"{name}.js", cwd=folder, **tokens) for name in shown}
    assert printed["shown"].startswith("workoutLog.")
    assert "Still to record: " in printed["home"]
    assert "This week: " in printed["home"]
    coached = [person for person in club.RUNNERS if f"user-{person.coach}" == club.COACH]
    rows = printed["dashboard"].splitlines()
    assert {row.split(":")[0] for row in rows} == {person.name for person in coached}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with validators by hey-api and orval, and with orval's mocks, compiled."""
    folder = tmp_path_factory.mktemp("generated")
    modules = install(GENERATORS)
    (folder / "node_modules").symlink_to(modules)
    (folder / "package.json").write_text(json.dumps({"type": "module"}))
    for name in ("mocks.ts", "validators.ts", "orval.config.cjs"):
        shutil.copy(PROGRAMS / name, folder)
    settings = json.loads((PROGRAMS / "tsconfig.json").read_text())
    plugins = ("--plugins", "@hey-api/typescript", "zod", "valibot")
    hey_api = modules / "@hey-api/openapi-ts/bin/run.js"
    run(node(), hey_api, "--input", PUBLISHED, "--output", "hey", *plugins, cwd=folder)
    orval = modules / "orval/dist/bin/orval.js"
    run(node(), orval, "--config", "orval.config.cjs", cwd=folder, OPENAPI=str(PUBLISHED))
    for name in ("exactOptionalPropertyTypes", "noUncheckedIndexedAccess"):
        settings["compilerOptions"].pop(name)  # orval's mocks do not pass these
    settings["compilerOptions"] |= {"module": "esnext", "moduleResolution": "bundler"}
    (folder / "tsconfig.json").write_text(json.dumps(settings))
    run(node(), modules / "typescript/bin/tsc", "-p", ".", cwd=folder)
    return folder


@pytest.mark.timeout(GENERATOR_SECONDS)
def test_every_response_passes_generated_validators(
    generated: Path, url: str, issuer: Issuer
) -> None:
    token = issuer.token(club.RUNNER)
    run(node(), "validators.js", url, token, SESSION_ID, cwd=generated)


@pytest.mark.timeout(GENERATOR_SECONDS)
def test_mocks_are_of_a_size_that_a_response_can_have(generated: Path) -> None:
    sizes = json.loads(run(node(), "mocks.js", cwd=generated))
    assert sizes.keys() >= {"getListWorkoutLogsResponseMock", "getGetWorkoutLogResponseMock"}
    assert max(sizes.values()) < MAX_MOCK_LENGTH


@pytest.mark.timeout(GENERATOR_SECONDS)
def test_a_mock_server_makes_up_a_page(tmp_path: Path) -> None:
    prism = install(GENERATORS) / "@stoplight/prism-cli/dist/index.js"
    log = tmp_path / "prism.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [node(), prism, "mock", "--port", "0", PUBLISHED], stdout=output, stderr=output
        )
    try:
        until(lambda: "listening on" in log.read_text() or server.poll() is not None)
        assert server.poll() is None, log.read_text()
        [here] = re.findall(r"listening on (http://[\w.:]+)", log.read_text())
        headers = {"Authorization": "Bearer any"}
        url = f"{here}/api/workout-logs"
        page = requests.get(url, headers=headers, timeout=GENERATOR_SECONDS)
        assert page.json()["pagination"]["nextCursor"] is None
        headers["Prefer"] = "dynamic=true"
        page = requests.get(url, headers=headers, timeout=GENERATOR_SECONDS)
        assert page.status_code == 200, page.text[:1000]
        assert page.json()["data"]
        assert len(page.content) < MAX_MOCK_LENGTH
    finally:
        server.terminate()
        server.wait()
