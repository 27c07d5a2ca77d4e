"""`workout-log-api store …`: load, save and check the data."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import BufferedReader

import click

from app.cli import conformance, upkeep
from app.cli.environment import embedded_store
from app.cli.output import OutputFailed, open_output
from app.service.stores.sqlite import archive, transfer

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
    with embedded_store() as embedded, _progress(file) as progress:
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
    with embedded_store(create=False) as embedded:
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


@contextmanager
def _progress(file: BufferedReader) -> Iterator[Callable[[int], None]]:
    """A bar on standard error; tell it how many bytes of the file are read."""
    length = os.fstat(file.fileno()).st_size
    with click.progressbar(length=length, label="Importing", file=sys.stderr) as bar:
        yield lambda count: bar.update(count - bar.pos)


for command in (upkeep.check, upkeep.migrate_, upkeep.prune, conformance.conformance):
    store.add_command(command)
