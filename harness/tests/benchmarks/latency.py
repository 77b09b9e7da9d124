"""How long a learner waits: from a saved file to the lines of its verdict, by the road of `kata watch`.

    python -m harness.tests.benchmarks.latency [TOPIC]

Two answers are given: what the last edit left to judge (one exercise of a kata that is otherwise done), and all of it
by one warm parent. Beside them stands a fresh `python -m pytest` on the same file, with as many examples. The exit code
is 1 where a bar is not met.
"""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue

from harness.catalogue import manager
from harness.catalogue.source.stubs import stub_of
from harness.cli.watching.background import Known, Run, Warm
from harness.cli.watching.file_events import Eyes
from harness.cli.watching.snapshot import Memory, Snapshot
from harness.judge.run import HYPOTHESIS_SEED, judge
from harness.judge.verdicts import fold
from harness.reports.screen import say
from harness.reports.terminal import Surroundings, render
from harness.runner.isolation.client import Parent
from harness.tests.benchmarks.table import met, show, spread, timed
from harness.workspace.workspace import Workspace

TOPIC = "tensor_operations"
WARM, COLD = 15, 3
BAR_SECONDS, BAR_RATIO = 0.5, 10


def solved_but_one(topic: str, workspace: Workspace) -> Path:
    """Writes the reference of a kata into a workspace, with its last exercise as a learner finds it; gives the file."""
    kata = manager.load().catalogue.find(topic)
    stub, solution = stub_of(kata), kata.solution.read_text(encoding="utf-8")
    start = f"\ndef {kata.exercises[-1].name}("
    file = workspace.file(kata)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(solution[: solution.index(start)] + stub[stub.index(start) :], encoding="utf-8")
    return file


class Saving:
    """Saves an edit of the last exercise, waits until it is noticed and judged, and lays the verdict out."""

    def __init__(self, topic: str, workspace: Workspace, warm: Warm) -> None:
        self._kata = manager.load().catalogue.find(topic)
        self._workspace, self._warm = workspace, warm
        self._file = workspace.file(self._kata)
        self._text = self._file.read_text(encoding="utf-8")
        self._memory, self._edits = Memory(), itertools.count()
        self._noticed: SimpleQueue[None] = SimpleQueue()
        self._known: SimpleQueue[Known] = SimpleQueue()
        self.eyes = Eyes(lambda: self._noticed.put(None))
        self.eyes.watch([self._file.parent])
        for _ in range(100):  # until it is looking
            if not self._noticed.empty():
                break
            self._file.touch()
            time.sleep(0.1)
        else:
            raise TimeoutError("nothing notices when a file is saved here: is watchfiles installed?")

    def __call__(self) -> None:
        """One edit, to a verdict on the screen."""
        while not self._noticed.empty():
            self._noticed.get()
        self._file.write_text(f"{self._text}    print({next(self._edits)})\n", encoding="utf-8")
        self._noticed.get(timeout=10)
        snapshot = Snapshot.take(self._kata, self._file)
        known = self._memory.findings(snapshot)
        stale = tuple(exercise for exercise in self._kata.exercises if exercise.name not in known)
        Run(snapshot, [stale]).start(self._warm, self._workspace, self._known.put)
        came = self._known.get(timeout=120)
        if came.error is not None:
            raise came.error
        self._memory.keep(snapshot, stale, came.findings)
        findings = [finding for found in self._memory.findings(snapshot).values() for finding in found]
        around = Surroundings(file=self._file, statement=lambda _: "")
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            say(*render(fold(self._kata, "learner", findings), self._kata, around), stream=nowhere)


def main(topic: str = TOPIC) -> int:
    """Measures and prints."""
    kata = manager.load().catalogue.find(topic)
    with tempfile.TemporaryDirectory() as name, closing(Warm()) as warm, Parent.start() as parent:
        workspace, _ = Workspace.create(Path(name), [kata])
        file = solved_but_one(topic, workspace)
        save = Saving(topic, workspace, warm)
        own = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(Path(name) / "hypothesis")}

        def whole() -> None:
            fold(kata, str(file), judge(kata, str(file), parent=parent))

        def cold() -> None:
            options = ["-c", os.devnull, f"--rootdir={kata.folder}", "-q", "-p", "no:cacheprovider"]
            options += ["--hypothesis-profile=learner", f"--hypothesis-seed={HYPOTHESIS_SEED}", f"--impl={file}"]
            subprocess.run(
                [sys.executable, "-m", "pytest", str(kata.spec), *options], env=own, check=False, capture_output=True
            )

        for warm_up in (save, whole):
            warm_up()
        with closing(save.eyes):
            saved, all_of_it = timed(save, repetitions=WARM), timed(whole, repetitions=COLD)
        cold_times = timed(cold, repetitions=COLD)
    median = statistics.median(saved)
    ratio = statistics.median(cold_times) / median
    soon, sooner = median <= BAR_SECONDS, ratio >= BAR_RATIO
    show(
        f"From saving to the verdict: {kata.topic}, {len(kata.exercises)} exercises, solved but for one",
        [
            ("", "median (range)", "bar"),
            ("saved, as watched", spread(saved), met(f"at most {BAR_SECONDS} s", soon)),
            ("the whole kata, warm", spread(all_of_it), ""),
            ("fresh python -m pytest", spread(cold_times), ""),
            ("ratio", f"{ratio:.1f} times", met(f"at least {BAR_RATIO} times", sooner)),
        ],
    )
    return int(not (soon and sooner))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
