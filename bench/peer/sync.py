"""Changes since a moment, and batches of creates, updates and deletes."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bench.peer.lake import Caller, KnownCaller, json, mutate, query, query_by_post
from bench.peer.logs import JOINS, document_of
from bench.peer.models import Changes, Log, NewLog, Out, check_rules, derive_pace

router = APIRouter(prefix="/api")

_CHANGES = (
    "{'now': now(), 'changes': *[_type in ['workoutLog', 'workoutLogDeletion']"
    " && runnerId._ref in $runners"
    " && (_updatedAt > $at || (_updatedAt == $at && _id > $id))]"
    f"| order(_updatedAt asc, _id asc)[0...$limit]{{{JOINS}}}}}"
)
_OF_BATCH = (
    f"{{'logs': *[_type == 'workoutLog' && _id in $ids]{{{JOINS}}},"
    " 'sessions': *[_type == 'trainingSession' && _id in $sessions]{"
    "_id, date, day, type, distance, duration, pace, 'owner': planId->runnerId._ref},"
    " 'existing': *[_type == 'workoutLog' && runnerId._ref == $runner"
    " && sessionId._ref in $sessions].sessionId._ref,"
    " 'runner': *[_type == 'user' && _id == $runner][0]{_id, name}}"
)


class ChangeQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    since: str
    limit: Annotated[int, Field(ge=1, le=100)] = 100


class Change(Out):
    type: Literal["upsert", "deleted"]
    log: Log | None = None
    id: str | None = None
    deleted_at: str | None = None


class Next(Out):
    next: str
    has_more: bool


class ChangePage(Out):
    data: list[Change]
    pagination: Next


@router.get("/workout-log-changes")
async def list_changes(
    request: Request, caller: KnownCaller, asked: Annotated[ChangeQuery, Query()]
) -> Response:
    at, id_ = ("", "") if asked.since == "now" else _place(asked.since)
    found = await query(
        request,
        "peer.changes",
        _CHANGES,
        runners=[caller.id, *caller.coached],
        at=at,
        id=id_,
        limit=0 if asked.since == "now" else asked.limit + 1,
    )
    rows = found["changes"][: asked.limit]
    last = (rows[-1]["_updatedAt"], rows[-1]["_id"]) if rows else (found["now"], "")
    page = ChangePage(
        data=[
            Change(type="upsert", log=Log.model_validate(each))
            if each["_type"] == "workoutLog"
            else Change(type="deleted", id=each["logId"], deleted_at=each["_updatedAt"])
            for each in rows
        ],
        pagination=Next(
            next=base64.urlsafe_b64encode("|".join(last).encode()).decode(),
            has_more=len(found["changes"]) > asked.limit,
        ),
    )
    return json(page, headers={"Cache-Control": "private, no-cache"})


def _place(token: str) -> list[str]:
    try:
        at, id_ = base64.urlsafe_b64decode(token).decode().split("|")
    except ValueError:
        raise HTTPException(410) from None
    return [at, id_]


class Item(BaseModel):
    op: Literal["create", "update", "delete"]
    id: str = ""
    log: dict[str, Any] = {}
    if_match: Annotated[str | None, Field(alias="ifMatch")] = None


class Batch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[Item], Field(min_length=1, max_length=100)]


class Result(Out):
    status: int
    log: Log | None = None
    problem: dict[str, Any] | None = None


class Results(Out):
    results: list[Result]
    dry_run: bool = False


class BatchResponse(BaseModel):
    data: Results


@router.post("/workout-log-batches")
async def write_batch(request: Request, caller: KnownCaller, batch: Batch) -> Response:
    work = [_checked(each) for each in batch.items]
    found = await query_by_post(
        request,
        "peer.batch",
        _OF_BATCH,
        ids=[each.id for each in batch.items if each.id],
        sessions=[each.session_id for each in work if isinstance(each, NewLog)],
        runner=caller.id,
    )
    planned = [
        _planned(caller, each, sent, found) for each, sent in zip(batch.items, work, strict=True)
    ]
    mutations = [each for each in planned if isinstance(each, dict)]
    done = {}
    if mutations:
        done = {each["id"]: each["document"] for each in await mutate(request, *mutations)}
    sessions = {each["_id"]: each for each in found["sessions"]}
    results = [
        each if isinstance(each, Result) else _made(each, done, sessions, found["runner"])
        for each in planned
    ]
    return json(BatchResponse(data=Results(results=results)))


def _checked(item: Item) -> NewLog | Changes | Result | None:
    try:
        if item.op == "create":
            return NewLog.model_validate(item.log)
        return Changes.model_validate(item.log) if item.op == "update" else None
    except ValidationError as error:
        return Result(status=422, problem={"errors": error.errors(include_url=False)})


def _planned(
    caller: Caller, item: Item, sent: NewLog | Changes | Result | None, found: dict[str, Any]
) -> Result | dict[str, Any]:
    """The mutation of an item, or why there is none."""
    if isinstance(sent, Result):
        return sent
    if isinstance(sent, NewLog):
        if sent.session_id in found["existing"]:
            return Result(status=409, problem={"code": "duplicate"})
        owners = {each["_id"]: each["owner"] for each in found["sessions"]}
        if owners.get(sent.session_id) != caller.id:
            return Result(status=422, problem={"code": "not-found"})
        return {"create": document_of(sent, caller.id)}
    row = next((each for each in found["logs"] if each["_id"] == item.id), None)
    if row is None or not caller.may_read(row["runnerId"]["_ref"]):
        return Result(status=404, problem={"code": "not-found"})
    if sent is None:
        return {"delete": {"id": item.id}}
    changed = sent.model_dump(by_alias=True, include=sent.model_fields_set)
    merged = row | changed
    changed["actualPace"] = derive_pace(merged)
    check_rules(merged)
    return {"patch": {"id": item.id, "ifRevisionID": row["_rev"], "set": changed}}


def _made(
    mutation: dict[str, Any],
    done: dict[str, Any],
    sessions: dict[str, Any],
    runner: dict[str, Any] | None,
) -> Result:
    ((operation, value),) = mutation.items()
    if operation == "delete":
        return Result(status=204)
    document = done[value.get("_id") or value["id"]]
    session = sessions.get(document["sessionId"]["_ref"])
    log = Log.model_validate({**document, "session": session, "runner": runner})
    return Result(status=201 if operation == "create" else 200, log=log)
