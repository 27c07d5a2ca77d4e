"""`make spec-diff BASE=<git ref>`: does the version say what has changed since then?

Redocly rates every change of openapi.yaml by semantic versioning; a breaking change without a major
version fails, as does a new feature without a minor one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.node import install, node

TOOLS = Path(__file__).parent / "node"


def compare(base: Path, revision: Path) -> subprocess.CompletedProcess[str]:
    """Redocly's word on what changed from one document to the other; 0 if the version says so."""
    return subprocess.run(
        [
            *(node(), install(TOOLS) / "@redocly/cli/bin/cli.js", "diff", base, revision),
            *("--config", TOOLS / "diff.yaml", "--check-version", "--fail-on", "none"),
        ],
        env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
        capture_output=True,
        text=True,
        check=False,
    )


def main(ref: str) -> int:
    """Compare the openapi.yaml of a git ref with the one here."""
    shown = subprocess.run(
        ["git", "show", f"{ref}:openapi.yaml"], capture_output=True, text=True, check=False
    )
    if shown.returncode:
        print(f"There is no openapi.yaml at {ref}: {shown.stderr.strip()}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "openapi.yaml"
        base.write_text(shown.stdout, "utf-8")
        done = compare(base, Path("openapi.yaml"))
    print(done.stdout, done.stderr, sep="\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
