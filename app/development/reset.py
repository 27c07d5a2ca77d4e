"""`make reset`: the sample club again, as on the first day, also under a running server."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app.cli.output import OutputFailed, open_output
from app.development.run import load_sample
from app.service.errors import StoreError
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import export_lines
from app.settings import Settings, SettingsError


def main() -> None:
    """Keep what is there in a file, and fill the embedded store anew."""
    os.environ.setdefault("APP_ENV", "development")
    try:
        settings = Settings.from_environ()
        saved = reset(settings)
    except (SettingsError, StoreError, OutputFailed) as error:
        sys.exit(f"Nothing was changed:\n{error}")
    sys.stdout.write(f"{settings.sqlite_path} holds the sample data. What it held is in {saved}.\n")


def reset(settings: Settings) -> Path:
    """The file in which the documents are now that were in the store.

    Raises `SettingsError` where the store is not one of `make run`, `StoreError`, `OutputFailed`.
    """
    if not settings.development_sign_in or settings.sanity_project_id:
        raise SettingsError("APP_ENV, OAUTH_ISSUER, SANITY_PROJECT_ID: only for `make run`'s data.")
    saved = Path(settings.sqlite_path).with_suffix(".before-reset.ndjson")
    store = SqliteStore(settings.sqlite_path)
    try:
        lines = list(export_lines(store))
        if lines:
            with open_output(str(saved)) as output:
                output.write("".join(f"{line}\n" for line in lines).encode())
        with store.writing() as connection:
            connection.execute("DELETE FROM document")
    finally:
        store.close()
    load_sample(settings.sqlite_path)
    return saved


if __name__ == "__main__":
    main()
