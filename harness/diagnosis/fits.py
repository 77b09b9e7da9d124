"""What says that a wrong tensor resembles the right one, and how much speaks for it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

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
