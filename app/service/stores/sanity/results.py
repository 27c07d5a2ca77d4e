"""What queries return, read into the values of the port."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import msgspec

from app.service.documents import Document, holds_nul, loads, reference_id
from app.service.rows import LogRow, StoredLog, of_type, row_of
from app.service.stores.port import BatchContext, CreateContext, Pair, PlannedRunner, StoredUser


def users_of(rows: list[Any]) -> list[StoredUser]:
    return [
        StoredUser(
            row["document"],
            row["coachedIds"],
            [
                PlannedRunner(runner["_id"], runner["hasCoach"])
                for runner in row["planned"]
                if of_type("user", runner)
            ],
        )
        for row in rows
    ]


class ListResult(msgspec.Struct):
    logs: list[LogRow]
    total: int | None = None
    now: str | None = None


class _Response(msgspec.Struct):
    result: ListResult


_usual_response = msgspec.json.Decoder(_Response)


def list_result_of(content: bytes) -> ListResult:
    """The page in a response: msgspec reads it at once, unless a row is unusual."""
    try:
        if not holds_nul(content):
            return _usual_response.decode(content).result
    except (ValueError, RecursionError):
        pass
    result = loads(content)["result"]
    rows = [row_of(StoredLog.of(each)) for each in result["logs"]]
    return ListResult(rows, msgspec.convert(result.get("total"), int | None), result.get("now"))


class _RawResponse(msgspec.Struct):
    result: msgspec.Raw


_raw_response = msgspec.json.Decoder(_RawResponse)


def json_of(content: bytes) -> msgspec.Raw:
    """The result in a response, as its JSON, without what is no text."""
    try:
        return _raw_response.decode(content).result
    except (ValueError, RecursionError):
        return msgspec.Raw(json.dumps(loads(content)["result"]).encode())


def itself(result: Any) -> Any:
    return result


def context_of_create(result: dict[str, Any]) -> CreateContext:
    session = result["session"] or {"document": None, "plan": None}
    planned, runner = session["document"], result["runner"]
    return CreateContext(
        session=planned,
        plan=of_type("trainingPlan", session["plan"]),
        runner=runner,
        existing=[
            StoredLog(each["document"], planned, runner, each["feedback"])
            for each in result["existing"]
        ],
    )


def pair_of(document: Document) -> Pair:
    runner_id, session_id = (
        reference_id(document.get(each)) or "" for each in ("runnerId", "sessionId")
    )
    return Pair(runner_id, session_id)


def context_of_batch(result: dict[str, Any], pairs: Collection[Pair]) -> BatchContext:
    sessions = {each["document"]["_id"]: each for each in result["sessions"]}
    runners = {each["_id"]: each for each in result["runners"]}
    existing: dict[Pair, list[Any]] = {}
    for each in result["existing"]:
        existing.setdefault(pair_of(each["document"]), []).append(each)
    return BatchContext(
        logs={each["document"]["_id"]: StoredLog.of(each) for each in result["logs"]},
        pairs={
            pair: context_of_create(
                {
                    "session": sessions.get(pair.session_id),
                    "runner": runners.get(pair.runner_id),
                    "existing": existing.get(pair, []),
                }
            )
            for pair in pairs
        },
    )
