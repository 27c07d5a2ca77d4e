"""requirements.lock is what setup.cfg asks for, on any machine, and what is installed here."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.server import ROOT

LINES = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
LOCKED = [Requirement(line) for line in LINES if not line.lstrip().startswith("#")]

OF_THE_ENVIRONMENT = map(canonicalize_name, ("pip", "workout-log-api"))
"""What .venv is made with, and what it is made for."""


def test_what_is_installed_is_what_is_locked() -> None:
    listing = [sys.executable, "-m", "pip", "list", "--format", "json"]
    done = subprocess.run(listing, capture_output=True, check=True)
    installed = {
        canonicalize_name(each["name"]): each["version"] for each in json.loads(done.stdout)
    }
    expected = {
        canonicalize_name(each.name): str(each.specifier).removeprefix("==")
        for each in LOCKED
        if not each.marker or each.marker.evaluate()
    }
    for name in OF_THE_ENVIRONMENT:
        installed.pop(name)
    assert installed == expected, "run `make lock`, which also installs"


def test_what_setup_cfg_asks_for_is_locked() -> None:
    versions = {canonicalize_name(each.name): each.specifier for each in LOCKED}
    for each in map(Requirement, requires("workout-log-api") or ()):
        locked = str(versions[canonicalize_name(each.name)]).removeprefix("==")
        assert each.specifier.contains(locked), f"{each}: run `make lock`"


def test_the_lock_names_packages_and_versions_and_no_place() -> None:
    for line in LINES:
        assert "://" not in line
        assert not line.startswith("-")
    assert all(str(each.specifier).startswith("==") and not each.url for each in LOCKED)
