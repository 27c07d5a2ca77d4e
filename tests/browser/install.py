"""Make sure that there is a Chromium for the browser tests: `python -m tests.browser.install`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def chromium() -> str | None:
    """Where it is, if anywhere."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def main() -> None:
    """Install Debian's, as root or through sudo."""
    if chromium():
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    apt_get = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    try:
        subprocess.run([*apt_get, "update"], check=True)
        subprocess.run(
            [*apt_get, "install", "--yes", "--no-install-recommends", "chromium"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    except (OSError, subprocess.CalledProcessError):
        sys.exit("The browser tests need Chromium: install it (`apt-get install chromium`).")


if __name__ == "__main__":
    main()
