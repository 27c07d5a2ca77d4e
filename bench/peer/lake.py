"""Calls of the Content Lake, and who calls: the token's check and the user are remembered."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

import aiohttp
import orjson
from cachetools import TTLCache
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from joserfc import jwt
from joserfc.jwk import KeySet
from pydantic import BaseModel

ISSUER = os.environ["OAUTH_ISSUER"]
_DATA = f"{os.environ['UPSTREAM_URL']}/v2025-02-19/data"
_HEADERS = {"Authorization": f"Bearer {os.environ['SANITY_API_TOKEN']}"}

_USER = (
    "*[_type == 'user' && _id == $id][0]"
    "{..., 'coached': *[_type == 'user' && coachId._ref == ^._id]._id}"
)


class Caller(BaseModel):
    id: str
    role: Literal["runner", "coach", "admin"]
    coached: list[str]

    def may_read(self, runner_id: str | None) -> bool:
        return self.role == "admin" or runner_id == self.id or runner_id in self.coached


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=True) as session:
        app.state.lake = session
        async with session.get(f"{ISSUER}/jwks") as response:
            app.state.keys = KeySet.import_key_set(await response.json())
        app.state.claims = TTLCache(10_000, ttl=3600)
        app.state.callers = TTLCache(10_000, ttl=3600)
        yield


async def query(request: Request, tag: str, groq: str, **params: Any) -> Any:
    values = {f"${name}": orjson.dumps(value).decode() for name, value in params.items()}
    url = f"{_DATA}/query/bench"
    values |= {"query": groq, "tag": tag, "perspective": "published", "returnQuery": "false"}
    async with request.app.state.lake.get(url, params=values, headers=_HEADERS) as response:
        return orjson.loads(await _body(response))["result"]


async def query_by_post(request: Request, tag: str, groq: str, **params: Any) -> Any:
    """For parameters that no URL has room for."""
    url = f"{_DATA}/query/bench?tag={tag}&perspective=published&returnQuery=false"
    body = orjson.dumps({"query": groq, "params": params})
    headers = {**_HEADERS, "Content-Type": "application/json"}
    async with request.app.state.lake.post(url, data=body, headers=headers) as response:
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
    state = request.app.state
    token = authorization.removeprefix("Bearer ")
    claims = state.claims.get(token)
    if claims is None:
        claims = jwt.decode(token, state.keys, algorithms=["RS256"]).claims
        if claims["iss"] != ISSUER or "workout-logs:read" not in claims["scope"]:
            raise HTTPException(401)
        state.claims[token] = claims
    caller: Caller | None = state.callers.get(claims["sub"])
    if caller is None:
        user = await query(request, "peer.user", _USER, id=claims["sub"])
        caller = Caller(id=user["_id"], role=user["role"], coached=user["coached"])
        state.callers[claims["sub"]] = caller
    return caller


KnownCaller = Annotated[Caller, Depends(known_caller)]


def json(model: BaseModel, **more: Any) -> Response:
    """The model as the response's body, without FastAPI's second check of it."""
    content = model.__pydantic_serializer__.to_json(model, by_alias=True)
    return Response(content, media_type="application/json", **more)
