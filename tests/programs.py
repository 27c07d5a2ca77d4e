"""Programs of Debian that the tests use: `python -m tests.programs` installs what is missing."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys


def chromium() -> str | None:
    """Where it is, if anywhere."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def redis_server() -> str | None:
    """Where it is, if anywhere."""
    return shutil.which("redis-server")


def nginx() -> str | None:
    """Where it is, if anywhere: Debian puts it where only root looks."""
    folders = os.environ.get("PATH", "").split(":")
    folders += [f"{each[:-3]}sbin" for each in folders if each.endswith("/bin")]
    return shutil.which("nginx", path=":".join(folders))


def tinyproxy() -> str | None:
    """Where it is, if anywhere."""
    return shutil.which("tinyproxy")


def main() -> None:
    """Say what is missing and install it, as root or through sudo; else say what to install."""
    needed = {
        "chromium": chromium(),
        "nginx-light": nginx(),
        "redis-server": redis_server(),
        "tinyproxy-bin": tinyproxy(),
    }
    missing = [package for package, found in needed.items() if not found]
    if not missing:
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    apt_get = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    commands = [
        [*apt_get, "update"],
        [*apt_get, "install", "--yes", "--no-install-recommends", *missing],
    ]
    print(f"The tests use {', '.join(missing)}, which this machine does not have. Installing:")
    try:
        for command in commands:
            print(f"  {shlex.join(command)}", flush=True)
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(
            f"That failed: {error}\nPlease install {', '.join(missing)}, and run again. "
            "On Debian and Ubuntu, as root:\n"
            f"  apt-get update && apt-get install --no-install-recommends {' '.join(missing)}"
        )


if __name__ == "__main__":
    main()
