"""The way through the katas: a save leads to a verdict, a finished kata to the next, a finished part to its proof."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING

from harness.catalogue import manager
from harness.cli.watching.background import Known
from harness.cli.watching.display import Display, Screen
from harness.cli.watching.events import Noticed, Redraw, Stop
from harness.cli.watching.file_events import Eyes, Stamp, stamp, wait_for
from harness.cli.watching.keys import Terminal
from harness.cli.watching.snapshot import Snapshot, files_of
from harness.errors import KataError
from harness.reports import terminal as report
from harness.reports.screen import Line, columns, line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.cli.learner import Standing
    from harness.cli.watching.checks import Checks
    from harness.model import Exercise, Kata, Verdict


Event = Stop | Noticed | Redraw | Known | str  # a string is a key


class Course:
    """Where a learner is, what is judged of it, and what is shown.

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
        self._began = 0.0
        self._trouble = ""
        self._stamps: dict[Path, Stamp] = {}
        self._parts_done = {each.part for each in standing.katas if standing.part_done(each)}
        self._to_confirm: list[Kata] = []
        self._finished: tuple[Kata, Verdict] | None = None
        self._checks: Checks

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
        earlier = self._checks.snapshot
        if snapshot == earlier and not self._trouble:
            return
        self._checks.give_up()
        self._checks.snapshot, self._trouble, self._to_confirm = snapshot, "", []
        stale = self._checks.stale()
        if stale:
            self._begin(stale, snapshot.edited(earlier))
        else:
            self._settle(whole=False)

    def _follow(self, changed: set[Path]) -> None:
        """Turns to another kata where somebody works on that one."""
        others = [kata for kata in self._standing.katas if self._standing.file(kata) in changed]
        if len(others) == 1 and others[0].topic != self._topic:
            self._turn_to(others[0])

    def _turn_to(self, kata: Kata) -> None:
        self._checks.give_up()
        self._topic, self._kata, self._checks.snapshot = kata.topic, kata, None

    def _begin(self, exercises: Sequence[Exercise], edited: set[str]) -> None:
        """Judges exercises: first those that were edited, else the one that the learner is about."""
        names = {exercise.name for exercise in exercises}
        first = edited & names
        if not first or first == names:
            upcoming = self._standing.next_exercise(of=self._kata)
            first = {upcoming[1].name} if upcoming else set()
        self._checks.begin(exercises, first=first)
        self._began = time.monotonic()

    def _take(self, known: Known) -> None:
        """Takes what a batch came to into account."""
        run = known.run
        if run is not self._checks.running:
            return
        if known.error is not None:
            if not self._checks.began_again(known):
                self._say_trouble(known.error)
        elif not self._checks.accept(known):
            self._look()
        elif not run.pending:
            self._settle(whole=run.whole, quiet=run.quiet)
        elif not run.quiet:
            self._show(self._verdict_screen)

    def _settle(self, *, whole: bool, quiet: bool = False) -> None:
        """Everything about the kata's exercises is known: keeps it, shows it, and goes on where all is done.

        Args:
            whole: all was judged in one run, nothing was taken over from an earlier one.
            quiet: nobody waits for the verdict.
        """
        snapshot, verdict = self._checks.snapshot, self._checks.verdict()
        assert snapshot is not None
        assert verdict is not None
        kata = snapshot.kata
        self._standing.remember(verdict, snapshot.code)
        if self._to_confirm and kata.topic == self._to_confirm[0].topic and verdict.passed:
            self._confirm(self._to_confirm[1:])
        elif not verdict.passed:
            self._to_confirm = []
            if not quiet or self._finished is None:
                self._finished = None
                self._show(self._verdict_screen)
        elif not whole:
            self._checks.anew(snapshot, first=())
            self._show(lambda: [f"All of {kata.title} is done. Checking it once more …"])
        else:
            self._complete(kata, verdict)

    def _complete(self, kata: Kata, verdict: Verdict) -> None:
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
        try:
            snapshot = Snapshot.take(katas[0], self._standing.readable_file(katas[0]))
        except KataError as error:
            self._say_trouble(error)
            return
        self._checks.anew(snapshot, first=())

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
            with suppress(KataError):  # said as soon as somebody looks at that kata
                snapshot = Snapshot.take(around.after, self._standing.readable_file(around.after))
                self._checks.anew(snapshot, first=(), quiet=True)

    def _show(self, screen: Screen) -> None:
        running = self._checks.running
        self._began = time.monotonic() if running and not running.quiet else 0.0
        self._display.show(screen, self._standing.file(self._kata).name)

    def _verdict_screen(self) -> list[Line]:
        snapshot, verdict = self._checks.snapshot, self._checks.verdict()
        if snapshot is None or verdict is None:
            return [line(f"Judging {self._kata.title} …")]
        around = self._standing.surroundings(snapshot.kata, snapshot.file)
        around = replace(around, pending=self._checks.pending())
        return report.render(verdict, snapshot.kata, around, columns(), self._display.height())

    def _say_trouble(self, error: Exception) -> None:
        self._checks.give_up()
        if str(error) != self._trouble:
            self._trouble = str(error)
            said = line((f"{self._topic}: ", "bold red"), str(error), indent=2, long=True)
            self._show(lambda: [said, "", "Watching on."])
