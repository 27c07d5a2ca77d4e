"""`workout-log-api store conformance`: what the live Content Lake really does."""

from __future__ import annotations

import json
from contextlib import closing
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import click
import requests

from app.cli.environment import read_settings
from app.factory import create_probe
from app.service.stores.sanity import queries
from app.service.stores.sanity.conformance.facts import Fact, Facts
from app.service.stores.sanity.conformance.probe import Probe


@click.command()
@click.option("--write", is_flag=True, help="Also write documents of a type of its own.")
@click.option("--here", is_flag=True, help="Even where the dataset holds workout logs.")
@click.option(
    "--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Where to keep them."
)
def conformance(*, write: bool, here: bool, file: Path | None) -> None:
    """Find out what Sanity really does, fact by fact, where its documentation leaves it open.

    Without --write, nothing is changed: there are only queries and dry runs. With it, documents of
    the type conformanceProbe are made and deleted again; take a copy of your dataset for it. The
    JSON holds no id, text or token, so that it can be sent to the authors of this program.
    """
    settings = read_settings()
    if not settings.sanity_project_id:
        raise click.ClickException("SANITY_PROJECT_ID: there is no Sanity project to ask.")
    found = []
    with closing(create_probe(settings)) as probe:
        try:
            if write and not here:
                _refuse_where_there_are_logs(probe)
            facts = Facts(probe)
            for fact in chain(facts.write() if write else (), facts.read()):
                found.append(fact)
                click.echo(f"{fact.verdict:<10}  {fact.name}: {_summary(fact)}")
        except requests.RequestException as error:
            raise click.ClickException(
                f"Sanity gives no response ({type(error).__name__})."
            ) from None
    if facts.left:
        click.echo(f"{facts.left} documents of the type conformanceProbe could not be deleted.")
    if file:
        content = {
            "version": version("workout-log-api"),
            "apiVersion": settings.sanity_api_version,
            "written": write,
            "facts": [
                {"name": each.name, "verdict": each.verdict, "observed": each.observed}
                for each in found
            ],
        }
        file.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def _refuse_where_there_are_logs(probe: Probe) -> None:
    counts = probe.query(queries.COUNTS)
    if not counts.done:
        told = " ".join(counts.types)
        raise click.ClickException(
            f"The dataset cannot be read ({counts.status} {told}): see `store check`."
        )
    if counts.result["workoutLog"]:
        raise click.ClickException(
            "This dataset holds workout logs. Use a copy of it, or --here if you mean this one."
        )


def _summary(fact: Fact) -> str:
    """What was observed, without the plans of queries."""
    shown = {name: value for name, value in fact.observed.items() if name != "explain"}
    return json.dumps(shown)
