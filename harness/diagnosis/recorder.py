"""Keeps what specs do with an implementation, while pytest runs with `--diagnose`.

Of each test it keeps the first examples and the latest ones. A new example begins where Hypothesis seeds
`harness.runner.seeds.call_seeds` anew.
"""

from __future__ import annotations

import contextlib
from collections import deque
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from harness.data.copying import Copy, NotCopied, Stored, copy_data, size_of, stored_in
from harness.diagnosis.folders import files_of, folders_in
from harness.diagnosis.trace import Example, Numbers, Step, complete, place_of_first
from harness.errors import KataError
from harness.runner import seeds
from harness.runner.handles import target_of
from harness.spec.asserts import Mismatch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.runner.host import Host
    from harness.runner.request import Request

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
        test: its node id.
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
        base: in which the folders lie that spec and implementation share.
    """

    def __init__(self, base: Path) -> None:
        self._base = base
        self._numbers = Numbers(target_of)
        self._processes = count()
        self._epoch = -1
        self._size = 0
        self._given: list[Stored] = []
        self._places: list[int] = []
        self._current: Traced | None = None
        self.tests: list[Traced] = []

    def host(self, host: Host) -> RecordingHost:
        """A host that does what another one does, and has it kept here."""
        return RecordingHost(host, self, next(self._processes))

    def start(self, test: str, exercise: str) -> None:
        """A test begins, with this node id."""
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
        if test is None:
            return
        self.mark(error)
        if not isinstance(error, Mismatch):
            return
        values = None
        if error.values is not None:
            with contextlib.suppress(NotCopied):
                values = copy_data(error.values, _not_copied)
        steps = test.example.steps
        test.wrong.append(Wrong(error.about, values, (steps[-1].args, steps[-1].kwargs) if steps else ()))

    def mark(self, _error: BaseException) -> None:
        """The test has failed on the current example, for now: Hypothesis looks for a smaller one."""
        # An example that failed before its first call has not begun here: the current one is still its predecessor.
        if self._current is not None and self._epoch == seeds.call_seeds.times_seeded:
            self._current.example.failed = True

    def before(self, process: int, request: Request) -> Step | None:
        """Notes a request that is about to be carried out. None: its example is not kept."""
        example = self._example()
        if example is None or example.broken:
            return None
        (kind, value), args, kwargs = request.target, request.args, request.kwargs
        self._given = stored_in((args, kwargs))
        self._places = list(map(place_of_first, self._given))
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
        made_args, made_kwargs = copy.made
        step = Step(
            process, request.operation, kind, value, made_args, made_kwargs, request.seed, copy.stored, files=files
        )
        example.steps.append(step)
        return step

    def after(self, step: Step, request: Request, result: Any) -> None:
        """Notes what came of a request: its result, or the exception that it raised."""
        assert self._current is not None
        example = self._current.example
        try:
            complete(step, self._numbers, self._given, self._places, request.args, request.kwargs, result)
        except NotCopied:
            self.give_up()
        self._given, self._places = [], []
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
        if self._epoch != seeds.call_seeds.times_seeded:
            self._epoch = seeds.call_seeds.times_seeded
            self._put_aside(test)
            test.example = Example()
            self._numbers = Numbers(target_of)
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


class RecordingHost:
    """Has a recorder keep what another host is asked for, and what comes of it.

    Args:
        host: carries requests out.
        recorder: keeps them.
        process: a number for what stands for a process of its own; hosts made by `anew` have others.
    """

    def __init__(self, host: Host, recorder: Recorder, process: int) -> None:
        self._host = host
        self._recorder = recorder
        self._process = process

    def perform(self, request: Request) -> Any:
        """Has the request carried out; see `harness.runner.host.Host.perform`."""
        __tracebackhide__ = True
        step = self._recorder.before(self._process, request)
        result: Any = None
        try:
            result = self._host.perform(request)
        except BaseException as error:
            result = error
            raise
        finally:
            if step:
                self._recorder.after(step, request, result)
        return result

    def anew(self) -> RecordingHost:
        """The same implementation, to be loaded anew, kept by the same recorder."""
        return self._recorder.host(self._host.anew())

    def kill_after(self, seconds: float, call: Callable[[], object]) -> None:
        """Starts a call and kills the process that runs it; nothing could repeat that."""
        self._recorder.give_up()
        self._host.kill_after(seconds, call)

    def touched(self) -> bool | None:
        """Whether a distorted implementation has really changed a result; None where it is not distorted."""
        return self._host.touched()

    def end(self) -> object:
        """Ends what runs the implementation."""
        return self._host.end()


def _not_copied(_value: object) -> NoReturn:
    raise NotCopied
