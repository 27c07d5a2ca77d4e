"""`store check` and `store migrate` as an operator types them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from app.cli.store import store
from app.service import documents
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import export_lines, import_lines
from tests import world
from tests.content_lake import DATASET, EDITOR_TOKEN, PROJECT, ContentLake
from tests.server import ROOT, environment
from tests.upkeep.old_documents import old_documents
from tests.waiting import until

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **settings: str) -> Result:
        return CliRunner().invoke(store, arguments, env={"SQLITE_PATH": "store.db", **settings})

    return run


@pytest.fixture
def load(tmp_path: Path) -> Callable[[list[dict[str, Any]]], None]:
    """Puts documents into the embedded store."""

    def load(documents: list[dict[str, Any]], name: str = "store.db") -> None:
        embedded = SqliteStore(tmp_path / name)
        import_lines(embedded, map(msgspec.json.encode, documents))
        embedded.close()

    return load


def stored(path: Path) -> list[dict[str, Any]]:
    """The documents without what every change renews."""
    embedded = SqliteStore(path)
    documents = [json.loads(each) for each in export_lines(embedded)]
    embedded.close()
    for each in documents:
        del each["_rev"], each["_updatedAt"]
    return documents


OLD = [*world.club(), world.log(world.RUNNER, 9, injuries="knee", status="?")]


def test_a_dry_run_says_what_would_change(run: Run, load: Any, tmp_path: Path) -> None:
    load(OLD)
    before = stored(tmp_path / "store.db")
    done = run("migrate")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "injuries: 1 can be mended, 0 to decide",
        "       1 workoutLog.injuries: one text",
        "         log-runner-ada-9",
        "Nothing was changed; --apply mends these 1.",
    ]
    assert stored(tmp_path / "store.db") == before
    assert {each.suffix for each in tmp_path.iterdir()} == {".db"}


def test_applied_it_reports_what_it_changes(run: Run, load: Any, tmp_path: Path) -> None:
    load(OLD)
    done = run("migrate", "--apply", "--report", "report.ndjson")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Documents: 1 changed. The report is report.ndjson."
    assert (tmp_path / "report.ndjson").stat().st_mode & 0o777 == 0o600
    lines = (tmp_path / "report.ndjson").read_text().splitlines()
    assert json.loads(lines[0])["before"] == {"injuries": "knee"}
    assert json.loads(lines[1]) == {"_id": "log-runner-ada-9", "outcome": "changed"}
    assert "Nothing is left to migrate." in run("migrate").stdout


def test_a_report_is_never_overwritten(run: Run, load: Any, tmp_path: Path) -> None:
    load(OLD)
    (tmp_path / "report.ndjson").write_text("an earlier one")
    before = stored(tmp_path / "store.db")
    done = run("migrate", "--apply", "--report", "report.ndjson")
    assert done.exit_code == 1
    assert "report.ndjson: File exists" in done.stderr
    assert (tmp_path / "report.ndjson").read_text() == "an earlier one"
    assert stored(tmp_path / "store.db") == before


def test_without_a_name_a_report_is_named_after_the_time(
    run: Run, load: Any, tmp_path: Path
) -> None:
    load(OLD)
    assert run("migrate", "--apply").exit_code == 0
    assert len([*tmp_path.glob("migration-*.ndjson")]) == 1


def test_kinds_may_be_chosen(run: Run, load: Any) -> None:
    load([*OLD, world.session(world.RUNNER, 30) | {"date": "2026-01-05T00:00:00Z"}])
    shown = run("migrate", "--only", "dates", "--only", "links").stdout
    assert "dates: 1" in shown
    assert "injuries" not in shown
    done = run("migrate", "--only", "everything")
    assert done.exit_code == 2
    assert "references" in done.stderr


def test_a_missing_store_is_not_made(run: Run, tmp_path: Path) -> None:
    done = run("migrate", "--apply", SQLITE_PATH="mistyped.db")
    assert done.exit_code == 1
    assert "SQLITE_PATH mistyped.db" in done.stderr
    assert not any(tmp_path.iterdir())


def test_check_tells_what_reads_null_and_what_is_left(run: Run, load: Any) -> None:
    load([*OLD, world.user("runner-new", "athlete")])
    done = run("check")
    assert done.exit_code == 0, done.stderr
    assert "       1 workoutLog.status: text\n         log-runner-ada-9" in done.stdout
    assert "       1 user.role: none of runner, coach, admin" in done.stdout
    assert "1 values can be brought up to date" in done.stdout
    run("migrate", "--apply")
    done = run("check")
    assert "Nothing is left to migrate." in done.stdout
    assert "log-runner-ada-9" in done.stdout


def test_check_shows_ten_ids_of_each(run: Run, load: Any) -> None:
    load([*world.club(), *(world.log(world.RUNNER, each, status="?") for each in range(10, 21))])
    shown = run("check").stdout
    assert "      11 workoutLog.status: text" in shown
    assert shown.count("log-runner-ada-") == 10
    assert ", …" in shown


@pytest.fixture
def sanity(content_lake: ContentLake) -> dict[str, str]:
    """The settings of the stand-in, which is empty."""
    content_lake.reset()
    return {
        "SANITY_PROJECT_ID": PROJECT,
        "SANITY_DATASET": DATASET,
        "SANITY_API_TOKEN": EDITOR_TOKEN,
        "SANITY_API_URL": content_lake.url,
    }


def test_sanity_is_migrated_within_its_rate(
    run: Run, content_lake: ContentLake, sanity: dict[str, str]
) -> None:
    content_lake.load(OLD)
    content_lake.load(world.log(world.RUNNER, each, injuries="knee") for each in range(20, 60))
    done = run("migrate", "--apply", **sanity)
    assert done.exit_code == 0, done.stderr
    assert "Documents: 41 changed." in done.stdout
    assert content_lake.requests()["mutate"] == 41
    assert "Nothing is left to migrate." in run("migrate", **sanity).stdout


def test_both_stores_are_checked_alike(
    run: Run, load: Any, content_lake: ContentLake, sanity: dict[str, str]
) -> None:
    documents = old_documents(200)
    load(documents)
    content_lake.load(documents)
    shown = [run("migrate", **each).stdout for each in ({}, sanity)]
    told = [
        [line for line in each.splitlines() if ":" in line and "beside" not in line]
        for each in shown
    ]
    assert told[0] == told[1]
    assert len(told[0]) > 20


def test_a_killed_run_is_continued_by_the_next(run: Run, load: Any, tmp_path: Path) -> None:
    documents = old_documents(800)
    load(documents)
    load(documents, "whole.db")
    whole = run("migrate", "--apply", SQLITE_PATH="whole.db")
    assert whole.exit_code == 0, whole.stderr

    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "app.cli",
            "store",
            "migrate",
            "--apply",
            "--report",
            "first.ndjson",
        ],
        cwd=tmp_path,
        env=environment(PYTHONPATH=str(ROOT), SQLITE_PATH="store.db"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    report = tmp_path / "first.ndjson"
    until(lambda: report.exists() and report.read_bytes().count(b"\n") > 100, every=0.005)
    process.kill()
    assert process.wait(60) == -signal.SIGKILL

    done = run("migrate", "--apply")
    assert done.exit_code == 0, done.stderr
    assert "Nothing is left to migrate." in run("migrate").stdout
    assert stored(tmp_path / "store.db") == stored(tmp_path / "whole.db")


def test_prune_removes_what_the_settings_call_old(run: Run, load: Any, tmp_path: Path) -> None:
    ages = {days: datetime.now(UTC) - timedelta(days=days, minutes=1) for days in (1, 10, 90, 100)}
    load(
        [
            {**documents.deletion_of(f"log-{days}", None), "_updatedAt": each.isoformat()}
            for days, each in ages.items()
        ]
    )
    assert run("prune").stdout == "2 notes of deletions removed.\n"
    assert run("prune", DELETIONS_KEPT_DAYS="10").stdout == "1 notes of deletions removed.\n"
    embedded = SqliteStore(tmp_path / "store.db")
    (left,) = map(json.loads, export_lines(embedded))
    embedded.close()
    assert left["logId"] == "log-1"
