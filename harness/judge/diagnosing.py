"""What a run with `--diagnose` keeps of each implementation, and what comes of it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from harness.errors import KataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from harness.diagnosis.diagnose import Diagnosis
    from harness.diagnosis.recorder import Recorder
    from harness.model import Exercise, Kata
    from harness.runner.session import Session

# What imports torch is imported where it is used: a run that diagnoses nothing does without it.


class Diagnoses:
    """Has the sessions that are to be diagnosed recorded, and diagnoses each when its last test has ended."""

    def __init__(self) -> None:
        self._recorders: dict[Session, Recorder] = {}
        self._found: list[Diagnosis] = []

    def watch(self, session: Session) -> Recorder:
        """From now on keeps what is done with an implementation."""
        from harness.diagnosis.recorder import Recorder

        recorder = self._recorders[session] = Recorder(session.base)
        session.record(recorder.host)
        return recorder

    def begin(self, session: Session, exercise: Exercise, test: str) -> None:
        """A test of an exercise begins, with this node id."""
        session.judge(exercise)
        if (recorder := self._recorders.get(session)) is not None:
            recorder.start(test, exercise.name)

    def failures_noted(self, session: Session, test: Callable[..., object]) -> AbstractContextManager[None]:
        """Has the examples on which a test fails noted, while it runs in the block."""
        recorder = self._recorders.get(session)
        if recorder is None:
            return nullcontext()
        from harness.diagnosis.rerun import failures_noted

        return failures_noted(test, recorder.mark)

    def fail(
        self,
        session: Session,
        exercise: Exercise,
        name: str,
        test: Callable[..., object],
        arguments: dict[str, Any],
        error: BaseException,
    ) -> None:
        """The test that has just ended failed by an error, and could be run again with these arguments."""
        recorder = self._recorders.get(session)
        if recorder is None:
            return
        from harness.diagnosis.rerun import run_again

        def again() -> None:
            self.begin(session, exercise, name)
            run_again(test, arguments, recorder.note)

        # What the harness itself found, such as a process that died, need not be found again.
        recorder.fail(error, None if isinstance(error, KataError) else again)

    def conclude(self, session: Session, kata: Kata, *, apart: bool) -> None:
        """Diagnoses a session that was watched; nothing happens to another one."""
        recorder = self._recorders.get(session)
        if recorder is None:
            return
        from harness.diagnosis.diagnose import diagnose

        self._found += diagnose(kata, recorder.tests, apart=apart)
        del self._recorders[session]

    def take(self) -> list[Diagnosis]:
        """What was found since the last time."""
        found, self._found = self._found, []
        return found
