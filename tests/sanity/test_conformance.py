"""`store conformance`: each fact as the stand-in has it, and the other way."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from requests.adapters import BaseAdapter

from app.cli.store import store
from app.service.stores.sanity import queries, training_queries
from app.service.stores.sanity.conformance.facts import Fact, Facts
from app.service.stores.sanity.conformance.probe import Probe
from app.service.stores.sanity.conformance.product import every_query, example_params
from app.service.stores.sanity.transport import Connections
from tests import world
from tests.content_lake import (
    API_VERSION,
    DATASET,
    EDITOR_TOKEN,
    PROJECT,
    ContentLake,
    running_content_lake,
)

Reply = tuple[int, Any]
Twist = Callable[[requests.PreparedRequest, Any], Reply | None]
"""What another Content Lake would say to a request, if it is not what this one says."""


class Twisted(BaseAdapter):
    """Passes requests on, and changes some of the responses."""

    def __init__(self, url: str, twist: Twist) -> None:
        super().__init__()
        self._adapter = Connections(url, max_idle=10)
        self._twist = twist

    def close(self) -> None:
        self._adapter.close()

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        response = self._adapter.send(request, **options)
        changed = self._twist(request, json.loads(response.content))
        if changed is None:
            return response
        other = requests.Response()
        other.status_code = changed[0]
        content = changed[1]
        other._content = content if isinstance(content, bytes) else json.dumps(content).encode()
        return other


@pytest.fixture
def lake(content_lake: ContentLake) -> ContentLake:
    content_lake.reset()
    content_lake.load(world.club())
    return content_lake


def as_it_is(request: requests.PreparedRequest, response: Any) -> Reply | None:
    """No twist."""
    return None


def everything(facts: Facts) -> Iterator[Fact]:
    return chain(facts.write(), facts.read())


def found(
    lake: ContentLake,
    twist: Twist = as_it_is,
    find: Callable[[Facts], Iterator[Fact]] = everything,
    **options: float,
) -> dict[str, Fact]:
    """The facts by name."""
    probe = Probe(
        lake.url,
        dataset=DATASET,
        token=EDITOR_TOKEN,
        api_version=API_VERSION,
        open_adapter=lambda: Twisted(lake.url, twist),
    )
    try:
        facts = Facts(probe, **options)
        return {each.name: each for each in find(facts)}
    finally:
        probe.close()


OPEN = {
    "a query sees an acknowledged write",
    "an empty set or unset",
    "a query without a token",
    "headers about limits",
}
"""What the program assumes nothing of."""


def test_the_stand_in_is_what_the_program_assumes(lake: ContentLake) -> None:
    before = lake.documents()
    facts = found(lake)
    assert {name for name, each in facts.items() if each.verdict == "told"} == OPEN
    assert [each for each in facts.values() if each.verdict == "OTHER"] == []
    assert lake.documents() == before


def mutations(request: requests.PreparedRequest) -> list[dict[str, Any]]:
    """Those of a transaction; none for a query."""
    if "/data/mutate/" not in str(request.url):
        return []
    made: list[dict[str, Any]] = json.loads(request.body or b"")["mutations"]
    return made


def query(request: requests.PreparedRequest) -> str:
    """The text of a query; empty for anything else."""
    if "/data/query/" not in str(request.url):
        return ""
    return str(json.loads(request.body or b"")["query"])


def names(request: requests.PreparedRequest) -> list[str]:
    return [name for each in mutations(request) for name in each]


DONE: Reply = (200, {"results": []})


def refused(type_: str, status: int = 409) -> Reply:
    return status, {"error": {"type": "mutationError", "items": [{"error": {"type": type_}}]}}


class UsedIds:
    """Does what it is asked, whether or not the transaction id was used before."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def __call__(self, request: requests.PreparedRequest, response: Any) -> Reply | None:
        if not mutations(request):
            return None
        used = json.loads(request.body or b"")["transactionId"]
        again = used in self._seen
        self._seen.add(used)
        return DONE if again else None


def patch_of_nothing(request: requests.PreparedRequest, response: Any) -> Reply | None:
    return DONE if names(request) == ["patch"] and "dryRun" in str(request.url) else None


def delete_in_spite(request: requests.PreparedRequest, response: Any) -> Reply | None:
    return DONE if names(request) == ["delete"] else None


