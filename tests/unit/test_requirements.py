"""setup.cfg requires what the code imports: no more, and not by way of something else."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import files, packages_distributions, requires
from pathlib import Path

from packaging.utils import canonicalize_name

import app
from app.pages.assets import FOLDERS

OF_TYPE_CHECKERS = {"_typeshed"}
"""What no program can import: it exists only where types are checked."""

OF_ZONEINFO = {"tzdata"}
"""What the standard library imports where the system has no time zone database."""


OF_AN_EXTRA = {"opentelemetry"}
"""What one module imports, where the extra is installed: several distributions have parts of it."""


def imported() -> Iterator[str]:
    """The packages that modules of the application import, or serve files of."""
    yield from (package.partition(".")[0] for package in FOLDERS)
    for path in Path(app.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from (each.name.partition(".")[0] for each in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0]


def test_what_is_imported_is_required_and_nothing_else() -> None:
    distributions = packages_distributions()
    needed = {
        canonicalize_name(distributions[package][0])
        for package in {*imported()}
        - {"app", *sys.stdlib_module_names, *OF_TYPE_CHECKERS, *OF_AN_EXTRA}
    }
    required = {
        canonicalize_name(re.match(r"[\w-]+", each)[0])
        for each in requires("workout-log-api") or ()
        if "extra ==" not in each
    }
    assert needed | OF_ZONEINFO == required


def test_the_extra_for_traces_is_what_their_module_imports() -> None:
    folder = Path(app.__file__).parent
    importing = {
        each: found
        for each in folder.rglob("*.py")
        if (found := re.findall(r"^ *from (opentelemetry[\w.]*) import", each.read_text(), re.M))
    }
    (modules,) = importing.values()
    assert importing.keys() == {folder / "web" / "tracing.py"}
    paths = {each.replace(".", "/") for each in modules}
    brought = {
        distribution: {
            str(each).removesuffix(".py").removesuffix("/__init__") for each in files(distribution)
        }
        for distribution in (
            re.match(r"[\w-]+", each)[0]
            for each in requires("workout-log-api")
            if each.endswith('extra == "otel"')
        )
    }
    assert all(paths & each for each in brought.values())
    assert paths <= set().union(*brought.values())


def test_each_says_why_it_is_there() -> None:
    text = (Path(app.__file__).parent.parent / "setup.cfg").read_text("utf-8")
    section = text.split("install_requires =\n")[1].split("\n[")[0].splitlines()
    named = [number for number, line in enumerate(section) if line.strip() and "#" not in line]
    assert named
    for number in named:
        assert section[number - 1].startswith("    # "), section[number]
