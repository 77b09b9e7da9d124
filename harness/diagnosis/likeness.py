"""How much plain data are alike, whatever private things in them are called."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Any

import numpy as np
import torch
from torch import Tensor

_TOLERANCE = 1e-6
"""Of the largest value: two ways to compute the same may round differently."""


class Likeness(IntEnum):
    """How much what two implementations did is alike.

    The same values are not all: with `SAME`, tensors lie in memory alike, exceptions say the same, and keys are called
    the same and stand in the same order.
    """

    DIFFERENT = 0
    VALUES = 1
    SAME = 2


class Naming:
    """Compares the data of one example, in which each private key of one side stands for one of the other.

    Args:
        alias: a name that stands for another one in strings of the other side, as a mistake's does for its exercise's.

    Attributes:
        literal: whether nothing had another name or order so far.
    """

    def __init__(self, alias: tuple[str, str] = ("", "")) -> None:
        self._alias = alias
        self._names: dict[str, str] = {}
        self._taken: dict[str, str] = {}
        self.literal = True

    def same(self, a: Any, b: Any) -> bool:
        """Whether plain data are the same: types, dtypes, shapes, and values but for rounding."""
        kind = type(a)
        if kind is not type(b):
            return False
        if kind is Tensor:
            return _same_tensors(a, b)
        if kind in (list, tuple):
            return len(a) == len(b) and all(map(self.same, a, b))
        if kind is dict:
            return self._same_dicts(a, b)
        if kind is str:
            return self._same_strings(a, b)
        if kind in (float, complex):
            return _same_numbers(a, b)
        if kind is np.ndarray:
            return _same_arrays(a, b)
        if kind is torch.Generator:
            return torch.equal(a.get_state(), b.get_state())
        return bool(a == b)

    def said(self, text: str) -> str:
        """A string of the other side, with the exercise's name in it."""
        return text.replace(*self._alias) if self._alias[0] else text

    def _same_strings(self, a: str, b: str) -> bool:
        b = self.said(b)
        if a == b and a not in self._names:
            return True
        if self._names.get(a) != b:
            return False
        self.literal = False
        return True

    def _same_dicts(self, a: dict[Any, Any], b: dict[Any, Any]) -> bool:
        if len(a) != len(b):
            return False
        if a.keys() == b.keys() and not self._names.keys() & a.keys():
            self.literal &= list(a) == list(b)
            return all(self.same(a[key], b[key]) for key in a)
        alone, others = [k for k in a if k not in b], [k for k in b if k not in a]
        if not all(type(key) is str for key in (*alone, *others)):
            return False
        names, taken = dict(self._names), dict(self._taken)
        self.literal = False
        if all(self._pair(*pair) for pair in zip(alone, others, strict=True)) and all(
            self.same(a[key], b[self._names.get(key, key)]) for key in a
        ):
            return True
        self._names, self._taken = names, taken
        return False

    def _pair(self, a: str, b: str) -> bool:
        """Has one key stand for another one, unless either stands for something else already."""
        return self._names.setdefault(a, b) == b and self._taken.setdefault(b, a) == a


def same_values(a: Any, b: Any) -> bool:
    """Whether plain data are the same, with the same names in them, in whatever order keys stand."""
    naming = Naming()
    return naming.same(a, b) and not naming._names


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
