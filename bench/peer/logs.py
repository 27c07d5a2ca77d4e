"""The strongest peer: FastAPI on uvicorn with uvloop and httptools, aiohttp to the Content Lake.

It does the product's work as its users would write it, tuned: the token and the caller are
cached, pydantic checks both ways and writes the JSON itself, independent calls go out together. It
makes the calls of the routes that the product replaces: list 1, read 1, create 5 (three of them
at once), update 3, delete 2.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

import aiohttp
import orjson
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response
from joserfc import jwt
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, Field

from bench.peer_models import (
    Changes,
    Feeling,
    Log,
    LogAnswer,
    LogPage,
    NewLog,
    Pagination,
    Status,
    check_rules,
    derive_pace,
)

ISSUER = os.environ["OAUTH_ISSUER"]
_DATA = f"{os.environ['UPSTREAM_URL']}/v2025-02-19/data"
_HEADERS = {"Authorization": f"Bearer {os.environ['SANITY_API_TOKEN']}"}

_JOINS = (
    "..., 'session': *[_id == ^.sessionId._ref][0]{_id, date, day, type, distance, duration, pace},"
    " 'runner': *[_id == ^.runnerId._ref][0]{_id, name}"
)
_LIST = (
    "*[_type == 'workoutLog' && runnerId._ref in $runners"
    " && ($status == null || status == $status) && ($feeling == null || feeling == $feeling)"
    " && ($createdAt == null || _createdAt < $createdAt"
    " || (_createdAt == $createdAt && _id < $id))]"
    f"| order(_createdAt desc, _id desc)[0...$limit]{{{_JOINS}}}"
)
_BY_ID = f"*[_type == 'workoutLog' && _id == $id][0]{{{_JOINS}}}"
_EXISTING = "*[_type == 'workoutLog' && runnerId._ref == $runner && sessionId._ref == $id][0]{_id}"
_SESSION = "*[_type == 'trainingSession' && _id == $id][0]"
_PLAN = "*[_type == 'trainingPlan' && _id in *[_id == $id].planId._ref][0]"
_USER = "*[_type == 'user' && _id == $id][0]"


class Caller(BaseModel):
    id: str
    role: Literal["runner", "coach", "admin"]


class ListQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: str | None = None
    status: Status | None = None
    feeling: Feeling | None = None


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=True) as session:
        app.state.lake = session
        async with session.get(f"{ISSUER}/jwks") as response:
            app.state.keys = KeySet.import_key_set(await response.json())
        app.state.claims = {}
        app.state.callers = {}
        yield


app = FastAPI(lifespan=_lifespan, openapi_url=None)


async def query(request: Request, tag: str, groq: str, **params: Any) -> Any:
    values = {f"${name}": orjson.dumps(value).decode() for name, value in params.items()}
    url = f"{_DATA}/query/bench"
    values |= {"query": groq, "tag": tag, "perspective": "published", "returnQuery": "false"}
    async with request.app.state.lake.get(url, params=values, headers=_HEADERS) as response:
        return orjson.loads(await _body(response))["result"]


async def mutate(request: Request, *mutations: dict[str, Any]) -> Any:
    body = orjson.dumps({"mutations": mutations, "transactionId": uuid.uuid4().hex})
    url = f"{_DATA}/mutate/bench?returnIds=true&returnDocuments=true"
    headers = {**_HEADERS, "Content-Type": "application/json"}
    async with request.app.state.lake.post(url, data=body, headers=headers) as response:
        return orjson.loads(await _body(response))["results"]


async def _body(response: aiohttp.ClientResponse) -> bytes:
    if response.status != 200:
        raise HTTPException(503)
    return await response.read()


async def known_caller(request: Request, authorization: Annotated[str, Header()]) -> Caller:
    """The caller, both the token's check and the person behind it remembered."""
    state = request.app.state
    token = authorization.removeprefix("Bearer ")
    claims = state.claims.get(token)
    if claims is None:
        claims = jwt.decode(token, state.keys, algorithms=["RS256"]).claims
        if claims["iss"] != ISSUER or "workout-logs:read" not in claims["scope"]:
            raise HTTPException(401)
        state.claims[token] = claims
    caller = state.callers.get(claims["sub"])
    if caller is None:
        user = await query(request, "peer.user", _USER, id=claims["sub"])
        caller = state.callers[claims["sub"]] = Caller(id=user["_id"], role=user["role"])
    return caller


KnownCaller = Annotated[Caller, Depends(known_caller)]


def _json(model: BaseModel, **more: Any) -> Response:
    content = model.__pydantic_serializer__.to_json(model, by_alias=True)
    return Response(content, media_type="application/json", **more)


@app.get("/api/workout-logs")
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
    page = LogPage(data=rows, pagination=Pagination(limit=filters.limit, nextCursor=cursor))
    return _json(page, headers={"Cache-Control": "private, no-cache"})


async def _read(request: Request, caller: Caller, log_id: str) -> tuple[dict[str, Any], Log]:
    row = await query(request, "peer.read", _BY_ID, id=log_id)
    if row is None:
        raise HTTPException(404)
    log = Log.model_validate(row)
    if caller.role != "admin" and log.runner_id != caller.id:
        raise HTTPException(404)
    return row, log


@app.get("/api/workout-logs/{log_id}")
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
    return _json(LogAnswer(data=log), headers=etag)


@app.post("/api/workout-logs")
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
    pair = f"{caller.id} {new.session_id}".encode()
    document = new.model_dump(by_alias=True, exclude_none=True) | {
        "_id": f"workoutLog.{hashlib.sha256(pair).hexdigest()[:40]}",
        "_type": "workoutLog",
        "sessionId": {"_type": "reference", "_ref": new.session_id},
        "runnerId": {"_type": "reference", "_ref": caller.id},
    }
    document["actualPace"] = document.get("actualPace") or derive_pace(document)
    await mutate(request, {"create": document})
    row, log = await _read(request, caller, document["_id"])
    headers = {"ETag": f'"{row["_rev"]}"', "Location": f"/api/workout-logs/{log.id}"}
    return _json(LogAnswer(data=log), status_code=201, headers=headers)


@app.put("/api/workout-logs/{log_id}")
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
    row, log = await _read(request, caller, log_id)
    return _json(LogAnswer(data=log), headers={"ETag": f'"{row["_rev"]}"'})


@app.delete("/api/workout-logs/{log_id}")
async def delete_log(request: Request, caller: KnownCaller, log_id: str) -> Response:
    await _read(request, caller, log_id)
    await mutate(request, {"delete": {"id": log_id}})
    return Response(status_code=204)
