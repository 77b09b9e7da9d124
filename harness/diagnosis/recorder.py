"""Keeps what specs do with an implementation, while pytest runs with `--diagnose`.

Of each test it keeps the first examples and the latest ones. A new example begins where Hypothesis seeds
`harness.judge.profiles.call_seeds` anew.
"""

from __future__ import annotations

import contextlib
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from harness.data.copying import Copy, NotCopied, Stored, copy_data, size_of, stored_in
from harness.diagnosis.folders import files_of, folders_in
from harness.diagnosis.trace import Example, Numbers, Step, complete
from harness.errors import KataError
from harness.judge import profiles
from harness.spec.asserts import Mismatch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIRST, LATEST = 12, 8
"""Examples of each test that are kept: they differ more in the beginning than when Hypothesis makes them smaller."""

LONGEST = 200
"""Steps of an example."""

LARGEST = 4_000_000
"""Bytes of an example."""

MOST_BYTES = 64_000_000
"""Bytes of all examples that are kept."""


class Wrong(NamedTuple):
    """What a comparison found wrong in one example.

    Attributes:
        about: what was compared, as `harness.spec.asserts.Mismatch` has it.
        values: copies of what came out and what should have, where they are known.
        arguments: copies of those of the last call.
    """

    about: str
    values: tuple[Any, Any] | None
    arguments: Any


@dataclass(slots=True)
class Traced:
    """The examples of one test.

    Attributes:
        example: the current one; once the test has failed, the smallest that fails.
        failed: whether the test has failed.
        raised: whether it failed by an exception instead of a wrong result.
        wrong: what came out wrong.
        again: records a run of the test on further examples, whatever comes of them.
    """

    test: str
    exercise: str
    example: Example = field(default_factory=Example)
    first: list[Example] = field(default_factory=list)
    latest: deque[Example] = field(default_factory=lambda: deque(maxlen=LATEST))
    failed: bool = False
    raised: bool = False
    wrong: list[Wrong] = field(default_factory=list)
    again: Callable[[], None] | None = None

    def others(self) -> list[Example]:
        """The usable examples before the current one."""
        return [example for example in (*self.first, *self.latest) if example.usable]


class Recorder:
    """Keeps what is done to one implementation.

    Args:
        target_of: finds the object for which a handle stands, or None for what is no handle.
        base: in which the folders lie that spec and implementation share.
    """

    def __init__(self, target_of: Callable[[object], object | None], base: Path) -> None:
        self._target_of = target_of
        self._base = base
        self._numbers = Numbers(target_of)
        self._epoch = -1
        self._size = 0
        self._given: list[Stored] = []
        self._current: Traced | None = None
        self.tests: list[Traced] = []

    @property
    def test(self) -> str:
        """The current test's name."""
        return self._current.test if self._current else ""

    def start(self, test: str, exercise: str) -> None:
        """A test begins."""
        self._current = Traced(test, exercise)
        self.tests.append(self._current)
        self._epoch = -1

    def fail(self, error: BaseException, again: Callable[[], None] | None = None) -> None:
        """The test has failed for good. A run of it on further examples would show more of how."""
        if self._current is not None:
            self._current.failed, self._current.again = True, again
            self._current.raised = not isinstance(error, AssertionError)
            self.note(error)

    def note(self, error: BaseException) -> None:
        """The current example has failed."""
        test = self._current
        if test is None or not isinstance(error, Mismatch):
            return
        values = None
        if error.values is not None:
            with contextlib.suppress(NotCopied):
                values = copy_data(error.values, _not_copied)
        steps = test.example.steps
        test.wrong.append(Wrong(error.about, values, (steps[-1].args, steps[-1].kwargs) if steps else ()))

    def before(
        self,
        process: int,
        operation: str,
        target: tuple[str, Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        seed: int,
    ) -> Step | None:
        """Notes a call that is about to be made. None: its example is not kept."""
        example = self._example()
        if example is None or example.broken:
            return None
        kind, value = target
        self._given = stored_in((args, kwargs))
        try:
            copy = Copy((args, kwargs), self._numbers.known, self._given)
            files = {folder: files_of(folder) for folder in folders_in(copy.paths, self._base)}
            if kind == "object":
                value = self._numbers.of_target(value, new=False)
        except NotCopied:
            self.give_up()
            return None
        if len(example.steps) >= LONGEST:
            self.give_up()
            return None
        step = Step(process, operation, kind, value, copy.made[0], copy.made[1], seed, copy.stored, files=files)
        example.steps.append(step)
        return step

    def after(self, step: Step, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """Notes what came of a call: its result, or the exception that it raised."""
        assert self._current is not None
        example = self._current.example
        try:
            complete(step, self._numbers, self._given, args, kwargs, result)
        except NotCopied:
            self.give_up()
        self._given = []
        if isinstance(result, KataError) or (isinstance(result, BaseException) and not isinstance(result, Exception)):
            example.broken = True  # the harness has spoken, and it needs no explanation
        example.size += size_of((step.args, step.kwargs, step.result))
        if step.files:
            example.size += size_of((*step.files.values(), *step.left.values()))
        if example.size > LARGEST:
            self.give_up()

    def give_up(self) -> None:
        """The current example cannot be kept."""
        if self._current is not None and self._example() is not None:
            self._current.example = Example(broken=True)

    def _example(self) -> Example | None:
        """The current example: the next one, where it has just begun."""
        test = self._current
        if test is None:
            return None
        if self._epoch != profiles.call_seeds.times_seeded:
            self._epoch = profiles.call_seeds.times_seeded
            self._put_aside(test)
            test.example = Example()
            self._numbers = Numbers(self._target_of)
        return test.example

    def _put_aside(self, test: Traced) -> None:
        """Keeps an example that has ended, if there is room."""
        example = test.example
        if not example.usable:
            return
        if len(test.latest) == LATEST:
            self._size -= test.latest.popleft().size
        if self._size + example.size <= MOST_BYTES:
            self._size += example.size
            (test.first if len(test.first) < FIRST else test.latest).append(example)


def _not_copied(_value: object) -> NoReturn:
    raise NotCopied
