"""Does with one implementation what a spec did with another, and compares what comes of it."""

from __future__ import annotations

import math
import re
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from harness.data.copying import NotCopied, copy_data, stored_in, tensors_in
from harness.diagnosis.folders import lay_out, loaded
from harness.diagnosis.trace import Held, Numbers, Raised, Step, complete
from harness.errors import DeadlineExceeded
from harness.runner.handles import Target
from harness.runner.host import LocalHost
from harness.runner.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.diagnosis.folders import Files
    from harness.diagnosis.trace import Example
    from harness.model import Implementation, Kata

_TOLERANCE = 1e-6
"""Of the largest value: two ways to compute the same may round differently."""


class Likeness(IntEnum):
    """How much what two implementations did is alike.

    The same values are not all: with `SAME`, tensors lie in memory alike, and exceptions say the same.
    """

    DIFFERENT = 0
    VALUES = 1
    SAME = 2


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

    def likenesses(self, example: Example) -> list[Likeness]:
        """How much each step of an example comes out alike. It ends with the first that cannot be done."""
        return list(self._likenesses(example))

    def likeness(self, example: Example) -> Likeness:
        """How much an example comes out alike as a whole; its first different step decides."""
        least, left = Likeness.SAME, len(example.steps)
        for each in self._likenesses(example):
            if each is Likeness.DIFFERENT:
                return each
            least, left = min(least, each), left - 1
        return Likeness.DIFFERENT if left else least

    def _likenesses(self, example: Example) -> Iterator[Likeness]:
        hosts = {0: self._host}
        numbers = Numbers(lambda value: value.object if type(value) is _Kept else value)
        for recorded in example.steps:
            host = hosts.setdefault(recorded.process, self._host.anew() if recorded.process else self._host)
            try:
                done = _do(host, recorded, numbers)
            except (NotCopied, IndexError):  # an object that is not there, since an earlier step came out otherwise
                return
            yield self._compare(recorded, done)

    def _compare(self, recorded: Step, done: Step) -> Likeness:
        if not same_values(_after(recorded), _after(done)):
            return Likeness.DIFFERENT
        if not _same_files(recorded, done):
            return Likeness.DIFFERENT
        if type(recorded.result) is Raised and type(done.result) is Raised:
            if recorded.result.kind != done.result.kind:
                return Likeness.DIFFERENT
            alike = self._said(recorded.result) == self._said(done.result)
            return Likeness.SAME if alike else Likeness.VALUES
        if not same_values(recorded.result, done.result):
            return Likeness.DIFFERENT
        strides = [[tensor.stride() for tensor in tensors_in(step.result)] for step in (recorded, done)]
        return Likeness.SAME if recorded.lies == done.lies and strides[0] == strides[1] else Likeness.VALUES

    def _said(self, raised: Raised) -> str:
        return re.sub(
            r"\b0x[0-9a-f]+", "0x", raised.message.replace(*self._alias) if self._alias[0] else raised.message
        )


class _Kept:
    def __init__(self, value: object) -> None:
        self.object = value


def _do(host: LocalHost, recorded: Step, numbers: Numbers) -> Step:
    """Does one step once more.

    Raises:
        NotCopied: its result is too large.
        IndexError: an object that it needs is not there.
    """

    def restore(value: object) -> object:
        return numbers.object(value) if type(value) is Held else value

    args, kwargs = copy_data((recorded.args, recorded.kwargs), restore)
    given = stored_in((args, kwargs))
    value = numbers.object(recorded.target) if recorded.kind == "object" else recorded.target
    done = Step(
        recorded.process,
        recorded.operation,
        recorded.kind,
        recorded.target,
        recorded.args,
        recorded.kwargs,
        recorded.seed,
        stored_in((recorded.args, recorded.kwargs)),
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
    complete(done, numbers, given, args, kwargs, result)
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


def same_values(a: Any, b: Any) -> bool:
    """Whether plain data are the same: types, dtypes, shapes, and values but for rounding."""
    kind = type(a)
    if kind is not type(b):
        return False
    if kind is Tensor:
        return _same_tensors(a, b)
    if kind in (list, tuple):
        return len(a) == len(b) and all(map(same_values, a, b))
    if kind is dict:
        return list(a) == list(b) and all(same_values(a[key], b[key]) for key in a)
    if kind in (float, complex):
        return _same_numbers(a, b)
    if kind is np.ndarray:
        return _same_arrays(a, b)
    if kind is torch.Generator:
        return torch.equal(a.get_state(), b.get_state())
    return bool(a == b)


def _same_numbers(a: complex, b: complex) -> bool:
    if a == b or (a != a and b != b):
        return True
    parts = [(a.real, b.real), (a.imag, b.imag)]
    return all(math.isclose(p, q, rel_tol=_TOLERANCE) or (math.isnan(p) and math.isnan(q)) for p, q in parts)


def _same_arrays(a: Any, b: Any) -> bool:
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind in "fc":
        return bool(np.allclose(a, b, rtol=_TOLERANCE, atol=0.0, equal_nan=True))
    return bool(np.array_equal(a, b))


def _same_tensors(a: Tensor, b: Tensor) -> bool:
    if a.dtype != b.dtype or a.shape != b.shape or a.device != b.device:
        return False
    if a.device.type == "meta":
        return True
    if torch.equal(a, b):
        return True
    if not a.is_floating_point() and not a.is_complex():
        return False
    wide = torch.complex128 if a.is_complex() else torch.float64
    p, q = a.to(wide), b.to(wide)
    size = p.abs().nan_to_num(0.0, 0.0, 0.0)
    room = max(_TOLERANCE, 4 * torch.finfo(a.dtype).eps) * (float(size.max()) if size.numel() else 0.0)
    return bool(((p == q) | ((p - q).abs() <= room) | (p.isnan() & q.isnan())).all())
