"""Who a caller is to the others: whom they coach, and who coaches them."""

from __future__ import annotations

from app.service import policy
from app.service.documents import Document
from app.service.model import Caller, Me, UserSummary
from app.service.rows import cut_text
from app.service.stores.port import Store
from app.settings import SCOPES, CoachRelation


class People:
    """The service over a store."""

    def __init__(self, store: Store, coach_relation: CoachRelation) -> None:
        self._store = store
        self._coach_relation = coach_relation

    def describe(self, caller: Caller) -> Me:
        """The caller; one call of the store."""
        found = self._store.read_relations(user_id=caller.id, runner_ids=caller.runner_ids)
        coach_id = policy.coach_id(self._coach_relation, found.user, found.plans)
        users = {each["_id"]: _summary(each) for each in found.others if each["_id"] != caller.id}
        return Me(
            id=caller.id,
            name=_shown(caller.name),
            role=caller.role,
            coach=users.get(coach_id),
            runners=[users[each] for each in sorted(caller.runner_ids) if each in users],
            scopes=[scope for scope in SCOPES if scope in caller.scopes],
        )


def _summary(user: Document) -> UserSummary:
    return UserSummary(user["_id"], _shown(user.get("name")))


def _shown(name: object) -> str | None:
    return cut_text(name) or None if isinstance(name, str) else None
