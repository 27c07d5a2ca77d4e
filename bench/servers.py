"""How each server of the benchmark is started: on loopback, with the settings that it needs.

Unless told otherwise, a server with its one worker has a CPU to itself, and the Content Lake is on
the others.
"""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path
from typing import NamedTuple

from bench.issuer import AUDIENCE, Issuer
from bench.processes import ONE_CPU, Process, other_cpus
from tests.ports import free_port


class Placement(NamedTuple):
    """How many workers a server has, and the CPUs that they stay on."""

    workers: int
    cpus: Set[int]


ALONE = Placement(1, ONE_CPU)
THREADS = 32
_SANITY_TOKEN = "bench"


def upstream(
    folder: Path,
    *,
    latency_ms: float = 0,
    compress: bool = False,
    cpus: Set[int] = other_cpus(ONE_CPU),
) -> Process:
    """The canned Content Lake."""
    port = free_port()
    module = ["bench.upstream", "--port", str(port), "--latency-ms", str(latency_ms)]
    return Process(
        "upstream",
        [*module, "--gzip"] if compress else module,
        port=port,
        cpus=cpus,
        environ={},
        log=folder / f"upstream-{port}.log",
    )


def thin(folder: Path, lake: Process, *, placement: Placement = ALONE) -> Process:
    """The thin proxy."""
    return _granian(folder, "thin proxy", "bench.thin:proxy", lake, placement)


def constant(folder: Path, lake: Process) -> Process:
    """The constant response."""
    return _granian(folder, "constant", "bench.thin:constant", lake, ALONE)


def peer(folder: Path, lake: Process, issuer: Issuer, *, placement: Placement = ALONE) -> Process:
    """FastAPI + aiohttp."""
    port = free_port()
    options = ["--port", str(port), "--workers", str(placement.workers), "--no-access-log"]
    return Process(
        "FastAPI + aiohttp",
        ["uvicorn", "bench.peer:app", "--loop", "uvloop", "--http", "httptools", *options],
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
    folder: Path, lake: Process, issuer: Issuer, *, placement: Placement = ALONE
) -> Process:
    """The product as `make serve` runs it, on the canned Content Lake."""
    sanity = {
        "SANITY_PROJECT_ID": "bench",
        "SANITY_DATASET": "bench",
        "SANITY_API_TOKEN": _SANITY_TOKEN,
        "SANITY_API_URL": f"http://127.0.0.1:{lake.port}",
    }
    return _product(folder, "product, Sanity", issuer, placement, sanity)


def product_on_sqlite(folder: Path, database: Path, issuer: Issuer) -> Process:
    """The product as `make serve` runs it, on the embedded store."""
    return _product(folder, "product, SQLite", issuer, ALONE, {"SQLITE_PATH": str(database)})


def _product(
    folder: Path, name: str, issuer: Issuer, placement: Placement, store: dict[str, str]
) -> Process:
    port = free_port()
    return Process(
        name,
        ["app.cli", "serve"],
        port=port,
        cpus=placement.cpus,
        environ={
            "PORT": str(port),
            "WORKERS": str(placement.workers),
            "THREADS": str(THREADS),
            "LOG_LEVEL": "warning",
            "OAUTH_ISSUER": issuer.url,
            "OAUTH_AUDIENCE": AUDIENCE,
            # Counted as always, and never reached.
            "RATE_LIMIT": "1000000 per second",
            **store,
        },
        log=folder / f"product-{port}.log",
    )


def _granian(folder: Path, name: str, target: str, lake: Process, placement: Placement) -> Process:
    port = free_port()
    options = ["--workers", str(placement.workers), "--blocking-threads", str(THREADS), "--no-ws"]
    return Process(
        name,
        ["granian", "--interface", "wsgi", "--port", str(port), *options, target],
        port=port,
        cpus=placement.cpus,
        environ={"UPSTREAM_URL": f"http://127.0.0.1:{lake.port}"},
        log=folder / f"granian-{port}.log",
    )
