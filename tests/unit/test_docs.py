"""What the documents say of the code is true."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import Settings
from app.web.access_log import digest_of
from app.web.problem_types import CATALOGUE

ROOT = Path(__file__).parent.parent.parent


def written(value: Any) -> str:
    """A default as it stands in an environment variable."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


DEFAULTS = {each.name.upper(): written(each.default) for each in fields(Settings)}


def test_the_example_environment_holds_every_setting_with_its_default() -> None:
    lines = re.findall(r"^#([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.M)
    assert sorted(lines) == sorted(DEFAULTS.items())


def test_the_configuration_page_holds_every_setting_with_its_default() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    rows = re.findall(r"^\| `([A-Z_]+)` \| (?:`([^`]*)`)? ?\|", page, re.M)
    assert sorted(rows) == sorted(DEFAULTS.items())


def test_the_digest_on_the_page_for_operators_is_the_user_s() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    [(key, user_id, shown)] = re.findall(
        r"LOG_USER_KEY=(\S+) workout-log-api auth digest (\S+)\n(\S+)\n", page
    )
    assert digest_of(user_id, key) == shown
    others = re.findall(r'"?\buser"? ?(?:==|:) ?"(\w+)"', page)
    assert others
    assert set(others) == {shown}


def test_the_page_for_clients_holds_every_problem_beside_its_status() -> None:
    page = (ROOT / "docs" / "clients.md").read_text()
    table = re.search(r"\| status \| codes \|\n(.*?)\n\n", page, re.S)
    assert table
    for line in table[1].splitlines()[1:]:
        statuses = {int(each) for each in re.findall(r"\b\d{3}\b", line)}
        codes = [each for each in re.findall(r"`([a-z-]+)`", line) if each in CATALOGUE]
        assert codes
        assert {CATALOGUE[code].status for code in codes} == statuses
    assert set(re.findall(r"`([a-z-]+)`", table[1])) >= set(CATALOGUE)


DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    *sorted(f"docs/{each.name}" for each in (ROOT / "docs").glob("*.md")),
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_names_exists(document: str) -> None:
    text = (ROOT / document).read_text()
    named = re.findall(r"`((?:app|docs|tests|migrations_notes)/[\w./-]*)`", text)
    for each in named:
        assert (ROOT / each).exists(), each


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    text = (ROOT / "README.md").read_text()
    assert text.count("\n") <= 150
    pages = {each for each in DOCUMENTS if each.startswith("docs/")}
    assert pages <= set(re.findall(r"`(docs/[\w./-]*)`", text))


def contract_of(document: dict[str, Any]) -> set[str]:
    """The operations, members, codes and headers that a document names."""
    schemas, headers = document["components"]["schemas"], document["components"]["headers"]
    names = {each.partition("-If-")[0].partition("-Weak")[0] for each in headers}
    names |= {f"{schema}.{each}" for schema in schemas for each in schemas[schema].get("enum", ())}
    for schema in ("Problem", "WorkoutLog"):
        names |= {f"{schema}.{member}" for member in schemas[schema]["properties"]}
    return names | {*document["paths"]}


def test_the_notes_name_everything_that_is_new_in_the_contract() -> None:
    notes = ROOT / "migrations_notes"
    *_, released = sorted(notes.glob("openapi-*.yaml"))
    before, now = (yaml.safe_load(each.read_text()) for each in (released, ROOT / "openapi.yaml"))
    *_, page = sorted(notes.glob("*.md"))
    told = page.read_text()
    of_new_schemas = {*now["components"]["schemas"]} - {*before["components"]["schemas"]}
    for each in contract_of(now) - contract_of(before):
        schema, _, name = each.rpartition(".")
        assert schema in of_new_schemas or re.search(rf"[`/ ]{re.escape(name)}[`/ :]", told), each
    for each in {*before["components"]["schemas"]} - {*now["components"]["schemas"]}:
        assert f"`{each}`" in told, each


DESCRIPTIONS = 24
"""The column from which on a line of the sketch describes."""


def sketched() -> tuple[set[Path], set[Path]]:
    """The files and the folders in CONTRIBUTING's sketch of the tree.

    A line is indented by two for each folder that it is in. It names a folder, which ends in a
    slash, or a file; its description may name further files of the same folder.
    """
    text = (ROOT / "CONTRIBUTING.md").read_text()
    [sketch] = re.findall(r"## The tree\n\n```\n(.*?)```", text, re.S)
    files, folders, here = set(), set(), [ROOT]
    for line in sketch.splitlines():
        indent, name = re.findall(r"^( *)(\S+)", line)[0]
        if len(indent) < DESCRIPTIONS:
            del here[len(indent) // 2 + 1 :]
        files |= {here[-1] / each for each in re.findall(r"\w+\.py\b", line)}
        if len(indent) < DESCRIPTIONS and name.endswith("/"):
            here.append(here[-1] / name)
            folders.add(here[-1])
    return files, folders


def test_the_tree_in_contributing_shows_all_files_of_a_folder_or_none() -> None:
    files, _ = sketched()
    folders = {each.parent for each in files}
    assert {ROOT / "app", ROOT / "app" / "service" / "stores"} <= folders
    modules = {each for folder in folders for each in folder.glob("*.py")}
    assert files == {each for each in modules if each.name != "__init__.py"}


def test_the_tree_in_contributing_shows_all_folders_of_a_folder_or_none() -> None:
    _, folders = sketched()
    assert all(each.is_dir() for each in folders)
    inside = {each for each in folders if each.parent != ROOT}
    above = {each.parent for each in inside}
    assert {ROOT / "app", ROOT / "tests"} <= above
    # What Python and git leave behind of a folder that is no more holds no file.
    assert inside == {
        each.parent for folder in above for each in folder.glob("[!_.]*/*") if each.is_file()
    }
