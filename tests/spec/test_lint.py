"""The published document under the linters: every rule of theirs, no finding."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.node import install, node
from tests.published import ROOT

TOOLS = Path(__file__).parent / "node"

QUIET = {
    **os.environ,
    "REDOCLY_TELEMETRY": "off",
    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    "NO_COLOR": "1",
}

LINTERS = {
    "redocly": [
        "@redocly/cli/bin/cli.js",
        *("lint", "--config", str(TOOLS / "redocly.yaml"), "--format", "stylish"),
    ],
    "spectral": [
        "@stoplight/spectral-cli/dist/index.js",
        *("lint", "--ruleset", str(TOOLS / "spectral.yaml"), "--fail-severity", "hint"),
    ],
}


def lint(linter: str, document: Path) -> subprocess.CompletedProcess[str]:
    script, *arguments = LINTERS[linter]
    command = [node(), str(install(TOOLS) / script), *arguments, str(document)]
    return subprocess.run(
        command, cwd=TOOLS, env=QUIET, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("linter", LINTERS)
def test_no_rule_finds_anything(linter: str) -> None:
    done = lint(linter, ROOT / "openapi.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stdout, done.stdout


@pytest.mark.parametrize("linter", LINTERS)
def test_the_rules_are_on(linter: str, tmp_path: Path) -> None:
    text = (ROOT / "openapi.yaml").read_text("utf-8")
    careless = tmp_path / "careless.yaml"
    careless.write_text(
        text.replace("operationId: getWorkoutLog\n", "deprecated: false\n"), "utf-8"
    )
    done = lint(linter, careless)
    assert done.returncode == 1
    assert "operationid" in done.stdout.lower()
