"""The operations on workout logs."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from bench.peer.lake import Caller, KnownCaller, json, mutate, query
from bench.peer.models import (
    Changes,
    Feeling,
    Log,
    LogPage,
    LogResponse,
    NewLog,
    Pagination,
    Status,
    check_rules,
    derive_pace,
)

router = APIRouter(prefix="/api/workout-logs")

JOINS = (
    "..., 'session': *[_id == ^.sessionId._ref][0]{_id, date, day, type, distance, duration, pace},"
    " 'runner': *[_id == ^.runnerId._ref][0]{_id, name}"
)
_LIST = (
    "*[_type == 'workoutLog' && runnerId._ref in $runners"
    " && ($status == null || status == $status) && ($feeling == null || feeling == $feeling)"
    " && ($createdAt == null || _createdAt < $createdAt"
    " || (_createdAt == $createdAt && _id < $id))]"
    f"| order(_createdAt desc, _id desc)[0...$limit]{{{JOINS}}}"
)
_BY_ID = f"*[_type == 'workoutLog' && _id == $id][0]{{{JOINS}}}"
_EXISTING = "*[_type == 'workoutLog' && runnerId._ref == $runner && sessionId._ref == $id][0]{_id}"
_SESSION = "*[_type == 'trainingSession' && _id == $id][0]"
_PLAN = "*[_type == 'trainingPlan' && _id in *[_id == $id].planId._ref][0]"


class ListQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: str | None = None
    status: Status | None = None
    feeling: Feeling | None = None


@router.get("")
async def list_logs(
    request: Request, caller: KnownCaller, filters: Annotated[ListQuery, Query()]
) -> Response:
    after = base64.urlsafe_b64decode(filters.cursor).decode() if filters.cursor else "|"
    created_at, log_id = after.split("|")
    rows = await query(
        request,
        "peer.list",
        _LIST,
        runners=[caller.id],
        status=filters.status,
        feeling=filters.feeling,
        createdAt=created_at or None,
        id=log_id or None,
        limit=filters.limit,
    )
    last = f"{rows[-1]['_createdAt']}|{rows[-1]['_id']}".encode() if rows else b""
    cursor = base64.urlsafe_b64encode(last).decode() if len(rows) == filters.limit else None
    page = LogPage(data=rows, pagination=Pagination(limit=filters.limit, next_cursor=cursor))
    return json(page, headers={"Cache-Control": "private, no-cache"})


async def _row(request: Request, log_id: str) -> tuple[dict[str, Any], Log]:
    row = await query(request, "peer.read", _BY_ID, id=log_id)
    if row is None:
        raise HTTPException(404)
    return row, Log.model_validate(row)


async def _read(request: Request, caller: Caller, log_id: str) -> tuple[dict[str, Any], Log]:
    row, log = await _row(request, log_id)
    if not caller.may_read(log.runner_id):
        raise HTTPException(404)
    return row, log


@router.get("/{log_id}")
async def read_log(
    request: Request,
    caller: KnownCaller,
    log_id: str,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    row, log = await _read(request, caller, log_id)
    etag = {"ETag": f'"{row["_rev"]}"', "Cache-Control": "private, no-cache"}
    if if_none_match == etag["ETag"]:
        return Response(status_code=304, headers=etag)
    return json(LogResponse(data=log), headers=etag)


@router.post("")
async def create_log(request: Request, caller: KnownCaller, new: NewLog) -> Response:
    session, plan, existing = await asyncio.gather(
        query(request, "peer.session", _SESSION, id=new.session_id),
        query(request, "peer.plan", _PLAN, id=new.session_id),
        query(request, "peer.existing", _EXISTING, id=new.session_id, runner=caller.id),
    )
    if existing:
        raise HTTPException(409)
    if not session or not plan or plan["runnerId"]["_ref"] != caller.id:
        raise HTTPException(422)
    document = document_of(new, caller.id)
    await mutate(request, {"create": document})
    row, log = await _row(request, document["_id"])
    headers = {"ETag": f'"{row["_rev"]}"', "Location": f"/api/workout-logs/{log.id}"}
    return json(LogResponse(data=log), status_code=201, headers=headers)


def document_of(new: NewLog, runner_id: str) -> dict[str, Any]:
    """The document of a new log."""
    pair = f"{runner_id} {new.session_id}".encode()
    document = new.model_dump(by_alias=True, exclude_none=True) | {
        "_id": f"workoutLog.{hashlib.sha256(pair).hexdigest()[:40]}",
        "_type": "workoutLog",
        "sessionId": {"_type": "reference", "_ref": new.session_id},
        "runnerId": {"_type": "reference", "_ref": runner_id},
    }
    document["actualPace"] = document.get("actualPace") or derive_pace(document)
    return document


@router.put("/{log_id}")
@router.patch("/{log_id}")
async def update_log(
    request: Request, caller: KnownCaller, log_id: str, changes: Changes
) -> Response:
    row, _ = await _read(request, caller, log_id)
    sent = changes.model_dump(by_alias=True, include=changes.model_fields_set)
    merged = row | sent
    if "actualDistance" in sent or "actualDuration" in sent:
        merged["actualPace"] = sent["actualPace"] = derive_pace(merged)
    check_rules(merged)
    patch = {
        "id": log_id,
        "ifRevisionID": row["_rev"],
        "set": {name: value for name, value in sent.items() if value is not None},
        "unset": [name for name, value in sent.items() if value is None],
    }
    await mutate(request, {"patch": patch})
    row, log = await _row(request, log_id)
    return json(LogResponse(data=log), headers={"ETag": f'"{row["_rev"]}"'})


@router.delete("/{log_id}")
async def delete_log(request: Request, caller: KnownCaller, log_id: str) -> Response:
    await _read(request, caller, log_id)
    await mutate(request, {"delete": {"id": log_id}})
    return Response(status_code=204)
