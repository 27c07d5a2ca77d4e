"""The users that a store finds, by address and with those they may coach: alike in every store."""

from __future__ import annotations

from typing import Any

import pytest

from app.service import emails
from app.service.stores import timing
from app.service.stores.port import MAX_SAME_EMAIL, PlannedRunner
from tests import world
from tests.conftest import OpenStore

ADDRESSES = [
    "kelvin@club.example",
    "KELVIN@club.example",
    "\u212aelvin@club.example",
    "\u212aELVIN@club.example",
    "élodie@club.example",
    "ÉLODIE@club.example",
    "e\u0301lodie@club.example",
    "elodie@club.example",
    "i\u0307da@club.example",
    "\u0130da@club.example",
    "ida@club.example",
    "\u0131da@club.example",
    "stra\u00dfe@club.example",
    "STRA\u1e9eE@club.example",
    "strasse@club.example",
    "\u017folo@club.example",
    "solo@club.example",
    "\u03b1\u03c2@club.example",
    "\u0391\u03a3@club.example",
    "\u03b1\u03c3@club.example",
    "a@\u212alub.example",
    "5",
]


def test_the_same_address_is_found_and_no_look_alike(open_store: OpenStore) -> None:
    users = [
        world.user(f"user-{number}", "runner", email=address)
        for number, address in enumerate(ADDRESSES)
    ]
    store = open_store(users)
    for address in ADDRESSES:
        found = {each.document["email"] for each in store.find_users(email=address)}
        assert found == {each for each in ADDRESSES if emails.same(each, address)}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Kelvin@Club.example", "kelvin@club.example", True),
        ("\u212aelvin@club.example", "kelvin@club.example", False),
        ("\u212aELVIN@club.example", "\u212aelvin@club.example", True),
        ("ÉLODIE@club.example", "élodie@club.example", True),
        ("\u212a\u212a@club.example", "k\u212a@club.example", False),
        (5, "5", False),
        (None, "", False),
        (["a@club.example"], "a@club.example", False),
    ],
)
def test_case_does_not_count_but_ascii_does(one: object, other: str, same: bool) -> None:
    assert emails.same(one, other) is same


@pytest.mark.parametrize("odd", [5, True, None, ["5"], {"a": "5"}], ids=repr)
def test_an_address_that_is_no_text_belongs_to_nobody(open_store: OpenStore, odd: object) -> None:
    store = open_store([world.user("user-1", "runner", email=odd)])
    for text in ("5", "1", "true", "null", "", '["5"]', '{"a":"5"}', str(odd)):
        assert store.find_users(email=text) == []


def test_many_look_alikes_do_not_hide_the_user(open_store: OpenStore) -> None:
    alike = [world.user(f"a-{n}", "runner", email="\u212aim@club.example") for n in range(3)]
    store = open_store([*alike, world.user("user-kim", "runner", email="kim@club.example")])
    (found,) = store.find_users(email="KIM@club.example")
    assert found.document["_id"] == "user-kim"
    assert len(store.find_users(email="\u212aim@club.example")) == len(alike) < MAX_SAME_EMAIL


def plan(number: int, runner: Any, coach: Any, **members: Any) -> dict[str, Any]:
    fields = {"runnerId": runner, "coachId": coach, "status": "active", **members}
    return world.document(f"plan-{number}", "trainingPlan", **fields)


COACH = "coach-1"
REF, TEXT = world.reference, str
PLANS = [
    (REF("runner-free"), REF(COACH), "active", PlannedRunner("runner-free", False)),
    (TEXT("runner-free"), TEXT(COACH), "active", PlannedRunner("runner-free", False)),
    (REF("runner-null"), REF(COACH), "active", PlannedRunner("runner-null", False)),
    (REF("runner-other"), REF(COACH), "active", PlannedRunner("runner-other", True)),
    (REF("runner-gone-coach"), REF(COACH), "active", PlannedRunner("runner-gone-coach", True)),
    (REF("runner-text"), TEXT(COACH), "active", PlannedRunner("runner-text", True)),
    (REF("runner-free"), REF(COACH), "draft", None),
    (REF("runner-free"), REF(COACH), "completed", None),
    (REF("runner-free"), REF(COACH), "cancelled", None),
    (REF("runner-free"), REF(COACH), None, None),
    (REF("runner-free"), REF(COACH), "Active", None),
    (REF("runner-free"), REF("coach-2"), "active", None),
    (REF("nobody"), REF(COACH), "active", None),
    (REF("plan-0"), REF(COACH), "active", None),
    (None, REF(COACH), "active", None),
    (5, REF(COACH), "active", None),
    (REF("runner-free"), None, "active", None),
    (REF("runner-free"), [COACH], "active", None),
]
"""Runner, coach and status of a plan, and what becomes of it for COACH."""


def test_come_with_the_runners_of_their_active_plans(open_store: OpenStore) -> None:
    users = [
        world.user(COACH, "coach"),
        world.user("coach-2", "coach"),
        world.user("runner-free", "runner"),
        world.user("runner-null", "runner", coachId=None),
        world.user("runner-other", "runner", "coach-2"),
        world.user("runner-gone-coach", "runner", "coach-gone"),
        world.user("runner-text", "runner", coachId="coach-2"),
    ]
    plans = [
        plan(number, runner, coach, status=status)
        for number, (runner, coach, status, _) in enumerate(PLANS)
    ]
    draft = plan(0, REF("runner-free"), REF(COACH)) | {"_id": "drafts.plan-x"}
    store = open_store([*users, *plans, draft])
    for query in ({"user_id": COACH}, {"email": "COACH-1@club.example"}):
        spent = timing.start()
        (found,) = store.find_users(**query)
        assert spent.calls == 1
        expected = [runner for *_, runner in PLANS if runner]
        assert sorted(found.planned) == sorted(expected)
        assert list(found.coached_ids) == []
