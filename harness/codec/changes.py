"""What a call changed of the objects that it was given, as plain data: noted by the worker, repeated by the judge.

Changes are a list of tuples, empty where nothing changed:

    ("memory", buffer, offset, bytes)       bytes of a piece of memory that tensors and arrays share
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

from harness.errors import CodecError

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.codec.table import Table

Change = tuple[Any, ...]


class Watched:
    """What the objects and the memory of a table were like."""

    def __init__(self, table: Table) -> None:
        """Notes it, as references and shallow copies."""
        self.memory = [buffer.clone() for buffer in table.buffers]
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
    for number, (buffer, was) in enumerate(zip(table.buffers, before.memory, strict=False)):
        if not torch.equal(buffer, was):
            places = torch.nonzero(buffer != was)
            first, last = int(places[0]), int(places[-1])
            found.append(("memory", number, first, buffer[first : last + 1].cpu().numpy().tobytes()))
    for value, was in before.objects:
        if (change := _DIFFERENCES[type(value)](value, was)) is not None:
            found.append(change)
    return found


def _tensor_difference(value: torch.Tensor, was: torch.Tensor) -> Change | None:
    same = (
        value.dtype is was.dtype
        and value.is_set_to(was)
        and value.is_conj() == was.is_conj()
        and value.is_neg() == was.is_neg()
    )
    return None if same else ("tensor", value, value.detach())


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
        for change in changed:
            _REPEATS[change[0]](table, *change[1:])
    except CodecError:
        raise
    except Exception as error:
        raise CodecError(f"malformed changes: {type(error).__name__}: {error}") from None


def _repeat_memory(table: Table, number: int, first: int, data: bytes) -> None:
    if type(number) is not int or type(first) is not int or type(data) is not bytes or not data:
        raise CodecError("a change of memory that names none")
    if not (0 <= number < len(table.buffers) and 0 <= first <= first + len(data) <= table.buffers[number].numel()):
        raise CodecError("a change of memory outside what is known")
    now = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    table.buffers[number][first : first + len(data)].copy_(now)


def _repeat_tensor(_: Table, value: torch.Tensor, now: torch.Tensor) -> None:
    if type(value) is not torch.Tensor or type(now) is not torch.Tensor:
        raise CodecError("a change of a tensor that is none")
    value.data = now


def _repeat_array(_: Table, value: np.ndarray[Any, Any], shape: tuple[int, ...]) -> None:
    if type(value) is not np.ndarray:
        raise CodecError("a change of an array that is none")
    value.shape = shape


def _repeat_list(_: Table, value: list[Any], items: list[Any]) -> None:
    if type(value) is not list or type(items) is not list:
        raise CodecError("a change of a list that is none")
    value[:] = items


def _repeat_dict(_: Table, value: dict[Any, Any], items: list[tuple[Any, Any]]) -> None:
    if type(value) is not dict or type(items) is not list:
        raise CodecError("a change of a dict that is none")
    new = dict(items)
    value.clear()
    value.update(new)


def _repeat_generator(_: Table, value: torch.Generator, state: bytes) -> None:
    if type(value) is not torch.Generator or type(state) is not bytes:
        raise CodecError("a change of a generator that is none")
    value.set_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))


_REPEATS: dict[str, Callable[..., None]] = {
    "memory": _repeat_memory,
    "tensor": _repeat_tensor,
    "array": _repeat_array,
    "list": _repeat_list,
    "dict": _repeat_dict,
    "generator": _repeat_generator,
}
