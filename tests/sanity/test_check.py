"""`workout-log-api store check` on a Sanity project, as an operator types it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


def insufficient(permission: str) -> Any:
    """The body of a mutation without a right."""
    inner = {"type": "insufficientPermissionsError", "permission": permission}
    return {"error": {"type": "mutationError", "items": [{"index": 0, "error": inner}]}}


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
    assert "may read single documents" in done.stdout
    assert "may write" in done.stdout
    assert "workoutLog.sessionId: text, and there is no such trainingSession" in done.stdout
    assert "Nobody can read people or logs without a token" in done.stdout
    assert len(content_lake.documents()) == len(before) + 1


def test_says_that_a_dataset_is_sound(check: Check) -> None:
    assert "The store is sound.\nNothing is left to migrate.\n" in check().stdout


def test_says_that_a_dataset_is_empty(check: Check, content_lake: ContentLake) -> None:
    content_lake.reset()
    assert "The dataset is empty for this API" in check().stdout
    content_lake.load([log(RUNNER, 9)])
    assert "There is no user" in check().stdout


def test_says_that_a_dataset_is_public(check: Check) -> None:
    with running_content_lake("--public") as public:
        public.load(world.club())
        done = check(SANITY_API_URL=public.url)
    assert "anybody can read 6 user and 9 workoutLog documents" in done.stdout


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"SANITY_API_TOKEN": VIEWER_TOKEN}, "lacks the right to create"),
        ({"SANITY_API_TOKEN": "no-such-token"}, "does not know the token"),
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


@pytest.mark.parametrize(
    ("kind", "status", "body", "said"),
    [
        ("query", 401, {"errorCode": "SIO-401-ANF"}, "does not know the token"),
        ("query", 401, {"errorCode": "SIO-401-AEX"}, "has expired"),
        ("query", 401, {"errorCode": "SIO-401-AWH"}, "belongs to another project"),
        ("query", 402, {"error": "Payment Required"}, "used up its quota"),
        ("query", 403, {"error": "Forbidden"}, "lacks the right to do this"),
        ("doc", 403, {"error": "Forbidden"}, "lacks the right"),
        ("mutate", 403, insufficient("create"), "lacks the right to create"),
        ("mutate", 403, insufficient("update"), "lacks the right to update"),
        ("query", 404, {"error": "Not Found"}, "SANITY_DATASET"),
        ("query", 503, "", "does not respond as it should"),
        ("query", 400, {"error": {"type": "queryParseError"}}, "refuses what the API asks"),
    ],
)
def test_tells_refusals_apart(
    check: Check, content_lake: ContentLake, kind: str, status: int, body: Any, said: str
) -> None:
    content_lake.fault("respond", kind=kind, status=status, body=body)
    done = check()
    assert done.returncode == 1
    assert said in done.stderr
    assert str(status) in done.stderr
