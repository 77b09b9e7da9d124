"""What a spec did with an implementation in one example, so that the same can be done with another one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from harness.data.copying import NotCopied, Stored, copy_data, place_of, stored_in
from harness.diagnosis.folders import files_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.diagnosis.folders import Files

# What a call leaves as it is; tensors are looked at one by one.
_CONSTANT = {Tensor, int, float, bool, complex, str, bytes, type(None), torch.dtype, torch.device, torch.Size, slice}


class Held(NamedTuple):
    """Stands in a trace for an object that stays with the implementation, by the order in which they came."""

    number: int


class Raised(NamedTuple):
    """What came of a call that raised.

    Attributes:
        kind: the exception's type, as `module.Name`.
        message: its text.
    """

    kind: str
    message: str


@dataclass(slots=True)
class Step:
    """One operation on an implementation, and what came of it.

    Attributes:
        process: 0, or the number of the `impl.fresh()` on which it was done.
        operation: a key of `harness.runner.request.OPERATIONS`.
        kind: of its target, `exercise`, `probe` or `object`.
        target: the name, or the held object.
        args: copies from before the call.
        kwargs: likewise.
        seed: of the call.
        before: the tensors and arrays among the copied arguments, while the call runs.
        result: a copy, or `Raised`, or None while the call runs.
        after: copies of the arguments from after the call, where it may have changed them.
        lies: for each tensor or array of the result, the first of those of arguments and result in whose memory it
            is, and whether it is one of them itself.
        moved: of the tensors and arrays among the arguments, those whose memory is another one after the call.
        files: what lay before the call in each folder in which a path among the arguments lies.
        left: what lay there after the call.
    """

    process: int
    operation: str
    kind: str
    target: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    seed: int
    before: list[Stored]
    result: Any = None
    after: Any = None
    lies: tuple[tuple[int, bool], ...] = ()
    moved: tuple[int, ...] = ()
    files: dict[Path, Files] = field(default_factory=dict)
    left: dict[Path, Files] = field(default_factory=dict)


@dataclass(slots=True)
class Example:
    """The steps of one example.

    Attributes:
        steps: in the order in which they were done.
        broken: whether one could not be kept, or ended as nobody's mistake does.
        failed: whether the test failed on it.
        size: bytes that it takes.
    """

    steps: list[Step] = field(default_factory=list)
    broken: bool = False
    failed: bool = False
    size: int = 0

    @property
    def usable(self) -> bool:
        """Whether the same can be done once more."""
        return bool(self.steps) and not self.broken


class Numbers:
    """Gives the objects of one example that stay with an implementation their numbers."""

    def __init__(self, target_of: Callable[[object], object | None]) -> None:
        """Takes what finds the object for which a handle stands, or None for what is no handle."""
        self._target_of = target_of
        self._numbers: dict[int, Held] = {}
        self._objects: list[object] = []  # kept, lest another object gets the same id

    def of(self, value: object) -> Held:
        """The number of a handle; the next one where it has none yet."""
        return self.of_target(self._target_of(value))

    def known(self, value: object) -> Held:
        """The number that a handle has already."""
        return self.of_target(self._target_of(value), new=False)

    def of_target(self, target: object, *, new: bool = True) -> Held:
        """The number of the object for which a handle stands.

        Raises:
            NotCopied: there is none.
        """
        held = self._numbers.get(id(target))
        if held is None:
            if not new or target is None:
                raise NotCopied
            held = self._numbers[id(target)] = Held(len(self._objects))
            self._objects.append(target)
        return held

    def object(self, held: Held) -> object:
        """The object of a number."""
        return self._objects[held.number]


def complete(
    step: Step,
    numbers: Numbers,
    given: list[Stored],
    places: list[int],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    result: Any,
) -> None:
    """Fills in what came of a step.

    Args:
        step: whose arguments were copied before the call.
        numbers: of the objects that stay with the implementation.
        given: the tensors and arrays of the arguments that were passed.
        places: what `place_of_first` said of each before the call.
        args: those arguments, as they are now.
        kwargs: likewise.
        result: what came back, or the exception.

    Raises:
        NotCopied: it is too much.
    """
    if isinstance(result, BaseException):
        kind = type(result)
        step.result = Raised(f"{kind.__module__}.{kind.__qualname__}", str(result))
    else:
        stored = stored_in(result)
        step.result = copy_data(result, numbers.of, stored)
        step.lies = _lies(given, stored) if stored else ()
    if _may_change(args, kwargs) or not all(map(_same, given, step.before)):
        step.after = copy_data((args, kwargs), numbers.of)
    step.before = []
    step.moved = tuple(number for number, each in enumerate(given) if place_of_first(each) != places[number])
    step.left = {folder: files_of(folder) for folder in step.files}


def place_of_first(value: Stored) -> int:
    """The address of a tensor's first element; an array keeps its memory, and a meta tensor has none."""
    return value.data_ptr() if type(value) is Tensor and not value.is_meta else 0


def _may_change(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether nested arguments hold something else that a call can change, such as a list."""
    return not all(map(_is_constant, args)) or (bool(kwargs) and not all(map(_is_constant, kwargs.values())))


def _is_constant(item: object) -> bool:
    return type(item) in _CONSTANT or (type(item) is tuple and all(map(_is_constant, item)))


def _same(now: Stored, before: Stored) -> bool:
    """Whether a tensor or an array is as it was. NaN is not, and what is copied in vain does no harm."""
    if type(now) is not Tensor or type(before) is not Tensor:
        return False
    return now.dtype is before.dtype and (now.is_meta or torch.equal(now, before))


def _lies(given: list[Stored], results: list[Stored]) -> tuple[tuple[int, bool], ...]:
    """For each tensor or array of a result, where its memory comes from, and whether it is an argument itself."""
    known, places = list(given), [place_of(each) for each in given]
    found = []
    for result in results:
        start, end = place_of(result)
        first, same = len(known), False
        for number, (other_start, other_end) in enumerate(places):
            if other_start < end and start < other_end:
                first, same = number, known[number] is result
                break
        found.append((first, same))
        known.append(result)
        places.append((start, end))
    return tuple(found)
