"""Wrong values for right ones: the changes of results that need to know nothing but the result."""

from __future__ import annotations

import cmath
import copy
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from harness.data.crossing import is_dense
from harness.mutation.outputs.walk import changed, refilled

if TYPE_CHECKING:
    from harness.mutation.outputs.walk import Change

_OTHER_DTYPE = {
    torch.float32: torch.float64,
    torch.float64: torch.float32,
    torch.int64: torch.int32,
    torch.bool: torch.uint8,
}


def spoiled(value: Any) -> Any:
    """A value in which nothing is right any more: every number is another one, and so is every text."""
    return changed(value, _spoil)


def _spoil(leaf: Any) -> Any:
    if isinstance(leaf, Tensor) and is_dense(leaf):
        if leaf.is_meta or not leaf.numel():
            return leaf.unsqueeze(0)
        if leaf.dtype is torch.bool:
            return ~leaf
        if not (leaf.is_floating_point() or leaf.is_complex()):
            return leaf + 1
        other = torch.where(leaf.abs() > 1, leaf * 1.5, leaf + 2)
        return torch.where(leaf.isfinite(), other, torch.zeros_like(leaf))
    if type(leaf) is bool:
        return not leaf
    if type(leaf) is int:
        return leaf + 1
    if type(leaf) in (float, complex):
        return (leaf * 1.5 if abs(leaf) > 1 else leaf + 2) if cmath.isfinite(leaf) else type(leaf)(0)
    return f"{leaf} " if type(leaf) is str else leaf


def _times_1_5(leaf: Any) -> Any:
    if isinstance(leaf, Tensor):
        return leaf if leaf.dtype is torch.bool else (leaf * 1.5).to(leaf.dtype)
    return type(leaf)(leaf * 1.5) if type(leaf) in (int, float) else leaf


def _a_little(leaf: Tensor) -> Tensor:
    """A thousandth more, or a little more than that where the dtype has no such step."""
    return (leaf * (1 + max(1e-3, 4 * torch.finfo(leaf.dtype).eps))).to(leaf.dtype)


def _slightly_off(leaf: Any) -> Any:
    if isinstance(leaf, Tensor) and leaf.is_floating_point():
        return _a_little(leaf)
    return leaf * (1 + 1e-3) if type(leaf) is float else leaf


def _at_last(leaf: Tensor, new: Tensor) -> Tensor:
    """The tensor with its last element taken from another one."""
    last = torch.arange(leaf.numel(), device=leaf.device).reshape(leaf.shape) == leaf.numel() - 1
    return torch.where(last, new, leaf)


def _last_slightly_off(leaf: Any) -> Any:
    if isinstance(leaf, Tensor) and leaf.is_floating_point() and leaf.numel():
        return _at_last(leaf, torch.where(leaf == 0, torch.full_like(leaf, 1e-3), _a_little(leaf)))
    return leaf


def _last_off_by_one(leaf: Any) -> Any:
    if isinstance(leaf, Tensor):
        whole = not (leaf.is_floating_point() or leaf.is_complex() or leaf.dtype is torch.bool)
        return _at_last(leaf, leaf + 1) if whole and leaf.numel() else leaf
    return leaf + 1 if type(leaf) is int else leaf


def _half_precision(leaf: Any) -> Any:
    if isinstance(leaf, Tensor) and leaf.dtype in (torch.float32, torch.float64):
        return leaf.half().to(leaf.dtype)
    return torch.tensor(leaf).half().item() if type(leaf) is float else leaf


def _negated(leaf: Any) -> Any:
    if isinstance(leaf, Tensor):
        return ~leaf if leaf.dtype is torch.bool else -leaf
    if type(leaf) is bool:
        return not leaf
    return -leaf if type(leaf) in (int, float) else leaf


def _constant(leaf: Any) -> Any:
    if isinstance(leaf, Tensor):
        return (leaf * 0).nan_to_num(0.0) if leaf.is_floating_point() else torch.zeros_like(leaf)
    return type(leaf)() if type(leaf) in (bool, int, float, str) else leaf


def _not_a_number(leaf: Any) -> Any:
    if isinstance(leaf, Tensor):
        if not leaf.is_floating_point() or not leaf.numel():
            return leaf
        return _at_last(leaf, torch.full_like(leaf, float("nan")))
    return float("nan") if type(leaf) is float else leaf


def _other_dtype(leaf: Any) -> Any:
    if isinstance(leaf, Tensor):
        return leaf.to(_OTHER_DTYPE.get(leaf.dtype, torch.float32))
    return float(leaf) if type(leaf) is int else leaf


def _extra_dimension(leaf: Any, *, dim: int) -> Any:
    return leaf.unsqueeze(dim) if isinstance(leaf, Tensor) else leaf


def _permuted(leaf: Any, *, dim: int) -> Any:
    return leaf.roll(1, dim) if isinstance(leaf, Tensor) and leaf.dim() > dim else leaf


def _permuted_last(leaf: Any) -> Any:
    """Where the last dimension is none of those that have a way of their own."""
    return leaf.roll(1, -1) if isinstance(leaf, Tensor) and leaf.dim() > 4 else leaf


def _transposed(leaf: Any) -> Any:
    return leaf.transpose(-2, -1) if isinstance(leaf, Tensor) and leaf.dim() > 1 else leaf


def _reversed(leaf: Any) -> Any:
    if isinstance(leaf, Tensor):
        return leaf.flip(-1) if leaf.dim() else leaf
    return leaf[::-1] if type(leaf) is str else leaf


def _items_reversed(value: Any) -> Any:
    """Only the outermost container: two that are turned round, one in the other, might come out right."""
    if type(value) in (list, tuple) and len(value) > 1:
        return value[::-1]
    if isinstance(value, dict) and len(value) > 1:
        return refilled(value, dict(zip(value, reversed(list(value.values())), strict=True)))
    return value


def _shorter(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value[:-1] if value.dim() and value.shape[0] else value
    sequence = isinstance(value, list | tuple | str) and not isinstance(value, torch.Size)
    return value[:-1] if sequence and value else value


def _key_missing(value: Any) -> Any:
    if not isinstance(value, dict) or not value:
        return value
    new = copy.copy(value)
    del new[list(new)[-1]]
    return new


def _nothing(_value: Any) -> None:
    return None


VALUES: dict[str, Change] = {
    "times_1_5": _times_1_5,
    "slightly_off": _slightly_off,
    "last_slightly_off": _last_slightly_off,
    "last_off_by_one": _last_off_by_one,
    "half_precision": _half_precision,
    "negated": _negated,
    "constant": _constant,
    "not_a_number": _not_a_number,
    "other_dtype": _other_dtype,
    "extra_dimension": partial(_extra_dimension, dim=0),
    "extra_dimension_behind": partial(_extra_dimension, dim=-1),
    "permuted_0": partial(_permuted, dim=0),
    "permuted_1": partial(_permuted, dim=1),
    "permuted_2": partial(_permuted, dim=2),
    "permuted_3": partial(_permuted, dim=3),
    "permuted_last": _permuted_last,
    "transposed": _transposed,
    "reversed": _reversed,
    "items_reversed": _items_reversed,
    "shorter": _shorter,
    "key_missing": _key_missing,
    "other_case": lambda leaf: leaf.swapcase() if type(leaf) is str else leaf,
    "trailing_space": lambda leaf: f"{leaf} " if type(leaf) is str else leaf,
    "nothing": _nothing,
}
"""What is done to each part of a result, the outermost first; a part that is changed is looked into no further."""
