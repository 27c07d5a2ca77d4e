"""The application: `uvicorn bench.peer.app:app`."""

from __future__ import annotations

from fastapi import FastAPI

from bench.peer import logs, sync, training
from bench.peer.lake import lifespan

app = FastAPI(lifespan=lifespan, openapi_url=None)
for each in (logs, training, sync):
    app.include_router(each.router)
