"""Hypothesis strategies for what specs need: shapes, dtypes, tensors, and pairs of tensors that fit together.

All arguments are given by keyword. All strategies shrink: to few dimensions, short sides, zeros and small numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import torch
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from harness.spec.tensor_drawing import Recipe, Shape, drawer, in_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn, SearchStrategy
    from torch import Tensor

_FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
_INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


class Options(TypedDict, total=False):
    """What every strategy for tensors takes; `tensors` says what they mean."""

    dtype: torch.dtype | SearchStrategy[torch.dtype]
    elements: SearchStrategy[Any] | None
    min_value: float | None
    max_value: float | None
    unique: bool
    noncontiguous: bool


def shapes(*, min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 4) -> SearchStrategy[Shape]:
    """Shapes as tuples. They shrink to few dimensions and short sides.

    >>> shape = shapes(min_dims=2, max_dims=2).example()
    >>> len(shape)
    2
    """
    for name, number in {"min_dims": min_dims, "min_side": min_side}.items():
        if number < 0:
            raise InvalidArgument(f"{name}={number} is negative: pass 0 or more")
    in_order(min_dims=min_dims, max_dims=max_dims)
    in_order(min_side=min_side, max_side=max_side)
    return st.lists(st.integers(min_side, max_side), min_size=min_dims, max_size=max_dims).map(tuple)


def float_dtypes() -> SearchStrategy[torch.dtype]:
    """float32, float64, float16 and bfloat16. Shrinks to float32.

    >>> float_dtypes().example().is_floating_point
    True
    """
    return st.sampled_from(_FLOATS)


def integer_dtypes() -> SearchStrategy[torch.dtype]:
    """int64, int32, int16, int8 and uint8. Shrinks to int64.

    >>> integer_dtypes().example().is_floating_point
    False
    """
    return st.sampled_from(_INTEGERS)


def dtypes() -> SearchStrategy[torch.dtype]:
    """The real dtypes: those of `float_dtypes` and `integer_dtypes`, and bool. Shrinks to float32.

    >>> dtypes().example().is_complex
    False
    """
    return st.sampled_from((*_FLOATS, *_INTEGERS, torch.bool))


def tensors(
    *,
    shape: Shape | SearchStrategy[Shape] = shapes(),  # noqa: B008 - a strategy has no state
    dtype: torch.dtype | SearchStrategy[torch.dtype] = torch.float32,
    elements: SearchStrategy[Any] | None = None,
    min_value: float | None = None,
    max_value: float | None = None,
    unique: bool = False,
    noncontiguous: bool = False,
) -> SearchStrategy[Tensor]:
    """Dense tensors on the CPU that do not require grad.

    Every element is drawn on its own. Floats are by default multiples of 1/16 in [-8, 8], and in about half of the
    tensors all are whole numbers; integers are in [-8, 8], or [0, 8] if unsigned; complex numbers are two such floats.

    Args:
        shape: the shape, or where it comes from.
        dtype: the dtype, or where it comes from.
        elements: where each element comes from, instead of the default.
        min_value: the least element; of complex numbers, the least real and imaginary part.
        max_value: the greatest element, likewise. With one limit only, the other is the default one, or 8 away if that
            is farther.
        unique: whether all elements differ. Integers are then by default in [-128, 127], or [0, 255] if unsigned.
        noncontiguous: whether some of the tensors are transposed in memory, or have gaps in it.

    >>> x = tensors(shape=(2, 3), dtype=torch.int64, min_value=0).example()
    >>> x.shape, x.dtype, bool((x >= 0).all())
    (torch.Size([2, 3]), torch.int64, True)
    """
    recipe = Recipe(
        elements=elements, min_value=min_value, max_value=max_value, unique=unique, noncontiguous=noncontiguous
    )
    recipe.check(dtype)
    return _tensors(_shape_drawer("shape", shape), _dtype_drawer(dtype), recipe)


def vectors(*, size: int | SearchStrategy[int] | None = None, **options: Unpack[Options]) -> SearchStrategy[Tensor]:
    """Tensors of shape (size,).

    Args:
        size: the number of elements, or where it comes from. None: 1 to 4.
        **options: as for `tensors`.

    >>> vectors(size=3).example().shape
    torch.Size([3])
    """
    return tensors(shape=_shapes_of(size=size), **options)


def matrices(
    *,
    rows: int | SearchStrategy[int] | None = None,
    columns: int | SearchStrategy[int] | None = None,
    **options: Unpack[Options],
) -> SearchStrategy[Tensor]:
    """Tensors of shape (rows, columns).

    Args:
        rows: the number of rows, or where it comes from. None: 1 to 4.
        columns: likewise.
        **options: as for `tensors`.

    >>> matrices(rows=2, columns=3).example().shape
    torch.Size([2, 3])
    """
    return tensors(shape=_shapes_of(rows=rows, columns=columns), **options)


def broadcastable_pairs(
    *, max_dims: int = 3, max_side: int = 4, **options: Unpack[Options]
) -> SearchStrategy[tuple[Tensor, Tensor]]:
    """Pairs of tensors of one dtype that broadcast to a common shape. They shrink to two scalars.

    Args:
        max_dims: the most dimensions that either has.
        max_side: the longest side.
        **options: as for `tensors`.

    >>> a, b = broadcastable_pairs().example()
    >>> len(torch.broadcast_shapes(a.shape, b.shape)) <= 3
    True
    """
    return _pairs(_broadcastable_shapes(shapes(max_dims=max_dims, max_side=max_side)), options)


def matmul_pairs(
    *, batch: Shape | SearchStrategy[Shape] = (), **options: Unpack[Options]
) -> SearchStrategy[tuple[Tensor, Tensor]]:
    """Pairs of tensors (*batch, n, k) and (*batch, k, m) of one dtype, with n, k and m from 1 to 4.

    Args:
        batch: the leading dimensions, or where they come from.
        **options: as for `tensors`.

    >>> a, b = matmul_pairs(batch=(5,)).example()
    >>> (a @ b).shape == (5, a.shape[1], b.shape[2])
    True
    """
    return _pairs(_matmul_shapes(_shape_drawer("batch", batch)), options)


def generators() -> SearchStrategy[torch.Generator]:
    """Generators on the CPU, freshly seeded. They shrink to seed 0.

    >>> torch.rand(2, generator=generators().example()).shape
    torch.Size([2])
    """
    return seeds().map(lambda seed: torch.Generator().manual_seed(seed))


def seeds() -> SearchStrategy[int]:
    """Seeds from 0 to 2**32 - 1. They shrink to 0.

    >>> 0 <= seeds().example() < 2**32
    True
    """
    return st.integers(0, 2**32 - 1)


def _shape_drawer(name: str, shape: Shape | SearchStrategy[Shape]) -> Callable[[DrawFn], Shape]:
    return drawer(name, shape, tuple, "a tuple of sides such as (2, 3), or a strategy such as shapes()")


def _dtype_drawer(dtype: torch.dtype | SearchStrategy[torch.dtype]) -> Callable[[DrawFn], torch.dtype]:
    return drawer("dtype", dtype, torch.dtype, "a dtype such as torch.float32, or a strategy such as float_dtypes()")


def _shapes_of(**sides: int | SearchStrategy[int] | None) -> SearchStrategy[Shape]:
    instead = "a whole number such as 3, a strategy such as st.integers(2, 5), or None for 1 to 4"
    given = {name: st.integers(1, 4) if side is None else side for name, side in sides.items()}
    return _drawn_tuples([drawer(name, side, int, instead) for name, side in given.items()])


def _pairs(pair: SearchStrategy[tuple[Shape, Shape]], options: Options) -> SearchStrategy[tuple[Tensor, Tensor]]:
    rest: dict[str, Any] = {**options}
    dtype = rest.pop("dtype", torch.float32)
    recipe = Recipe(**rest)
    recipe.check(dtype)
    return _tensor_pairs(pair, _dtype_drawer(dtype), recipe)


@st.composite
def _tensors(
    draw: DrawFn, shape: Callable[[DrawFn], Shape], dtype: Callable[[DrawFn], torch.dtype], recipe: Recipe
) -> Tensor:
    return recipe.draw(draw, shape(draw), dtype(draw))


@st.composite
def _tensor_pairs(
    draw: DrawFn, pair: SearchStrategy[tuple[Shape, Shape]], dtype: Callable[[DrawFn], torch.dtype], recipe: Recipe
) -> tuple[Tensor, Tensor]:
    (left, right), kind = draw(pair), dtype(draw)
    return recipe.draw(draw, left, kind), recipe.draw(draw, right, kind)


@st.composite
def _drawn_tuples(draw: DrawFn, drawers: list[Callable[[DrawFn], int]]) -> Shape:
    return tuple([side(draw) for side in drawers])


@st.composite
def _broadcastable_shapes(draw: DrawFn, common: SearchStrategy[Shape]) -> tuple[Shape, Shape]:
    """Twice the common shape, with some leading dimensions dropped and some sides made one."""
    full = draw(common)
    kept = [full[draw(st.integers(0, len(full))) :] for _ in range(2)]
    left, right = (tuple([1 if draw(st.booleans()) else side for side in sides]) for sides in kept)
    return left, right


@st.composite
def _matmul_shapes(draw: DrawFn, batch: Callable[[DrawFn], Shape]) -> tuple[Shape, Shape]:
    lead, (n, k, m) = batch(draw), [draw(st.integers(1, 4)) for _ in range(3)]
    return (*lead, n, k), (*lead, k, m)
