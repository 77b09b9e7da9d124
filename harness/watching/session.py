"""What happens while a learner works: a save leads to a verdict, a key to an answer, a finished kata to the next."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from harness import manager, progress
from harness.cli.hint import one_more
from harness.cli.list import all_katas
from harness.cli.standing import DONE, Standing
from harness.errors import KataError
from harness.reports import terminal as report
from harness.reports.screen import Line, columns, line
from harness.verdicts import fold
from harness.watching import terminal
from harness.watching.display import Display, Screen
from harness.watching.events import Noticed, Redraw, Signals, Stop
from harness.watching.eyes import Eyes, Stamp, stamp, wait_for
from harness.watching.run import Known, Run, Warm
from harness.watching.snapshot import Memory, Snapshot, files_of
from harness.watching.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.model import Exercise, Kata, Verdict

_OFTEN, _SELDOM = 0.2, 1.0
"""Seconds between two looks at the files: where that is the only way to know, and where events tell of most changes."""

_SLOW = 1.0
"""Seconds after which a run is announced that has not come to anything."""


Event = Stop | Noticed | Redraw | Known | str  # a string is a key


class Session:
    """One `kata watch`.

    Args:
        standing: the katas, the workspace and the progress.
        kata: to begin with.
        poll: look at the files often, and ask for no events.
    """

    def __init__(self, standing: Standing, kata: Kata, *, poll: bool = False) -> None:
        self._standing = standing
        self._topic = kata.topic
        self._kata = kata
        self._poll = poll
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._terminal = Terminal(self._events.put)
        self._display = Display(self._terminal)
        self._eyes = Eyes(lambda: self._events.put(Noticed()))
        self._memory = Memory()
        self._snapshot: Snapshot | None = None
        self._run: Run | None = None
        self._began = 0.0
        self._trouble = ""
        self._stamps: dict[Path, Stamp] = {}
        self._parts_done = {each.part for each in standing.katas if standing.part_done(each)}
        self._to_confirm: list[Kata] = []
        self._finished: tuple[Kata, Verdict] | None = None
        self._warm: Warm

    def run(self) -> int:
        """Watches until somebody ends it; gives the exit code."""
        with ExitStack() as stack:
            self._warm = stack.enter_context(closing(Warm()))
            stack.callback(lambda: self._give_up(wait=True))
            stack.enter_context(Signals(self._events.put))
            stack.enter_context(closing(self._eyes))
            stack.enter_context(self._terminal)
            self._show(lambda: [f"Judging {self._kata.title} …"])
            self._look()
            while True:
                try:
                    event = self._events.get(timeout=_OFTEN if self._poll else _SELDOM)
                except Empty:
                    event = None
                if isinstance(event, Stop):
                    return event.code
                self._handle(event)

    def _handle(self, event: Event | None) -> None:
        if isinstance(event, Known):
            self._take(event)
        elif isinstance(event, str):
            self._press(event)
        elif isinstance(event, Redraw):
            self._display.again()
        elif isinstance(event, Noticed) or self._stamped() != self._stamps:
            self._look()
        elif self._run and not self._run.quiet and self._began and time.monotonic() - self._began > _SLOW:
            self._began = 0.0
            self._display.add("Judging what you saved …")

    # Files

    def _stamped(self) -> dict[Path, Stamp]:
        files = [self._standing.file(kata) for kata in self._standing.katas]
        tomls = [kata.folder / "kata.toml" for kata in self._standing.katas]
        return {path: stamp(path) for path in (*files, *tomls, *files_of(self._kata), self._standing.file(self._kata))}

    def _look(self) -> None:
        """Finds out what has changed, and has that judged."""
        stamps, before = self._stamped(), self._stamps
        self._stamps = stamps
        if any(path.name == "kata.toml" and before.get(path) != stamps[path] for path in stamps) and before:
            self._standing = replace(self._standing, harness=manager.load())
        self._follow({path for path in stamps if path in before and before[path] != stamps[path]})
        if not self._poll:
            self._eyes.watch({path.parent for path in stamps})
        try:
            self._kata = self._standing.harness.catalogue.find(self._topic)
            file = self._standing.file(self._kata)
            wait_for(file)
            snapshot = Snapshot.take(self._kata, self._standing.readable_file(self._kata))
        except KataError as error:
            self._say_trouble(error)
            return
        if snapshot == self._snapshot and not self._trouble:
            return
        earlier, self._snapshot, self._trouble = self._snapshot, snapshot, ""
        known = self._memory.findings(snapshot)
        stale = [exercise for exercise in self._kata.exercises if exercise.name not in known]
        self._give_up()
        self._to_confirm = []
        if stale:
            self._begin(stale, first=snapshot.edited(earlier))
        else:
            self._settle(whole=False)

    def _follow(self, changed: set[Path]) -> None:
        """Turns to another kata where somebody works on that one."""
        others = [kata for kata in self._standing.katas if self._standing.file(kata) in changed]
        if len(others) == 1 and others[0].topic != self._topic:
            self._turn_to(others[0])

    def _turn_to(self, kata: Kata) -> None:
        self._give_up()
        self._topic, self._kata, self._snapshot = kata.topic, kata, None

    # Judging

    def _begin(self, exercises: Sequence[Exercise], *, first: set[str], quiet: bool = False) -> None:
        assert self._snapshot is not None
        names = {exercise.name for exercise in exercises}
        if not first & names or names <= first:
            upcoming = self._standing.next_exercise(of=self._snapshot.kata)
            first = {upcoming[1].name} if upcoming else set()
        batches = (
            tuple(exercise for exercise in exercises if exercise.name in first),
            tuple(exercise for exercise in exercises if exercise.name not in first),
        )
        self._run, self._began = Run(self._snapshot, batches, quiet=quiet), time.monotonic()
        self._run.start(self._warm, self._standing.workspace, self._events.put)

    def _give_up(self, *, wait: bool = False) -> None:
        if self._run is not None:
            self._run.give_up(wait=wait)
            self._run = None

    def _take(self, known: Known) -> None:
        """Takes what a batch came to into account."""
        run = known.run
        if run is not self._run:
            return
        if known.error is not None:
            self._give_up()
            if self._warm.lost and not self._trouble:  # once: a parent that cannot start at all is told of
                self._warm.restart()
                self._trouble = str(known.error)
                self._begin(run.snapshot.kata.exercises, first=set(), quiet=run.quiet)
                return
            self._trouble = ""
            self._say_trouble(known.error)
            return
        try:
            unchanged = Snapshot.take(run.snapshot.kata, run.snapshot.file) == run.snapshot
        except KataError:
            unchanged = False
        if not unchanged:  # whatever was judged, it may have been any mixture
            self._give_up()
            self._snapshot = None
            self._look()
            return
        self._trouble = ""
        self._memory.keep(run.snapshot, known.batch, known.findings)
        run.pending -= {exercise.name for exercise in known.batch}
        if not run.pending:
            self._run = None
            self._settle(whole=run.whole, quiet=run.quiet)
        elif not run.quiet:
            self._show(self._verdict_screen)

    def _verdict(self) -> Verdict:
        assert self._snapshot is not None
        known = self._memory.findings(self._snapshot)
        kata = self._snapshot.kata
        findings = [finding for found in known.values() for finding in found]
        return fold(kata, "learner", findings, only=[kata.exercise(name) for name in known])

    def _settle(self, *, whole: bool, quiet: bool = False) -> None:
        """Everything about the kata's exercises is known: keeps it, shows it, and goes on where all is done.

        Args:
            whole: all was judged in one run, nothing was taken over from an earlier one.
            quiet: nobody waits for the verdict.
        """
        assert self._snapshot is not None
        verdict, kata = self._verdict(), self._snapshot.kata
        self._standing.remember(verdict, self._snapshot.code)
        if self._to_confirm and kata.topic == self._to_confirm[0].topic and verdict.passed:
            self._confirm(self._to_confirm[1:])
        elif not verdict.passed:
            self._to_confirm = []
            if not quiet or self._finished is None:
                self._finished = None
                self._show(self._verdict_screen)
        elif not whole:
            self._memory.forget(kata)
            self._begin(kata.exercises, first=set())
            self._show(lambda: [f"All of {kata.title} is done. Checking it once more …"])
        else:
            self._complete(verdict)

    def _complete(self, verdict: Verdict) -> None:
        assert self._snapshot is not None
        kata = self._snapshot.kata
        self._finished = kata, verdict
        others = [each for each in self._standing.part(kata) if each.topic != kata.topic]
        if kata.part in self._parts_done or not self._standing.part_done(kata):
            self._celebrate(completes=False)
        else:
            if others:
                self._show(lambda: [f"All of {kata.part} is done. Checking it once more …"])
            self._confirm(others)

    def _confirm(self, katas: list[Kata]) -> None:
        """Judges the katas of a part once more; what no longer holds is shown."""
        self._to_confirm = katas
        if not katas:
            self._celebrate(completes=True)
            return
        self._turn_to(katas[0])
        self._memory.forget(katas[0])
        try:
            self._snapshot = Snapshot.take(katas[0], self._standing.readable_file(katas[0]))
        except KataError as error:
            self._say_trouble(error)
            return
        self._begin(katas[0].exercises, first=set())

    def _celebrate(self, *, completes: bool) -> None:
        """Shows that a kata is done, and turns to the next one, which is judged while nobody waits."""
        assert self._finished is not None
        kata, verdict = self._finished
        if completes:
            self._parts_done.add(kata.part)
        around = self._standing.surroundings(kata, self._standing.file(kata), completes=completes)
        self._show(lambda: report.render(verdict, kata, around, columns()))
        if around.after is not None:
            self._turn_to(around.after)
            try:
                self._snapshot = Snapshot.take(around.after, self._standing.readable_file(around.after))
            except KataError:
                return  # said as soon as somebody looks at that kata
            self._begin(around.after.exercises, first=set(), quiet=True)

    # What is shown

    def _show(self, screen: Screen) -> None:
        self._began = time.monotonic() if self._run else 0.0
        self._display.show(screen, self._standing.file(self._kata).name)

    def _verdict_screen(self) -> list[Line]:
        assert self._snapshot is not None
        kata, file = self._snapshot.kata, self._snapshot.file
        around = replace(self._standing.surroundings(kata, file), pending=len(self._run.pending) if self._run else 0)
        return report.render(self._verdict(), kata, around, columns())

    def _say_trouble(self, error: Exception) -> None:
        self._give_up()
        if str(error) != self._trouble:
            self._trouble = str(error)
            said = line((f"{self._topic}: ", "bold red"), str(error), indent=2, long=True)
            self._show(lambda: [said, "", "Watching on."])

    def _press(self, key: str) -> None:
        match key.lower():
            case "q" | terminal.END_OF_INPUT:
                self._events.put(Stop(0))
            case "h":
                self._hint()
            case "n":
                self._next()
            case "l":
                self._show(lambda: all_katas(replace(self._standing, _code={})))
            case "r":
                self._rerun()
            case _:
                self._finished = None
                if self._snapshot is not None and not self._trouble and self._memory.findings(self._snapshot):
                    self._show(self._verdict_screen)

    def _hint(self) -> None:
        try:
            self._standing.progress = progress.load(self._standing.workspace)
            lines = one_more(self._standing, self._kata, self._focus())
        except KataError as error:
            lines = [line(str(error), long=True)]
        self._show(lambda: lines)

    def _focus(self) -> Exercise:
        """The exercise that a learner is about: the first of the last verdict that is not done."""
        judged = self._verdict().exercises if self._snapshot and self._snapshot.kata == self._kata else ()
        name = next((each.exercise for each in judged if each.outcome not in DONE), None)
        upcoming = self._standing.next_exercise(of=self._kata)
        return self._kata.exercise(name) if name else upcoming[1] if upcoming else self._kata.exercises[-1]

    def _next(self) -> None:
        katas = self._standing.katas
        at = next((number for number, kata in enumerate(katas) if kata.topic == self._topic), 0)
        after = [*katas[at + 1 :], *katas[: at + 1]]
        unfinished = (kata for kata in after if any(self._record_is_open(kata, each) for each in kata.exercises))
        self._finished = None
        self._turn_to(next(unfinished, after[0]))
        self._trouble = ""
        self._show(lambda: [f"Judging {self._kata.title} …"])
        self._look()

    def _record_is_open(self, kata: Kata, exercise: Exercise) -> bool:
        return self._standing.record(kata, exercise).outcome not in DONE

    def _rerun(self) -> None:
        self._give_up()
        self._memory.forget(self._kata)
        self._snapshot, self._trouble, self._finished = None, "", None
        self._show(lambda: [f"Judging all of {self._kata.title} …"])
        self._look()
