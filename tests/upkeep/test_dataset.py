"""What the upkeep asks of a store, held to each store in turn."""

from __future__ import annotations

from itertools import chain

import pytest

from app.service import documents
from app.service.documents import reference
from app.service.errors import NotFound, RevisionMismatch
from app.service.upkeep.dataset import PAGE_SIZE, TYPES, PatchRefused
from tests import world
from tests.upkeep.conftest import OpenDataset

ADA = world.user("runner-ada", "runner", name=None, big=123456789012, half=0.5, nick="A")
DRAFT = {**ADA, "_id": "drafts.runner-ada"}
VERSION = {**ADA, "_id": "versions.r1.runner-ada"}


def test_published_documents_are_counted(open_dataset: OpenDataset) -> None:
    dataset, _ = open_dataset([*world.club(), DRAFT, VERSION])
    assert dataset.count() == {
        "user": 6,
        "trainingPlan": 5,
        "trainingSession": 100,
        "workoutLog": 9,
        "feedback": 0,
        "workoutLogDeletion": 0,
    }
    assert list(dataset.count()) == list(TYPES)


def test_every_published_document_is_on_one_page(open_dataset: OpenDataset) -> None:
    sessions = [world.session(world.RUNNER, number) for number in range(2 * PAGE_SIZE + 1)]
    dataset, _ = open_dataset([*sessions, ADA, DRAFT, VERSION])
    pages = [*dataset.pages("trainingSession")]
    assert [len(each) for each in pages] == [PAGE_SIZE, PAGE_SIZE, 1]
    found = sorted(each["_id"] for each in chain.from_iterable(pages))
    assert found == sorted(each["_id"] for each in sessions)
    assert [*dataset.pages("user")] == [[ADA]]
    assert [*dataset.pages("feedback")] == []


def test_types_are_those_of_published_documents(open_dataset: OpenDataset) -> None:
    dataset, _ = open_dataset([*world.club(), DRAFT])
    ids = [world.COACH, world.log_of(world.RUNNER, 1), "gone", DRAFT["_id"]]
    assert dataset.types(ids) == {world.COACH: "user", world.log_of(world.RUNNER, 1): "workoutLog"}
    assert dataset.types([]) == {}


def test_a_patch_changes_what_it_names(open_dataset: OpenDataset) -> None:
    dataset, stored = open_dataset([ADA, DRAFT])
    [[read]] = dataset.pages("user")
    dataset.patch(read, {"name": "Ada"}, ["nick"])
    changed = stored()["runner-ada"]
    assert changed["_rev"] != ADA["_rev"]
    assert changed["_updatedAt"] > ADA["_updatedAt"]
    kept = {name: each for name, each in ADA.items() if name != "nick"}
    system = {name: changed[name] for name in ("_rev", "_updatedAt")}
    assert changed == {**kept, "name": "Ada", **system}
    assert stored()[DRAFT["_id"]] == DRAFT


def test_a_patch_is_for_the_document_that_was_read(open_dataset: OpenDataset) -> None:
    dataset, stored = open_dataset([ADA])
    [[read]] = dataset.pages("user")
    dataset.patch(read, {"name": "First"}, [])
    with pytest.raises(RevisionMismatch):
        dataset.patch(read, {"name": "Second"}, [])
    assert stored()["runner-ada"]["name"] == "First"


def test_a_patch_makes_no_document(open_dataset: OpenDataset) -> None:
    dataset, stored = open_dataset([DRAFT])
    with pytest.raises(NotFound):
        dataset.patch(ADA, {"name": "Ada"}, [])
    assert stored() == {DRAFT["_id"]: DRAFT}


def test_sanity_may_refuse_a_patch(open_dataset_of_sanity: OpenDataset) -> None:
    dataset, stored = open_dataset_of_sanity([ADA])
    with pytest.raises(PatchRefused):
        dataset.patch(ADA, {"coachId": reference("gone")}, [])
    assert stored() == {"runner-ada": ADA}


def test_sqlite_patches_documents_without_a_revision(open_dataset_of_sqlite: OpenDataset) -> None:
    bare = {"_id": "runner-ada", "_type": "user", "name": "A\\u0000da", "x": 1e2}
    dataset, stored = open_dataset_of_sqlite([bare])
    [[read]] = dataset.pages("user")
    dataset.patch(read, {"name": "Ada"}, [])
    assert stored()["runner-ada"]["name"] == "Ada"
    with pytest.raises(RevisionMismatch):
        dataset.patch(read, {"name": "Other"}, [])


def test_old_notes_of_deletions_are_removed(open_dataset: OpenDataset) -> None:
    def note(number: int, updated_at: object) -> dict[str, object]:
        deletion = documents.deletion_of(f"log-{number}", "runner-ada")
        return {**world.document("x", "x"), **deletion, "_updatedAt": updated_at}

    old = [
        note(1, "2026-01-01T00:00:00Z"),
        note(2, "2026-03-01T00:59:59.999+01:00"),
        note(3, "never"),
        *(note(number, "2025-12-31T00:00:00Z") for number in range(100, 100 + PAGE_SIZE)),
    ]
    kept = [
        note(4, "2026-03-01T00:00:00Z"),
        note(5, "2026-02-28T23:00:00-02:00"),
        {**note(6, "2026-01-01T00:00:00Z"), "_id": "drafts.x"},
        world.log("runner-ada", 1, _updatedAt="2026-01-01T00:00:00Z"),
    ]
    dataset, stored = open_dataset([*old, *kept])
    assert dataset.prune("2026-03-01T00:00:00.000Z") == len(old)
    assert stored() == {each["_id"]: each for each in kept}
    assert dataset.prune("2026-03-01T00:00:00.000Z") == 0
