"""`store migrate`: what could be read reads the same afterwards, and nothing else is touched."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import pytest

from app.service.documents import reference
from app.service.reading import LogReader
from app.service.rows import StoredLog
from app.service.upkeep.dataset import Dataset
from app.service.upkeep.findings import MIGRATED, Kind
from app.service.upkeep.migration import Outcome, migrate
from app.service.upkeep.rules import Rules
from app.service.upkeep.survey import Survey
from tests import world
from tests.server import ROOT
from tests.upkeep.conftest import Document, OpenDataset
from tests.upkeep.old_documents import old_documents

DOCUMENTS = int(os.environ.get("MIGRATION_DOCUMENTS", "1500"))
"""`make migration` sets more."""


def apply(
    dataset: Dataset, rules: Rules, kinds: Collection[Kind] = MIGRATED
) -> tuple[Counter[Outcome], list[Any]]:
    """Migrate; what became of the documents, and the report."""
    lines: list[bytes] = []
    outcomes = migrate(dataset, rules, Survey(5), kinds=kinds, report=lines.append)
    return outcomes, [json.loads(each) for each in lines]


def left(dataset: Dataset, rules: Rules) -> int:
    """How much a run would still mend."""
    survey = Survey(5)
    migrate(dataset, rules, survey, kinds=MIGRATED)
    return survey.count(decided=True, kinds=MIGRATED)


def readings(reader: LogReader, documents: Mapping[str, Document]) -> dict[str, dict[str, Any]]:
    """What the API reads of each log and session, without what every change renews."""
    read: dict[str, dict[str, Any]] = {}
    for id_, document in documents.items():
        if document["_type"] == "workoutLog":
            log = reader.read_stored(StoredLog(document, None, None))
            read[id_] = msgspec.structs.asdict(log)
            del read[id_]["revision"], read[id_]["updated_at"]
        elif document["_type"] == "trainingSession":
            read[id_] = msgspec.structs.asdict(reader.read_session(document))
    return read


def held(
    reader: LogReader,
    before: Mapping[str, Document],
    after: Mapping[str, Document],
    report: Sequence[Any],
) -> None:
    """Assert that nothing is lost: the values that were read, and all that was not to change."""
    assert before.keys() == after.keys()
    changed = {each["_id"]: each for each in report if "kinds" in each}
    assert not [each for each in changed if each.startswith("drafts.")]
    for id_, document in before.items():
        if id_ not in changed:
            assert after[id_] == document
            continue
        touched = {*changed[id_]["set"], *changed[id_]["unset"], "_rev", "_updatedAt"}
        assert {k: v for k, v in after[id_].items() if k not in touched} == {
            k: v for k, v in document.items() if k not in touched
        }
    read_before, read_after = readings(reader, before), readings(reader, after)
    for id_, values in read_before.items():
        for name, value in values.items():
            if value is not None:
                assert read_after[id_][name] == value, (id_, name)


def as_it_is() -> list[Document]:
    lines = (ROOT / "tests" / "data" / "as-it-is.ndjson").read_text().splitlines()
    return [json.loads(each) for each in lines]


def test_the_dataset_as_it_is_is_brought_up_to_date(
    open_dataset: OpenDataset, rules: Rules, reader: LogReader
) -> None:
    dataset, stored = open_dataset(as_it_is())
    before = stored()
    outcomes, report = apply(dataset, rules)
    after = stored()
    assert set(outcomes) == {Outcome.CHANGED}
    assert after["tsRoute0000000000000L1"] | {"_rev": "", "_updatedAt": ""} == before[
        "tsRoute0000000000000L1"
    ] | {
        "sessionId": reference("s-studio-0"),
        "runnerId": reference("5c000000-0000-4000-8000-000000000002"),
        "actualDuration": "0:52:30",
        "actualPace": "5:09",
        "injuries": ["ตึงน่องซ้าย"],
        "_rev": "",
        "_updatedAt": "",
    }
    assert after["sessapi00000000000000"]["date"] == "2025-09-23"
    held(reader, before, after, report)
    assert left(dataset, rules) == 0


@pytest.mark.timeout(3600 if DOCUMENTS > 1500 else 300)
def test_old_documents_read_the_same_afterwards(
    open_dataset: OpenDataset, rules: Rules, reader: LogReader
) -> None:
    dataset, stored = open_dataset(old_documents(DOCUMENTS))
    before = stored()
    outcomes, report = apply(dataset, rules)
    after = stored()
    assert set(outcomes) == {Outcome.CHANGED}
    assert outcomes[Outcome.CHANGED] > DOCUMENTS / 2
    assert {kind for each in report for kind in each.get("kinds", ())} == {
        *("references", "injuries", "durations", "paces", "links", "sessions", "dates")
    }
    held(reader, before, after, report)
    assert left(dataset, rules) == 0
    assert apply(dataset, rules) == (Counter(), [])
    assert stored() == after


def test_a_dry_run_changes_nothing_and_finds_the_same(
    open_dataset: OpenDataset, rules: Rules
) -> None:
    dataset, stored = open_dataset(old_documents(300))
    before = stored()
    dry, real = Survey(5), Survey(5)
    migrate(dataset, rules, dry, kinds=MIGRATED)
    assert stored() == before
    migrate(dataset, rules, real, kinds=MIGRATED, report=lambda _: None)
    for kind in MIGRATED:
        assert dry.tallies(kind) == real.tallies(kind)
        assert dry.tallies(kind)


def test_one_kind_may_be_mended_alone(open_dataset: OpenDataset, rules: Rules) -> None:
    dataset, stored = open_dataset(as_it_is())
    outcomes, report = apply(dataset, rules, [Kind.LINKS])
    assert outcomes == {Outcome.CHANGED: 1}
    link = "https://www.strava.com/activities/9"
    assert report == [
        {
            "_id": "tsRoute0000000000000L7",
            "_type": "workoutLog",
            "_rev": "rtsRoute0000000000000",
            "kinds": ["links"],
            "before": {"externalLink": "http://www.strava.com/activities/9"},
            "set": {"externalLink": link},
            "unset": [],
        },
        {"_id": "tsRoute0000000000000L7", "outcome": "changed"},
    ]
    assert stored()["tsRoute0000000000000L7"]["externalLink"] == link


def test_shared_addresses_and_pairs_are_left_to_people(
    open_dataset: OpenDataset, rules: Rules
) -> None:
    twin = world.user("runner-twin", "runner", email="Runner-Ada@club.example")
    further = world.log(world.RUNNER, 8, sessionId=world.session_of(world.RUNNER, 1))
    dataset, _ = open_dataset([*world.club(), twin, further])
    survey = Survey(5)
    migrate(dataset, rules, survey, kinds=[Kind.ADDRESSES, Kind.DUPLICATES])
    [[about, decided, tally]] = survey.tallies(Kind.ADDRESSES)
    assert (about, decided, tally.number) == ("user.email: shared with another user", False, 1)
    assert tally.ids == ["runner-twin (beside runner-ada)"]
    [[_, _, tally]] = survey.tallies(Kind.DUPLICATES)
    assert tally.number == 1
    pair = ("log-runner-ada-1", "log-runner-ada-8")
    assert tally.ids[0] in {f"{one} (beside {other})" for one, other in (pair, pair[::-1])}


class Disturbed:
    """A dataset in which somebody else is at work, just before each change."""

    def __init__(self, dataset: Dataset, somebody: Any) -> None:
        self._dataset = dataset
        self._somebody = somebody
        self.writes_at_once = dataset.writes_at_once

    def count(self) -> Mapping[str, int]:
        return self._dataset.count()

    def pages(self, type_: str) -> Iterator[Sequence[Any]]:
        return self._dataset.pages(type_)

    def types(self, ids: Collection[str]) -> Mapping[str, str]:
        return self._dataset.types(ids)

    def patch(
        self, document: Any, set_fields: Mapping[str, Any], unset_fields: Collection[str]
    ) -> None:
        self._somebody(self._dataset, document)
        self._dataset.patch(document, set_fields, unset_fields)


def test_an_edit_in_between_is_not_overwritten(open_dataset: OpenDataset, rules: Rules) -> None:
    edited = "tsRoute0000000000000L2"

    def somebody(dataset: Dataset, document: Document) -> None:
        if document["_id"] == edited:
            dataset.patch(document, {"injuries": ["mine"], "actualDuration": "0:46:00"}, [])

    dataset, stored = open_dataset(as_it_is())
    outcomes, report = apply(Disturbed(dataset, somebody), rules)
    assert outcomes[Outcome.EDITED_MEANWHILE] == 1
    assert {"_id": edited, "outcome": "edited meanwhile"} in report
    assert stored()[edited]["actualDuration"] == "0:46:00"
    assert stored()[edited]["sessionId"] == "s-studio-1"
    assert left(dataset, rules) > 0
    apply(dataset, rules)
    assert left(dataset, rules) == 0
    assert stored()[edited]["actualDuration"] == "0:46:00"
    assert stored()[edited]["injuries"] == ["mine"]
    assert stored()[edited]["sessionId"] == reference("s-studio-1")


def test_what_was_deleted_in_between_stays_so(
    open_dataset_of_sqlite: OpenDataset, rules: Rules
) -> None:
    def somebody(dataset: Any, document: Document) -> None:
        with dataset._store.writing() as connection:
            connection.execute("DELETE FROM document WHERE id = ?", [document["_id"]])

    old = world.log(world.RUNNER, 1, injuries="knee")
    dataset, stored = open_dataset_of_sqlite([old])
    outcomes, _ = apply(Disturbed(dataset, somebody), rules)
    assert outcomes == {Outcome.DELETED_MEANWHILE: 1}
    assert stored() == {}


def test_a_change_that_the_store_refuses_ends_nothing(
    open_dataset_of_sanity: OpenDataset, rules: Rules
) -> None:
    # Its runner is gone by the time that the log is changed.
    class Late(Disturbed):
        def types(self, ids: Collection[str]) -> Mapping[str, str]:
            return {**self._dataset.types(ids), "gone": "user"}

    logs = [
        world.log(world.RUNNER, 1, runnerId="gone"),
        world.log(world.RUNNER, 2, injuries="knee"),
    ]
    dataset, stored = open_dataset_of_sanity([*world.club()[:1], *logs])
    outcomes, _ = apply(Late(dataset, lambda *_: None), rules)
    assert outcomes == {Outcome.REFUSED: 1, Outcome.CHANGED: 1}
    assert stored()[logs[0]["_id"]] == logs[0]
