"""How many mutants are judged in a second: by a campaign of `kata mutate`, and by a fresh pytest for each.

    python -m harness.tests.benchmarks.mutation [TOPIC] [--sample N]

Both use all cores, the same profile, only the tests of the mutant's exercise, and stop at the first that fails. The
campaign judges all mutants of the kata, its warm parent's start and the reference included; pytest a sample of them.
The exit code is 1 where a campaign is not so much faster as promised.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from harness.catalogue import manager
from harness.mutation.cache import Journal
from harness.mutation.cache_keys import PROFILE
from harness.mutation.generate import mutants_of
from harness.mutation.run import Campaign, subjects_of
from harness.runner.isolation.client import Parent
from harness.tests.benchmarks.table import met, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model import Kata
    from harness.mutation.subject import Subject

TOPIC, SAMPLE = "tensor_operations", 12
BAR = 5


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints."""
    options = _options(arguments)
    kata = manager.load().catalogue.find(options.topic)
    mutants = [subject for subject in subjects_of(kata, mutants_of(kata)) if subject.mutant]
    sample = mutants[:: -(-len(mutants) // options.sample)]
    cores = os.cpu_count() or 1
    start = time.perf_counter()
    with Parent.start() as parent, Journal.open(None) as journal:
        Campaign(kata, mutants, parent, journal, jobs=cores).run()
    warm = len(mutants) / (time.perf_counter() - start)
    start = time.perf_counter()
    _judge_cold(kata, sample, cores)
    cold = len(sample) / (time.perf_counter() - start)
    show(
        f"Mutants judged in a second: {kata.topic}, {cores} at a time",
        [
            ("", "mutants", "a second", "bar"),
            ("kata mutate", str(len(mutants)), f"{warm:.2f}", ""),
            ("python -m pytest -x for each", str(len(sample)), f"{cold:.2f}", ""),
            ("ratio", "", f"{warm / cold:.1f}", met(f"at least {BAR}", warm >= BAR * cold)),
        ],
    )
    return int(warm < BAR * cold)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="how many mutants are judged in a second")
    parser.add_argument("topic", nargs="?", metavar="TOPIC", default=TOPIC)
    parser.add_argument("--sample", type=int, default=SAMPLE, help="mutants for a fresh pytest (default: %(default)s)")
    return parser.parse_args(arguments)


def _judge_cold(kata: Kata, sample: Sequence[Subject], cores: int) -> None:
    """Runs a fresh pytest for each mutant."""
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(cores) as pool:
        commands = []
        for subject in sample:
            assert subject.mutant is not None
            file = Path(name) / f"{subject.name}.py"
            file.write_text(subject.mutant.text, encoding="utf-8")
            commands.append(
                [
                    *(sys.executable, "-m", "pytest", "-x", "-q", "-c", os.devnull, f"--rootdir={kata.folder}"),
                    *(str(kata.spec), "--noconftest", "--import-mode=importlib", "-p", "no:cacheprovider"),
                    *(f"--impl={file}", f"--hypothesis-profile={PROFILE}"),
                    *(f"--kata-exercise={exercise}" for exercise in subject.judged),
                ]
            )
        list(pool.map(lambda command: subprocess.run(command, check=False, capture_output=True), commands))


if __name__ == "__main__":
    sys.exit(main())
