"""What the documents say of the code is true."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from app.problems import CATALOGUE
from app.settings import Settings

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


def test_the_readme_holds_every_setting_with_its_default() -> None:
    rows = re.findall(
        r"^\| `([A-Z_]+)` \| (?:`([^`]*)`)? ?\|", (ROOT / "README.md").read_text(), re.M
    )
    assert sorted(rows) == sorted(DEFAULTS.items())


def test_the_readme_holds_every_problem_beside_its_status() -> None:
    table = re.search(r"\| status \| codes \|\n(.*?)\n\n", (ROOT / "README.md").read_text(), re.S)
    assert table
    for line in table[1].splitlines()[1:]:
        statuses = {int(each) for each in re.findall(r"\b\d{3}\b", line)}
        codes = [each for each in re.findall(r"`([a-z-]+)`", line) if each in CATALOGUE]
        assert codes
        assert {CATALOGUE[code].status for code in codes} == statuses
    assert set(re.findall(r"`([a-z-]+)`", table[1])) >= set(CATALOGUE)


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_file_that_a_document_names_exists(document: str) -> None:
    text = (ROOT / document).read_text()
    named = re.findall(r"`((?:app|tests|migrations_notes)/[\w./-]*)`", text)
    assert named
    for each in named:
        assert (ROOT / each).exists(), each


def test_the_tree_in_contributing_is_the_tree() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    sketch = text[text.index("```\nwsgi.py") : text.index("## House rules")]
    for path in (ROOT / "app").rglob("*.py"):
        folder = path.parent.relative_to(ROOT / "app")
        if path.name == "__init__.py" or str(folder) in ("auth", "docs", "development"):
            continue
        assert path.name in sketch, path
