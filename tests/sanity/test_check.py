"""`workout-log-api store check` on a Sanity project, as an operator types it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import world
from tests.content_lake import (
    DATASET,
    EDITOR_TOKEN,
    PROJECT,
    VIEWER_TOKEN,
    ContentLake,
    running_content_lake,
)
from tests.server import ROOT, environment
from tests.world import RUNNER, log

Check = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def check(content_lake: ContentLake, tmp_path: Path) -> Check:
    content_lake.reset()
    content_lake.load(world.club())

    def check(**settings: str) -> subprocess.CompletedProcess[str]:
        defaults = {
            "PYTHONPATH": str(ROOT),
            "SANITY_PROJECT_ID": PROJECT,
            "SANITY_DATASET": DATASET,
            "SANITY_API_TOKEN": EDITOR_TOKEN,
            "SANITY_API_URL": content_lake.url,
            "SANITY_RETRIES": "0",
        }
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "store", "check"],
            cwd=tmp_path,
            env=environment(**{**defaults, **settings}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert EDITOR_TOKEN not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return check


def test_says_what_there_is_and_changes_nothing(check: Check, content_lake: ContentLake) -> None:
    before = content_lake.documents()
    content_lake.load([log(RUNNER, 9, sessionId="a-plain-string")])
    done = check()
    assert done.returncode == 0, done.stderr
    assert "       6 user\n" in done.stdout
    assert "      10 workoutLog\n" in done.stdout
    assert "may write" in done.stdout
    assert "1 logs hold no references" in done.stdout
    assert "Nobody can read people or logs without a token" in done.stdout
    assert len(content_lake.documents()) == len(before) + 1


def test_says_that_a_dataset_is_empty(check: Check, content_lake: ContentLake) -> None:
    content_lake.reset()
    assert "no user" in check().stdout


def test_says_that_a_dataset_is_public(check: Check) -> None:
    with running_content_lake("--public") as public:
        public.load(world.club())
        done = check(SANITY_API_URL=public.url)
    assert "anybody can read 6 user and 9 workoutLog documents" in done.stdout


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"SANITY_API_TOKEN": VIEWER_TOKEN}, "one of its rights"),
        ({"SANITY_API_TOKEN": "no-such-token"}, "SANITY_API_TOKEN"),
        ({"SANITY_DATASET": "elsewhere"}, "SANITY_DATASET"),
        ({"SANITY_API_URL": "http://127.0.0.1:9"}, "SANITY_API_URL"),
        ({"SANITY_DATASET": "Not a name"}, "SANITY_DATASET"),
    ],
    ids=str,
)
def test_says_what_is_wrong(check: Check, settings: dict[str, str], said: str) -> None:
    done = check(**settings)
    assert done.returncode == 1
    assert said in done.stderr
