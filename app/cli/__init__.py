"""`workout-log-api`, the one command of the package."""

from __future__ import annotations

import gc


def main() -> None:
    """Run it. What is imported does not become garbage: to look for it took a tenth of a start."""
    gc.disable()
    from app.cli import commands  # noqa: PLC0415 - after the line above

    gc.freeze()
    gc.enable()
    commands.main(prog_name="workout-log-api")
