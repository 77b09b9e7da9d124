"""What happens while a learner works: a save leads to a verdict, a key to an answer, a finished kata to the next."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from dataclasses import replace
from queue import Empty
from typing import TYPE_CHECKING

from harness.catalogue.lessons import Lesson
from harness.cli.hint import one_more
from harness.cli.learner import DONE, lesson_of
from harness.cli.list import all_katas
from harness.cli.watching import keys
from harness.cli.watching.background import Known, Warm
from harness.cli.watching.checks import Checks
from harness.cli.watching.events import Noticed, Redraw, Signals, Stop
from harness.cli.watching.state import Course, Event
from harness.errors import KataError
from harness.reports.latex import plain
from harness.reports.screen import line
from harness.reports.terminal import foremost
from harness.workspace import progress

if TYPE_CHECKING:
    from harness.model import Exercise, Kata


_OFTEN, _SELDOM = 0.2, 1.0
"""Seconds between two looks at the files: where that is the only way to know, and where events tell of most changes."""

_SLOW = 1.0
"""Seconds after which a run is announced that has not come to anything."""


class Session(Course):
    """One `kata watch`: waits for what happens, and answers."""

    def run(self) -> int:
        """Watches until somebody ends it; gives the exit code."""
        with ExitStack() as stack:
            warm = stack.enter_context(closing(Warm()))
            self._checks = Checks(warm, self._standing.workspace, self._events.put)
            stack.callback(lambda: self._checks.give_up(wait=True))
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
        elif self._checks.pending() and self._began and time.monotonic() - self._began > _SLOW:
            self._began = 0.0
            self._display.add("Judging what you saved …")

    def _press(self, key: str) -> None:
        match key.lower():
            case "q" | keys.END_OF_INPUT:
                self._events.put(Stop(0))
            case "h":
                self._hint()
            case "s":
                self._state()
            case "n":
                self._next()
            case "l":
                self._show(lambda: all_katas(replace(self._standing, _code={})))
            case "r":
                self._rerun()
            case _:
                self._finished = None
                if not self._trouble:
                    self._show(self._verdict_screen)

    def _hint(self) -> None:
        try:
            self._standing.progress = progress.load(self._standing.workspace)
            lines = one_more(self._standing, self._kata, self._focus())
        except KataError as error:
            lines = [line(str(error), long=True)]
        self._show(lambda: lines)

    def _state(self) -> None:
        """Shows what the exercise on the screen asks for."""
        about = self._focus()
        name = line((f"{self._topic}.{about.name}", "bold"))
        try:
            stated = plain(Lesson.read(lesson_of(self._kata)).statement(about.name))
        except KataError as error:
            stated = str(error)
        self._show(lambda: [name, "", *stated.split("\n")])

    def _focus(self) -> Exercise:
        """The exercise that a learner is about: the one on the screen, else the next that is not done."""
        verdict = self._checks.verdict()
        shown = foremost(verdict) if verdict and verdict.topic == self._topic else None
        if shown is not None:
            return self._kata.exercise(shown.exercise)
        upcoming = self._standing.next_exercise(of=self._kata)
        return upcoming[1] if upcoming else self._kata.exercises[-1]

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
        self._checks.forget(self._kata)
        self._trouble, self._finished = "", None
        self._show(lambda: [f"Judging all of {self._kata.title} …"])
        self._look()
