"""What it costs to keep an implementation in a process of its own: the reference of each kata, judged in both ways.

    python -m harness.tests.benchmarks.isolation [TOPIC …] [--repetitions N]

One warm parent forks all judges, so that nothing but the worker differs. The two ways take turns, since a machine is
not equally busy all the time. The exit code is 1 where isolation costs more than promised.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import TYPE_CHECKING

from harness.catalogue import manager
from harness.judge.run import judge
from harness.runner.isolation.client import Parent
from harness.tests.benchmarks.table import met, show

if TYPE_CHECKING:
    from harness.model import Kata

REPETITIONS = 5
BAR_OF_ALL, BAR_OF_ANY = 1.3, 2.0


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints."""
    options = _options(arguments)
    catalogue = manager.load().catalogue
    katas = [catalogue.find(topic) for topic in options.topics] or catalogue.katas
    rows = [("kata", "tests", "isolated", "in one process", "ratio", "bar")]
    medians = []
    with Parent.start() as parent:
        parent.preload(capability for kata in katas for capability in kata.capabilities)
        for kata in katas:
            tests, isolated, together = _measured(kata, parent, options.repetitions)
            medians.append((isolated, together))
            ratio = isolated / together
            sys.stdout.write(f"{kata.topic}: {ratio:.2f}\n")
            sys.stdout.flush()
            bar = met(f"at most {BAR_OF_ANY:g}", ratio <= BAR_OF_ANY)
            rows.append((kata.topic, str(tests), f"{isolated:.2f} s", f"{together:.2f} s", f"{ratio:.2f}", bar))
    isolated, together = (sum(seconds) for seconds in zip(*medians, strict=True))
    overall = isolated / together
    bar = met(f"at most {BAR_OF_ALL:g}", overall <= BAR_OF_ALL)
    rows.append(("all", "", f"{isolated:.2f} s", f"{together:.2f} s", f"{overall:.2f}", bar))
    show(f"The reference judged, isolated and in one process: medians of {options.repetitions}", rows)
    return int(overall > BAR_OF_ALL or any(apart > BAR_OF_ANY * near for apart, near in medians))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="what isolation costs")
    parser.add_argument("topics", nargs="*", metavar="TOPIC")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS, help="runs in each way (default: %(default)s)")
    return parser.parse_args(arguments)


def _measured(kata: Kata, parent: Parent, repetitions: int) -> tuple[int, float, float]:
    """How many tests a kata has, and the median seconds that they take isolated and in one process."""
    seconds: dict[bool, list[float]] = {True: [], False: []}
    tests = 0
    for _ in range(repetitions):
        for isolate, measured in seconds.items():
            start = time.perf_counter()
            tests = len(judge(kata, "solution", profile="grade", parent=parent, isolate=isolate))
            measured.append(time.perf_counter() - start)
    return tests, statistics.median(seconds[True]), statistics.median(seconds[False])


if __name__ == "__main__":
    sys.exit(main())
