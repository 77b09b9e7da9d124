"""How `harness.spec.strategies` draws a tensor: tables of elements, memory layouts, and the check of arguments.

A tensor's elements come from a table of at most 256 values of its dtype, simplest first, and are drawn as bytes that
index it, sixteen at a time. This is faster than drawing them one by one, and shrinks better: towards zeros and small
whole numbers, through few choices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import torch
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import SearchStrategy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hypothesis.strategies import DrawFn
    from torch import Tensor

    T = TypeVar("T")

Shape = tuple[int, ...]

_BLOCK = 16  # bytes; a constant size, so that the elements of a tensor survive while its shape shrinks
_BLOCKS = st.binary(min_size=_BLOCK, max_size=_BLOCK)
_FINE = st.booleans()
_LAYOUTS = st.integers(0, 3)
_FEW = 4  # with fewer whole numbers than these in its table, a tensor is not filled with whole numbers alone
_GAP = 99  # stands between the elements of a strided tensor, where nobody should read it


class Table(NamedTuple):
    """The values that an element may take, simplest first; so many of them are whole numbers."""

    values: tuple[Any, ...]
    whole: int


@lru_cache(maxsize=256)
def table(dtype: torch.dtype, least: float | None, greatest: float | None, unique: bool) -> Table:
    """The values for elements of a dtype between two limits.

    Raises:
        InvalidArgument: there is none, or the dtype is none for which we have a table.
    """
    if dtype.is_complex:
        return table(dtype.to_real(), least, greatest, unique)
    low, high = (-8.0, 8.0) if least is None or greatest is None else (least, greatest)
    if dtype is torch.bool:
        lowest, highest = 0.0, 1.0
    elif dtype.is_floating_point:
        lowest, highest = torch.finfo(dtype).min, torch.finfo(dtype).max
    else:
        try:
            lowest, highest = torch.iinfo(dtype).min, torch.iinfo(dtype).max
        except TypeError:
            raise InvalidArgument(f"dtype={dtype} has no default elements: pass elements=") from None
        if unique and least is None and greatest is None:
            low, high = (-128, 127) if lowest else (0, 255)
    if least is not None and greatest is None:
        low, high = least, max(high, least + 8)
    elif greatest is not None and least is None:
        low, high = min(low, greatest - 8), greatest
    low, high = max(low, lowest), min(high, highest)
    values = _fitting(_candidates(low, high, dtype.is_floating_point), low, high, dtype)
    if not values:
        raise InvalidArgument(
            f"{dtype} has no number between min_value={least} and max_value={greatest}: widen the limits"
        )
    return Table(values, sum(float(value).is_integer() for value in values))


def _candidates(low: float, high: float, fractions: bool) -> Iterable[float]:
    """Numbers between the limits: all multiples of a unit if they are few, else those near zero and some everywhere."""
    unit: float = 1
    if fractions:
        finest = math.ulp(max(abs(low), abs(high)))
        unit = max(1 / 16, finest)
        while 0 < high - low < 16 * unit and unit > finest:
            unit /= 2
    first, last = int(-(-low // unit)), int(high // unit)  # no true division: integers have to stay exact
    if last - first <= 256:
        yield from (low, high) if fractions else ()
        yield from (unit * step for step in range(first, last + 1))
        return
    near = min(max(0, first), last)
    yield from (unit * step for step in range(max(first, near - 32), min(last, near + 32) + 1))
    yield from (unit * (first + (last - first) * step // 190) for step in range(191))


def _fitting(candidates: Iterable[float], low: float, high: float, dtype: torch.dtype) -> tuple[Any, ...]:
    """Those that the dtype holds exactly or rounds to a number between the limits, simplest first."""
    held = {torch.tensor(value, dtype=dtype).item() for value in candidates}
    inside = [value for value in held if low <= value <= high]
    return tuple(sorted(inside, key=_complexity)[:256])


def _complexity(value: float) -> tuple[int, float, bool]:
    return value.as_integer_ratio()[1], abs(value), value < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What `harness.spec.strategies.tensors` was asked for, shape and dtype aside."""

    elements: SearchStrategy[Any] | None = None
    min_value: float | None = None
    max_value: float | None = None
    unique: bool = False
    noncontiguous: bool = False

    def __post_init__(self) -> None:
        limits = {"min_value": self.min_value, "max_value": self.max_value}
        for name, value in limits.items():
            if value is None:
                continue
            if not isinstance(value, (int, float)) or not math.isfinite(value):
                raise InvalidArgument(f"{name}={value!r} is not a finite number: pass one, or None for no limit")
            if self.elements is not None:
                raise InvalidArgument(f"{name} has no effect on elements: put the limit into the strategy for elements")
        if self.min_value is not None and self.max_value is not None:
            in_order(**limits)
        if not isinstance(self.elements, (SearchStrategy, type(None))):
            raise InvalidArgument(f"elements={self.elements!r} is no strategy: pass one such as st.floats(0, 1)")

    def check(self, dtype: object) -> None:
        """Complains where the strategy is made, rather than at the first draw, if the dtype is known by then."""
        if isinstance(dtype, torch.dtype) and self.elements is None:
            table(dtype, self.min_value, self.max_value, self.unique)

    def draw(self, draw: DrawFn, shape: Shape, dtype: torch.dtype) -> Tensor:
        """A tensor of that shape and dtype."""
        count = math.prod(shape)
        if self.elements is None:
            values = self._indexed(draw, count * (2 if dtype.is_complex else 1), dtype)
            if dtype.is_complex:
                values = [complex(*pair) for pair in zip(values[::2], values[1::2], strict=True)]
        elif self.unique:
            values = draw(st.lists(self.elements, min_size=count, max_size=count, unique=True))
        else:
            values = [draw(self.elements) for _ in range(count)]
        try:
            x = torch.tensor(values, dtype=dtype, device="cpu").reshape(shape)
        except (RuntimeError, TypeError, ValueError) as error:
            problem = f"elements={self.elements!r} gave what a tensor of {dtype} cannot hold ({error})"
            raise InvalidArgument(f"{problem}: draw numbers that fit") from error
        return _strided(x, draw(_LAYOUTS)) if self.noncontiguous else x

    def _indexed(self, draw: DrawFn, count: int, dtype: torch.dtype) -> list[Any]:
        values, whole = table(dtype, self.min_value, self.max_value, self.unique)
        if self.unique and count > len(values):
            problem = f"unique=True asks for {count} different numbers, and the strategy has {len(values)} of {dtype}"
            raise InvalidArgument(f"{problem}: draw smaller shapes, or widen min_value and max_value")
        if _FEW <= whole < len(values) and not draw(_FINE) and not (self.unique and count > whole):
            values = values[:whole]
        # Each block from its end: shrinking sorts its bytes, and what is not zero then stands first, where it survives
        # while the shape shrinks.
        indices = b"".join([draw(_BLOCKS)[::-1] for _ in range(0, count, _BLOCK)])[:count]
        if self.unique:
            left = list(values)
            return [left.pop(index % len(left)) for index in indices]
        return [values[index % len(values)] for index in indices]