def every_create_wins(request: requests.PreparedRequest, response: Any) -> Reply | None:
    return DONE if "documentAlreadyExistsError" in str(response) else None


def every_patch_wins(request: requests.PreparedRequest, response: Any) -> Reply | None:
    return DONE if names(request) == ["patch"] and "ifRevisionID" in str(request.body) else None


def increments_are_refused(request: requests.PreparedRequest, response: Any) -> Reply | None:
    # It was done, but says that it was not.
    return refused("conflictError") if '"inc"' in str(request.body) else None


def references_are_not_looked_at(request: requests.PreparedRequest, response: Any) -> Reply | None:
    return DONE if "documentReferenceDoesNotExistError" in str(response) else None


def creation_is_the_servers(request: requests.PreparedRequest, response: Any) -> Reply | None:
    if "/data/doc/" not in str(request.url):
        return None
    return 200, json.loads(json.dumps(response).replace("2020-02-03T04:05:06.789Z", "2026-01-01T0"))


def nulls_first(request: requests.PreparedRequest, response: Any) -> Reply | None:
    if "order(v " not in query(request):
        return None
    return 200, {"result": response["result"][::-1]}


def parameters_may_lack(request: requests.PreparedRequest, response: Any) -> Reply | None:
    return (200, {"result": None}) if query(request) == "*[_id == $id][0]._id" else None


def no_two_in_one(request: requests.PreparedRequest, response: Any) -> Reply | None:
    return refused("validationError", 400) if names(request) == ["patch", "delete"] else None


def list_is_refused(request: requests.PreparedRequest, response: Any) -> Reply | None:
    refusal = {"error": {"type": "queryParseError"}}
    return (400, refusal) if query(request) == every_query()["LIST"] else None


def long_lists_are_refused(request: requests.PreparedRequest, response: Any) -> Reply | None:
    return (413, b"<html>") if len(request.body or b"") > 400_000 else None


def dotted_ids_are_public(request: requests.PreparedRequest, response: Any) -> Reply | None:
    if query(request) != "count(*[_id == $id])":
        return None
    return 200, {"result": 1}


@pytest.mark.parametrize(
    ("find", "twist", "others"),
    [
        (
            Facts.write,
            UsedIds(),
            {
                "a transaction id used again, by a patch",
                "a transaction id used again, by a create after a delete",
            },
        ),
        (
            Facts.write,
            delete_in_spite,
            {"a delete of what a document refers to", "a delete of what only a draft refers to"},
        ),
        (Facts.write, every_create_wins, {"ten creates of one id at once"}),
        (Facts.write, every_patch_wins, {"ten patches of one revision at once"}),
        (Facts.write, increments_are_refused, {"ten increments at once", "the types of a 409"}),
        (Facts.write, creation_is_the_servers, {"_createdAt"}),
        (Facts.write, nulls_first, {"nulls in the order of documents"}),
        (Facts.write, no_two_in_one, {"a patch and a delete in one transaction"}),
        (
            Facts.write,
            dotted_ids_are_public,
            {"a document with a dot in its id, without a token"},
        ),
        (Facts.read, patch_of_nothing, {"a patch of a missing document"}),
        (Facts.read, references_are_not_looked_at, {"references inside one transaction"}),
        (Facts.read, nulls_first, {"nulls in the order of an array"}),
        (Facts.read, parameters_may_lack, {"a query without its parameter"}),
        (Facts.read, list_is_refused, {"query LIST"}),
        (Facts.read, long_lists_are_refused, {"`in` with 20,000 ids"}),
    ],
    ids=lambda each: getattr(each, "__name__", type(each).__name__),
)
def test_what_is_otherwise_is_said(
    lake: ContentLake,
    find: Callable[[Facts], Iterator[Fact]],
    twist: Twist,
    others: set[str],
) -> None:
    facts = found(lake, twist, find)
    assert {name for name, each in facts.items() if each.verdict == "OTHER"} == others


def test_a_lag_is_measured(lake: ContentLake) -> None:
    lake.switch(sync_ignored=True)
    lake.delays(index_lag=0.1)
    observed = found(lake, find=Facts.write)["a query sees an acknowledged write"].observed
    assert observed["seenLater"] > 0
    assert observed["neverSeen"] == 0
    assert observed["longestWaitMilliseconds"] > 0


