"""What a spec says about a block of calls: how messages show them, and which arguments they leave alone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.data.comparing import value_difference
from harness.runner.last_call import showing
from harness.spec.asserts import assert_unchanged, fail_unchanged

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["showing", "unchanged"]


@contextmanager
def unchanged(**arguments: Any) -> Iterator[None]:
    """Passes if the calls within the block leave these arguments alone, NaN included.

    Args:
        **arguments: by the names of the parameters: tensors, arrays, other plain data, and lists, tuples and dicts of
            them.

    >>> x = torch.zeros(2)
    >>> with unchanged(x=x):
    ...     y = x + 1
    """
    __tracebackhide__ = True
    before = {name: _copied(value) for name, value in arguments.items()}
    yield
    for name, value in arguments.items():
        _compare(value, before[name], name)


def _copied(value: Any) -> Any:
    """The same with tensors and arrays of its own."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (list, tuple):
        return type(value)([_copied(item) for item in value])
    if type(value) is dict:
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, torch.Generator):
        return value.clone_state()
    return value


def _compare(value: Any, before: Any, name: str) -> None:
    __tracebackhide__ = True
    if type(before) is torch.Tensor and type(value) is torch.Tensor:
        assert_unchanged(value.detach(), before, name)
    elif type(before) is np.ndarray and type(value) is np.ndarray and before.dtype.kind in "biufc":
        _compare_arrays(value, before, name)
    elif type(before) in (list, tuple) and type(value) is type(before) and len(value) == len(before):
        for index, (item, old) in enumerate(zip(value, before, strict=True)):
            _compare(item, old, f"{name}[{index}]")
    elif type(before) is dict and type(value) is dict and list(value) == list(before):
        for key, old in before.items():
            _compare(value[key], old, f"{name}[{key!r}]")
    elif value is not before and not (value != value and before != before):
        difference = value_difference(value, before, rtol=0.0, atol=0.0)
        if difference is not None:
            fail_unchanged(difference, value, before, name)


def _compare_arrays(value: Any, before: Any, name: str) -> None:
    __tracebackhide__ = True
    if value.dtype == before.dtype and value.shape == before.shape:
        same = (value == before) | ((value != value) & (before != before))
        if same.all():
            return
        where = tuple(int(index) for index in np.argwhere(~same)[0])
        place = f"at [{', '.join(map(str, where))}]: " if where else ""
        difference = f"{place}is {value[where]}, and should be {before[where]}"
    else:
        difference = f"it has dtype {value.dtype} and shape {value.shape}, and had {before.dtype} and {before.shape}"
    fail_unchanged(difference, value, before, name)
