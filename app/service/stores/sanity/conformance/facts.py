"""The facts, in the order in which they matter. None of them holds an id, a text or a token.

Without leave to write there are queries, `explain` and dry runs only. What is written is of the
type `conformanceProbe`, and is deleted at the end, whatever happens.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from app.service.documents import reference
from app.service.stores.sanity.conformance.probe import Probe, Response
from app.service.stores.sanity.conformance.product import every_query, example_params

TYPE = "conformanceProbe"
_POLL_SECONDS = 0.02
_MAX_PLAN_CHARACTERS = 2_000


class Fact(NamedTuple):
    """What was observed, and whether it is what this program assumes; None: it assumes nothing."""

    name: str
    assumed: bool | None
    observed: Mapping[str, Any]

    @property
    def verdict(self) -> str:
        return {True: "as assumed", False: "OTHER", None: "told"}[self.assumed]


class Facts:
    """Finds the facts through `probe`. Raises `requests.RequestException` without a response.

    A query may be `max_wait_seconds` behind a write until the wait for it is given up.
    """

    def __init__(self, probe: Probe, *, max_wait_seconds: float = 15) -> None:
        self._probe = probe
        self._max_wait_seconds = max_wait_seconds
        self._run = uuid.uuid4().hex
        self._made: list[str] = []
        self.left = 0
        """How many documents could not be deleted again."""

    def read(self) -> Iterator[Fact]:
        """What queries, `explain` and dry runs tell. Changes nothing."""
        yield from self._settled(self._patch_of_nothing)
        yield from self._settled(self._empty_patch)
        yield from self._settled(self._references_in_a_transaction)
        yield from self._settled(self._nulls_in_an_array)
        yield from self._settled(self._missing_parameter)
        yield from self._settled(self._queries)
        yield from self._settled(self._many_ids)
        yield from self._settled(self._anonymous)
        yield from self._settled(self._limit_headers)

    def write(self) -> Iterator[Fact]:
        """What only writes tell."""
        try:
            yield from self._settled(self._reads_after_writes)
            yield from self._settled(self._used_transaction_id)
            yield from self._settled(self._refused_delete)
            yield from self._settled(self._races)
            yield from self._settled(self._created_at)
            yield from self._settled(self._nulls_in_documents)
            yield from self._settled(self._guarded_delete)
            yield from self._settled(self._anonymous_of_dotted_id)
        finally:
            self._clean_up()

    def _settled(self, find: Callable[[], Iterator[Fact]]) -> Iterator[Fact]:
        """The facts, or why they could not be found."""
        try:
            yield from find()
        except Unsettled as error:
            name = find.__name__.strip("_").replace("_", " ")
            yield Fact(name, None, {"unsettled": str(error)})

    def _clean_up(self) -> None:
        """Delete what was made, the last documents first: they refer to the ones before."""
        for id_ in reversed(self._made):
            if not self._probe.mutate([{"delete": {"id": id_}}], visibility="async").done:
                self.left += 1

    def _new_id(self, prefix: str = "") -> str:
        id_ = f"{prefix}conformance.{uuid.uuid4().hex}"
        self._made.append(id_)
        return id_

    def _document(self, id_: str, **fields: Any) -> dict[str, Any]:
        return {"_id": id_, "_type": TYPE, "run": self._run, **fields}

    def _create(self, **fields: Any) -> str:
        """A new document, which has to be there for what follows."""
        id_ = self._new_id()
        _expect(self._probe.mutate([{"create": self._document(id_, **fields)}]))
        return id_

    def _reads_after_writes(self) -> Iterator[Fact]:
        """Does a query see an acknowledged `visibility=sync` write at once?"""
        id_ = self._create(count=0)
        waits = []
        for count in range(1, 21):
            _expect(self._probe.mutate([{"patch": {"id": id_, "set": {"count": count}}}]))
            waits.append(self._wait_until_seen(id_, count))
        late = [each for each in waits if each is None or each > 0]
        observed = {
            "writes": len(waits),
            "seenLater": len(late),
            "neverSeen": waits.count(None),
            "longestWaitMilliseconds": max((each or 0 for each in waits), default=0),
        }
        yield Fact("a query sees an acknowledged write", None, observed)

    def _wait_until_seen(self, id_: str, count: int) -> int | None:
        """Milliseconds until a query sees the count: 0 if the first one does, None if none does."""
        started = time.monotonic()
        first = True
        while time.monotonic() - started < self._max_wait_seconds:
            if self._probe.query("*[_id == $id][0].count", {"id": id_}).result == count:
                return 0 if first else round((time.monotonic() - started) * 1000)
            first = False
            time.sleep(_POLL_SECONDS)
        return None

    def _used_transaction_id(self) -> Iterator[Fact]:
        id_, used = self._create(), uuid.uuid4().hex
        first, again = (
            self._probe.mutate([{"patch": {"id": id_, "set": {"count": count}}}], used)
            for count in (1, 2)
        )
        _expect(first)
        yield Fact("a transaction id used again, by a patch", not again.done, again.outcome())

        id_, used = self._new_id(), uuid.uuid4().hex
        create = [{"create": self._document(id_)}]
        _expect(self._probe.mutate(create, used))
        _expect(self._probe.mutate([{"delete": {"id": id_}}]))
        again = self._probe.mutate(create, used)
        name = "a transaction id used again, by a create after a delete"
        yield Fact(name, not again.done, again.outcome())

    def _patch_of_nothing(self) -> Iterator[Fact]:
        patch = {"patch": {"id": f"conformance.{uuid.uuid4().hex}", "set": {"count": 1}}}
        response = self._probe.mutate([patch], dryRun="true")
        assumed = not response.done and "documentNotFoundError" in response.types
        yield Fact("a patch of a missing document", assumed, response.outcome())

    def _refused_delete(self) -> Iterator[Fact]:
        for prefix, referring in (("", "a document"), ("drafts.", "only a draft")):
            target = self._create()
            document = self._document(self._new_id(prefix), target=reference(target))
            _expect(self._probe.mutate([{"create": document}]))
            response = self._probe.mutate([{"delete": {"id": target}}])
            assumed = (
                response.status == 409 and "documentHasExistingReferencesError" in response.types
            )
            yield Fact(f"a delete of what {referring} refers to", assumed, response.outcome())

    def _empty_patch(self) -> Iterator[Fact]:
        id_ = f"conformance.{uuid.uuid4().hex}"
        create = {"create": self._document(id_)}
        empty: Mapping[str, Any] = {"set": {}, "unset": []}
        observed = {
            name: self._probe.mutate(
                [create, {"patch": {"id": id_, name: empty[name]}}], dryRun="true"
            ).outcome()
            for name in empty
        }
        yield Fact("an empty set or unset", None, observed)

    def _races(self) -> Iterator[Fact]:
        conflicts: set[str] = set()

        def race(mutations: Callable[[int], list[dict[str, Any]]]) -> list[Response]:
            with ThreadPoolExecutor(10) as threads:
                responses = [*threads.map(lambda n: self._probe.mutate(mutations(n)), range(10))]
            conflicts.update(
                " ".join(each.types) or "none" for each in responses if each.status == 409
            )
            return responses

        def fact(name: str, responses: list[Response], *, assumed: bool, **more: Any) -> Fact:
            done = sum(each.done for each in responses)
            others = sorted({each.status for each in responses if not each.done})
            return Fact(name, assumed, {"done": done, "otherStatuses": others, **more})

        id_ = self._new_id()
        responses = race(lambda _: [{"create": self._document(id_)}])
        won = sum(each.done for each in responses) == 1
        yield fact("ten creates of one id at once", responses, assumed=won)

        revision = _expect(self._probe.documents(id_)).content["documents"][0]["_rev"]
        guarded = {"id": id_, "ifRevisionID": revision}
        responses = race(lambda number: [{"patch": {**guarded, "set": {"count": number}}}])
        won = sum(each.done for each in responses) == 1
        yield fact("ten patches of one revision at once", responses, assumed=won)

        _expect(self._probe.mutate([{"patch": {"id": id_, "set": {"count": 0}}}]))
        responses = race(lambda _: [{"patch": {"id": id_, "inc": {"count": 1}}}])
        [document] = _expect(self._probe.documents(id_)).content["documents"]
        added = document["count"] == sum(each.done for each in responses)
        yield fact("ten increments at once", responses, assumed=added, added=document["count"])

        known = {
            "documentAlreadyExistsError mutationError",
            "documentRevisionIDDoesNotMatchError mutationError",
        }
        yield Fact("the types of a 409", conflicts <= known, {"types": sorted(conflicts)})

    def _references_in_a_transaction(self) -> Iterator[Fact]:
        one, other = (f"conformance.{uuid.uuid4().hex}" for _ in range(2))
        referring = {"create": self._document(one, target=reference(other))}
        target = {"create": self._document(other)}
        observed = {
            "targetLast": self._probe.mutate([referring, target], dryRun="true").outcome(),
            "targetFirst": self._probe.mutate([target, referring], dryRun="true").outcome(),
            "noTarget": self._probe.mutate([referring], dryRun="true").outcome(),
        }
        refused = "documentReferenceDoesNotExistError" in observed["noTarget"].get("types", ())
        yield Fact("references inside one transaction", refused, observed)

    def _created_at(self) -> Iterator[Fact]:
        mine = "2020-02-03T04:05:06.789Z"
        own, other = self._create(_createdAt=mine), self._create()
        found = {
            each["_id"]: each["_createdAt"]
            for each in _expect(self._probe.documents(own, other)).content["documents"]
        }
        _, _, fraction = found[other].rstrip("Z").partition(".")
        observed = {"ownIsKept": found[own] == mine, "digitsOfASecond": len(fraction)}
        yield Fact("_createdAt", observed["ownIsKept"], observed)

    def _nulls_in_an_array(self) -> Iterator[Fact]:
        rows = '[{"n": "1", "v": 1}, {"n": "null", "v": null}, {"n": "none"}]'
        yield self._nulls(rows, {}, "nulls in the order of an array")

    def _nulls_in_documents(self) -> Iterator[Fact]:
        group = uuid.uuid4().hex
        self._create(group=group, n="1", v=1)
        self._create(group=group, n="null", v=None)
        self._create(group=group, n="none")
        rows = "*[_type == $type && group == $group]"
        params = {"type": TYPE, "group": group}
        yield self._nulls(rows, params, "nulls in the order of documents")

    def _nulls(self, rows: str, params: Mapping[str, Any], name: str) -> Fact:
        up, down = (
            self._probe.query(f"{rows} | order(v {way}).n", params).result
            for way in ("asc", "desc")
        )
        last = bool(up and down) and up[0] == "1" and down[-1] == "1"
        return Fact(name, last, {"ascending": up, "descending": down})

    def _missing_parameter(self) -> Iterator[Fact]:
        response = self._probe.query("*[_id == $id][0]._id")
        yield Fact("a query without its parameter", response.status == 400, response.outcome())

    def _guarded_delete(self) -> Iterator[Fact]:
        id_ = self._create()
        [document] = _expect(self._probe.documents(id_)).content["documents"]
        guard = {"id": id_, "ifRevisionID": document["_rev"], "set": {"count": 1}}
        response = self._probe.mutate([{"patch": guard}, {"delete": {"id": id_}}])
        results = response.content.get("results", ()) if isinstance(response.content, dict) else ()
        shown = [
            {"operation": each.get("operation"), "document": "document" in each} for each in results
        ]
        gone = not _expect(self._probe.documents(id_)).content["documents"]
        observed = {**response.outcome(), "results": shown, "gone": gone}
        yield Fact("a patch and a delete in one transaction", response.done and gone, observed)

    def _queries(self) -> Iterator[Fact]:
        for name, query in every_query().items():
            params = example_params(query)
            response = self._probe.query(query, params)
            plan = self._probe.query(query, params, explain="true")
            observed = {
                **response.outcome(),
                "milliseconds": response.milliseconds,
                # Where `explain` is not known, the response is the result: it stays here.
                "explain": {**plan.outcome(), "plan": plan.text[:_MAX_PLAN_CHARACTERS]},
            }
            yield Fact(f"query {name}", response.done, observed)

    def _many_ids(self) -> Iterator[Fact]:
        for count in (1_000, 20_000):
            ids = [f"conformance.{number:08}" for number in range(count)]
            response = self._probe.query("count(*[_id in $ids])", {"ids": ids})
            observed = {**response.outcome(), "milliseconds": response.milliseconds}
            yield Fact(f"`in` with {count:,} ids", response.done, observed)

    def _anonymous(self) -> Iterator[Fact]:
        response = self._probe.query('count(*[_type in ["user", "workoutLog"]])', anonymous=True)
        seen = bool(response.result)
        yield Fact("a query without a token", None, {**response.outcome(), "seesDocuments": seen})

    def _anonymous_of_dotted_id(self) -> Iterator[Fact]:
        id_ = self._create()
        response = self._probe.query("count(*[_id == $id])", {"id": id_}, anonymous=True)
        seen = bool(response.result)
        observed = {**response.outcome(), "seesDocument": seen}
        yield Fact("a document with a dot in its id, without a token", not seen, observed)

    def _limit_headers(self) -> Iterator[Fact]:
        response = self._probe.query("true")
        found = {
            name.lower(): int(text) if text.isdecimal() else "no number"
            for name, text in response.headers.items()
            if "ratelimit" in name.lower()
        }
        yield Fact("headers about limits", None, found)


class Unsettled(Exception):
    """A step before the fact failed; the message says how."""


def _expect(response: Response) -> Response:
    if not response.done:
        raise Unsettled(f"status {response.status} {' '.join(response.types)}".rstrip())
    return response
