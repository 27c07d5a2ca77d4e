"""`make soak`: the soak for so many seconds; exit code 1 when anything was not as it must be."""

from __future__ import annotations

import sys
import time

from tests.soak.figures import grown
from tests.soak.run import soak
from tests.soak.site import running_site

PAUSE_SECONDS = 2.0


def main(seconds: float) -> int:
    with running_site() as site:
        until = time.monotonic() + seconds
        verdict = soak(site, lambda _: time.monotonic() > until, pause=PAUSE_SECONDS)
        tracebacks = site.log.read_text().count("Traceback")
    faults = [*verdict.faults, *grown(verdict.first, verdict.last)]
    if tracebacks:
        faults.append(f"{tracebacks} tracebacks in the log")
    for name, counted in (("responses", verdict.statuses), ("disturbances", verdict.disturbances)):
        told = ", ".join(f"{what}: {times:,}" for what, times in sorted(counted.items()))
        print(f"{name:13} {sum(counted.values()):,} ({told})")
    print(f"logs          {verdict.logs:,} of {verdict.keys:,} keys")
    print(f"first third   {verdict.first}")
    print(f"last third    {verdict.last}")
    print(f"faults        {len(faults)}", *faults[:20], sep="\n  ")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
