"""Which parts of the product a request spends its CPU time in: one thread, under cProfile.

A plan comes as JSON on standard input, the outcome goes as JSON to the file that is named. The
environment says what is served. `parts/profile.py` starts it as a process of its own.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import sys
import sysconfig
import time
from collections import Counter
from pathlib import Path
from typing import Any, TypedDict
from wsgiref.types import WSGIApplication

from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench.measure import MeasureError
from bench.processes import ROOT

SIGN_IN = "sign-in: `app/auth`, Authlib"
SERVICE = "rules: `app/service`, msgspec"
STORE = "store: `app/service/stores`, requests, httptools"
WEB = "the rest of `app`"
FLASK = "Flask, Werkzeug"
SMOREST = "flask-smorest, webargs, marshmallow"
LOGGING = "`logging`"
OTHERS = "all else"
PARTS = (STORE, SERVICE, SIGN_IN, WEB, FLASK, SMOREST, LOGGING, OTHERS)

_FOLDERS = {
    "app": WEB,
    "app/auth": SIGN_IN,
    "app/service": SERVICE,
    "app/service/stores": STORE,
    "authlib": SIGN_IN,
    "blinker": FLASK,
    "cachetools": SIGN_IN,
    "flask": FLASK,
    "flask_smorest": SMOREST,
    "logging": LOGGING,
    "marshmallow": SMOREST,
    "requests": STORE,
    "webargs": SMOREST,
    "werkzeug": FLASK,
}
# Packages come first: they can be installed in a folder of the standard library or of a checkout.
_ROOTS = (*(Path(sysconfig.get_path(name)) for name in ("purelib", "stdlib")), ROOT)

Function = tuple[str, int, str]
"""A file, a line and a name, as `pstats` tells functions apart."""


class Plan(TypedDict):
    """A raw request of each operation, sent `count` times before, and again under the profiler."""

    requests: dict[str, str]
    count: int


Outcome = dict[str, dict[str, float]]
"""CPU-ms of a request of each operation, by part. The profiler's own time is in them."""


def part_of(file: str) -> str:
    """The part that a source file belongs to."""
    path = Path(file)
    for root in _ROOTS:
        if path.is_relative_to(root):
            inside = path.relative_to(root).as_posix()
            folders = [each for each in _FOLDERS if inside.startswith(f"{each}/")]
            return _FOLDERS[max(folders, key=len)] if folders else OTHERS
    return OTHERS


def shares(stats: dict[Function, Any]) -> Counter[str]:
    """Seconds by part. The time of what is no Python, such as `len`, is that of its callers."""
    found: Counter[str] = Counter()
    for (file, _, _), (_, _, own, _, callers) in stats.items():
        if file == "~":
            for (caller, _, _), (_, _, seconds, _) in callers.items():
                found[part_of(caller)] += seconds
        else:
            found[part_of(file)] += own
    return found


def profiled(app: WSGIApplication, request: str, count: int) -> dict[str, float]:
    """CPU-ms of the request by part."""
    _send(app, request, count)
    profiler = cProfile.Profile(time.thread_time)
    profiler.enable()
    _send(app, request, count)
    profiler.disable()
    seconds = shares(pstats.Stats(profiler).stats)  # type: ignore[attr-defined]  # not in its stub
    return {part: seconds[part] * 1000 / count for part in PARTS}


def _send(app: WSGIApplication, request: str, count: int) -> None:
    """Raises `MeasureError` unless each is a success."""
    head, _, body = request.partition("\r\n\r\n")
    first, *fields = head.split("\r\n")
    method, target, _ = first.split(" ")
    headers = Headers()
    for each in fields:
        name, _, value = each.partition(": ")
        headers.add(name, value)
    environ = EnvironBuilder(target, method=method, headers=headers, data=body).get_environ()
    for _ in range(count):
        environ["wsgi.input"].seek(0)
        _, status, _ = run_wsgi_app(app, dict(environ), buffered=True)
        if not status.startswith("2"):
            raise MeasureError(f"{first}: {status}")


def main() -> None:
    """Profile `app.wsgi` as the environment sets it up."""
    from app.wsgi import app  # noqa: PLC0415 - it is made while it is imported

    plan: Plan = json.load(sys.stdin)
    outcome: Outcome = {
        name: profiled(app, each, plan["count"]) for name, each in plan["requests"].items()
    }
    Path(sys.argv[1]).write_text(json.dumps(outcome))


if __name__ == "__main__":
    main()
