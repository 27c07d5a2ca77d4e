"""`make dev`: the development server, started anew whenever a file of the project changes.

Between a mistake and its correction it waits: what failed is shown, and the next change starts it.
"""

from __future__ import annotations

import traceback
from importlib import import_module
from pathlib import Path

import click

# Private to werkzeug, whose own server is its only public user; checked with version 3.1.
from werkzeug._reloader import run_with_reloader

APP = Path(__file__).parent.parent
READ_AT_START = (".css", ".html", ".js", ".md", ".yaml")
"""Files beside the modules whose content a running server keeps; `.env` is another."""


def main() -> None:
    """Serve until Ctrl-C."""
    texts = [str(each) for each in APP.rglob("*") if each.suffix in READ_AT_START]
    environment = str(Path(".env").absolute())
    run_with_reloader(serve, extra_files=[*texts, environment], reloader_type="stat")


def serve() -> None:
    """Import everything here: a module with a mistake must not end the watch."""
    try:
        import_module("app.development.run").serve()
    except SystemExit as stopped:
        click.echo(f"{stopped.code}\nWaiting for a change.", err=True)
    except Exception:  # the next change may mend it, whatever it is
        traceback.print_exc()
        click.echo("Waiting for a change.", err=True)


if __name__ == "__main__":
    main()
