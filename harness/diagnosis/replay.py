"""Does with one implementation what a spec did with another, and compares what comes of it."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.data.copying import NotCopied, copy_data, stored_in, tensors_in
from harness.diagnosis.folders import lay_out, loaded
from harness.diagnosis.likeness import Likeness, Naming, same_values
from harness.diagnosis.trace import Held, Numbers, Raised, Step, complete, place_of_first
from harness.errors import DeadlineExceeded, KataError
from harness.runner.handles import Target
from harness.runner.host import LocalHost
from harness.runner.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.diagnosis.folders import Files
    from harness.diagnosis.trace import Example
    from harness.model import Implementation, Kata


class Comparison(NamedTuple):
    """How an implementation did what another one had done in an example.

    Attributes:
        likeness: of the example as a whole; its first different step decides.
        crashed: whether that step raised here, and not there.
    """

    likeness: Likeness
    crashed: bool = False


class Replay:
    """One implementation, ready to do what is in traces.

    Args:
        kata: the kata that it implements.
        implementation: the code. It runs in this process.
        alias: a name that stands for another one in messages, as a mistake's does for its exercise's.
    """

    def __init__(self, kata: Kata, implementation: Implementation, alias: tuple[str, str] = ("", "")) -> None:
        self._host = LocalHost(kata, implementation)
        self._alias = alias
        self._places: dict[str, int | None] = {}

    def likenesses(self, example: Example) -> list[Likeness]:
        """How much each step of an example comes out alike. It ends with the first that cannot be done."""
        return [each.likeness for each in self._steps(example)]

    def compare(self, example: Example) -> Comparison:
        """How an example comes out as a whole."""
        least, left = Likeness.SAME, len(example.steps)
        for each in self._steps(example):
            if each.likeness is Likeness.DIFFERENT:
                return each
            least, left = min(least, each.likeness), left - 1
        return Comparison(Likeness.DIFFERENT if left else least)

    def _steps(self, example: Example) -> Iterator[Comparison]:
        hosts = {0: self._host}
        numbers = Numbers(lambda value: value.object if type(value) is _Kept else value)
        naming = Naming(self._alias)
        states = _States()
        for recorded in example.steps:
            host = hosts.setdefault(recorded.process, self._host.anew() if recorded.process else self._host)
            own = states.own(recorded, self._state_of(recorded))
            try:
                done = _do(host, recorded, numbers, own)
            except (NotCopied, IndexError):  # an object that is not there, since an earlier step came out otherwise
                return
            states.note(recorded, done)
            crashed = type(done.result) is Raised and type(recorded.result) is not Raised
            yield Comparison(_compare(naming, recorded, done, own), crashed)

    def _state_of(self, step: Step) -> int | str | None:
        """Where among a step's arguments the `state` stands that the implementation fills as it likes."""
        if step.kind != "exercise" or step.operation != "call":
            return None
        if step.target not in self._places:
            try:
                names = list(inspect.signature(self._host.module.__dict__[step.target]).parameters)
            except (KeyError, TypeError, ValueError, KataError):
                names = []
            self._places[step.target] = names.index("state") if "state" in names else None
        place = self._places[step.target]
        if place is None:
            return None
        return place if place < len(step.args) else "state" if "state" in step.kwargs else None


class _States:
    """What implementations leave for themselves in the dicts that they are handed for it, by turns.

    What is in them is theirs: only what later calls make of it counts.
    """

    def __init__(self) -> None:
        self._pairs: list[tuple[Any, Any]] = []
        self._place: int | str | None = None

    def own(self, recorded: Step, place: int | str | None) -> tuple[int | str, Any] | None:
        """Where a step's state stands, and what the other implementation has left in it; None where it has none."""
        self._place = None
        if place is None:
            return None
        given = recorded.args[place] if isinstance(place, int) else recorded.kwargs[place]
        if type(given) is not dict:
            return None
        own = (
            {}
            if not given
            else next((mine for theirs, mine in reversed(self._pairs) if same_values(theirs, given)), None)
        )
        if own is None:  # the spec made it, so what is in it is agreed
            return None
        self._place = place
        return place, own

    def note(self, recorded: Step, done: Step) -> None:
        """Keeps what a step has left."""
        if self._place is not None:
            theirs, mine = (_argument(_after(step), self._place) for step in (recorded, done))
            self._pairs.append((theirs, mine))


