"""What a call changed of the objects that it was given, as plain data: noted by the worker, repeated by the judge.

Changes are a list of tuples, empty where nothing changed:

    ("memory", number, first, bytes)        bytes of a piece of memory, which tensors and arrays may share
    ("tensor", tensor, as it is now)        shape, strides, place, dtype: what `x.t_()` or `x.data = y` change
    ("array", array, shape)                 `a.shape = …`
    ("list", list, [items])
    ("dict", dict, [(key, item), …])
    ("generator", generator, state)
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.data.codec.building import set_state
from harness.data.codec.nesting import check_nesting
from harness.errors import CodecError

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.data.codec.table import Table

Change = tuple[Any, ...]


class Watched:
    """What the objects and the memory of a table were like."""

    def __init__(self, table: Table) -> None:
        """Notes it, as references and shallow copies."""
        self.memories = len(table.memories)
        self.objects = [
            (value, look(value)) for value in table.objects if (look := _LOOKS.get(type(value))) is not None
        ]


def watch(table: Table) -> Watched:
    """Notes what everything in a table is like: to be called between decoding a request and answering it."""
    return Watched(table)


def changes(before: Watched, table: Table) -> list[Change]:
    """What has changed since.

    Args:
        before: from `watch`.
        table: the same one.

    Returns:
        Plain data, for the same table's encoder; the tensors, lists and so on are in it themselves.
    """
    found: list[Change] = []
    for number, memory in enumerate(table.memories[: before.memories]):
        if (difference := memory.difference()) is not None:
            found.append(("memory", number, *difference))
    differences = (_DIFFERENCES[type(value)](value, was) for value, was in before.objects)
    return found + [difference for difference in differences if difference is not None]


def _tensor_difference(value: torch.Tensor, was: torch.Tensor) -> Change | None:
    if value.is_meta:
        same = value.dtype is was.dtype and value.shape == was.shape and value.stride() == was.stride()
    else:
        same = value.dtype is was.dtype and _plainly(value).is_set_to(_plainly(was))
        same &= value.is_conj() == was.is_conj() and value.is_neg() == was.is_neg()
    return None if same else ("tensor", value, value.detach())


def _plainly(value: torch.Tensor) -> torch.Tensor:
    """The elements as they stand in memory: `is_set_to` makes copies of what is conjugated or negated when read."""
    value = value.conj() if value.is_conj() else value
    return value._neg_view() if value.is_neg() else value


def _array_difference(value: np.ndarray[Any, Any], was: tuple[Any, ...]) -> Change | None:
    now = _array_look(value)
    if now == was:
        return None
    if now[1] != was[1] or now[2] != was[2]:
        raise CodecError("an array whose dtype or strides were changed in place is not plain data")
    return ("array", value, value.shape)


def _array_look(value: np.ndarray[Any, Any]) -> tuple[Any, ...]:
    return value.shape, value.dtype, value.flags.c_contiguous or value.strides


def _list_difference(value: list[Any], was: list[Any]) -> Change | None:
    same = len(value) == len(was) and not any(map(operator.is_not, value, was))
    return None if same else ("list", value, list(value))


def _dict_difference(value: dict[Any, Any], was: list[tuple[Any, Any]]) -> Change | None:
    same = len(value) == len(was) and not any(
        key is not old_key or item is not old for (key, item), (old_key, old) in zip(value.items(), was, strict=True)
    )
    return None if same else ("dict", value, list(value.items()))


def _state(value: torch.Generator) -> bytes:
    return value.get_state().numpy().tobytes()


def _generator_difference(value: torch.Generator, was: bytes) -> Change | None:
    now = _state(value)
    return None if now == was else ("generator", value, now)


_LOOKS: dict[type, Callable[[Any], Any]] = {
    torch.Tensor: torch.Tensor.detach,
    np.ndarray: _array_look,
    list: list,
    dict: lambda value: list(value.items()),
    torch.Generator: _state,
}
_DIFFERENCES: dict[type, Callable[[Any, Any], Change | None]] = {
    torch.Tensor: _tensor_difference,
    np.ndarray: _array_difference,
    list: _list_difference,
    dict: _dict_difference,
    torch.Generator: _generator_difference,
}


def apply(changed: object, table: Table) -> None:
    """Repeats changes on this end's own objects: writes into the arguments' real memory, lists and dicts in place.

    Args:
        changed: as it was decoded.
        table: the one it was decoded with.

    Raises:
        CodecError: it is not what `changes` gives, or does not fit the objects.
    """
    if type(changed) is not list:
        raise CodecError("changes that are no list")
    try:
        _check_contents([change for change in changed if change[0] in ("list", "dict")])
        for kind, target, *rest in changed:
            _REPEATS[kind](table, target, *rest)
    except CodecError:
        raise
    except Exception as error:
        raise CodecError(f"malformed changes: {type(error).__name__}: {error}") from None


def _check_contents(changed: list[Change]) -> None:
    """Refuses changes that would put a container into itself."""
    contents = {
        id(target): items if kind == "list" else [part for item in items for part in item]
        for kind, target, items in changed
    }
    for _, target, _ in changed:
        check_nesting(target, contents)


def _expect(value: object, kind: type) -> None:
    if type(value) is not kind:
        raise CodecError(f"a change with a {type(value).__name__} in the place of a {kind.__name__}")


def _repeat_memory(table: Table, number: int, first: int, data: bytes) -> None:
    _expect(number, int)
    _expect(first, int)
    _expect(data, bytes)
    if number < 0:
        raise CodecError("a change of memory that names none")
    table.memories[number].write(first, data)


def _repeat_tensor(_: Table, value: torch.Tensor, now: torch.Tensor) -> None:
    _expect(value, torch.Tensor)
    _expect(now, torch.Tensor)
    value.data = now


def _repeat_array(_: Table, value: np.ndarray[Any, Any], shape: tuple[int, ...]) -> None:
    _expect(value, np.ndarray)
    value.shape = shape


def _repeat_list(_: Table, value: list[Any], items: list[Any]) -> None:
    _expect(value, list)
    _expect(items, list)
    value[:] = items


def _repeat_dict(_: Table, value: dict[Any, Any], items: list[tuple[Any, Any]]) -> None:
    _expect(value, dict)
    new = dict(items)
    value.clear()
    value.update(new)


def _repeat_generator(_: Table, value: torch.Generator, state: bytes) -> None:
    _expect(value, torch.Generator)
    _expect(state, bytes)
    set_state(value, state)


_REPEATS: dict[str, Callable[..., None]] = {
    "memory": _repeat_memory,
    "tensor": _repeat_tensor,
    "array": _repeat_array,
    "list": _repeat_list,
    "dict": _repeat_dict,
    "generator": _repeat_generator,
}
