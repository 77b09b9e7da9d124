"""Which of a kata's known mistakes gives the same wrong results as an answer."""

from __future__ import annotations

import inspect
import time
from typing import TYPE_CHECKING, NamedTuple

from harness.diagnosis.likeness import Likeness
from harness.diagnosis.replay import Comparison, Replay
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

CERTAIN = 0.9
"""A mistake is named outright where so many of the examples that tell something speak for it, as a part of all."""

LIKELY = 0.3
"""Where so many do, it is named as what the example that is shown looks like."""

# Measured on the katas 03 and 11: with LIKELY at 0.9, 27 of 36 natural mistakes are named, and 5 of 398 output changes,
# which are nobody's mistakes; at 0.5, 30 and 11; at 0.3, 31 and 15; at 0, 31 and 34.

LOOKS_LIKE = "On this example it looks as if this were the mistake: "


class Known(NamedTuple):
    """A listed mistake that comes out as an answer does.

    Attributes:
        exercise: that was answered.
        mistake: its name.
        sentence: for the learner.
    """

    exercise: str
    mistake: str
    sentence: str


class Evidence(NamedTuple):
    """What the examples but the one that is shown say about a mistake.

    Attributes:
        speak_for: on how many it comes out as the answer, and the answer is wrong.
        against: on how many it does not.
        alike: the sum of all likenesses, which tells mistakes apart that are as likely.
    """

    speak_for: int = 0
    against: int = 0
    alike: int = 0

    @property
    def share(self) -> float:
        """Of those that speak for it; the example that is shown is one of them."""
        return (self.speak_for + 1) / (self.speak_for + self.against + 1)


def recognise(kata: Kata, tests: Mapping[str, Sequence[Traced]]) -> Iterator[Known]:
    """The exercises whose mistake is known.

    Args:
        kata: whose spec was run.
        tests: what was recorded of the tests of each exercise with a failure.
    """
    try:
        mistakes = loading.load_source(kata.mistakes)
    except KataError:  # who wrote the kata hears of it from `kata verify`
        return
    searches = {exercise: _Search(kata, exercise, mistakes, traced) for exercise, traced in tests.items()}
    for search in searches.values():
        search.rehearse()
    begin = time.process_time()
    for search in searches.values():
        if (known := search.result(begin)) is not None:
            yield known


class _Candidate(NamedTuple):
    """A mistake that fits the example that is shown."""

    name: str
    replay: Replay
    likeness: Likeness


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

    def result(self, begin: float) -> Known | None:
        """The mistake that fits best, if one fits well enough; the time began at `begin`."""
        self._begin = begin
        likely: dict[str, Evidence] = {}
        for example in self._failing:
            found = self._evidence(self._fitting(example), example)
            best = max(found, key=lambda name: (found[name].share >= CERTAIN, *_rank(found[name])), default=None)
            if best is not None and found[best].share >= CERTAIN:
                return self._known(best)
            if not likely:  # only what is shown may look like something: the first failure
                likely = found
        best = max(likely, key=lambda name: (likely[name].share, *_rank(likely[name])), default=None)
        if best is None or likely[best].share < LIKELY:
            return None
        return self._known(best, LOOKS_LIKE)

    def _known(self, name: str, words: str = "") -> Known:
        sentence = " ".join((inspect.getdoc(getattr(self._mistakes, name)) or "").split())
        return Known(self._exercise, name, words + sentence)

    def _fitting(self, example: Example) -> list[_Candidate]:
        """The mistakes that come out like the answer in an example, and differ from the reference there."""
        fitting: list[_Candidate] = []
        right = self._reference.likenesses(example)
        for name in [name for name in vars(self._mistakes) if name.startswith(f"{self._exercise}__")]:
            for answer in loading.variants(getattr(self._mistakes, name)):
                if not self._in_time(0.75):  # the rest of the time is for the other examples
                    return fitting
                replay = Replay(self._kata, self._with(answer), alias=(name, self._exercise))
                mistaken = replay.likenesses(example)
                if len(mistaken) == len(example.steps) and all(mistaken) and _explains(example, right, mistaken):
                    fitting.append(_Candidate(name, replay, min(mistaken)))
        return fitting

    def _with(self, answer: object) -> Implementation:
        """The reference with one exercise replaced by a mistake."""

        def load() -> ModuleType:
            return loading.with_exercise(self._kata, self._exercise, answer)

        return Implementation(
            label=self._exercise, path=self._kata.mistakes, load=load, only=self._exercise, any_signature=True
        )

    def _evidence(self, candidates: list[_Candidate], shown: Example) -> dict[str, Evidence]:
        """What the other examples say about mistakes that fit the one that is shown, by name."""
        found = [Evidence(alike=each.likeness) for each in candidates]
        for example in self._examples if candidates else ():
            if example is shown or not self._in_time():
                continue
            right = bool(self._reference.compare(example).likeness)
            crash_of_its_own = not right and _raises(example) and not _raises(shown)
            for number, each in enumerate(candidates):
                found[number] = _weighed(found[number], example, right, each.replay.compare(example), crash_of_its_own)
        best: dict[str, Evidence] = {}
        for each, evidence in zip(candidates, found, strict=True):
            if each.name not in best or _rank(evidence) > _rank(best[each.name]):
                best[each.name] = evidence
        return best

    def _in_time(self, part: float = 1.0) -> bool:
        return time.process_time() - self._begin < BUDGET * part


def _rank(evidence: Evidence) -> tuple[int, int]:
    return evidence.speak_for, evidence.alike


def _weighed(
    evidence: Evidence, example: Example, right: bool, mistaken: Comparison, crash_of_its_own: bool
) -> Evidence:
    """The evidence with that of one more example.

    Where the answer is right, a mistake that is wrong there speaks against itself. Where the test has passed although
    the answer is not the reference's, the statement leaves something open, and neither is expected to be alike. A
    mistake that crashes where the answer does not is only clumsier than that, and an answer that crashes otherwise than
    what is shown has another mistake besides.
    """
    if mistaken.likeness:
        return evidence._replace(speak_for=evidence.speak_for + (not right), alike=evidence.alike + mistaken.likeness)
    told = example.failed or right
    if not told or mistaken.crashed or crash_of_its_own:
        return evidence
    return evidence._replace(against=evidence.against + 1)


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
