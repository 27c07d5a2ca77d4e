"""`workout-log-api`, the one command of the package."""

from __future__ import annotations

import gc


def main() -> None:
    """Run it. Nothing that is imported becomes garbage; looking for it took a tenth of a start."""
    gc.disable()
    from app.cli import commands  # noqa: PLC0415 - once gc is off

    gc.freeze()
    gc.enable()
    commands.main(prog_name="workout-log-api")
