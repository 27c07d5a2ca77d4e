"""Run the benchmark: `python -m bench [--tiny] [--part NAME]... [--json FILE] [--page FILE]`."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import orjson

from bench import report
from bench.issuer import Issuer
from bench.measure import Sample
from bench.parts import crowd, lifetime, side_by_side, sqlite
from bench.setting import Bench
from bench.sizes import FULL, TINY

PARTS: dict[str, Callable[[Bench], list[Sample]]] = {
    "side-by-side": side_by_side.run,
    "on-any-cpu": side_by_side.run_on_any_cpu,
    "sqlite": sqlite.run,
    "crowd": crowd.run,
    "lifetime": lifetime.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="only to see that everything works")
    parser.add_argument("--part", action="append", choices=PARTS, help="measure only this part")
    parser.add_argument("--json", type=Path, help="write every sample to this file")
    parser.add_argument("--page", type=Path, help="renew the results in this Markdown page")
    arguments = parser.parse_args()
    # Leave by an exception, so that everything that was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    sizes = TINY if arguments.tiny else FULL
    with tempfile.TemporaryDirectory() as folder, Issuer() as issuer:
        bench = Bench(sizes=sizes, folder=Path(folder), issuer=issuer)
        samples = [sample for part in arguments.part or PARTS for sample in PARTS[part](bench)]
    date = datetime.now(UTC).date().isoformat()
    results = report.text(samples, sizes, date)
    print(results)
    if arguments.json:
        run = {"date": date, "machine": report.machine(), "samples": [*map(asdict, samples)]}
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_bytes(orjson.dumps(run, option=orjson.OPT_INDENT_2))
    if arguments.page:
        report.write_into(arguments.page, results)


if __name__ == "__main__":
    main()
