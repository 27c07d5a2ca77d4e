"""Python servers that run in environments of their own, made once for each list of packages."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
ENVIRONMENTS = ROOT / "build" / "environments"


def python_for(name: str) -> Path:
    """The Python with the packages of `<name>/requirements.txt`.

    Tests of several processes may ask at once: one installs, the others wait.
    """
    requirements = FOLDER / name / "requirements.txt"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:16]
    environment = ENVIRONMENTS / f"{name}-{wanted}"
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    with requirements.open() as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        if not (environment / ".installed").exists():
            shutil.rmtree(environment, ignore_errors=True)
            _run(sys.executable, "-m", "venv", "--without-pip", str(environment))
            python = str(environment / "bin" / "python")
            uv = str(Path(sys.executable).parent / "uv")
            _run(uv, "pip", "install", "--quiet", "--python", python, "-r", str(requirements))
            (environment / ".installed").touch()
    return environment / "bin" / "python"


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
