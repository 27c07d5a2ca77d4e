"""`make spec-diff` lets no breaking change pass as anything less than a major version."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.published import ROOT
from tests.spec.diff import Verdict, compare, compatible_changes, judge

PUBLISHED = (ROOT / "openapi.yaml").read_text("utf-8")

BREAKING = {
    "an operation renamed": ("operationId: deleteWorkoutLog\n", "operationId: removeWorkoutLog\n"),
    "a text made shorter": ("maxLength: 2000\n", "maxLength: 100\n"),
    "a member of a response taken away": ("        - weather\n", ""),
    "a parameter renamed": ("- name: withTotal\n", "- name: withCount\n"),
    "a status no longer accepted": ("        - undone\n", ""),
    "a response of another type": ("        application/json:\n", "        text/json:\n"),
}


@pytest.fixture
def documents(tmp_path: Path) -> tuple[Path, Path]:
    """Two documents, to be written; the first as it is published."""
    base, revision = tmp_path / "base.yaml", tmp_path / "revision.yaml"
    base.write_text(PUBLISHED, "utf-8")
    return base, revision


@pytest.mark.parametrize("change", BREAKING)
def test_a_breaking_change_is_found(documents: tuple[Path, Path], change: str) -> None:
    before, after = BREAKING[change]
    assert before in PUBLISHED
    documents[1].write_text(PUBLISHED.replace(before, after), "utf-8")
    assert judge(compare(*documents), []).breaking


def test_what_breaks_no_client_is_not_breaking(documents: tuple[Path, Path]) -> None:
    base, revision = documents
    base.write_text(PUBLISHED.replace("        - weather\n", "", 1), "utf-8")
    assert base.read_text("utf-8") != PUBLISHED
    revision.write_text(PUBLISHED, "utf-8")
    assert compare(base, revision) == []


def test_a_compatible_change_passes_only_as_it_is_listed(documents: tuple[Path, Path]) -> None:
    documents[1].write_text(PUBLISHED.replace("maxLength: 2000\n", "maxLength: 1999\n"), "utf-8")
    changes = compare(*documents)
    listed = {"reason": "for the test", "property": "maxLength", "from": 2000, "to": 1999}
    assert judge(changes, [listed]) == Verdict([], [])
    for other in ({"to": 1998}, {"property": "minLength"}, {"path": "#/paths/elsewhere"}):
        found = judge(changes, [listed | other])
        assert found.breaking
        assert found.unused == [listed | other]
    assert judge([], [listed]) == Verdict([], [listed])


@pytest.mark.parametrize(
    "entry",
    [entry for entry in compatible_changes(ROOT / "migrations_notes") if "texts" in entry],
    ids=lambda entry: entry["from"],
)
@given(st.data())
def test_a_pattern_matches_as_the_list_of_compatible_changes_says(
    entry: dict[str, str], data: st.DataObject
) -> None:
    """A request may say more than before, a response less."""
    holds = {
        "same": [("from", "to"), ("to", "from")],
        "wider": [("from", "to")],
        "narrower": [("to", "from")],
    }
    for one, other in holds[entry["texts"]]:
        text = data.draw(st.from_regex(re.compile(entry[one], re.ASCII), fullmatch=True))
        assert re.fullmatch(entry[other], text), (text, entry)


def test_the_base_is_the_last_release(tmp_path: Path) -> None:
    """A breaking change since then needs a new major version."""

    def spec_diff() -> int:
        command = [sys.executable, "-m", "tests.spec.diff"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, check=False
        ).returncode

    notes = tmp_path / "migrations_notes"
    notes.mkdir()
    (notes / "compatible_changes.yaml").write_text("[]", "utf-8")
    renamed = PUBLISHED.replace(*BREAKING["an operation renamed"])
    (notes / "openapi-1.9.0.yaml").write_text(renamed, "utf-8")
    (notes / "openapi-1.10.0.yaml").write_text(PUBLISHED, "utf-8")
    (tmp_path / "openapi.yaml").write_text(PUBLISHED, "utf-8")
    assert spec_diff() == 0
    (tmp_path / "openapi.yaml").write_text(renamed, "utf-8")
    assert spec_diff() == 1
    announced = re.sub(r"(?m)^  version: .*$", "  version: 2.0.0", renamed)
    (tmp_path / "openapi.yaml").write_text(announced, "utf-8")
    assert spec_diff() == 0


def test_each_release_is_kept_as_it_was_published() -> None:
    """The API's version is the package's; the changelog says which versions were released."""
    released = re.findall(r"(?m)^## (\d\S*) – ", (ROOT / "CHANGELOG.md").read_text("utf-8"))
    for version in released:
        kept = ROOT / "migrations_notes" / f"openapi-{version}.yaml"
        document = yaml.load(kept.read_text("utf-8"), yaml.CSafeLoader)
        assert document["info"]["version"] == version
