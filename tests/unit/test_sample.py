"""The sample club is big enough to show everything, sound, and the same on every day."""

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from app.development import club, sample
from app.service.days import UTC_ZONE
from app.service.documents import is_published_id, log_id_of
from app.service.external_links import ExternalLinks
from app.service.model import Feeling, SessionType, Status
from app.service.reading import LogReader
from app.service.rows import StoredLog
from app.service.units import derive_pace
from app.settings import Settings
from tests.published import LOG_ID, RUNNER_ID, SESSION_ID

TODAY = date(2026, 11, 18)
LINKS = ExternalLinks(Settings().external_link_hosts)
DOCUMENTS = sample.documents(TODAY)
BY_ID = {document["_id"]: document for document in DOCUMENTS}


def of_type(kind, documents=DOCUMENTS):
    return [document for document in documents if document["_type"] == kind]


def references(value):
    if isinstance(value, dict):
        yield from [value["_ref"]] if "_ref" in value else []
        for each in value.values():
            yield from references(each)


def open_sessions(runner, documents):
    """The runs, not the days of rest, that the runner has no log for."""
    logs = {document["_id"] for document in of_type("workoutLog", documents)}
    return [
        session
        for session in of_type("trainingSession", documents)
        if session["_id"].startswith(f"session-{runner.key}-")
        and session["type"] != SessionType.REST
        and log_id_of(runner.id, session["_id"]) not in logs
    ]


def test_a_small_club_with_eight_weeks_of_sessions():
    assert Counter(user["role"] for user in of_type("user")) == {
        "runner": 6,
        "coach": 2,
        "admin": 1,
    }
    assert Counter(user["coachId"]["_ref"] for user in of_type("user") if "coachId" in user) == {
        "user-mali": 3,
        "user-ines": 3,
    }
    assert len(of_type("trainingPlan")) == 6 * 8
    assert len(of_type("trainingSession")) == 6 * 8 * 6
    assert len(of_type("feedback")) == 6 * 2


def test_logs_show_every_status_feeling_and_script():
    logs = of_type("workoutLog")
    assert {log["status"] for log in logs} == set(Status)
    assert {log["feeling"] for log in logs if "feeling" in log} == set(Feeling)
    assert sum("injuries" in log for log in logs) >= 5
    assert sum("externalLink" in log for log in logs) >= 20
    notes = " ".join(log.get("notes", "") for log in logs)
    assert "สวนลุมพินี" in notes
    assert "¡Último kilómetro" in notes
    assert "très agréable" in notes


@pytest.mark.parametrize("log", of_type("workoutLog"), ids=lambda log: log["_id"])
def test_every_log_keeps_the_rules(log):
    session = BY_ID[log["sessionId"]["_ref"]]
    stored = StoredLog(log, session, BY_ID[log["runnerId"]["_ref"]])
    read = LogReader(LINKS, UTC_ZONE).read_stored(stored)
    plan = BY_ID[session["planId"]["_ref"]]
    assert log["_id"] == log_id_of(read.runner_id, read.session_id)
    assert plan["runnerId"] == log["runnerId"]
    assert read.external_link == log.get("externalLink")
    assert (read.actual_distance, read.temperature) == (
        log.get("actualDistance"),
        log.get("temperature"),
    )
    if read.status is Status.UNDONE:
        assert (read.actual_distance, read.actual_duration, read.actual_pace) == (None, None, None)
    else:
        pace = derive_pace(read.actual_distance, read.actual_duration_seconds)
        assert read.actual_pace_seconds == pace
        assert read.actual_pace is not None
    assert session["date"] == log["_createdAt"][:10] < TODAY.isoformat()


def test_ids_are_unique_and_publishable_and_every_reference_is_defined_before():
    assert len(BY_ID) == len(DOCUMENTS)
    assert all(map(is_published_id, BY_ID))
    seen = {user.id for user in club.PEOPLE}
    for document in DOCUMENTS:
        assert set(references(document)) <= seen
        seen.add(document["_id"])


@pytest.mark.parametrize("day", [TODAY + timedelta(days=each) for each in range(7)])
def test_most_of_the_past_is_logged_and_ten_sessions_of_each_runner_wait(day):
    documents = sample.documents(day)
    instants = [document["_createdAt"] for document in documents]
    assert max(instants) < f"{day}T24"
    assert len(of_type("workoutLog", documents)) >= 6 * 5 * 4
    for runner in club.RUNNERS:
        waiting = open_sessions(runner, documents)
        assert len(waiting) >= 10
        assert sum(session["date"] < day.isoformat() for session in waiting) == 2


def test_the_examples_work_at_the_first_click():
    assert club.RUNNERS[0].id == club.RUNNER == RUNNER_ID
    assert log_id_of(club.RUNNER, SESSION_ID) not in BY_ID
    plan = BY_ID[BY_ID[SESSION_ID]["planId"]["_ref"]]
    assert plan["runnerId"]["_ref"] == club.RUNNER
    assert BY_ID[LOG_ID]["runnerId"]["_ref"] == club.RUNNER
    assert LOG_ID not in {feedback["workoutLogId"]["_ref"] for feedback in of_type("feedback")}
    assert BY_ID[club.RUNNER]["coachId"]["_ref"] == club.COACH
    assert BY_ID[club.RUNNER2]["coachId"]["_ref"] != club.COACH
    assert BY_ID[club.ADMIN]["role"] == "admin"


def test_only_dates_depend_on_the_day():
    later = {document["_id"]: document for document in sample.documents(TODAY + timedelta(days=3))}
    dates = {"_createdAt", "_updatedAt", "date", "weekStart", "weekEnd"}
    assert BY_ID.keys() <= later.keys()
    for document_id, document in BY_ID.items():
        assert {**document, **dict.fromkeys(dates)} == {
            **later[document_id],
            **dict.fromkeys(dates),
        }
    assert sample.documents(TODAY) == DOCUMENTS


def test_the_module_prints_a_dataset_export():
    before = datetime.now(UTC).date()
    printed = subprocess.run(
        [sys.executable, "-m", "app.development.sample"], capture_output=True, check=True
    ).stdout.decode()
    documents = [json.loads(line) for line in printed.splitlines()]
    assert documents in (sample.documents(before), sample.documents(datetime.now(UTC).date()))
