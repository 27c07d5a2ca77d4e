"""The stand-in itself, as Sanity's official client sees it."""

from __future__ import annotations

import subprocess

from tests import node
from tests.content_lake import FOLDER, running_content_lake


def test_the_official_client_finds_the_content_lake_it_knows() -> None:
    with running_content_lake() as lake:
        command = [node.node(), str(FOLDER / "check.js"), lake.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "checks passed" in done.stdout
