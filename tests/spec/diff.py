"""`make spec-diff`: does a new major version announce what breaks the clients of the last release?

Redocly rates every change of openapi.yaml by semantic versioning. What it rates as breaking and is
not, because it judges neither a pattern nor what a header means, has been read by somebody:
`migrations_notes/compatible_changes.yaml` lists it with the reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.version import Version

from tests.node import install, node

TOOLS = Path(__file__).parent / "node"
NOTES = Path("migrations_notes")


@dataclass(frozen=True)
class Verdict:
    """What stops a release: without a new major version `breaking`, and always `unused`.

    `unused` are the entries of the list of compatible changes that fit no change.
    """

    breaking: list[str]
    unused: list[dict[str, Any]]


def last_release(folder: Path) -> Path:
    """Of the released documents, `openapi-<version>.yaml`, the one with the highest version."""
    return max(
        folder.glob("openapi-*.yaml"),
        key=lambda path: Version(path.stem.removeprefix("openapi-")),
    )


def compatible_changes(folder: Path) -> list[dict[str, Any]]:
    """What somebody has read and found compatible: see the head of the file."""
    return yaml.safe_load((folder / "compatible_changes.yaml").read_text("utf-8")) or []


def compare(base: Path, revision: Path) -> list[dict[str, Any]]:
    """The changes that Redocly rates as breaking."""
    changes = json.loads(_redocly(base, revision, "json"))["changes"]
    return [change for change in changes if change["impact"] == "major"]


def judge(changes: list[dict[str, Any]], compatible: list[dict[str, Any]]) -> Verdict:
    """Divide the changes, and the entries of the list."""
    return Verdict(
        [
            f"{change['path']}: {verdict['message']}"
            for change in changes
            if not any(_fits(entry, change) for entry in compatible)
            for verdict in change["verdicts"]
        ],
        [entry for entry in compatible if not any(_fits(entry, change) for change in changes)],
    )


def _fits(entry: dict[str, Any], change: dict[str, Any]) -> bool:
    if change["kind"] != "modified" or change["property"] != entry["property"]:
        return False
    if change["path"] != entry.get("path", change["path"]):
        return False
    before, after = change["base"]["value"], change["revision"]["value"]
    if "added" in entry:
        return set(before) <= set(after) and set(after) - set(before) == set(entry["added"])
    return (before, after) == (entry["from"], entry["to"])


def _redocly(base: Path, revision: Path, output: str) -> str:
    done = subprocess.run(
        [
            *(node(), install(TOOLS) / "@redocly/cli/bin/cli.js", "diff", base, revision),
            *("--config", TOOLS / "diff.yaml", "--fail-on", "none", "--format", output),
        ],
        env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _major(document: Path) -> int:
    found = yaml.load(document.read_text("utf-8"), yaml.CSafeLoader)
    return Version(found["info"]["version"]).major


def main() -> int:
    """Compare openapi.yaml with the last released one."""
    base, revision = last_release(NOTES), Path("openapi.yaml")
    print(_redocly(base, revision, "stylish"))
    found = judge(compare(base, revision), compatible_changes(NOTES))
    announced = _major(revision) > _major(base)
    for change in found.breaking:
        print("Breaking:" if announced else "Needs a new major version:", change)
    for entry in found.unused:
        print("In compatible_changes.yaml, but not a change:", entry)
    return 1 if found.unused or (found.breaking and not announced) else 0


if __name__ == "__main__":
    sys.exit(main())
