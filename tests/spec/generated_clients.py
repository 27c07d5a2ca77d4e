"""`make clients`: openapi-generator's clients compile, and do a log's whole life.

For each language, `clients/generated/` has a program that runs against the API as operators run it.
Too heavy for every run of the tests: it needs Java, Go, PHP and Ruby, and some minutes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec

from app.development import club, sample
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import import_lines
from tests.issuer import AUDIENCE, Issuer, running_issuer
from tests.node import install, node
from tests.published import ROOT, SESSION_ID
from tests.server import running_server

PROGRAMS = Path(__file__).parent / "clients/generated"
TOOLS = Path(__file__).parent / "generators"
GENERATOR = ROOT / "build/openapi-generator"
PACKAGES = ("openapi-generator-cli==7.26.0", "pydantic>=2.11", "python-dateutil>=2.8.2", "urllib3")
JAR = GENERATOR / "openapi_generator_cli/openapi-generator.jar"
ANNOTATIONS = "/usr/share/java/jakarta-annotation-api.jar"
LIBRARIES = {
    ANNOTATIONS: "libjakarta-annotation-api-java",
    "/usr/share/gocode/src/golang.org/x/oauth2": "golang-golang-x-oauth2-dev",
    "/usr/share/gocode/src/gopkg.in/validator.v2": "golang-gopkg-validator.v2-dev",
}
"""What Debian's packages bring for Java and Go."""

DEBIAN = {
    "java": "default-jdk-headless",
    "go": "golang-go",
    "php": "php-cli php-curl php-mbstring php-guzzlehttp-guzzle",
    "ruby": "ruby ruby-typhoeus",
}
"""The packages that bring each program."""


class Language(NamedTuple):
    """How a client is generated; a function compiles it and says how its program is run."""

    generator: str
    options: tuple[str, ...]
    prepare: Callable[[Path], list[str | Path]]


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What a command prints; its failure ends everything with all it said."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def go(folder: Path) -> list[str | Path]:
    package = folder / "go/src/workoutlogs"
    package.parent.mkdir(parents=True)
    shutil.copytree(folder / "client", package, ignore=shutil.ignore_patterns("test"))
    # Debian has the packages that the client imports, and no newer Go than its own.
    environment = {"GO111MODULE": "off", "GOPATH": f"{folder}/go:/usr/share/gocode"}
    run("go", "build", "-o", folder / "life", PROGRAMS / "life.go", cwd=folder, **environment)
    return [folder / "life"]


def php(folder: Path) -> list[str | Path]:
    for each in sorted((folder / "client/lib").rglob("*.php")):
        run("php", "-l", each, cwd=folder)
    return ["php", PROGRAMS / "life.php", folder / "client/lib"]


def ruby(folder: Path) -> list[str | Path]:
    for each in sorted((folder / "client/lib").rglob("*.rb")):
        run("ruby", "-wc", each, cwd=folder)
    return ["ruby", "-I", folder / "client/lib", PROGRAMS / "life.rb"]


def java(folder: Path) -> list[str | Path]:
    sources = [*(folder / "client/src/main/java").rglob("*.java"), PROGRAMS / "Life.java"]
    path = f"{JAR}:{ANNOTATIONS}"
    run("javac", "-d", folder / "classes", "-cp", path, *sources, cwd=folder)
    return ["java", "-cp", f"{folder}/classes:{path}", "Life"]


def typescript(folder: Path) -> list[str | Path]:
    modules = install(TOOLS)
    (folder / "node_modules").symlink_to(modules)
    shutil.copy(PROGRAMS / "life.ts", folder)
    options = ("--strict", "--target", "es2022", "--module", "commonjs", "--types", "node")
    run(node(), modules / "typescript/bin/tsc", *options, "life.ts", cwd=folder)
    return [node(), "life.js"]


def python(folder: Path) -> list[str | Path]:
    run(sys.executable, "-m", "compileall", "-q", "client", cwd=folder)
    return [sys.executable, PROGRAMS / "life.py"]


LANGUAGES = {
    "go": Language("go", ("withGoMod=false",), go),
    "php": Language("php", (), php),
    "ruby": Language("ruby", (), ruby),
    "java": Language(
        "java", ("library=native", "openApiNullable=false", "useJakartaEe=true"), java
    ),
    "typescript": Language("typescript-fetch", (), typescript),
    "python": Language("python", (), python),
}


@contextmanager
def served(folder: Path, issuer: Issuer) -> Iterator[str]:
    """The address of the API on the sample club."""
    store = SqliteStore(folder / "store.db")
    import_lines(store, map(msgspec.json.encode, sample.documents(date(2026, 11, 18))))
    store.close()
    settings = {
        "SQLITE_PATH": str(store.path),
        "OAUTH_ISSUER": issuer.url,
        "OAUTH_AUDIENCE": AUDIENCE,
        "WORKERS": "1",
    }
    with running_server(settings) as server:
        yield server.url


def check(name: str, issuer: Issuer) -> None:
    """Generate the client of a language, compile it, run its program."""
    language = LANGUAGES[name]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        options = ",".join(("hideGenerationTimestamp=true", *language.options))
        run(
            *("java", "-jar", JAR, "generate", "-i", ROOT / "openapi.yaml"),
            *("-g", language.generator, "-o", "client"),
            *("--additional-properties", options),
            cwd=folder,
        )
        command = language.prepare(folder)
        with served(folder, issuer) as url:
            arguments = (url, issuer.token(club.RUNNER), SESSION_ID)
            run(*command, *arguments, cwd=folder, PYTHONPATH=f"{folder}/client:{GENERATOR}")


def main(names: list[str]) -> int:
    """Check each language, and say what became of it."""
    missing = [packages for program, packages in DEBIAN.items() if not shutil.which(program)]
    missing += [package for path, package in LIBRARIES.items() if not Path(path).exists()]
    if missing:
        print(f"More is needed: apt-get install {' '.join(missing)}", file=sys.stderr)
        return 2
    if not JAR.exists():
        uv = Path(sys.executable).with_name("uv")
        run(uv, "pip", "install", "--target", GENERATOR, *PACKAGES, cwd=ROOT)
    failed = 0
    with running_issuer() as issuer:
        for name in names or LANGUAGES:
            try:
                check(name, issuer)
            except RuntimeError as error:
                failed += 1
                print(f"{name}: failed\n{error}")
            else:
                print(f"{name}: compiled, and did a log's whole life")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
