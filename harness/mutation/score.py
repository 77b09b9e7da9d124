"""What a campaign says about the specs: how many wrong answers each exercise's tests reject."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.mutation.outputs.names import DISTORTIONS
from harness.mutation.subject import Fate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from harness.model import Exercise, Kata
    from harness.mutation.subject import Result, Subject

EQUIVALENT = "equivalent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A wrong answer, what became of it, and why no spec can tell it from a right one, where `kata.toml` says so."""

    subject: Subject
    result: Result
    reason: str = ""

    @property
    def standing(self) -> str:
        """How it is counted: its fate, or `equivalent` where it survived and is marked so."""
        return EQUIVALENT if self.reason and self.result.fate is Fate.SURVIVED else self.result.fate.value


@dataclass(frozen=True, slots=True)
class Tally:
    """The mutants and output changes of one exercise, or of several."""

    mutants: tuple[Judged, ...]
    changes: tuple[Judged, ...]

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.mutants + other.mutants, self.changes + other.changes)

    def count(self, standing: str) -> int:
        """How many mutants are counted so."""
        return sum(each.standing == standing for each in self.mutants)

    @property
    def dead(self) -> int:
        """How many mutants were rejected."""
        return sum(each.result.fate.dead for each in self.mutants)

    @property
    def score(self) -> float | None:
        """Which part of the mutants that can be told from a right answer was rejected; None where there are none."""
        counted = len(self.mutants) - self.count(EQUIVALENT) - self.count(Fate.UNJUDGED)
        return self.dead / counted if counted else None

    @property
    def survivors(self) -> tuple[Judged, ...]:
        """Mutants, then output changes, that a test should reject."""
        return tuple(each for each in (*self.mutants, *self.changes) if each.standing == Fate.SURVIVED)

    @property
    def changes_told(self) -> tuple[int, int]:
        """How many output changes were rejected, and how many could have been."""
        dead = sum(each.result.fate.dead for each in self.changes)
        return dead, dead + sum(each.standing in (Fate.SURVIVED, Fate.ERROR) for each in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """How strong the spec of a kata is.

    Attributes:
        kata: whose.
        exercises: a tally for each exercise of which anything was judged, by name.
        problems: what is wrong beside the survivors, each with what to do about it.
    """

    kata: Kata
    exercises: dict[str, Tally]
    problems: tuple[str, ...]

    @property
    def whole(self) -> Tally:
        """Of all exercises together."""
        return sum(self.exercises.values(), Tally((), ()))

    def reaches(self, percent: float) -> bool:
        """Whether so much of the mutants and all output changes were rejected, and nothing else is wrong."""
        score = self.whole.score
        dead, of = self.whole.changes_told
        return not self.problems and dead == of and (score is None or 100 * score >= percent)


def strength_of(kata: Kata, results: Mapping[Subject, Result], exercises: Sequence[Exercise] = ()) -> Strength:
    """Puts the results of a campaign together.

    Args:
        kata: whose spec judged.
        results: what became of each wrong answer.
        exercises: those that were asked for, where it was not the whole kata.
    """
    tallies = {}
    for exercise in kata.exercises:
        marks = dict(exercise.equivalent)
        judged = [
            Judged(subject=subject, result=result, reason=marks.get(subject.name, ""))
            for subject, result in results.items()
            if subject.exercise == exercise.name
        ]
        if judged:
            mutants = tuple(each for each in judged if each.subject.mutant)
            tallies[exercise.name] = Tally(mutants, tuple(each for each in judged if not each.subject.mutant))
    problems = _problems(kata, tallies, [exercise.name for exercise in exercises or kata.exercises])
    return Strength(kata=kata, exercises=tallies, problems=tuple(problems))


def _problems(kata: Kata, tallies: Mapping[str, Tally], asked: Iterable[str]) -> Iterator[str]:
    for name in asked:
        tally = tallies.get(name, Tally((), ()))
        there = {
            each.subject.name for each in (*tally.mutants, *tally.changes) if each.result.fate is not Fate.UNTOUCHED
        }
        for mark, _ in kata.exercise(name).equivalent:
            if mark not in there:
                close = () if mark in DISTORTIONS else difflib.get_close_matches(mark, DISTORTIONS, 1)
                what_to_do = f"did you mean {close[0]}?" if close else "remove the mark"
                yield f"kata.toml: {name}: {mark} is marked as equivalent, but there is none any more; {what_to_do}"
    for name, tally in tallies.items():
        for each in (*tally.mutants, *tally.changes):
            if each.reason and each.result.fate.dead:
                yield (
                    f"kata.toml: {name}: {each.subject.name} is marked as equivalent, but {each.result.by} rejects it; "
                    "remove the mark"
                )
            elif each.result.fate is Fate.ERROR:
                said = f"could not be judged ({each.result.said})"
                yield f"{name}: {each.subject.name} {said}; mend the spec, or try again"
