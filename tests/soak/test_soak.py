"""The soak for as long as it takes to meet each disturbance once, and its measure of growth."""

from __future__ import annotations

from dataclasses import replace

from tests.soak.disturbances import Disturbances
from tests.soak.figures import ROOM, Sample, grown
from tests.soak.run import soak
from tests.soak.site import running_site

SAMPLE = Sample(mb=200, descriptors=90, threads=40)


def test_nothing_is_lost_or_doubled() -> None:
    def each_was_met(disturbances: Disturbances) -> bool:
        return len(disturbances.counts) >= 5

    with running_site() as site:
        verdict = soak(site, each_was_met, pause=0.5)
    assert verdict.faults == []
    assert verdict.statuses["200"] > 0
    assert verdict.statuses["201"] > 0
    assert verdict.logs > 0


def test_what_grows_is_told() -> None:
    assert grown(SAMPLE, SAMPLE) == []
    assert grown(SAMPLE, replace(SAMPLE, mb=SAMPLE.mb + ROOM.mb)) == []
    more = Sample(mb=300, descriptors=200, threads=100)
    assert [each.split()[0] for each in grown(SAMPLE, more)] == ["mb", "descriptors", "threads"]
