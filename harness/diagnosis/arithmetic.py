"""Wrong numbers that come of right ones by arithmetic (a factor, a rounding, a dropout), and what speaks for it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


SPECIAL, GENERAL = 0, 1


class Fit(NamedTuple):
    """A way in which a result resembles the right one.

    Attributes:
        sentence: for the learner; it asks rather than tells.
        weight: how many numbers speak for it.
        rank: a general way says nothing where a special one fits, too.
    """

    sentence: str
    weight: int
    rank: int = SPECIAL

    def plus(self, other: Fit) -> Fit:
        """The same with the evidence of both."""
        return self._replace(weight=self.weight + other.weight)


def distinct(x: Tensor) -> int:
    """How many different numbers there are."""
    return len(set(x.flatten().tolist()))


def wide(x: Tensor) -> Tensor:
    """The same in float64, or in complex128."""
    return x.to(torch.complex128 if x.is_complex() else torch.float64)


def close(a: Tensor, b: Tensor) -> bool:
    """Whether tensors of one shape, whatever their dtypes, have the same values but for rounding."""
    if not b.is_floating_point() and not b.is_complex():  # whole numbers are the same or not
        return torch.equal(a.to(b.dtype), b)
    p, q = wide(a), wide(b)
    if p.dtype != q.dtype:
        return False
    return bool(((p == q) | ((p - q).abs() <= 1e-5 * q.abs() + 1e-7) | (p.isnan() & q.isnan())).all())


def factors(p: Tensor, q: Tensor, inputs: Sequence[Tensor]) -> Iterator[Fit]:
    """The right values times a constant, or with one added."""
    some = q != 0
    weight = int(some.sum())
    if weight and bool((p[~some] == 0).all()):
        ratios = p[some] / q[some]
        factor = float(ratios.median())
        if factor and bool(((ratios - factor).abs() <= 1e-5 * abs(factor)).all()):
            yield from _of_factor(factor, weight, inputs)
    gaps = p - q
    gap = float(gaps.median()) if gaps.numel() else 0.0
    room = 1e-5 * max(1.0, float(q.abs().max())) if q.numel() else 0.0
    if abs(gap) > 10 * room and bool(((gaps - gap).abs() <= room).all()):
        size = "large" if gap > 0 else "small"
        sentence = f"It looks as if every element is too {size} by {abs(gap):.4g}. Is that so?"
        yield Fit(sentence, distinct(q) if q.numel() > 1 else 1)


def _of_factor(factor: float, weight: int, inputs: Sequence[Tensor]) -> Iterator[Fit]:
    sizes = {side for x in inputs for side in x.shape} | {x.numel() for x in inputs}

    def is_(value: float) -> bool:
        return math.isclose(factor, value, rel_tol=1e-4)

    if is_(-1):
        yield Fit("It looks as if only the sign is wrong. Is a difference taken the other way round?", weight)
        return
    freedom = [n / (n - 1) for n in sizes if n > 2]
    for power, what in ((1, "you divide"), (0.5, "the variance under the root is divided")):
        if any(is_(each**power) or is_(each**-power) for each in freedom):
            sentence = f"It looks as if {what} by n where n - 1 is meant, or the other way round. Is that so?"
            yield Fit(sentence, weight)
    if any(n > 1 and is_(n) for n in sizes):
        yield Fit("It looks as if you have a sum where a mean is meant. Is that so?", weight)
    if any(n > 1 and is_(1 / n) for n in sizes):
        yield Fit("It looks as if you have a mean where a sum is meant. Is that so?", weight)
    if any(is_(n) for n in range(2, 11)):
        yield Fit(
            f"It looks as if every element is {factor:.0f} times what it should be. Is something counted more than "
            "once, such as a gradient that adds to an old one?",
            weight,
        )
    else:
        sentence = f"It looks as if every element is {factor:.4g} times what it should be. Is a factor missing?"
        yield Fit(sentence, weight, GENERAL)


def dropped(p: Tensor, q: Tensor) -> Iterator[Fit]:
    """Some elements are zero, and the others larger by one factor."""
    some = q != 0
    kept = some & (p != 0)
    zeroed = int((some & ~kept).sum())
    if zeroed and int(kept.sum()) > 1 and bool((p[~some] == 0).all()):
        ratios = p[kept] / q[kept]
        factor = float(ratios[0])
        if factor > 1.01 and bool(((ratios - factor).abs() <= 1e-4 * factor).all()):
            yield Fit(
                "It looks as if some elements are set to zero and the others scaled up, as dropout does in training. "
                "Is the training mode left on?",
                int(kept.sum()),
            )


def rounded(p: Tensor, q: Tensor) -> Iterator[Fit]:
    """Whole numbers where there should be fractions; signs lost."""
    fractions = int((q != q.trunc()).sum())
    if fractions and any(torch.equal(p, way(q)) for way in (torch.trunc, torch.floor, torch.round)):
        yield Fit("It looks as if fractions are lost. Is there a whole-number dtype, or a `//`, on the way?", fractions)
    if bool((q < 0).any()) and close(p, q.abs()):
        yield Fit("It looks as if signs are lost: all is right but for them. Is that so?", int((q < 0).sum()), GENERAL)
