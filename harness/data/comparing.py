"""How two values differ, in words. The assertions are in `harness.spec.asserts`.

The values are compared by plain tensor operations: the first use of `torch.testing` costs a second of imports.
"""

from __future__ import annotations

import math
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from harness.data.literals import is_handle, literal, summary
from harness.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable

Limits = tuple[float | None, float | None]
"""The tolerances rtol and atol; None where torch.testing's are meant."""

# As torch.testing documents them: (rtol, atol). Any other dtype is compared exactly.
_TOLERANCES = {
    torch.float16: (1e-3, 1e-5),
    torch.bfloat16: (1.6e-2, 1e-5),
    torch.float32: (1.3e-6, 1e-5),
    torch.float64: (1e-7, 1e-7),
    torch.complex32: (1e-3, 1e-5),
    torch.complex64: (1.3e-6, 1e-5),
    torch.complex128: (1e-7, 1e-7),
}
_COMPARED_BY_EQUALITY = (bool, int, str, bytes, type(None), type(...), range)


def tensor_difference(
    actual: object, expected: Tensor, *, rtol: float | None, atol: float | None, equal_nan: bool
) -> str | None:
    """What is wrong with a tensor: type first, then dtype, shape, device, then values. None if nothing is."""
    if type(actual) is not torch.Tensor:
        return f"the type is {_type_name(actual)}, and should be torch.Tensor"
    for what in ("dtype", "shape", "layout", "device"):
        got, wanted = getattr(actual, what), getattr(expected, what)
        if got != wanted:
            got, wanted = (tuple(got), tuple(wanted)) if what == "shape" else (got, wanted)
            return f"the {what} is {got}, and should be {wanted}"
    if expected.device.type == "meta":
        return None
    default = _TOLERANCES.get(expected.dtype, (0.0, 0.0))
    rtol, atol = default[0] if rtol is None else rtol, default[1] if atol is None else atol
    a, e = _comparable(actual), _comparable(expected)
    close = a == e
    if rtol or atol:
        near = (_wide(a) - _wide(e)).abs() <= atol + rtol * _wide(e).abs()
        close |= near & a.isfinite() & e.isfinite()
    if equal_nan:
        close |= a.isnan() & e.isnan()
    return None if bool(close.all()) else _describe(a, e, ~close, rtol, atol, truths=expected.dtype is torch.bool)


def _comparable(x: Tensor) -> Tensor:
    """The values in a dtype that has all operations, without loss; integers stay integers."""
    x = x.detach().to_dense()
    if x.is_floating_point() or x.is_complex():
        return _wide(x)
    return x if x.dtype is torch.uint64 else x.long()


def _wide(x: Tensor) -> Tensor:
    return x.to(torch.complex128 if x.is_complex() else torch.float64)


def _describe(a: Tensor, e: Tensor, wrong: Tensor, rtol: float, atol: float, *, truths: bool) -> str:
    count, first = int(wrong.sum()), tuple(wrong.nonzero()[0].tolist())
    got, wanted = (summary(bool(x[first]) if truths else x[first].item()) for x in (a, e))
    if not first:
        parts = [f"is {got}, and should be {wanted}"]
    else:
        at = f"[{', '.join(map(str, first))}]"
        differ = "differs" if count == 1 else "differ"
        parts = [
            f"{count} of {wrong.numel()} elements {differ}",
            f"the first at {at}: is {got}, and should be {wanted}",
        ]
    if not (rtol or atol or a.is_floating_point() or a.is_complex()):  # the two numbers say it all, and exactly
        return "; ".join(parts)
    gap, size = (_wide(a) - _wide(e)).abs()[wrong], _wide(e).abs()[wrong]
    gap, size = gap[gap.isfinite()], size[gap.isfinite()]
    if len(gap):
        parts.append(f"greatest absolute difference {gap.max().item():.6g}")
        relative = (gap / size)[size > 0]
        if len(relative):
            parts.append(f"greatest relative difference {relative.max().item():.6g}")
    if rtol or atol:
        parts.append(f"tolerance: rtol {rtol:g}, atol {atol:g}")
    return "; ".join(parts)


def value_difference(
    actual: Any, expected: Any, *, rtol: float, atol: float, limits: Callable[[torch.dtype], Limits] | None = None
) -> str | None:
    """What is wrong with plain data, after the place where it is wrong. None if nothing is.

    Tensors and arrays have the limits of their dtype, or where there are none, rtol and atol if either is not 0.
    """
    found = _Walk(rtol, atol, limits).difference(actual, expected, "")
    if found is None:
        return None
    place, problem = found
    return f"at {place}: {problem}" if place else problem