def test_a_lag_without_an_end_is_given_up(lake: ContentLake) -> None:
    def never(request: requests.PreparedRequest, response: Any) -> Reply | None:
        return (200, {"result": None}) if query(request) == "*[_id == $id][0].count" else None

    facts = found(lake, never, Facts.write, max_wait_seconds=0.01)
    assert facts["a query sees an acknowledged write"].observed["neverSeen"] == 20


def test_limits_are_told(lake: ContentLake) -> None:
    def without_headers(request: requests.PreparedRequest, response: Any) -> Reply | None:
        return (200, {"result": True}) if query(request) == "true" else None

    told = found(lake, find=Facts.read)["headers about limits"].observed
    assert told["ratelimit-limit"] == 500
    assert told.keys() == {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"}
    told = found(lake, without_headers, Facts.read)["headers about limits"].observed
    assert told == {}


def test_a_public_dataset_is_told() -> None:
    with running_content_lake("--public") as public:
        public.load(world.club())
        facts = found(public)
    assert facts["a query without a token"].observed == {"status": 200, "seesDocuments": True}
    assert facts["a document with a dot in its id, without a token"].verdict == "as assumed"


def test_every_query_of_the_product_is_asked() -> None:
    asked = every_query().values()
    made = {
        name
        for module in (queries, training_queries)
        for name, each in vars(module).items()
        if callable(each)
        and getattr(each, "__module__", "") == module.__name__
        and not name.startswith("_")
    }
    parts = {"day_of", "is_day", "is_within_years"}
    put_together = {"list_logs", "list_changes", "list_sessions", "progress"}
    assert made == put_together | parts, "queries that are put together need an example"
    for each in asked:
        assert set(example_params(each)) == set(re.findall(r"\$(\w+)", each))


class TestCommand:
    @pytest.fixture
    def run(self, lake: ContentLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.chdir(tmp_path)

        def run(*options: str, **settings: str) -> Any:
            env = {
                "SANITY_PROJECT_ID": PROJECT,
                "SANITY_DATASET": DATASET,
                "SANITY_API_TOKEN": EDITOR_TOKEN,
                "SANITY_API_URL": lake.url,
                **settings,
            }
            return CliRunner().invoke(store, ["conformance", *options], env=env)

        return run

    def test_changes_nothing_unless_it_may_write(self, run: Any, lake: ContentLake) -> None:
        before = lake.documents()
        done = run()
        assert done.exit_code == 0, done.output
        assert "as assumed  a patch of a missing document" in done.stdout
        assert "ten creates" not in done.stdout
        assert lake.documents() == before

    def test_does_not_write_beside_workout_logs(self, run: Any, lake: ContentLake) -> None:
        done = run("--write")
        assert done.exit_code == 1
        assert "holds workout logs" in done.stderr
        assert "ten creates" in run("--write", "--here").stdout
        lake.reset()
        assert "ten creates" in run("--write").stdout
        assert lake.documents() == []

    def test_the_json_holds_no_id_text_or_token(
        self, run: Any, lake: ContentLake, tmp_path: Path
    ) -> None:
        assert run("--write", "--here", "--json", "facts.json").exit_code == 0
        text = (tmp_path / "facts.json").read_text()
        content = json.loads(text)
        assert {each["verdict"] for each in content["facts"]} <= {"as assumed", "OTHER", "told"}
        for each in world.club():
            assert each["_id"] not in text
            assert each.get("email", "@") not in text
        assert EDITOR_TOKEN not in text
        assert not re.search(r"[0-9a-f]{32}", text)

    def test_a_token_that_is_refused_is_told(self, run: Any) -> None:
        done = run("--write", SANITY_API_TOKEN="no-such-token")
        assert done.exit_code == 1
        assert "401 SIO-401-ANF" in done.stderr

    def test_a_host_that_does_not_respond_is_told(self, run: Any) -> None:
        done = run(SANITY_API_URL="http://127.0.0.1:1")
        assert done.exit_code == 1
        assert "gives no response" in done.stderr

    def test_without_sanity_there_is_nothing_to_ask(self, run: Any) -> None:
        done = run(SANITY_PROJECT_ID="", SANITY_API_TOKEN="", SANITY_API_URL="")
        assert done.exit_code == 1
        assert "SANITY_PROJECT_ID" in done.stderr


@pytest.fixture(autouse=True)
def _switched_off(content_lake: ContentLake) -> Iterator[None]:
    """Leave the stand-in as it was."""
    yield
    content_lake.reset()
