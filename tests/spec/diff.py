"""`make spec-diff`: does a new major version announce what breaks the clients of the last release?

Redocly rates every change of openapi.yaml by semantic versioning, and prints what it found.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml
from packaging.version import Version

from tests.node import install, node

TOOLS = Path(__file__).parent / "node"


def last_release(folder: Path) -> Path:
    """Of the released documents, `openapi-<version>.yaml`, the one with the highest version."""
    return max(
        folder.glob("openapi-*.yaml"),
        key=lambda path: Version(path.stem.removeprefix("openapi-")),
    )


def compare(base: Path, revision: Path) -> subprocess.CompletedProcess[str]:
    """Redocly's report; it fails if a change is breaking and the major version is the same."""
    breaks = "none" if _major(revision) > _major(base) else "major"
    return subprocess.run(
        [
            *(node(), install(TOOLS) / "@redocly/cli/bin/cli.js", "diff", base, revision),
            *("--config", TOOLS / "diff.yaml", "--fail-on", breaks),
        ],
        env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
        capture_output=True,
        text=True,
        check=False,
    )


def _major(document: Path) -> int:
    return Version(yaml.safe_load(document.read_text("utf-8"))["info"]["version"]).major


def main() -> int:
    """Compare openapi.yaml with the last released one."""
    done = compare(last_release(Path("migrations_notes")), Path("openapi.yaml"))
    print(done.stdout, done.stderr, sep="\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
