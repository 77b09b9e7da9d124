"""Tensors of which a spec knows every element."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

_TELLING = {torch.int64: 2**53, torch.float64: 1 / 3, torch.complex64: 1 + 2j, torch.complex128: 1 / 3 + 2j}


def numbered(
    shape: Iterable[int], dtype: torch.dtype = torch.float32, *, start: complex = 1, telling: bool = False
) -> Tensor:
    """A tensor of this shape with the numbers from `start` on; of booleans, True at every third place.

    Args:
        shape: its sides.
        dtype: of its elements.
        start: the first number.
        telling: begin with a number that a detour through a smaller dtype changes: 2**53 in int64, of which float64
            does not hold the next, 1/3 in float64.

    >>> numbered((2, 3)).tolist()
    [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    """
    sides = tuple(shape)
    counted = torch.arange(math.prod(sides)).reshape(sides)
    if dtype is torch.bool:
        return counted % 3 == 1
    first = _TELLING.get(dtype, start) if telling else start
    return counted.to(dtype) + torch.tensor(first, dtype=dtype)


def random_tensor(
    shape: Iterable[int],
    seed: int | torch.Generator,
    dtype: torch.dtype = torch.float64,
    *,
    size: float = 1.0,
    decimals: int = 2,
) -> Tensor:
    """Normal random numbers with few decimals, of which float32 holds hardly any.

    Args:
        shape: its sides.
        seed: a whole number, or a generator that goes on.
        dtype: of its elements. Of whole numbers, there are ten times as large ones; booleans are as often True as not.
        size: their standard deviation.
        decimals: how many there are.

    >>> x = random_tensor((2, 3), 0)
    >>> bool((x == x.round(decimals=2)).all())
    True
    """
    generator = seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)
    drawn = torch.randn(tuple(shape), generator=generator, dtype=torch.float64) * size
    if dtype is torch.bool:
        return drawn > 0
    if dtype.is_floating_point:
        return drawn.round(decimals=decimals).to(dtype)
    if dtype.is_complex:
        other = torch.randn(tuple(shape), generator=generator, dtype=torch.float64) * size
        return torch.complex(drawn.round(decimals=decimals), other.round(decimals=decimals)).to(dtype)
    drawn = (drawn * 10).round()
    return (drawn if dtype.is_signed else drawn.abs()).to(dtype)


def random_tensors(
    shapes: Iterable[Iterable[int]],
    seed: int,
    dtype: torch.dtype = torch.float64,
    *,
    size: float = 1.0,
    decimals: int = 2,
) -> list[Tensor]:
    """A `random_tensor` of each shape, all of them different.

    >>> [tuple(x.shape) for x in random_tensors([(2, 3), (2,)], 0)]
    [(2, 3), (2,)]
    """
    generator = torch.Generator().manual_seed(seed)
    return [random_tensor(shape, generator, dtype, size=size, decimals=decimals) for shape in shapes]


def transposed(x: Tensor) -> Tensor:
    """The same elements, with the first dimension and the last one exchanged in memory.

    >>> transposed(numbered((2, 3))).is_contiguous()
    False
    """
    return x.transpose(0, -1).contiguous().transpose(0, -1) if x.ndim > 1 else x.clone()


def layouts(x: Tensor) -> dict[str, Tensor]:
    """The same tensor in each layout that memory may have, the simplest first.

    Each is equal to `x` and has memory of its own. "expanded" is there only where a dimension repeats its elements.

    >>> [name for name, same in layouts(numbered((2, 3))).items() if torch.equal(same, numbered((2, 3)))]
    ['contiguous', 'transposed', 'every second', 'without the first']
    """
    found = {"contiguous": x.contiguous().clone()}
    if x.ndim > 1:
        found["transposed"] = transposed(x)
    if x.ndim:
        found["every second"] = torch.stack([x, _other(x)], dim=-1)[..., 0]
        found["without the first"] = torch.cat([_other(x[:1]), x])[1:] if len(x) else x.new_empty((1, *x.shape[1:]))[1:]
    for dim, side in enumerate(x.shape):
        first = x.narrow(dim, 0, min(side, 1))
        if side > 1 and torch.equal(first.expand_as(x), x):
            found["expanded"] = first.clone().expand_as(x)
            break
    return found


def _other(x: Tensor) -> Tensor:
    """Elements that an answer should not read, none of which is equal to those of x."""
    return ~x if x.dtype is torch.bool else x + 1
