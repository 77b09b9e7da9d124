"""Which tests of a spec are run: those that judge what was asked for, on implementations that there are."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import KataError, NotSubmitted
from harness.model import Exercise, Kata

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from harness.catalogue.manager import Harness
    from harness.model import Implementation

JUDGED = pytest.StashKey[tuple[Kata, Exercise]]()
"""Where `item.stash` keeps what a test judges. A test that is none of a spec's has no such entry."""


class Selection:
    """Sorts the tests that pytest has collected.

    Args:
        harness: with the catalogue and the plugins.
        wanted: the exercises whose tests are wanted; none for all.
    """

    def __init__(self, harness: Harness, wanted: Collection[str] = ()) -> None:
        self.kept: list[pytest.Item] = []
        self.dropped: list[pytest.Item] = []
        self._harness = harness
        self._wanted = wanted
        self._found: dict[tuple[str, str], Implementation] = {}
        self._complaints: list[str] = []
        self._wrong: dict[str, KataError] = {}
        self._right: set[str] = set()
        self._absent: set[tuple[str | None, str]] = set()
        self._told: set[tuple[str | None, str]] = set()

    def implementation(self, reference: str, kata: Kata) -> Implementation:
        """What a value of `--impl` means for a kata. Found once a run.

        Raises:
            KataError: it means nothing.
        """
        key = (reference, kata.topic)
        if key not in self._found:
            self._found[key] = self._harness.implementation(reference, kata)
        return self._found[key]

    def problem_with(self, reference: str) -> str | None:
        """Why a value of `--impl` means nothing for any kata there is; None where it means something for one."""
        problem = None
        for kata in self._harness.catalogue.katas:
            try:
                self.implementation(reference, kata)
            except KataError as error:
                problem = problem or str(error)
            else:
                return None
        return problem

    def sort(self, item: pytest.Item) -> None:
        """Keeps or drops a test, and notes what is wrong with it or with the implementation that it is for."""
        kata = self._harness.catalogue.of_spec(item.path)
        if kata is None:
            self.kept.append(item)
            return
        exercise = self._exercise(item, kata)
        if exercise is None:
            return
        item.stash[JUDGED] = kata, exercise
        # Which pytest puts into a JUnit file.
        item.user_properties += [("kata", kata.topic), ("exercise", exercise.name), ("points", exercise.points)]
        only = self._only(reference_of(item), kata)
        if (reference_of(item), kata.topic) in self._absent and not self._is_first(item, kata):
            self.dropped.append(item)  # one test that says so is enough
            return
        judged_here = only in (None, exercise.name) and (not self._wanted or exercise.name in self._wanted)
        (self.kept if judged_here else self.dropped).append(item)

    def complaints(self) -> list[str]:
        """What keeps the run from beginning: tests without an exercise, implementations that no kata of the run has."""
        return self._complaints + [str(error) for name, error in self._wrong.items() if name not in self._right]

    def _exercise(self, item: pytest.Item, kata: Kata) -> Exercise | None:
        """The exercise that a test names; where it names none, two or an unknown one, there is a complaint."""
        names = [name for marker in item.iter_markers("exercise") for name in marker.args]
        for exercise in kata.exercises:
            if names == [exercise.name]:
                return exercise
        said = f"names {', '.join(map(repr, names))}" if names else "names none"
        self._complaints.append(
            f"{item.nodeid}: a test judges exactly one exercise of kata.toml and this one {said}: "
            f'mark it @pytest.mark.exercise("…") with one of {", ".join(e.name for e in kata.exercises)}'
        )
        return None

    def _is_first(self, item: pytest.Item, kata: Kata) -> bool:
        """Whether a test is the first of its kata for an implementation that is not there."""
        key = reference_of(item), kata.topic
        if key in self._told:
            return False
        self._told.add(key)
        return True

    def _only(self, reference: str | None, kata: Kata) -> str | None:
        if reference is None:  # a test that does without `impl`
            return None
        try:
            only = self.implementation(reference, kata).only
        except KataError as error:
            self._wrong.setdefault(reference, error)
            if isinstance(error, NotSubmitted):
                self._absent.add((reference, kata.topic))
            return None
        self._right.add(reference)
        return only


def shortened_references(references: Sequence[str]) -> dict[str, str]:
    """How values of `--impl` are called in the ids of tests: a path by its last part, where that tells them apart."""
    short = [reference if ":" in reference else PurePath(reference).name or reference for reference in references]
    return {
        reference: name if short.count(name) == 1 else reference
        for reference, name in zip(references, short, strict=True)
    }


def reference_of(item: pytest.Item) -> str | None:
    """The value of `--impl` that a test is for; None where the test does not use `impl`."""
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("impl") if callspec else None


@contextmanager
def unspoiled(test: pytest.Function) -> Iterator[None]:
    """Lets a test have copies of its explicit examples and parameters, and puts the originals back afterwards.

    A wrong answer that writes into its arguments would otherwise change what the next answer is judged by.
    """
    written: list[Any] = getattr(test.obj, "hypothesis_explicit_examples", [])
    originals = list(written)
    written[:] = [type(each)(_copy(each.args), _copy(each.kwargs), each.raises, each.reason) for each in originals]
    parameters = test.callspec.params if hasattr(test, "callspec") else {}
    for name, value in parameters.items():
        if test.funcargs.get(name) is value:  # not what an indirect fixture made of it
            test.funcargs[name] = _copy(value)
    try:
        yield
    finally:
        written[:] = originals


def _copy(value: Any) -> Any:
    from harness.data.copying import NotCopied, copy_data

    try:
        return copy_data(value, lambda other: other)
    except NotCopied:
        return value
