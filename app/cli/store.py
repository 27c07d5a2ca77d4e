"""`workout-log-api store …`: load, save and check the data."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import BufferedReader

import click

from app.cli.environment import read_settings
from app.cli.output import OutputFailed, open_output
from app.factory import create_content_lake
from app.service.errors import StoreError
from app.service.stores.sanity import check as sanity_check
from app.service.stores.sqlite import archive, transfer
from app.service.stores.sqlite.store import SqliteStore
from app.settings import Settings

MAX_NOTES = 20
"""Lines of remarks that an import shows; more would hide the counts."""


@click.group()
def store() -> None:
    """Load, save and check the data."""


@store.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--replace", "on_existing", flag_value="replace", help="Overwrite what differs.")
@click.option("--missing", "on_existing", flag_value="skip", help="Leave alone what exists.")
def import_(file: BufferedReader, on_existing: transfer.OnExisting | None) -> None:
    """Load the documents of FILE, a dataset export: all of them or none.

    FILE is NDJSON, or the .tar.gz of `sanity dataset export`; `-` is standard input.
    """
    notes: list[str] = []
    with _embedded_store() as embedded, _progress(file) as progress:
        try:
            lines = archive.read_lines(file, notes.append, progress)
            imported = transfer.import_lines(embedded, lines, on_existing or "fail", notes.append)
        except archive.ImportRefused as error:
            raise click.ClickException(f"{error}. Nothing was imported.") from None
    for each in notes[:MAX_NOTES]:
        click.echo(each, err=True)
    if len(notes) > MAX_NOTES:
        click.echo(f"… and {len(notes) - MAX_NOTES} more.", err=True)
    click.echo(
        f"{imported.added} documents added, {imported.replaced} replaced, "
        f"{imported.skipped} left as they were."
    )


@store.command()
@click.argument("file")
def export(file: str) -> None:
    """Save every document to FILE as NDJSON, which `sanity dataset import` reads.

    FILE is replaced only when everything is written; `-` is standard output.
    """
    count = 0
    with _embedded_store(create=False) as embedded:
        files = [f"{embedded.path}{suffix}" for suffix in ("", "-wal", "-shm")]
        if os.path.realpath(file) in map(os.path.realpath, files):
            raise click.ClickException(f"{file} belongs to the store itself.")
        try:
            with open_output(file) as output, closing(transfer.export_lines(embedded)) as lines:
                for line in lines:
                    output.write(line.encode() + b"\n")
                    count += 1
        except OutputFailed as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"{count} documents exported.", err=True)


@store.command()
def check() -> None:
    """Say what the store holds, and whether it is sound."""
    settings = read_settings()
    if settings.sanity_project_id:
        _check_sanity(settings)
        return
    with _embedded_store(create=False) as embedded:
        click.echo(f"{embedded.path}:")
        for type_, count in transfer.count_documents(embedded).items():
            click.echo(f"{count:>8} {type_}")
        findings = transfer.check(embedded)
    for finding in findings:
        click.echo(finding)
    click.echo("The store is sound." if not findings else "The store works; see above.")


def _check_sanity(settings: Settings) -> None:
    click.echo(f"Sanity project {settings.sanity_project_id}, dataset {settings.sanity_dataset}:")
    lakes = [create_content_lake(settings, token) for token in (settings.sanity_api_token, "")]
    try:
        for line in sanity_check.check(*lakes):
            click.echo(line)
    except sanity_check.Unusable as error:
        raise click.ClickException(str(error)) from None
    finally:
        for each in lakes:
            each.close()


@contextmanager
def _embedded_store(*, create: bool = True) -> Iterator[SqliteStore]:
    """The store that the settings describe; what goes wrong with it ends the command in words."""
    settings = read_settings()
    if settings.sanity_project_id:
        raise click.ClickException(
            "SANITY_PROJECT_ID is set, so the data lives in Sanity: "
            "use `sanity dataset import` and `sanity dataset export`."
        )
    try:
        embedded = SqliteStore(settings.sqlite_path, create=create)
        try:
            yield embedded
        finally:
            embedded.close()
    except StoreError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _progress(file: BufferedReader) -> Iterator[Callable[[int], None]]:
    """A bar on standard error; tell it how many bytes of the file are read."""
    length = os.fstat(file.fileno()).st_size
    with click.progressbar(length=length, label="Importing", file=sys.stderr) as bar:
        yield lambda count: bar.update(count - bar.pos)