def _strided(x: Tensor, layout: int) -> Tensor:
    """The same tensor as it is, transposed in memory, or with gaps along its last or first dimension."""
    if x.ndim == 0 or layout == 0:
        return x
    if layout == 1 and x.ndim > 1:
        return x.mT.contiguous().mT
    dim = 0 if layout == 3 else x.ndim - 1
    sides = [side * 2 if at == dim else side for at, side in enumerate(x.shape)]
    view = torch.full(sides, _GAP, dtype=x.dtype, device="cpu")[(slice(None),) * dim + (slice(None, None, 2),)]
    return view.copy_(x)


def drawer(name: str, value: T | SearchStrategy[T], kind: type, instead: str) -> Callable[[DrawFn], T]:
    """How to get a value that was given as itself or as a strategy.

    Raises:
        InvalidArgument: it is neither; from the drawer, if the strategy gives something of another type.
    """
    if isinstance(value, SearchStrategy):
        strategy = value
        return lambda draw: _checked(name, draw(strategy), kind, instead)
    known = _checked(name, value, kind, instead)
    return lambda _draw: known


def _checked(name: str, value: Any, kind: type, instead: str) -> Any:
    sides = value if isinstance(value, tuple) else (value,)
    numbers = kind is torch.dtype or all(type(side) is int and side >= 0 for side in sides)
    if not isinstance(value, kind) or not numbers:
        raise InvalidArgument(f"{name}={value!r} does not fit: pass {instead}")
    return value


def in_order(**limits: Any) -> None:
    """Complains unless the first of two limits is at most the second."""
    (low_name, low), (high_name, high) = limits.items()
    if low > high:
        raise InvalidArgument(f"{low_name}={low!r} is greater than {high_name}={high!r}: swap them")