def _argument(given: tuple[tuple[Any, ...], dict[str, Any]], place: int | str) -> Any:
    return given[0][place] if isinstance(place, int) else given[1][place]


def _with(
    args: tuple[Any, ...], kwargs: dict[str, Any], place: int | str, value: Any
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(place, int):
        return (*args[:place], value, *args[place + 1 :]), kwargs
    return args, {**kwargs, place: value}


def _compare(naming: Naming, recorded: Step, done: Step, own: tuple[int | str, Any] | None) -> Likeness:
    after = [_after(recorded), _after(done)]
    if own is not None:
        after = [_with(args, kwargs, own[0], None) for args, kwargs in after]
    naming.literal = True
    if not naming.same(*after) or not _same_files(recorded, done):
        return Likeness.DIFFERENT
    if type(recorded.result) is Raised and type(done.result) is Raised:
        if recorded.result.kind != done.result.kind:
            return Likeness.DIFFERENT
        alike = _said(recorded.result.message) == _said(naming.said(done.result.message))
        return Likeness.SAME if alike else Likeness.VALUES
    if not naming.same(recorded.result, done.result):
        return Likeness.DIFFERENT
    strides = [[tensor.stride() for tensor in tensors_in(step.result)] for step in (recorded, done)]
    alike = naming.literal and recorded.lies == done.lies and recorded.moved == done.moved and strides[0] == strides[1]
    return Likeness.SAME if alike else Likeness.VALUES


def _said(message: str) -> str:
    return re.sub(r"\b0x[0-9a-f]+", "0x", message)


class _Kept:
    def __init__(self, value: object) -> None:
        self.object = value


def _do(host: LocalHost, recorded: Step, numbers: Numbers, own: tuple[int | str, Any] | None) -> Step:
    """Does one step once more, with a state of its own where there is one.

    Raises:
        NotCopied: its result is too large.
        IndexError: an object that it needs is not there.
    """

    def restore(value: object) -> object:
        return numbers.object(value) if type(value) is Held else value

    passed = recorded.args, recorded.kwargs
    if own is not None:
        passed = _with(*passed, own[0], own[1])
    args, kwargs = copy_data(passed, restore)
    given = stored_in((args, kwargs))
    places = list(map(place_of_first, given))
    value = numbers.object(recorded.target) if recorded.kind == "object" else recorded.target
    done = Step(
        recorded.process,
        recorded.operation,
        recorded.kind,
        recorded.target,
        passed[0],
        passed[1],
        recorded.seed,
        stored_in(passed),
        files=recorded.files,
    )
    for folder, files in recorded.files.items():
        lay_out(folder, files)
    result: Any
    try:
        result = host.perform(
            Request(recorded.operation, Target(recorded.kind, value), args, kwargs, recorded.seed, handle=_Kept)
        )
    except (Exception, DeadlineExceeded) as error:
        result = error
    complete(done, numbers, given, places, args, kwargs, result)
    return done


def _after(step: Step) -> Any:
    return (step.args, step.kwargs) if step.after is None else step.after


def _same_files(recorded: Step, done: Step) -> bool:
    """Whether both left the same files, with the same in them. A new one may have a name that was drawn by chance."""
    for folder, files in recorded.left.items():
        others, before = done.left[folder], recorded.files[folder]
        alone, others_alone = files.keys() - others.keys(), others.keys() - files.keys()
        if len(alone) != len(others_alone) or before.keys() & (alone | others_alone):
            return False
        pairs = [(files[name], others[name]) for name in files.keys() & others.keys()]
        pairs += zip(_contents(files, alone), _contents(others, others_alone), strict=True)
        if not all(_same_content(a, b) for a, b in pairs):
            return False
    return True


def _contents(files: Files, names: Iterable[str]) -> list[bytes]:
    return sorted(files[name] or b"" for name in names)


def _same_content(a: bytes | None, b: bytes | None) -> bool:
    return a == b or (a is not None and b is not None and same_values(loaded(a), loaded(b)))
