"""How each server of the benchmark is started: on loopback, with the settings that it needs.

Unless told otherwise, a server with its one worker has a CPU to itself, and the Content Lake is on
the others. Both APIs write their access logs.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Set
from pathlib import Path
from typing import NamedTuple

from bench.issuer import AUDIENCE, Issuer
from bench.processes import ALL_CPUS, ONE_CPU, ROOT, Process, other_cpus
from bench.profiled import Outcome, Plan
from tests.content_lake import DATASET, EDITOR_TOKEN, PROJECT
from tests.ports import free_port
from tests.server import environment


class Placement(NamedTuple):
    """How many workers a server has, and the CPUs that they stay on."""

    workers: int
    cpus: Set[int]


ALONE = Placement(1, ONE_CPU)
DEFAULT = Placement(2, ALL_CPUS)
"""As `make serve` starts by default: it gives each worker a CPU, of those that there are."""

DEFAULT_THREADS = 96
_SANITY_TOKEN = "bench"

ONE_USER: Mapping[str, str] = {
    # Counted as always, and never reached, though one user sends the whole load.
    "RATE_LIMIT": "1000000 per second",
    "CONCURRENT_REQUESTS": "512",
    # Else all clients would look the same caller up at once, now and then in a short sample.
    "CALLER_CACHE_SECONDS": "3600",
    # The canned Content Lake has no limits of its own.
    "SANITY_WRITES_AT_ONCE": "100",
}


def upstream(
    folder: Path, *, latency_ms: float = 0, cpus: Set[int] = other_cpus(ONE_CPU)
) -> Process:
    """The canned Content Lake."""
    port = free_port()
    return Process(
        "upstream",
        ["bench.upstream", "--port", str(port), "--latency-ms", str(latency_ms)],
        port=port,
        cpus=cpus,
        environ={},
        log=folder / f"upstream-{port}.log",
    )


def thin(folder: Path, lake: Process) -> Process:
    """The thin proxy."""
    port = free_port()
    options = ["--workers", "1", "--blocking-threads", str(DEFAULT_THREADS), "--no-ws"]
    return Process(
        "thin proxy",
        ["granian", "--interface", "wsgi", "--port", str(port), *options, "bench.thin:proxy"],
        port=port,
        cpus=ONE_CPU,
        environ={"UPSTREAM_URL": f"http://127.0.0.1:{lake.port}"},
        log=folder / f"granian-{port}.log",
    )


def peer(folder: Path, lake: Process, issuer: Issuer, *, placement: Placement = ALONE) -> Process:
    """FastAPI + aiohttp."""
    port = free_port()
    options = ["--port", str(port), "--workers", str(placement.workers)]
    # By default it closes a connection after 5 s, also if the request is there but its turn is not.
    options += ["--timeout-keep-alive", "75"]
    return Process(
        "FastAPI + aiohttp",
        ["uvicorn", "bench.peer.app:app", "--loop", "uvloop", "--http", "httptools", *options],
        port=port,
        cpus=placement.cpus,
        environ={
            "OAUTH_ISSUER": issuer.url,
            "SANITY_API_TOKEN": _SANITY_TOKEN,
            "UPSTREAM_URL": f"http://127.0.0.1:{lake.port}",
        },
        log=folder / f"peer-{port}.log",
    )


def product_on_sanity(
    folder: Path,
    lake: Process,
    issuer: Issuer,
    *,
    placement: Placement = ALONE,
    settings: Mapping[str, str] = ONE_USER,
) -> Process:
    """The product as `make serve` runs it, on the canned Content Lake."""
    return _product(folder, "product, Sanity", issuer, placement, {**settings, **_sanity(lake)})


def profile(folder: Path, lake: Process, issuer: Issuer, plan: Plan) -> Outcome:
    """What `bench.profiled` finds, with the product on the canned Content Lake."""
    file = folder / "profile.json"
    settings = {**ONE_USER, **_sanity(lake), **_tokens(issuer)}
    subprocess.run(
        [sys.executable, "-m", "bench.profiled", str(file)],
        input=json.dumps(plan).encode(),
        stdout=subprocess.DEVNULL,
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT), **settings),
        check=True,
    )
    outcome: Outcome = json.loads(file.read_text())
    return outcome


def _sanity(lake: Process) -> Mapping[str, str]:
    return {
        "SANITY_PROJECT_ID": "bench",
        "SANITY_DATASET": "bench",
        "SANITY_API_TOKEN": _SANITY_TOKEN,
        "SANITY_API_URL": f"http://127.0.0.1:{lake.port}",
    }


def _tokens(issuer: Issuer) -> Mapping[str, str]:
    return {"OAUTH_ISSUER": issuer.url, "OAUTH_AUDIENCE": AUDIENCE}


def product_on_stand_in(folder: Path, url: str, issuer: Issuer, *, seconds: int) -> Process:
    """The product on the tests' stand-in of Sanity, which gets so long for a response."""
    sanity = {
        "SANITY_PROJECT_ID": PROJECT,
        "SANITY_DATASET": DATASET,
        "SANITY_API_TOKEN": EDITOR_TOKEN,
        "SANITY_API_URL": url,
        "SANITY_READ_TIMEOUT": str(seconds - 1),
        "SANITY_DEADLINE": str(seconds),
    }
    return _product(folder, "product, stand-in", issuer, ALONE, {**ONE_USER, **sanity})


def product_on_sqlite(folder: Path, database: Path, issuer: Issuer) -> Process:
    """The product as `make serve` runs it, on the embedded store."""
    store = {"SQLITE_PATH": str(database)}
    return _product(folder, "product, SQLite", issuer, ALONE, {**ONE_USER, **store})


def _product(
    folder: Path, name: str, issuer: Issuer, placement: Placement, settings: Mapping[str, str]
) -> Process:
    """With `DEFAULT`, nothing is set that `make serve` has a default for."""
    port = free_port()
    workers = {} if placement == DEFAULT else {"WORKERS": str(placement.workers)}
    return Process(
        name,
        ["app.cli", "serve"],
        port=port,
        cpus=placement.cpus,
        environ={"PORT": str(port), **_tokens(issuer), **workers, **settings},
        log=folder / f"product-{port}.log",
    )
