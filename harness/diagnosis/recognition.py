"""Which of a kata's known mistakes gives the same wrong results as an answer."""

from __future__ import annotations

import inspect
import time
from typing import TYPE_CHECKING

from harness.diagnosis.likeness import Likeness
from harness.diagnosis.replay import Replay
from harness.diagnosis.trace import Raised
from harness.errors import KataError
from harness.model import Implementation
from harness.runner import loading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

    from harness.diagnosis.recorder import Traced
    from harness.diagnosis.trace import Example
    from harness.model import Kata

BUDGET = 2.0
"""Seconds of computing for all that went wrong in one run of a spec."""

_SURE = 0.9
"""In how many of the other examples with something wrong a mistake must be as wrong as the answer, as a part of all."""


def recognise(kata: Kata, tests: Mapping[str, Sequence[Traced]]) -> Iterator[tuple[str, str, str]]:
    """The exercises whose mistake is known.

    Args:
        kata: whose spec was run.
        tests: what was recorded of the tests of each exercise with a failure.

    Yields:
        An exercise, the mistake's name, and what it says to the learner.
    """
    try:
        mistakes = loading.load_source(kata.mistakes)
    except KataError:  # who wrote the kata hears of it from `kata verify`
        return
    searches = {exercise: _Search(kata, exercise, mistakes, traced) for exercise, traced in tests.items()}
    for search in searches.values():
        search.rehearse()
    begin = time.process_time()
    for exercise, search in searches.items():
        name = search.result(begin)
        if name is not None:
            yield exercise, name, " ".join((inspect.getdoc(getattr(mistakes, name)) or "").split())


class _Search:
    """The search for the mistake of one exercise.

    What fits the smallest failing example is compared with the answer on all other examples, too: many mistakes are
    alike on small ones.
    """

    def __init__(self, kata: Kata, exercise: str, mistakes: ModuleType, tests: Sequence[Traced]) -> None:
        self._kata = kata
        self._exercise = exercise
        self._mistakes = mistakes
        self._begin = 0.0
        self._failing = [test.example for test in tests if test.failed and test.example.usable]
        self._examples = [test.example for test in tests if test.example.usable]
        self._examples += [example for test in tests for example in test.others()]
        self._reference = Replay(kata, loading.solution(kata))

    def rehearse(self) -> None:
        """Lets the reference do an example, so that what torch imports at first use takes none of the time."""
        for example in self._failing[:1]:
            self._reference.likenesses(example)

    def result(self, begin: float) -> str | None:
        """The name of the most specific mistake that fits, if there is one; the time began at `begin`."""
        self._begin = begin
        for example in self._failing:
            if (name := self._most_specific(self._fitting(example), example)) is not None:
                return name
        return None

    def _fitting(self, example: Example) -> dict[str, tuple[Replay, Likeness]]:
        """The mistakes that come out like the answer in an example, and differ from the reference there."""
        fitting: dict[str, tuple[Replay, Likeness]] = {}
        right = self._reference.likenesses(example)
        for name in [name for name in vars(self._mistakes) if name.startswith(f"{self._exercise}__")]:
            if self._in_time(0.75):  # the rest of the time is for the other examples
                replay = Replay(self._kata, self._with(name), alias=(name, self._exercise))
                mistaken = replay.likenesses(example)
                if len(mistaken) == len(example.steps) and all(mistaken) and _explains(example, right, mistaken):
                    fitting[name] = replay, min(mistaken)
        return fitting

    def _with(self, name: str) -> Implementation:
        """The reference with one exercise replaced by a mistake."""

        def load() -> ModuleType:
            return loading.with_exercise(self._kata, self._exercise, getattr(self._mistakes, name))

        return Implementation(label=name, path=self._kata.mistakes, load=load, only=self._exercise, any_signature=True)

    def _most_specific(self, fitting: dict[str, tuple[Replay, Likeness]], example: Example) -> str | None:
        """Of the mistakes that fit one example, the one that fits the others best; None where none fits well."""
        right: list[Likeness] = []
        raising: list[bool] = []  # wrong in another way than what is shown, so that it tells nothing about that
        agreed: dict[str, list[Likeness]] = {name: [] for name in fitting}
        for other in self._examples if fitting else ():
            if other is not example and self._in_time():
                right.append(self._reference.likeness(other))
                raising.append(not right[-1] and _raises(other) and not _raises(example))
                for name, (replay, _) in fitting.items():
                    agreed[name].append(replay.likeness(other))

        def sure(name: str) -> bool:
            told = [
                bool(a)
                for a, r, raises in zip(agreed[name], right, raising, strict=True)
                if not (a and r) and (a or not raises)
            ]
            return sum(told) + 1 >= _SURE * (len(told) + 1)

        def fit(name: str) -> tuple[int, int]:
            return sum(map(bool, agreed[name])), sum(agreed[name]) + fitting[name][1]

        return max(filter(sure, fitting), key=fit, default=None)

    def _in_time(self, part: float = 1.0) -> bool:
        return time.process_time() - self._begin < BUDGET * part


def _raises(example: Example) -> bool:
    return type(example.steps[-1].result) is Raised


def _explains(example: Example, right: list[Likeness], mistaken: list[Likeness]) -> bool:
    """Whether a mistake that comes out like an answer is also wrong where the answer is.

    An answer that raises what the reference does not is explained by a mistake that says the very same.
    """
    right = [*right, *[Likeness.DIFFERENT] * (len(example.steps) - len(right))]
    for step, of_reference, of_mistake in zip(example.steps, right, mistaken, strict=True):
        if of_reference is Likeness.DIFFERENT and type(step.result) is Raised and of_mistake is not Likeness.SAME:
            return False
    return any(m > r for r, m in zip(right, mistaken, strict=True))
