"""What runs: two servers over one stand-in of Sanity, with an issuer and a Redis."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import world
from tests.content_lake import DATASET, EDITOR_TOKEN, PROJECT, ContentLake, running_content_lake
from tests.issuer import AUDIENCE, Issuer, running_issuer
from tests.ports import free_port
from tests.redis import Redis, running_redis
from tests.server import Server, running_server

RUNNERS = tuple(f"runner-soak{number}" for number in range(6))
SESSIONS = 24
"""Of each runner."""

WORKERS = 2


@dataclass(frozen=True)
class Site:
    """Clients use both servers; nobody restarts the `steady` one."""

    steady: Server
    restarted: Server
    lake: ContentLake
    issuer: Issuer
    redis: Redis
    log: Path
    """What both servers wrote."""


def documents() -> list[dict[str, Any]]:
    """The users, plans and sessions; no log yet."""
    people = [world.user(world.COACH, "coach"), world.user(world.ADMIN, "admin")]
    runners = [world.user(each, "runner", world.COACH) for each in RUNNERS]
    plans = [world.plan(each, world.COACH) for each in RUNNERS]
    numbers = range(1, SESSIONS + 1)
    sessions = [world.session(runner, number) for runner in RUNNERS for number in numbers]
    return [*people, *runners, *plans, *sessions]


@contextmanager
def running_site() -> Iterator[Site]:
    """All of it, until the end of the block."""
    folder = Path(tempfile.mkdtemp())
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        lake = stack.enter_context(running_content_lake())
        lake.load(documents())
        issuer = stack.enter_context(running_issuer())
        redis = stack.enter_context(running_redis(free_port()))
        settings = {
            "SANITY_PROJECT_ID": PROJECT,
            "SANITY_DATASET": DATASET,
            "SANITY_API_TOKEN": EDITOR_TOKEN,
            "SANITY_API_URL": lake.url,
            "SANITY_READ_TIMEOUT": "2",
            "OAUTH_ISSUER": issuer.url,
            "OAUTH_AUDIENCE": AUDIENCE,
            "OAUTH_KEYS_REFRESH_SECONDS": "30",
            "RATE_LIMIT": "1000000 per minute",
            "RATE_LIMIT_STORAGE": f"redis://127.0.0.1:{redis.port}/0",
            "WORKERS": str(WORKERS),
            "THREADS": "16",
        }
        log = folder / "log"
        output = stack.enter_context(log.open("ab"))
        servers = [stack.enter_context(running_server(settings, output=output)) for _ in range(2)]
        yield Site(servers[0], servers[1], lake, issuer, redis, log)