class _Walk:
    """A way through two values. The actual one is not trusted: it is asked nothing before its type is known."""

    def __init__(self, rtol: float, atol: float, limits: Callable[[torch.dtype], Limits] | None = None) -> None:
        self.rtol = rtol
        self.atol = atol
        given = (rtol, atol) if rtol or atol else (None, None)
        self.limits = limits or (lambda _: given)

    def difference(self, actual: Any, expected: Any, place: str) -> tuple[str, str] | None:
        kind = type(expected)
        if type(actual) is not kind:
            said = f"the type is {_type_name(actual)}, and should be {_type_name(expected)}"
            if type(actual) is Tensor and kind in (bool, int, float):
                said += ": `.item()` makes a Python number of a tensor"
            return place, said
        if kind in (list, tuple, torch.Size):
            return self._sequence(actual, expected, place)
        if kind is slice:
            got, wanted = ((s.start, s.stop, s.step) for s in (actual, expected))
            return None if self._sequence(got, wanted, place) is None else _unlike(actual, expected, place)
        if kind is dict:
            return self._dict(actual, expected, place)
        if kind in (set, frozenset):
            return self._keys(_typed(actual), _typed(expected), place)
        if kind is Tensor:
            return self._tensor(actual, expected, place)
        if kind is np.ndarray:
            return self._array(actual, expected, place)
        if kind in (float, complex) or issubclass(kind, np.inexact):
            return None if self._close(actual, expected) else _unlike(actual, expected, place)
        if kind is torch.Generator:
            same = torch.equal(actual.get_state(), expected.get_state())
            return None if same else (place, "the generator is not in the state in which it should be")
        if kind in _COMPARED_BY_EQUALITY or issubclass(kind, (PurePath, np.generic)) or kind.__module__ == "torch":
            return None if actual == expected else _unlike(actual, expected, place)
        raise SpecError(f"assert_value compares plain data, and {_type_name(expected)} is not: compare its parts")

    def _close(self, actual: complex, expected: complex) -> bool:
        if actual == expected:
            return True
        finite = all(math.isfinite(part) for x in (actual, expected) for part in (x.real, x.imag))
        return finite and abs(actual - expected) <= self.atol + self.rtol * abs(expected)

    def _sequence(self, actual: Any, expected: Any, place: str) -> tuple[str, str] | None:
        if len(actual) != len(expected):
            return place, f"the length is {len(actual)}, and should be {len(expected)}"
        for index, (got, wanted) in enumerate(zip(actual, expected, strict=True)):
            found = self.difference(got, wanted, f"{place}[{index}]")
            if found is not None:
                return found
        return None

    def _keys(self, actual: dict[Any, Any], expected: dict[Any, Any], place: str) -> tuple[str, str] | None:
        """Of two sets, or of the keys of two dicts, as `_typed` gives them."""
        missing = [summary(expected[key]) for key in expected if key not in actual]
        too_many = [summary(actual[key]) for key in actual if key not in expected]
        problems = [f"{text} is missing" for text in missing[:1]]
        problems += [f"{text} should not be there" for text in too_many[:1]]
        if problems:
            return place, ", and ".join(problems)
        for key in expected:
            found = self.difference(actual[key], expected[key], place)
            if found is not None:
                return found
        return None

    def _dict(self, actual: dict[Any, Any], expected: dict[Any, Any], place: str) -> tuple[str, str] | None:
        found = self._keys(_typed(actual), _typed(expected), place)
        for key in expected if found is None else ():
            found = found or self.difference(actual[key], expected[key], f"{place}[{literal(key)}]")
        return found

    def _tensor(self, actual: Tensor, expected: Tensor, place: str) -> tuple[str, str] | None:
        rtol, atol = self.limits(expected.dtype)
        problem = tensor_difference(actual, expected, rtol=rtol, atol=atol, equal_nan=False)
        return None if problem is None else (place, problem)

    def _array(self, actual: Any, expected: Any, place: str) -> tuple[str, str] | None:
        for what in ("dtype", "shape"):
            got, wanted = getattr(actual, what), getattr(expected, what)
            if got != wanted:
                return place, f"the {what} is {got}, and should be {wanted}"
        try:
            a, e = torch.from_numpy(actual.copy()), torch.from_numpy(expected.copy())
        except (TypeError, ValueError):  # text, or numbers that torch has not, or not in this order of bytes
            return self._sequence(actual.ravel().tolist(), expected.ravel().tolist(), place)
        return self._tensor(a, e, place)


def _typed(values: Any) -> dict[Any, Any]:
    """Elements or keys by type and value: {True} is not {1}."""
    return {(id(type(value)), value): value for value in values}


def _unlike(actual: object, expected: object, place: str) -> tuple[str, str]:
    nan = " (NaN equals nothing, not even NaN: a spec asks for it by math.isnan)" if _is_nan(expected) else ""
    return place, f"is {summary(actual)}, and should be {summary(expected)}{nan}"


def _is_nan(value: object) -> bool:
    return isinstance(value, (float, complex, np.inexact)) and bool(value != value)


def _type_name(value: object) -> str:
    kind = type(value)
    if kind is Tensor:
        return "torch.Tensor"
    if is_handle(value):
        return str(value._kind())  # type: ignore[attr-defined]
    return kind.__name__ if kind.__module__ in ("builtins", "pathlib") else f"{kind.__module__}.{kind.__name__}"


class _Elements:
    """Where the elements of a tensor or an array lie; NumPy compares such places, and looks at nothing there."""

    def __init__(self, value: Tensor | np.ndarray[Any, Any]) -> None:
        if isinstance(value, Tensor):
            start, item = value.data_ptr(), value.element_size()
            strides = tuple(step * item for step in value.stride())
        else:
            start, item, strides = value.__array_interface__["data"][0], value.itemsize, value.strides
        self.__array_interface__ = {
            "data": (start, True),
            "shape": tuple(value.shape),
            "strides": strides,
            "typestr": f"|V{item}",
            "version": 3,
        }


_MOST_WORK = 1_000_000
"""Places that NumPy tries in the search for a common byte, which can take for ever in odd layouts."""


def has_memory(value: object) -> bool:
    """Whether a value is a tensor or an array whose elements lie somewhere."""
    if isinstance(value, Tensor):
        return value.device.type != "meta" and value.layout is torch.strided
    return isinstance(value, np.ndarray)


def share_memory(a: Any, b: Any) -> bool:
    """Whether two values that have memory, and elements in it, have a byte in common."""
    of_a, of_b = np.asarray(_Elements(a)), np.asarray(_Elements(b))
    try:
        return bool(np.shares_memory(of_a, of_b, max_work=_MOST_WORK))  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return bool(np.may_share_memory(of_a, of_b))
