"""Where a learner stands: the katas, the workspace, and what is known about each exercise."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from harness.catalogue import manager
from harness.catalogue.files import read_text
from harness.catalogue.source.fingerprints import fingerprints
from harness.errors import CatalogueError, KataError, SelectionError, WorkspaceError
from harness.model import Outcome
from harness.reports.latex import plain
from harness.reports.screen import complain, remark
from harness.reports.terminal import Surroundings
from harness.workspace import progress
from harness.workspace.progress import Progress, Record
from harness.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.catalogue.manager import Harness
    from harness.model import Exercise, Kata, Verdict

DONE = (Outcome.PASSED, Outcome.SKIPPED)
"""Outcomes after which there is nothing left for the learner to do."""


@dataclass(slots=True)
class Standing:
    """What a command of a learner's works with.

    Attributes:
        harness: the katas.
        place: the workspace, where there is one.
        progress: what is known about the exercises.
        unsaved: why something new about them could not be kept.
    """

    harness: Harness
    place: Workspace | None
    progress: Progress
    unsaved: WorkspaceError | None = None
    _code: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Self:
        """Reads the katas, the workspace and the progress, and says on standard error what had to be left out.

        Raises:
            CatalogueError: there is no kata at all.
            WorkspaceError: `$KATA_WORKSPACE` names none, or the progress cannot be read.
        """
        harness = manager.load()
        for problem in harness.problems:
            complain(problem)
        if not harness.catalogue.katas:
            raise CatalogueError("there are no katas here; install torch-katas again, or mend what is named above")
        place = Workspace.find()
        if place and place.is_elsewhere():
            remark(
                f"No workspace is around this folder: here are the files in {place.root} "
                "(`kata init DIR` makes a workspace)."
            )
        known = progress.load(place) if place else Progress({})
        if known.set_aside:
            complain(
                f"the progress was damaged and is set aside as {known.set_aside}; `kata check --all` finds it again"
            )
        return cls(harness, place, known)

    @property
    def katas(self) -> tuple[Kata, ...]:
        """All katas, in order."""
        return self.harness.catalogue.katas

    @property
    def workspace(self) -> Workspace:
        """The learner's folder.

        Raises:
            WorkspaceError: there is none.
        """
        return self.place or Workspace.locate()

    def file(self, kata: Kata) -> Path:
        """The learner's file of a kata.

        Raises:
            WorkspaceError: there is no workspace.
        """
        return self.workspace.file(kata)

    def readable_file(self, kata: Kata) -> Path:
        """The learner's file of a kata, of which it is sure that it can be judged.

        Raises:
            WorkspaceError: it is missing, cannot be read, or is not UTF-8.
        """
        file = self.file(kata)
        if not file.exists():
            clone = self.workspace.kind == "clone"
            how = f"`kata reset {kata.topic}`" if clone else f"`kata init {self.workspace.root}`"
            raise WorkspaceError(f"{file} is missing; {how} brings it back")
        read_text(file)
        return file

    def lesson(self, kata: Kata) -> Path:
        """The lesson to read: the one in the workspace, where there is one."""
        lesson = lesson_of(kata)
        beside = self.place.file(kata).with_name(lesson.name) if self.place else lesson
        return beside if beside.exists() else lesson

    def record(self, kata: Kata, exercise: Exercise) -> Record:
        """What is known about an exercise."""
        return self.progress.of(kata.topic, exercise.name)

    def edited_since(self, kata: Kata, exercise: Exercise) -> bool:
        """Whether the exercise, or anything that it uses, changed after it was last checked."""
        record = self.record(kata, exercise)
        if record.outcome is None or self.place is None:
            return False
        if kata.topic not in self._code:
            self._code[kata.topic] = code_of(kata, self.place.file(kata))
        return record.code != self._code[kata.topic].get(exercise.name)

    def remember(self, verdict: Verdict, code: Mapping[str, str]) -> None:
        """Keeps a verdict on exercises with these fingerprints, for this run at least."""
        self.progress.enter(verdict, code)
        self._code.pop(verdict.topic, None)
        try:
            progress.record(self.workspace, verdict, code)
        except WorkspaceError as error:
            self.unsaved = self.unsaved or error

    def done(self, kata: Kata) -> int:
        """How many exercises of a kata are done."""
        return sum(self.record(kata, exercise).outcome in DONE for exercise in kata.exercises)

    def part(self, kata: Kata) -> tuple[Kata, ...]:
        """All katas of the part to which a kata belongs."""
        return tuple(each for each in self.katas if each.part == kata.part)

    def part_done(self, kata: Kata) -> bool:
        """Whether all exercises of a kata's part are done."""
        return all(self.done(each) == len(each.exercises) for each in self.part(kata))

    def surroundings(self, kata: Kata, file: Path, *, own: bool = True, completes: bool = False) -> Surroundings:
        """What a screen says beside the verdict on a file."""
        after = self.next_kata(kata) if own else None
        then = self.next_exercise(of=kata) if own else None
        return Surroundings(
            file=file,
            statement=lambda name: statement(kata, name),
            own=own,
            then=then[1].name if then else None,
            after=after,
            lesson=self.lesson(after) if after else None,
            completed=kata.part if completes else None,
        )

    def next_exercise(self, *, of: Kata | None = None) -> tuple[Kata, Exercise] | None:
        """The first exercise that is not done: of all katas, or of one."""
        for kata in (of,) if of else self.katas:
            for exercise in kata.exercises:
                if self.record(kata, exercise).outcome not in DONE:
                    return kata, exercise
        return None

    def next_kata(self, kata: Kata) -> Kata | None:
        """The first kata with something to do after this one, or else from the beginning on."""
        place = self.katas.index(kata) + 1
        in_turn = [*self.katas[place:], *self.katas[:place]]
        return next((each for each in in_turn if self.done(each) < len(each.exercises)), None)

    def select(self, text: str) -> tuple[Kata, Exercise | None]:
        """The kata, and the exercise where one is named.

        Raises:
            SelectionError: the text names none.
        """
        return self.harness.catalogue.select(text)

    def select_exercise(self, text: str | None) -> tuple[Kata, Exercise]:
        """The named exercise; of a kata, or of all, the first that is not done.

        Raises:
            SelectionError: the text names none, or all are done.
        """
        kata, exercise = self.select(text) if text is not None else (None, None)
        if kata and exercise:
            return kata, exercise
        found = self.next_exercise(of=kata)
        if found:
            return found
        of = f"all exercises of {kata.topic}" if kata else "all exercises"
        example = kata or self.katas[0]
        raise SelectionError(f"{of} are done; name one, such as {example.topic}.{example.exercises[0].name}")


def code_of(kata: Kata, file: Path) -> dict[str, str]:
    """The fingerprints of a kata's exercises in a file; none where it cannot be read."""
    try:
        source = read_text(file)
    except WorkspaceError:
        return {}
    return fingerprints(source, [exercise.name for exercise in kata.exercises])


def lesson_of(kata: Kata) -> Path:
    """The lesson in the language of `$KATA_LANG`, in English where there is none."""
    from harness.catalogue.lessons import lesson_path

    return lesson_path(kata, os.environ.get("KATA_LANG", ""))


def statement(kata: Kata, exercise: str) -> str:
    """The first sentence of an exercise's statement in the lesson, for a terminal; empty where there is none."""
    from harness.catalogue.lessons import Lesson

    try:
        return plain(Lesson.read(lesson_of(kata)).first_sentence(exercise))
    except (KataError, OSError, ValueError):
        return ""
