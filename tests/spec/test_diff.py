"""`make spec-diff` lets no breaking change pass as anything less than a major version."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.published import ROOT
from tests.spec.diff import compare

PUBLISHED = (ROOT / "openapi.yaml").read_text("utf-8")

BREAKING = {
    "an operation renamed": ("operationId: deleteWorkoutLog\n", "operationId: removeWorkoutLog\n"),
    "a text made shorter": ("maxLength: 2000\n", "maxLength: 100\n"),
    "a member of an answer taken away": ("        - weather\n", ""),
    "a parameter renamed": ("- name: withTotal\n", "- name: withCount\n"),
    "a status no longer accepted": ("        - undone\n", ""),
    "an answer of another type": ("        application/json:\n", "        text/json:\n"),
}


def released(text: str, major: int) -> str:
    return re.sub(r"(?m)^  version: .*$", f"  version: {major}.0.0", text)


@pytest.mark.parametrize("change", BREAKING)
def test_a_breaking_change_needs_a_major_version(tmp_path: Path, change: str) -> None:
    before, after = BREAKING[change]
    assert before in PUBLISHED
    base, revision = tmp_path / "base.yaml", tmp_path / "revision.yaml"
    base.write_text(released(PUBLISHED, 1), "utf-8")
    revision.write_text(released(PUBLISHED.replace(before, after), 1), "utf-8")
    assert compare(base, revision).returncode == 1
    revision.write_text(released(PUBLISHED.replace(before, after), 2), "utf-8")
    done = compare(base, revision)
    assert done.returncode == 0, done.stdout


def test_the_base_is_a_git_ref(tmp_path: Path) -> None:
    def git(*command: str) -> None:
        identity = ("-c", "user.name=x", "-c", "user.email=x@example")
        subprocess.run(["git", *identity, *command], cwd=tmp_path, check=True, capture_output=True)

    def spec_diff(ref: str) -> int:
        command = [sys.executable, "-m", "tests.spec.diff", ref]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, check=False
        ).returncode

    git("init", "--quiet")
    (tmp_path / "openapi.yaml").write_text(PUBLISHED, "utf-8")
    git("add", ".")
    git("commit", "--quiet", "--message", "Release")
    git("tag", "v1.0.0")
    assert spec_diff("v1.0.0") == 0
    before, after = BREAKING["an operation renamed"]
    (tmp_path / "openapi.yaml").write_text(PUBLISHED.replace(before, after), "utf-8")
    assert spec_diff("v1.0.0") == 1
    assert spec_diff("no-such-tag") == 2
