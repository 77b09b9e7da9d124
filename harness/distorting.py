"""Does to results what `harness.distortions` names."""

from __future__ import annotations

import functools
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable

_OTHER_DTYPE = {
    torch.float32: torch.float64,
    torch.float64: torch.float32,
    torch.int64: torch.int32,
    torch.bool: torch.uint8,
}


def _times_1_5(leaf: Any) -> Any:
    """Every number times 1.5."""
    if isinstance(leaf, torch.Tensor):
        return leaf if leaf.dtype is torch.bool else (leaf * 1.5).to(leaf.dtype)
    return type(leaf)(leaf * 1.5) if type(leaf) in (int, float) else leaf


def _slightly_off(leaf: Any) -> Any:
    """Every floating-point number larger by a thousandth, or by a little more where its dtype has no such step."""
    if isinstance(leaf, torch.Tensor) and leaf.is_floating_point():
        return (leaf * (1 + max(1e-3, 4 * torch.finfo(leaf.dtype).eps))).to(leaf.dtype)
    return leaf * (1 + 1e-3) if type(leaf) is float else leaf


def _negated(leaf: Any) -> Any:
    """Every number with the other sign, every truth turned round."""
    if isinstance(leaf, torch.Tensor):
        return ~leaf if leaf.dtype is torch.bool else -leaf
    if type(leaf) is bool:
        return not leaf
    return -leaf if type(leaf) in (int, float) else leaf


def _other_dtype(leaf: Any) -> Any:
    """Tensors in another dtype, whole numbers as floats."""
    if isinstance(leaf, torch.Tensor):
        return leaf.to(_OTHER_DTYPE.get(leaf.dtype, torch.float32))
    return float(leaf) if type(leaf) is int else leaf


def _extra_dimension(leaf: Any) -> Any:
    """Tensors with one more dimension of size one, in front."""
    return leaf.unsqueeze(0) if isinstance(leaf, torch.Tensor) else leaf


def _constant(leaf: Any) -> Any:
    """Nothing but zeros, whatever was asked."""
    if isinstance(leaf, torch.Tensor):
        return leaf * 0 if leaf.is_floating_point() else torch.zeros_like(leaf)
    return type(leaf)() if type(leaf) in (bool, int, float, str) else leaf


def _reversed(leaf: Any) -> Any:
    """Tensors and texts back to front."""
    if isinstance(leaf, torch.Tensor):
        return leaf.flip(-1) if leaf.dim() else leaf
    return leaf[::-1] if type(leaf) is str else leaf


def _not_a_number(leaf: Any) -> Any:
    """NaN in the last element."""
    if isinstance(leaf, torch.Tensor):
        if not leaf.is_floating_point() or leaf.numel() == 0:
            return leaf
        last = torch.arange(leaf.numel(), device=leaf.device).reshape(leaf.shape) == leaf.numel() - 1
        return torch.where(last, torch.full_like(leaf, float("nan")), leaf)
    return float("nan") if type(leaf) is float else leaf


WAYS: dict[str, Callable[[Any], Any] | None] = {
    "times_1_5": _times_1_5,
    "slightly_off": _slightly_off,
    "negated": _negated,
    "other_dtype": _other_dtype,
    "extra_dimension": _extra_dimension,
    "constant": _constant,
    "reversed": _reversed,
    "not_a_number": _not_a_number,
    "input_unchanged": None,
}
"""What is done to each leaf of a result. `input_unchanged` returns the first argument instead."""


def distort(target: Any, way: str, touched: list[bool]) -> Any:
    """Wraps a function, or the methods of a class, so that what they return is distorted.

    Args:
        target: the function or class.
        way: a key of `harness.distortions.DISTORTIONS`.
        touched: a list of one, set true at the first result that is really changed.
    """
    change = WAYS[way]
    if isinstance(target, type):
        changed: dict[str, Any] = {}
        for attribute, value in vars(target).items():
            if isinstance(value, staticmethod):
                changed[attribute] = staticmethod(_wrap(value.__func__, change, touched))
            elif isinstance(value, FunctionType) and not attribute.startswith("__"):
                changed[attribute] = _wrap(value, change, touched)
        return type(target)(target.__name__, (target,), changed)
    return _wrap(target, change, touched)


def _wrap(function: Callable[..., Any], change: Callable[[Any], Any] | None, touched: list[bool]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        if change is not None:
            return _map(result, change, touched)
        first = next((a for a in (*args, *kwargs.values()) if isinstance(a, torch.Tensor)), *args[:1] or (result,))
        if result is None or first is result:
            return result
        touched[0] = touched[0] or not _same(first, result)
        return first

    return wrapper


def _map(value: Any, change: Callable[[Any], Any], touched: list[bool]) -> Any:
    if isinstance(value, dict):
        return {key: _map(item, change, touched) for key, item in value.items()}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        before = torch.from_numpy(value.copy())
        after = _map(before, change, touched)
        return value if after is before else after.numpy()
    if isinstance(value, list | tuple) and not isinstance(value, torch.Size):  # a size takes nothing but whole numbers
        items = [_map(item, change, touched) for item in value]
        if isinstance(value, list) or not hasattr(value, "_fields"):
            return type(value)(items)
        return type(value)(*items)
    changed = change(value)
    touched[0] = touched[0] or not _same(changed, value)
    return changed


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if not isinstance(a, torch.Tensor) or not isinstance(b, torch.Tensor):
        return type(a) is type(b) and not isinstance(a, list | tuple | dict) and bool(a == b)
    return a.dtype is b.dtype and a.shape == b.shape and torch.equal(a.detach(), b.detach())
