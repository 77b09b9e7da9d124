"""Looks into results, however they are nested: changes what stands in them, and compares two of them."""

from __future__ import annotations

import copy
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from harness.data.crossing import is_dense

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[Any], Any]

_SEQUENCES = (list, tuple, set, frozenset)

_COMPARED = (bool, int, float, complex, str, bytes, torch.dtype, torch.device, torch.layout)


def changed(value: Any, change: Change) -> Any:
    """A value with a change made in it, as far out as it takes; the same object where there is nothing to change.

    Args:
        value: a result, nested as it may be. It stays as it is.
        change: gives another object for one that it changes, and the same for any other.
    """
    new = change(value)
    if new is not value:
        return new
    if isinstance(value, dict):
        return refilled(value, {key: changed(item, change) for key, item in value.items()})
    if isinstance(value, _SEQUENCES) and not isinstance(value, torch.Size):  # a size takes nothing but whole numbers
        items = [changed(item, change) for item in value]
        if all(a is b for a, b in zip(items, value, strict=True)):
            return value
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if is_dataclass(value) and not isinstance(value, type):
        names = [f.name for f in fields(value)]
        return _with_fields(value, {name: changed(getattr(value, name), change) for name in names})
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        before = torch.from_numpy(value.copy())
        after = changed(before, change)
        return value if after is before else after.numpy() if isinstance(after, Tensor) else after
    return value


def refilled(value: dict[Any, Any], items: dict[Any, Any]) -> Any:
    """A dict of the same kind with other values; the dict itself where they are the same."""
    if all(items[key] is value[key] for key in value):
        return value
    if type(value) is dict:
        return items
    new = copy.copy(value)
    new.update(items)
    return new


def _with_fields(value: Any, items: dict[str, Any]) -> Any:
    """A dataclass's object with other values in its fields, frozen or not; itself where they are the same."""
    if all(item is getattr(value, name) for name, item in items.items()):
        return value
    new = copy.copy(value)
    for name, item in items.items():
        object.__setattr__(new, name, item)
    return new


def same(a: Any, b: Any) -> bool:
    """Whether two results can be told apart by their values, types, dtypes or shapes; NaN is like NaN."""
    if a is b:
        return True
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        if a.dtype is not b.dtype or a.shape != b.shape:
            return False
        if a.is_meta or b.is_meta or not is_dense(a) or not is_dense(b):
            return a.is_meta and b.is_meta
        a, b = a.detach(), b.detach()
        return bool(((a == b) | ((a != a) & (b != b))).all())
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, set | frozenset):
        return bool(a == b)
    return isinstance(a, _COMPARED) and bool(a == b or (a != a and b != b))
