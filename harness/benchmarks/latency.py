"""How long a learner waits: from a saved file to its verdict, warm, against a fresh `python -m pytest` on the same file."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import manager
from harness.benchmarks.table import show, spread, timed
from harness.runner.control import Parent
from harness.runner.process import judge
from harness.stubs import stub_of
from harness.verdicts import fold

TOPIC = "tensor_operations"
WARM, COLD = 15, 3
BAR_SECONDS, BAR_RATIO = 0.5, 10


def solved_but_one(folder: Path) -> tuple[Path, str]:
    """Writes the reference of a kata with its last exercise as a learner finds it; gives the file and that exercise."""
    kata = manager.load().catalogue.find(TOPIC)
    last = kata.exercises[-1].name
    stub, solution = stub_of(kata), kata.solution.read_text(encoding="utf-8")
    start = f"\ndef {last}("
    text = solution[: solution.index(start)] + stub[stub.index(start) :]
    file = folder / f"{TOPIC}.py"
    file.write_text(text, encoding="utf-8")
    return file, last


def main() -> None:
    """Measures and prints."""
    kata = manager.load().catalogue.find(TOPIC)
    with tempfile.TemporaryDirectory() as name, Parent.start() as parent:
        file, _ = solved_but_one(Path(name))

        def warm() -> None:
            findings = judge(kata, str(file), parent=parent)
            assert len(fold(kata, str(file), findings).exercises) == len(kata.exercises)

        def cold() -> None:
            options = [f"--impl={file}", "--hypothesis-profile=learner", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
            subprocess.run(
                [sys.executable, "-m", "pytest", "-c", os.devnull, f"--rootdir={kata.folder}", str(kata.spec), *options],
                check=False,
                capture_output=True,
            )

        warm()
        warm_times, cold_times = timed(warm, repetitions=WARM), timed(cold, repetitions=COLD)
    median, ratio = statistics.median(warm_times), statistics.median(cold_times) / statistics.median(warm_times)
    show(
        f"From saving to the verdict: {TOPIC}, solved but for one exercise",
        [
            ("", "median (range)", "bar"),
            ("warm parent, isolated", spread(warm_times), f"at most {BAR_SECONDS} s: {_met(median <= BAR_SECONDS)}"),
            ("fresh python -m pytest", spread(cold_times), ""),
            ("ratio", f"{ratio:.1f} times", f"at least {BAR_RATIO} times: {_met(ratio >= BAR_RATIO)}"),
        ],
    )


def _met(met: bool) -> str:
    return "met" if met else "NOT met"


if __name__ == "__main__":
    main()
