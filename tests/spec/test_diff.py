"""`make spec-diff` lets no breaking change pass as anything less than a major version."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.published import ROOT
from tests.spec.diff import compare

PUBLISHED = (ROOT / "openapi.yaml").read_text("utf-8")

BREAKING = {
    "an operation renamed": ("operationId: deleteWorkoutLog\n", "operationId: removeWorkoutLog\n"),
    "a text made shorter": ("maxLength: 2000\n", "maxLength: 100\n"),
    "a member of a response taken away": ("        - weather\n", ""),
    "a parameter renamed": ("- name: withTotal\n", "- name: withCount\n"),
    "a status no longer accepted": ("        - undone\n", ""),
    "a response of another type": ("        application/json:\n", "        text/json:\n"),
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


def test_what_breaks_no_client_needs_no_new_version(tmp_path: Path) -> None:
    base, revision = tmp_path / "base.yaml", tmp_path / "revision.yaml"
    base.write_text(PUBLISHED.replace("        - weather\n", "", 1), "utf-8")
    assert base.read_text("utf-8") != PUBLISHED
    revision.write_text(PUBLISHED, "utf-8")
    done = compare(base, revision)
    assert done.returncode == 0, done.stdout


def test_the_base_is_the_last_release(tmp_path: Path) -> None:
    def spec_diff() -> int:
        command = [sys.executable, "-m", "tests.spec.diff"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, check=False
        ).returncode

    notes = tmp_path / "migrations_notes"
    notes.mkdir()
    before, after = BREAKING["an operation renamed"]
    (notes / "openapi-1.9.0.yaml").write_text(PUBLISHED.replace(before, after), "utf-8")
    (notes / "openapi-1.10.0.yaml").write_text(PUBLISHED, "utf-8")
    (tmp_path / "openapi.yaml").write_text(PUBLISHED, "utf-8")
    assert spec_diff() == 0
    (tmp_path / "openapi.yaml").write_text(PUBLISHED.replace(before, after), "utf-8")
    assert spec_diff() == 1


def test_each_release_is_kept_as_it_was_published() -> None:
    """The API's version is the package's; the changelog says which versions were released."""
    released = re.findall(r"(?m)^## (\d\S*) – ", (ROOT / "CHANGELOG.md").read_text("utf-8"))
    for version in released:
        kept = ROOT / "migrations_notes" / f"openapi-{version}.yaml"
        assert yaml.safe_load(kept.read_text("utf-8"))["info"]["version"] == version
