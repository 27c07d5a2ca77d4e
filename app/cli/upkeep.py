"""`workout-log-api store check` and `store migrate`: what is odd in the data, and what mends it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import click

from app.cli.environment import embedded_store, read_settings
from app.cli.output import OutputFailed, open_log
from app.factory import create_content_lake, create_rules
from app.service.errors import StoreError
from app.service.stores.sanity import check as sanity_check
from app.service.stores.sanity.dataset import SanityDataset
from app.service.stores.sqlite import transfer
from app.service.stores.sqlite.dataset import SqliteDataset
from app.service.upkeep.dataset import TYPES, Dataset
from app.service.upkeep.findings import ADVICE, MIGRATED, Kind
from app.service.upkeep.migration import Outcome, migrate
from app.service.upkeep.survey import Survey
from app.settings import Settings

CHECKED_IDS, MIGRATED_IDS = 10, 20
"""How many ids of each finding `check` and `migrate` show."""


@click.command()
def check() -> None:
    """Say what the store holds, whether it is sound, and what to mend. Changes nothing."""
    settings = read_settings()
    if settings.sanity_project_id:
        click.echo(f"Sanity project {settings.sanity_project_id}, {settings.sanity_dataset}:")
        _check_sanity(settings)
    else:
        with embedded_store(create=False) as embedded:
            click.echo(f"{embedded.path}:")
            SqliteDataset(embedded).check_file()
            counts = dict.fromkeys(TYPES, 0) | transfer.count_documents(embedded)
            for type_, count in counts.items():
                click.echo(f"{count:>8} {type_}")
            if not counts["user"]:
                click.echo("There is no user, so nobody can be let in: is SQLITE_PATH right?")
    survey = Survey(CHECKED_IDS)
    with _dataset(settings) as dataset, _progress(dataset, "Reading") as progress:
        migrate(dataset, create_rules(settings), survey, kinds=[*Kind], progress=progress)
    _echo_findings(survey, [*Kind])
    left = survey.count(decided=True, kinds=MIGRATED)
    if not any(survey.tallies(each) for each in Kind):
        click.echo("The store is sound.")
    if left:
        click.echo(f"{left} values can be brought up to date: see `store migrate`.")
    else:
        click.echo("Nothing is left to migrate.")


@click.command("migrate")
@click.option("--apply", "applied", is_flag=True, help="Mend what can be mended.")
@click.option(
    "--only",
    "kinds",
    multiple=True,
    type=click.Choice([each.value for each in MIGRATED]),
    help="Only this kind; may be given several times.",
)
@click.option("--report", type=click.Path(), help="Where --apply writes what it changes.")
def migrate_(*, applied: bool, kinds: tuple[str, ...], report: str | None) -> None:
    """Bring old documents up to date. Without --apply, only say what would change.

    Each document is changed for the revision that was read, so nobody's edit is overwritten. What
    is mended is not found again: run it as often as you like, also after it was interrupted. Drafts
    are left alone, and nothing is deleted. The report is NDJSON: what there was before, and after.
    """
    settings, chosen = read_settings(), [*map(Kind, kinds)] or MIGRATED
    survey = Survey(MIGRATED_IDS)
    outcomes: Mapping[Outcome, int] = {}
    with _dataset(settings) as dataset:
        rules = create_rules(settings)
        if not applied:
            with _progress(dataset, "Reading") as progress:
                migrate(dataset, rules, survey, kinds=chosen, progress=progress)
        else:
            path = report or f"migration-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.ndjson"
            with _report(path) as write, _progress(dataset, "Migrating") as progress:
                outcomes = migrate(
                    dataset, rules, survey, kinds=chosen, report=write, progress=progress
                )
    _echo_findings(survey, chosen)
    if not applied:
        count = survey.count(decided=True, kinds=chosen)
        click.echo(
            f"Nothing was changed; --apply mends these {count}."
            if count
            else "Nothing is left to migrate."
        )
        return
    told = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
    click.echo(f"Documents: {told or 'none to change'}. The report is {path}.")
    if outcomes.keys() - {Outcome.CHANGED}:
        click.echo("Run it again for those that were edited meanwhile.")


@click.command()
def prune() -> None:
    """Remove the notes of deletions that are older than DELETIONS_KEPT_DAYS.

    They are ignored anyway: once a month is enough.
    """
    settings = read_settings()
    before = datetime.now(UTC) - timedelta(days=settings.deletions_kept_days)
    with _dataset(settings) as dataset:
        count = dataset.prune(before.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    click.echo(f"{count} notes of deletions removed.")


@contextmanager
def _dataset(settings: Settings) -> Iterator[SqliteDataset | SanityDataset]:
    """The documents of the store that the settings describe."""
    if not settings.sanity_project_id:
        with embedded_store(create=False) as embedded:
            yield SqliteDataset(embedded)
        return
    lake = create_content_lake(settings, settings.sanity_api_token, patient=True)
    try:
        with closing(lake):
            yield SanityDataset(lake)
    except StoreError as error:
        raise click.ClickException(str(error)) from None


def _check_sanity(settings: Settings) -> None:
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
def _progress(dataset: Dataset, label: str) -> Iterator[Callable[[int], None]]:
    """A bar on standard error; tell it how many further documents were looked at."""
    length = sum(dataset.count().values())
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar.update


@contextmanager
def _report(path: str) -> Iterator[Callable[[bytes], None]]:
    try:
        with open_log(path) as write:
            yield write
    except OutputFailed as error:
        raise click.ClickException(str(error)) from None


def _echo_findings(survey: Survey, kinds: Collection[Kind]) -> None:
    """What was found, by kind: how much of it can be mended, what else to do, some ids of each."""
    for kind in kinds:
        tallies = survey.tallies(kind)
        if not tallies:
            continue
        mended, open_ = (survey.count(decided=each, kinds=[kind]) for each in (True, False))
        click.echo(f"{kind}: {mended} can be mended, {open_} to decide")
        for about, decided, tally in tallies:
            click.echo(f"{tally.number:>8} {about}")
            more = ", …" if tally.number > len(tally.ids) else ""
            click.echo(f"{'':>8} {', '.join(tally.ids)}{more}")
            if not decided:
                click.echo(f"{'':>8} {ADVICE[kind]}")
