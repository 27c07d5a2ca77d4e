"""The wheel holds all of the application: it works without a checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
import requests

from tests.server import ROOT, environment, running_server


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what is in the wheel, and nothing else."""
    source, wheel = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for each in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / each, source)
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "app", source / "app", symlinks=True, ignore=unwanted)
    uv, python = Path(sys.executable).parent / "uv", ("--python", sys.executable)
    done = subprocess.run(
        [uv, "build", "--wheel", "--no-build-isolation", *python, "--out-dir", wheel, source],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    folder = tmp_path_factory.mktemp("installed")
    with ZipFile(next(wheel.glob("*.whl"))) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def url(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The development server of the wheel, in an empty folder."""
    settings = {"PYTHONPATH": str(installed), "WORKERS": "1"}
    folder = tmp_path_factory.mktemp("empty")
    with running_server(settings, module="app.development.run", cwd=folder) as server:
        yield server.url


@pytest.mark.parametrize("path", ["/", "/docs", "/problems/", "/changelog", "/openapi.yaml"])
def test_every_page_is_in_the_wheel(url: str, path: str) -> None:
    response = requests.get(url + path, timeout=60)
    assert response.status_code == 200
    assert response.content


def test_every_file_of_the_package_is_in_the_wheel(installed: Path) -> None:
    def files(root: Path) -> set[str]:
        found = (each for each in root.rglob("*") if each.is_file())
        return {str(each.relative_to(root)) for each in found if "__pycache__" not in each.parts}

    assert files(installed / "app") == files(ROOT / "app")


def test_the_wheel_is_what_was_served(installed: Path) -> None:
    code = "import app; print(app.__file__)"
    shown = subprocess.run(
        [sys.executable, "-c", code],
        cwd=installed.parent,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.startswith(str(installed))


def test_the_command_serves_and_checks_without_a_checkout(installed: Path, tmp_path: Path) -> None:
    settings = {
        "PYTHONPATH": str(installed),
        "NEXTAUTH_SECRET": "a very long secret",
        "WORKERS": "1",
    }
    with running_server(settings, cwd=tmp_path) as server:
        assert requests.get(f"{server.url}/readyz", timeout=60).status_code == 200
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "store", "check"],
        cwd=tmp_path,
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "The store is sound." in done.stdout
    [entry_points] = installed.glob("*.dist-info/entry_points.txt")
    assert "workout-log-api = app.cli:main" in entry_points.read_text()
