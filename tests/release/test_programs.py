"""`make test` touches the machine only where it must, and says so first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import ROOT

PACKAGES = {
    "chromium": "chromium",
    "nginx": "nginx-light",
    "redis-server": "redis-server",
    "tinyproxy": "tinyproxy-bin",
}
"""Program → the package of Debian that has it."""


def test_with_all_there_nothing_is_done_or_said(tmp_path: Path) -> None:
    for name in PACKAGES:
        program(tmp_path / name)
    done = prepare(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("present", [(), ("chromium",), ("redis-server", "tinyproxy")])
def test_what_is_missing_is_named_and_then_installed(
    tmp_path: Path, present: tuple[str, ...]
) -> None:
    for name in present:
        program(tmp_path / name)
    missing = [package for name, package in PACKAGES.items() if name not in present]
    install_by(tmp_path, 'echo "$@" >&2')
    done = prepare(tmp_path)
    assert done.returncode == 0
    said, installing = done.stdout.splitlines()[0], done.stdout.splitlines()[-1]
    assert f" {', '.join(missing)}, " in said
    ran = done.stderr.splitlines()
    assert [each.split("apt-get ")[1] for each in ran] == [
        "-qq update",
        f"-qq install --yes --no-install-recommends {' '.join(missing)}",
    ]
    assert installing.endswith(ran[-1])


def test_who_may_not_install_is_told_what_to(tmp_path: Path) -> None:
    install_by(tmp_path, "exit 1")
    done = prepare(tmp_path)
    assert done.returncode == 1
    assert (
        "apt-get install --no-install-recommends chromium nginx-light redis-server tinyproxy-bin"
        in done.stderr
    )
    assert "Traceback" not in done.stderr


def test_a_machine_without_apt_is_told_what_to_install(tmp_path: Path) -> None:
    done = prepare(tmp_path)
    assert done.returncode == 1
    assert "chromium, nginx-light, redis-server, tinyproxy-bin" in done.stderr
    assert "Traceback" not in done.stderr


def install_by(folder: Path, script: str) -> None:
    """Let root's `env` and everybody else's `sudo` be this script."""
    for name in ("env", "sudo"):
        program(folder / name, script)


def program(path: Path, script: str = "") -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def prepare(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.programs"],
        cwd=ROOT,
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
