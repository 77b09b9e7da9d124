"""One run of a judge in the background: several batches of exercises at a time, and given up when it is out of date."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import KataError, RunError
from harness.judge import run
from harness.runner.isolation.client import Parent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.cli.watching.snapshot import Snapshot
    from harness.model import Exercise, Finding, Kata
    from harness.workspace.workspace import Workspace


class Warm:
    """A warm parent, for several threads. Made, started anew and closed by the main thread, with which it ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parent = Parent.start()
        self._preloaded: set[str] = set()
        self.lost = False

    def line(self, kata: Kata) -> Parent:
        """A new line, once the parent is warm enough for that kata.

        Raises:
            RunError: the parent is gone.
        """
        with self._lock:
            try:
                if not self._preloaded.issuperset(kata.capabilities):
                    self._parent.preload(kata.capabilities)
                    self._preloaded.update(kata.capabilities)
                return self._parent.another_line()
            except RunError:
                self.lost = True
                raise

    def restart(self) -> None:
        """Starts another parent in the place of one that is gone."""
        with self._lock:
            self._parent.close()
            self._parent = Parent.start()
            self._preloaded.clear()
            self.lost = False

    def close(self) -> None:
        """Ends the parent and all that it started."""
        self._parent.close()


@dataclass(frozen=True, slots=True)
class Known:
    """What came of one batch of a run."""

    run: Run
    batch: tuple[Exercise, ...]
    findings: tuple[Finding, ...] = ()
    error: Exception | None = None


class Run:
    """Judges exercises of a snapshot.

    Args:
        snapshot: what is judged.
        batches: exercises that are judged together; the batches are judged at the same time.
        quiet: nobody waits for the verdict.

    Attributes:
        pending: exercises whose batch is not known yet.
        whole: all exercises of the kata are judged.
    """

    def __init__(self, snapshot: Snapshot, batches: Sequence[tuple[Exercise, ...]], *, quiet: bool = False) -> None:
        self.snapshot = snapshot
        self.quiet = quiet
        self._batches = [batch for batch in batches if batch]
        self.pending = {exercise.name for batch in batches for exercise in batch}
        self.whole = len(self.pending) == len(snapshot.kata.exercises)
        self._lines: list[Parent] = []
        self._given_up = False
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def start(self, warm: Warm, workspace: Workspace, tell: Callable[[Known], None]) -> None:
        """Begins; each batch is told of when it is known, in another thread."""
        for batch in self._batches:
            thread = threading.Thread(target=lambda batch=batch: tell(self._judge(batch, warm, workspace)), daemon=True)
            self._threads.append(thread)
            thread.start()

    def give_up(self, *, wait: bool = False) -> None:
        """Ends the judges."""
        with self._lock:
            self._given_up = True
            for line in self._lines:
                line.give_up()
        if wait:
            for thread in self._threads:
                thread.join(timeout=5)

    def _judge(self, batch: tuple[Exercise, ...], warm: Warm, workspace: Workspace) -> Known:
        line = None
        try:
            line = warm.line(self.snapshot.kata)
            with self._lock:
                if self._given_up:
                    return Known(self, batch)
                self._lines.append(line)
            kata = self.snapshot.kata
            exercises = () if len(batch) == len(kata.exercises) else batch
            findings = run.judge(kata, "learner", exercises=exercises, workspace=workspace, diagnose=True, parent=line)
            return Known(self, batch, findings)
        except (KataError, OSError) as error:
            return Known(self, batch, error=error)
        finally:
            if line is not None:
                line.close()
