"""The soak as a whole, and what became of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tests.soak.clients import Tally, Writer, readers
from tests.soak.disturbances import Disturbances
from tests.soak.figures import Figures, Sample
from tests.soak.site import RUNNERS, Site
from tests.waiting import until


class Part(Protocol):
    """What runs until `stopping` is set."""

    stopping: threading.Event

    def run(self) -> None: ...


@dataclass(frozen=True)
class Verdict:
    """What the clients counted, what went wrong meanwhile, and `faults`: what must not be."""

    statuses: Counter[str]
    disturbances: Counter[str]
    logs: int
    keys: int
    first: Sample
    last: Sample
    faults: list[str]


def soak(
    site: Site, is_over: Callable[[Disturbances], bool], *, pause: float, seed: int = 1
) -> Verdict:
    """Traffic and disturbances until it is over; then everything is compared."""
    tally = Tally()
    writers = [Writer(site, person, tally, seed + n) for n, person in enumerate(RUNNERS)]
    disturbances = Disturbances(site, seed, pause=pause)
    figures = Figures(site.steady)
    clients = [*writers, *readers(site, tally, seed)]
    parts: list[Part] = [*clients, figures, disturbances]
    threads = [_start(each, tally) for each in parts]
    # A part that ends by itself has failed.
    until(
        lambda: is_over(disturbances) or not all(each.is_alive() for each in threads),
        patience=24 * 3600,
    )
    for part, thread in reversed([*zip(parts, threads, strict=True)]):
        part.stopping.set()
        thread.join()
    for each in writers:
        each.check_list()
    faults = [*tally.faults, *_wrongly_stored(site, writers)]
    logs, keys = sum(len(each.logs) for each in writers), sum(each.keys for each in writers)
    return Verdict(tally.statuses, disturbances.counts, logs, keys, *figures.thirds(), faults)


def _start(part: Part, tally: Tally) -> threading.Thread:
    def run() -> None:
        try:
            part.run()
        except BaseException as error:
            tally.blame(f"{type(part).__name__} ended: {error!r}")
            raise

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _wrongly_stored(site: Site, writers: list[Writer]) -> list[str]:
    """What the store holds and no client wrote, what is missing, and what is there twice."""
    stored = site.lake.documents(type_="workoutLog")
    known = {log["id"]: log for writer in writers for log in writer.logs.values()}
    faults = [
        f"{each} is {word}"
        for word, those in (
            ("missing", known.keys() - {each["_id"] for each in stored}),
            ("left over", {each["_id"] for each in stored} - known.keys()),
        )
        for each in sorted(those)
    ]
    sessions = Counter((each["runnerId"]["_ref"], each["sessionId"]["_ref"]) for each in stored)
    faults += [f"{pair} has {times} logs" for pair, times in sessions.items() if times > 1]
    faults += [
        f"{each['_id']} holds {each.get('notes')}"
        for each in stored
        if each["_id"] in known and each.get("notes") != known[each["_id"]]["notes"]
    ]
    return faults
