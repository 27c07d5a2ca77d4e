"""Reports over a large club: 1,000 runners, 52 weeks, 6 sessions a week; a coach has 30 of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice

from bench import documents, files, loads, servers, traffic
from bench.documents import COACH_ID, COACHED_IDS, RUNNER_ID, Document
from bench.measure import Load, Sample, measure
from bench.parts.side_by_side import measured
from bench.setting import Bench, say
from bench.targets import of_runners
from bench.traffic import PATH, request
from tests.content_lake import running_content_lake


def run(bench: Bench) -> list[Sample]:
    """On SQLite as everywhere; on the stand-in of Sanity, a report of each kind once."""
    sizes = bench.sizes
    with ExitStack() as stack:
        say(f"scale: loading {sizes.scale_runners:,} runners into SQLite")
        database = bench.folder / "scale.db"
        files.load(database, _club(sizes.scale_runners, sizes.scale_weeks))
        sqlite = stack.enter_context(
            servers.product_on_sqlite(bench.folder, database, bench.issuer)
        )
        work = [
            (sqlite, of_runners(name, sizes.scale_runners), each)
            for name, each in _loads(bench).items()
        ]
        samples = measured(bench, None, work, "scale, SQLite")
    return samples + _on_stand_in(bench)


def _club(runners: int, weeks: int) -> Iterator[Document]:
    """The coach's runners are the first; `RUNNER_ID` is one of them."""
    runner_ids = [RUNNER_ID, *COACHED_IDS][:runners]
    runner_ids += [f"user.{number:06}" for number in range(len(runner_ids), runners)]
    yield documents.user(COACH_ID, "coach")
    yield documents.user(documents.ADMIN_ID, "admin")
    for number, runner_id in enumerate(runner_ids):
        yield documents.user(runner_id, "runner", COACH_ID if number < len(COACHED_IDS) else None)
    yield from documents.training(runner_ids, range(documents.WEEKS - weeks, documents.WEEKS))


def _loads(bench: Bench) -> dict[str, Load]:
    runner, coach, admin = map(bench.issuer.token, (RUNNER_ID, COACH_ID, documents.ADMIN_ID))
    requests = {
        loads.LISTS: request("GET", PATH, runner),
        loads.SESSIONS: request("GET", traffic.SESSIONS_PATH, runner),
        loads.PROGRESS_OF_ONE: request("GET", traffic.TWELVE_WEEKS_PATH, runner),
        loads.PROGRESS_OF_30: request("GET", traffic.FOUR_WEEKS_PATH, coach),
        loads.PROGRESS_OF_50: request("GET", traffic.FOUR_WEEKS_PATH, admin),
    }
    load = loads.ready(bench.sizes)
    return {name: load([each], 200) for name, each in requests.items()}


def _on_stand_in(bench: Bench) -> list[Sample]:
    """Its engine reads every document of a type for each query, as the Content Lake does not: what
    it shows is that the query is one, and ends.
    """
    sizes = bench.sizes
    runners, seconds = sizes.scale_runners_on_stand_in, sizes.stand_in_seconds
    with ExitStack() as stack:
        say(f"scale: loading {runners:,} runners into the stand-in")
        lake = stack.enter_context(running_content_lake())
        club = _club(runners, sizes.scale_weeks)
        while chunk := [*islice(club, 20_000)]:
            lake.load(chunk)
        product = stack.enter_context(
            servers.product_on_stand_in(bench.folder, lake.url, bench.issuer, seconds=seconds)
        )
        samples = []
        requests = _loads(bench)
        for name in loads.REPORTS[:3]:
            each = requests[name]
            once = Load(requests=each.requests, clients=1, seconds=seconds, count=1)
            say(f"scale: stand-in, {name}")
            samples.append(measure(product, of_runners(name, runners), once, failures_allowed=True))
        return samples
