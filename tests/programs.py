"""The programs of Debian that the tests use: `python -m tests.programs` installs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def chromium() -> str | None:
    """Where it is, if anywhere."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def redis_server() -> str | None:
    """Where it is, if anywhere."""
    return shutil.which("redis-server")


def tinyproxy() -> str | None:
    """Where it is, if anywhere."""
    return shutil.which("tinyproxy")


def main() -> None:
    """Install what is missing, as root or through sudo."""
    needed = {
        "chromium": chromium(),
        "redis-server": redis_server(),
        "tinyproxy-bin": tinyproxy(),
    }
    missing = [package for package, found in needed.items() if not found]
    if not missing:
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    apt_get = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    try:
        subprocess.run([*apt_get, "update"], check=True)
        subprocess.run(
            [*apt_get, "install", "--yes", "--no-install-recommends", *missing],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    except (OSError, subprocess.CalledProcessError):
        packages = " ".join(missing)
        sys.exit(f"The tests need more programs: `apt-get install {packages}`.")


if __name__ == "__main__":
    main()
