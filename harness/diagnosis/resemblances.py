"""In which simple ways a wrong tensor resembles the right one."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.diagnosis.arithmetic import GENERAL, Fit, close, distinct, dropped, factors, rounded, wide

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST_DIMENSIONS = 5


def resemblances(actual: Tensor, expected: Tensor, inputs: Sequence[Tensor]) -> Iterator[Fit]:
    """Every way that fits.

    Args:
        actual: the wrong result.
        expected: the right one.
        inputs: the tensors that were passed.
    """
    if actual.dtype != expected.dtype:
        if actual.shape == expected.shape and actual.numel() and close(actual, expected):
            yield Fit("It looks as if only the dtype is wrong, and the values are right. Is a `dtype` missing?", 2)
    elif actual.shape != expected.shape:
        yield from _of_shape(actual, expected, inputs)
    elif expected.dtype is torch.bool:
        if bool((actual == ~expected).all()):
            yield Fit("It looks as if true and false are exchanged. Is the condition turned round?", expected.numel())
        yield from _of_order(actual, expected)
    else:
        yield from _of_values(actual, expected, inputs)


def _of_shape(a: Tensor, e: Tensor, inputs: Sequence[Tensor]) -> Iterator[Fit]:
    ones = [side for side in a.shape if side != 1] == [side for side in e.shape if side != 1]
    if ones and a.numel() and a.dim() != e.dim() and close(a.reshape(e.shape), e):
        if a.dim() < e.dim():
            yield Fit(
                "It looks as if a dimension of size one got lost. `keepdim=True` keeps the one that is reduced, and "
                "`unsqueeze` puts one in: is one of them missing?",
                2,
            )
        else:
            yield Fit("It looks as if there is a dimension of size one too many. Is a `squeeze` missing?", 2)
        return
    swapped = list(_orders(a, e))
    yield from swapped
    if not swapped and a.numel() == e.numel() > 1 and close(a.reshape(e.shape), e):
        yield Fit("It looks as if the elements are right, but in another shape. Is a `reshape` missing?", 2)
    yield from _one_off(a, e)
    yield from _reduced(a, e, inputs)


def _one_off(a: Tensor, e: Tensor) -> Iterator[Fit]:
    """One element less or more along one dimension."""
    if a.dim() != e.dim():
        return
    unequal = [dim for dim in range(a.dim()) if a.shape[dim] != e.shape[dim]]
    if len(unequal) != 1 or abs(a.shape[unequal[0]] - e.shape[unequal[0]]) != 1:
        return
    dim = unequal[0]
    short, long = (a, e) if a.shape[dim] < e.shape[dim] else (e, a)
    if not short.numel():
        return
    for start, end in ((0, "last"), (1, "first")):
        if close(long.narrow(dim, start, short.shape[dim]), short):
            what = "is missing" if short is a else "is one too many"
            along = f" along dimension {dim}" if a.dim() > 1 else ""
            yield Fit(f"It looks as if the {end} element{along} {what}. Is a bound off by one?", short.numel())


def _reduced(a: Tensor, e: Tensor, inputs: Sequence[Tensor]) -> Iterator[Fit]:
    """A dimension of an argument is gone, and another one should be."""
    found = set()
    for x in inputs:
        for right, wrong in itertools.permutations(range(x.dim()), 2):
            for keep in ([], [1]):
                shapes = [[*x.shape[:dim], *keep, *x.shape[dim + 1 :]] for dim in (right, wrong)]
                if [list(e.shape), list(a.shape)] == shapes:
                    found.add((wrong, right))
    for wrong, right in found:
        yield Fit(f"It looks as if dimension {wrong} is reduced instead of dimension {right}. Is `dim` right?", 2)


_WHENCE = "Is something divided by zero, or too large for its dtype?"


def _of_values(a: Tensor, e: Tensor, inputs: Sequence[Tensor]) -> Iterator[Fit]:
    """The same shape and dtype."""
    p, q = wide(a), wide(e)
    odd = ~p.isfinite() & q.isfinite()
    if bool(odd.any()):
        if close(p[~odd], q[~odd]):
            given = any(not bool(wide(x).isfinite().all()) for x in inputs if x.is_floating_point() or x.is_complex())
            why = "Does one in an argument spread, as by a product with 0?" if given else _WHENCE
            yield Fit(f"It looks as if only NaN or infinity is in the way, and all else is right. {why}", 2)
        return
    for x in inputs:
        if x.shape == a.shape and x.dtype == a.dtype and close(a, x):
            yield Fit("It looks as if an argument is given back as it came. Is that so?", distinct(a))
            break
    orders = list(_of_order(a, e))
    yield from orders
    if not bool(p.isfinite().all() and q.isfinite().all()) or p.is_complex():
        return
    if not orders:
        yield from factors(p, q, inputs)
        yield from dropped(p, q)
    yield from rounded(p, q)
    if e.dim() and e.shape[0] > 1 and not orders:
        right = [close(p[row], q[row]) for row in range(e.shape[0])]
        if right[0] and not any(right[1:]) and bool(q[0].any()):
            weight = int((q[0] != 0).sum()) // 2  # small numbers come out right by chance
            yield Fit("It looks as if only the first row is right. Are the others treated alike?", weight, GENERAL)


def _of_order(a: Tensor, e: Tensor) -> Iterator[Fit]:
    """The same elements at other places."""
    found = list(_orders(a, e))
    moved = int((a != e).sum())
    for dim in range(e.dim()):
        along = f" along dimension {dim}" if e.dim() > 1 else ""
        if close(a.flip(dim), e):
            found.append(Fit(f"It looks as if the order{along} is reversed. Is that so?", moved))
        if e.shape[dim] > 2 and any(close(a.roll(step, dim), e) for step in (1, -1)):
            found.append(Fit(f"It looks as if all is shifted by one{along}. Is an index off by one?", moved))
    yield from found
    if not found and moved > 1 and e.dtype is not torch.bool and not e.is_complex():
        same = close(a.flatten().sort().values, e.flatten().sort().values)
        if same and distinct(e) > 2:
            yield Fit("It looks as if the right elements stand in the wrong order. Is that so?", moved, GENERAL)


def _orders(a: Tensor, e: Tensor) -> Iterator[Fit]:
    """The dimensions in another order."""
    if a.dim() != e.dim() or not 2 <= e.dim() <= _MOST_DIMENSIONS or not a.numel():
        return
    for order in itertools.permutations(range(e.dim())):
        shape = [a.shape[dim] for dim in order]
        if list(order) == sorted(order) or shape != list(e.shape) or not close(a.permute(order), e):
            continue
        moved = [place for place, dim in enumerate(order) if place != dim]
        weight = max(distinct(e), 2)
        if e.dim() == 2:
            yield Fit("It looks as if the result is transposed: rows are columns. Is that so?", weight)
        elif len(moved) == 2:
            last = moved[0] - e.dim(), moved[1] - e.dim()
            yield Fit(f"It looks as if dimensions {last[0]} and {last[1]} are exchanged. Is that so?", weight)
        else:
            yield Fit(f"It looks as if the dimensions are in another order: {order} undoes it. Is that so?", weight)
