"""Value types that the parts of the harness pass to one another. Frozen, and free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

NO_DEADLINE = "KATA_NO_DEADLINE"
"""The environment variable that lets calls take as long as they want: somebody may wait at a debugger's prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A set of katas from one source: the built-in ones, or a third party's distribution.

    Attributes:
        name: shown wherever two packs must be told apart.
        katas: folder that holds one `NN_topic` folder a kata.
        solutions: folder that holds one `topic.py` a kata.
    """

    name: str
    katas: Path
    solutions: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One function or class that a learner writes.

    Attributes:
        name: the function's or class's name in the implementation.
        points: what it is worth when it is graded.
        difficulty: 1 (warm-up) to 5 (takes thought).
        minutes: how long it takes somebody who meets the topic the first time.
        hints: a question, a pointer to the documentation, almost the answer.
        needs: names of exercises that its spec uses as well.
        forbid: dotted names of functions that would give it away, such as `torch.softmax`.
        equivalent: mutants by their ids, and output changes by their names, that no spec can tell from a right answer,
            each with the reason (see `harness.mutation`).
    """

    name: str
    points: int
    difficulty: int
    minutes: int
    hints: tuple[str, ...]
    needs: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    equivalent: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kata:
    """A topic: a folder with a lesson, a stub, a spec and known mistakes, and a reference solution elsewhere."""

    number: int
    topic: str
    pack: str
    folder: Path
    solution: Path
    title: str
    summary: str
    part: str
    exercises: tuple[Exercise, ...]
    capabilities: tuple[str, ...] = ()

    @property
    def stub(self) -> Path:
        """The learner's file in the pack's own folder."""
        return self.folder / f"{self.topic}.py"

    @property
    def spec(self) -> Path:
        """The pytest file that judges implementations."""
        return self.folder / f"test_{self.topic}.py"

    @property
    def lesson(self) -> Path:
        """The lesson in English."""
        return self.folder / "README.md"

    @property
    def mistakes(self) -> Path:
        """The plausible wrong answers."""
        return self.folder / "mistakes.py"

    @property
    def probes(self) -> Path:
        """Functions that use an implementation and return plain data. Not every kata has the file."""
        return self.folder / "probes.py"

    @property
    def minutes(self) -> int:
        """How long the whole kata takes."""
        return sum(exercise.minutes for exercise in self.exercises)

    @property
    def points(self) -> int:
        """What the whole kata is worth."""
        return sum(exercise.points for exercise in self.exercises)

    def exercise(self, name: str) -> Exercise:
        """The exercise of that name.

        Raises:
            KeyError: there is none.
        """
        for exercise in self.exercises:
            if exercise.name == name:
                return exercise
        raise KeyError(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Implementation:
    """Anything that can stand behind the fixture `impl`.

    Attributes:
        label: how it is called in test ids and reports: `learner`, `solution`, a path.
        path: the file that a learner would edit; messages about the code name it.
        load: gives the module, freshly loaded at each call. Raises `harness.errors.SourceError`.
        only: where set, it differs from the reference in this exercise alone, and only that one's tests judge it.
        any_signature: its exercises are not refused for their parameters: a mistake may pass `*args` on.
        touched: where it changes right results on purpose, tells whether it has changed one so far.
    """

    label: str
    path: Path
    load: Callable[[], ModuleType]
    only: str | None = None
    any_signature: bool = False
    touched: Callable[[], bool] | None = None


class Outcome(StrEnum):
    """What became of an exercise, or of one test of it."""

    PASSED = "passed"
    FAILED = "failed"
    TODO = "todo"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    ERROR = "error"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A line of the learner's file."""

    file: str
    line: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a test did not pass, in parts that a report can lay out.

    Attributes:
        message: the whole in one or more lines, for reports that want no parts.
        call: the call that went wrong with the smallest arguments found, ready to paste after `from TOPIC import *`.
        expected: what the call should have given.
        got: what it gave.
        difference: where and by how much the two differ.
        location: the learner's line that raised, where one did.
        exceptions: names of the exception's type and its bases, most derived first, as `module.Name`.
        printed: the last lines that the implementation printed during the test.
    """

    message: str
    call: str | None = None
    expected: str | None = None
    got: str | None = None
    difference: str | None = None
    location: Location | None = None
    exceptions: tuple[str, ...] = ()
    printed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one test found out about one implementation.

    Attributes:
        sentence: the test's docstring: the property that it checks, in a learner's words.
        seconds: how long the test took.
        touched: whether a distorted result was really different from the undistorted one (see
            `harness.mutation.outputs`).
        mistake: what probably went wrong, in a teacher's words, where that could be told.
        mistake_name: the recognised mistake's name in the kata's `mistakes.py`; None where `mistake` is but a guess.
    """

    topic: str
    exercise: str
    implementation: str
    test: str
    sentence: str
    outcome: Outcome
    seconds: float
    failure: Failure | None = None
    touched: bool | None = None
    mistake: str | None = None
    mistake_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseVerdict:
    """What the tests of one exercise say together.

    Attributes:
        points: earned, all of `possible` or none.
        blocked_by: for a blocked exercise, the exercises that it needs and that did not pass.
        finding: the finding that decided, where the exercise did not pass.
        mistake: the recognised mistake's sentences, or a guess that is worded as one; the finding tells which.
        skipped: reasons of tests that were skipped.
    """

    exercise: str
    outcome: Outcome
    points: int
    possible: int
    seconds: float
    blocked_by: tuple[str, ...] = ()
    finding: Finding | None = None
    mistake: str | None = None
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one spec says about one implementation of its kata."""

    topic: str
    implementation: str
    exercises: tuple[ExerciseVerdict, ...]

    @property
    def passed(self) -> bool:
        """Whether every exercise passed, those that had to be skipped aside."""
        return all(e.outcome in (Outcome.PASSED, Outcome.SKIPPED) for e in self.exercises)

    def count(self, outcome: Outcome) -> int:
        """How many exercises came out so."""
        return sum(e.outcome is outcome for e in self.exercises)
