"""The line that the development server writes for each request, in colours at a terminal."""

from __future__ import annotations

import time
from datetime import datetime

import click
from werkzeug.serving import WSGIRequestHandler

_COLOURS = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}
"""Of each class of status codes."""


class RequestHandler(WSGIRequestHandler):
    """werkzeug's, with the protocol version of the production server and our own line."""

    protocol_version = "HTTP/1.1"

    def run_wsgi(self) -> None:
        self._began = time.perf_counter()
        super().run_wsgi()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """`12:30:45  200  GET    /api/workout-logs?limit=2  14 ms`: the time to the first byte."""
        now = datetime.now().astimezone()
        took = (time.perf_counter() - getattr(self, "_began", time.perf_counter())) * 1000
        click.echo(request_line(now, int(code), self.command or "-", self.path, took), err=True)


def request_line(at: datetime, status: int, method: str, path: str, milliseconds: float) -> str:
    """One request; the colour says how it ended. A path brings no line and no colour of its own."""
    shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in path)
    ended = click.style(str(status), fg=_COLOURS.get(status // 100, "white"), bold=True)
    took = click.style(f"{milliseconds:.0f} ms", dim=True)
    return f"{at:%H:%M:%S}  {ended}  {method:6} {shown}  {took}"
