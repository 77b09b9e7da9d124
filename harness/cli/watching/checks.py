"""The kata that is watched: what its files held at the last look, what is known of that, what is being judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli.watching.background import Known, Run, Warm
from harness.cli.watching.snapshot import Memory, Snapshot
from harness.errors import KataError
from harness.judge.verdicts import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from harness.model import Exercise, Kata, Verdict
    from harness.workspace.workspace import Workspace


class Checks:
    """Judges one snapshot at a time, and only what no earlier verdict answers.

    Args:
        warm: forks the judges.
        workspace: holds the learner's files.
        tell: is given what came of each batch, in another thread.

    Attributes:
        snapshot: what is judged, or was.
        running: what is being judged.
    """

    def __init__(self, warm: Warm, workspace: Workspace, tell: Callable[[Known], None]) -> None:
        self._warm, self._workspace, self._tell = warm, workspace, tell
        self._memory = Memory()
        self.snapshot: Snapshot | None = None
        self.running: Run | None = None
        self._restarted = False

    def stale(self) -> list[Exercise]:
        """The exercises of the snapshot on which there is no verdict."""
        assert self.snapshot is not None
        known = self._memory.findings(self.snapshot)
        return [exercise for exercise in self.snapshot.kata.exercises if exercise.name not in known]

    def begin(self, exercises: Collection[Exercise], *, first: Collection[str], quiet: bool = False) -> None:
        """Judges exercises of the snapshot: those of them that are named in `first` at the same time as the others."""
        assert self.snapshot is not None
        batches = (
            tuple(exercise for exercise in exercises if exercise.name in first),
            tuple(exercise for exercise in exercises if exercise.name not in first),
        )
        self.running = Run(self.snapshot, batches, quiet=quiet)
        self.running.start(self._warm, self._workspace, self._tell)

    def anew(self, snapshot: Snapshot, *, first: Collection[str], quiet: bool = False) -> None:
        """Judges a whole kata, whatever is known."""
        self.give_up()
        self._memory.forget(snapshot.kata)
        self.snapshot = snapshot
        self.begin(snapshot.kata.exercises, first=first, quiet=quiet)

    def give_up(self, *, wait: bool = False) -> None:
        """Ends the judges that are at work."""
        if self.running is not None:
            self.running.give_up(wait=wait)
            self.running = None

    def forget(self, kata: Kata) -> None:
        """Lets all of a kata be judged anew, and the files be looked at as if for the first time."""
        self.give_up()
        self._memory.forget(kata)
        self.snapshot = None

    def began_again(self, known: Known) -> bool:
        """Whether a run that failed was begun once more, since the parent was gone; it is not begun a third time."""
        self.give_up()
        if not self._warm.lost or self._restarted:
            return False
        self._restarted = True
        self._warm.restart()
        self.begin(known.run.snapshot.kata.exercises, first=(), quiet=known.run.quiet)
        return True

    def accept(self, known: Known) -> bool:
        """Remembers what a batch came to; gives False where the files have changed meanwhile, so that it is void."""
        run = known.run
        try:
            unchanged = Snapshot.take(run.snapshot.kata, run.snapshot.file) == run.snapshot
        except KataError:
            unchanged = False
        if not unchanged:  # whatever was judged, it may have been any mixture
            self.give_up()
            self.snapshot = None
            return False
        self._restarted = False
        self._memory.keep(run.snapshot, known.batch, known.findings)
        run.pending -= {exercise.name for exercise in known.batch}
        if not run.pending:
            self.running = None
        return True

    def pending(self) -> int:
        """How many exercises are being judged."""
        return len(self.running.pending) if self.running else 0

    def verdict(self) -> Verdict | None:
        """What is known of the snapshot; None where nothing is."""
        known = self._memory.findings(self.snapshot) if self.snapshot else {}
        if self.snapshot is None or not known:
            return None
        kata = self.snapshot.kata
        findings = [finding for found in known.values() for finding in found]
        return fold(kata, "learner", findings, only=[kata.exercise(name) for name in known])
