"""Run the benchmark: `python -m bench [--parts NAME,…] [--whole] [--json FILE] [--page FILE]`."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import orjson

from bench import report
from bench.issuer import Issuer
from bench.measure import Sample
from bench.parts import batch, far, lifetime, profile, scale, side_by_side, sqlite
from bench.setting import Bench, say
from bench.sizes import FULL, TINY

PARTS: dict[str, Callable[[Bench], list[Sample]]] = {
    "side-by-side": side_by_side.run,
    "default": side_by_side.run_by_default,
    "batch": batch.run,
    "sqlite": sqlite.run,
    "scale": scale.run,
    "far": far.run,
    "lifetime": lifetime.run,
    "profile": profile.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--parts", type=_parts, default=[*PARTS], help=f"only some of {','.join(PARTS)}"
    )
    parser.add_argument("--whole", action="store_true", help="far: every number of threads")
    parser.add_argument("--tiny", action="store_true", help="only to see that everything works")
    parser.add_argument("--json", type=Path, help="write every sample to this file")
    parser.add_argument("--page", type=Path, help="write the results to this Markdown page")
    arguments = parser.parse_args()
    # Leave by an exception, so that everything that was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    sizes = TINY if arguments.tiny else FULL
    samples: list[Sample] = []
    seconds: dict[str, float] = {}
    for part in arguments.parts:
        begun = time.monotonic()
        # A folder for each part, since some fill it.
        with tempfile.TemporaryDirectory() as folder, Issuer() as issuer:
            bench = Bench(sizes=sizes, folder=Path(folder), issuer=issuer, whole=arguments.whole)
            samples += PARTS[part](bench)
        seconds[part] = time.monotonic() - begun
        say(f"{part}: took {seconds[part]:.0f} s")
    say(f"all: took {sum(seconds.values()) / 60:.1f} minutes")
    run = report.Run(datetime.now(UTC).date().isoformat(), seconds, sizes, samples)
    results = report.text(run)
    print(results)
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "date": run.date,
            "machine": report.machine(),
            "seconds": seconds,
            "samples": [*map(asdict, samples)],
        }
        arguments.json.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    if arguments.page:
        arguments.page.write_text(results)


def _parts(text: str) -> list[str]:
    parts = text.split(",")
    unknown = [each for each in parts if each not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such part: {', '.join(unknown)}")
    return parts


if __name__ == "__main__":
    main()
